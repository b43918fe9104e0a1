"""What a gap between our cost and a bill may come from: figures that prove a cause, or nothing.

Each function prices the same usage, or the billed quantities, once more: by the contract, where it has a price.
"""

from itertools import product

import polars as pl

from pipelines.costs.cost_groups import GROUP, Levels
from pipelines.costs.our_prices import OurPrices
from pipelines.models.model_ids import undated
from pipelines.schema.derived_columns import derived_columns
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import SERVICE_TIERS
from pipelines.usage.reported_costs import SCOPE

COUNTED_UNITS = ("tokens", "requests", "searches", "count")
"""Units in which a report counts what we count; others, such as seconds of audio, are not priced here."""


def at_other_tiers(
    usage: pl.LazyFrame, costs: pl.DataFrame, prices: OurPrices, levels: Levels, open_groups: pl.DataFrame
) -> pl.DataFrame:
    """Groups whose usage costs what is billed once the usage of one tier is priced at another.

    `usage`: the rows that count; `costs`: their core.usage_cost. `open_groups`: GROUP, effective_usd, billed_usd,
    tolerance_usd; their usage is priced. Returns GROUP, other_tiers, other_tier_usd: all tiers that fit are named, the
    amount is that of the first.
    """
    rows = usage.join(open_groups.select(SCOPE).unique().lazy(), on=SCOPE, how="semi")
    grouped = levels.of_costs(costs).join(open_groups, on=GROUP, nulls_equal=True)
    found = []
    for billed_as, tier in _pairs(grouped["service_tier"]):
        now = grouped.filter(service_tier=billed_as).group_by(GROUP).agg(now_usd=pl.col("effective_cost_usd").sum())
        at_tier = rows.filter(pl.col("service_tier") == billed_as).with_columns(service_tier=pl.lit(tier))
        moved = at_tier.with_columns(**derived_columns())
        then = _priced_whole(levels.of_costs(prices.of(moved)), "then_usd", pl.lit(value=True))
        fitting = open_groups.join(now, on=GROUP, nulls_equal=True).join(then, on=GROUP, nulls_equal=True)
        there = pl.col("effective_usd") - pl.col("now_usd") + pl.col("then_usd")
        found.append(fitting.with_columns(other_tiers=pl.lit(f"{tier} for {billed_as}"), other_tier_usd=there))
    is_fitting = (pl.col("other_tier_usd") - pl.col("billed_usd")).abs() <= pl.col("tolerance_usd")
    # Of amounts so small that rounding covers both tiers, nothing is proven.
    is_telling = (pl.col("other_tier_usd") - pl.col("effective_usd")).abs() > 2 * pl.col("tolerance_usd")
    return (
        pl.concat(found)
        .filter(is_fitting & is_telling)
        .group_by(GROUP, maintain_order=True)
        .agg(other_tiers=pl.col("other_tiers").str.join(" or "), other_tier_usd=pl.col("other_tier_usd").first())
    )


def _pairs(used: pl.Series) -> list[tuple[str, str]]:
    return [(billed_as, tier) for billed_as, tier in product(used.unique().sort(), SERVICE_TIERS) if billed_as != tier]


def _priced_whole(grouped: pl.DataFrame, name: str, is_certain: pl.Expr) -> pl.DataFrame:
    """GROUP and the cost of groups that have a price throughout."""
    is_whole = (pl.col("effective_cost_usd").is_not_null() & is_certain).all()
    sums = grouped.group_by(GROUP).agg(pl.col("effective_cost_usd").sum().alias(name), is_whole=is_whole)
    return sums.filter("is_whole").drop("is_whole")


def at_our_prices(lines: pl.DataFrame, costs: pl.DataFrame, prices: OurPrices, levels: Levels) -> pl.DataFrame:
    """What the billed quantities cost at our prices: GROUP, list_usd, for groups all of whose lines are priced.

    `lines`: billed lines of `lines_of_bills`; `costs`: rows of core.usage_cost, which tell region and tier where a
    line does not and all usage of its model has one. A line without model, meter or whole quantity, or one that our
    prices can only bound, leaves its group out.
    """
    rows = _as_usage(lines, costs)
    is_usable = pl.all_horizontal(
        pl.col(name).is_not_null() for name in ("model", "quantity", "region", "service_tier")
    )
    lacking = levels.of_lines(rows.filter(~is_usable)).select(GROUP)
    priced = levels.of_lines(prices.of(rows.filter(is_usable).lazy()))
    whole = _priced_whole(priced, "list_usd", ~pl.col("is_lower_bound"))
    return whole.join(lacking, on=GROUP, how="anti", nulls_equal=True)


def _as_usage(lines: pl.DataFrame, costs: pl.DataFrame) -> pl.DataFrame:
    """Billed lines as buckets of usage, in the columns that pricing reads; quantity is NULL where it is unknown."""
    on = [*SCOPE, "undated"]
    only = [pl.col(name).unique().filter(pl.col(name).n_unique() == 1).first() for name in ("region", "service_tier")]
    used = costs.group_by(*SCOPE, undated=undated(pl.col("model"))).agg(only)
    # Pricing passes over requests without a fee in silence, so a line of requests is never certain.
    is_counted = pl.col("quantity_unit").str.to_lowercase().is_in(COUNTED_UNITS) & (pl.col("meter") != "requests")
    whole = pl.col("quantity").cast(pl.Int64)
    is_whole = (whole.cast(pl.Decimal(38, 12)) == pl.col("quantity")) & (whole >= 0)
    meters = {name: pl.when(meter=meter).then("quantity") for meter, name in QUANTITY_COLUMNS.items()}
    return (
        lines.with_columns(undated=undated(pl.col("model")), quantity=pl.when(is_counted & is_whole).then(whole))
        .join(used, on=on, how="left", suffix="_used")
        .with_columns(pl.coalesce(name, f"{name}_used").alias(name) for name in ("region", "service_tier"))
        .with_columns(usage_at="starts_at", grain=pl.lit("bucket"), prompt_tokens_from=pl.lit(None, pl.Int64), **meters)
        .with_columns(**derived_columns())
    )
