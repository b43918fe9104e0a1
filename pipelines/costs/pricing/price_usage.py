"""Rows of core.usage_cost out of usage and the prices in force. Pure polars on frames; the engine is `price_sums`."""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from pipelines.costs.pricing.price_sums import OWNERS, PLAN_ID, price_sums
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost

FORMULA_VERSION = "cost-6"


def price_usage(usage: pl.LazyFrame, segments: pl.DataFrame, owners: Sequence[str] = OWNERS) -> pl.DataFrame:
    """Price usage rows at what was in force when they happened.

    `usage`: columns of core.usage; one that is NULL throughout may be left out. `segments`: from
    `resolve_prices.price_segments`, for the models in `usage`. `owners`: columns of `usage` by which cost is
    grouped beside day, offer and price. Returns rows of core.usage_cost, of the columns of OWNERS only those asked for.
    What is paid is the list price here: `contract_prices` knows better.
    A row that no price covers keeps its quantity, with NULL cost and the reason. A bucket that does not tell the prompt
    sizes, or in which the price changes, is priced at the least that it may have cost, and flagged.
    """
    days = usage.select(pl.col("usage_date").unique().sort()).collect(engine="streaming")["usage_date"]
    return price_by_day({day: usage.filter(pl.col("usage_date") == day) for day in days}, segments, owners)


def price_by_day(
    days: Mapping[date, pl.LazyFrame], segments: pl.DataFrame, owners: Sequence[str] = OWNERS
) -> pl.DataFrame:
    """`price_usage` of usage that lies in one frame for each UTC day, which is much faster."""
    return usage_cost(price_sums(days, segments, owners), owners)


def usage_cost(costs: pl.DataFrame | None, owners: Sequence[str]) -> pl.DataFrame:
    """Rows of core.usage_cost out of what `price_sums` returns."""
    nothing = pl.DataFrame(schema=polars_schema(UsageCost)).drop(set(OWNERS) - set(owners))
    if costs is None:
        return nothing
    plan = {} if PLAN_ID in owners else {PLAN_ID: pl.lit(None, pl.String)}
    return at_list_price(costs).with_columns(**plan).select(nothing.columns)


def at_list_price(costs: pl.DataFrame) -> pl.DataFrame:
    """Rows of core.usage_cost of which no contract is known: what is paid is the list price."""
    return costs.with_columns(
        term_id=pl.lit(None, pl.String), contracted_usd_per_unit="usd_per_unit", effective_cost_usd="cost_usd"
    )
