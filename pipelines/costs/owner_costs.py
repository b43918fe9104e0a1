"""Who spends: cost by account, team, project, key, user and feature, and the dearest conversations of each day.

Teams come from the user's file (`usage.owner_map`), prices from the one engine (`costs.pricing`).
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import polars as pl

from pipelines.costs.our_prices import OurPrices
from pipelines.costs.plan_coverage import not_owed
from pipelines.costs.pricing.price_sums import PLAN_ID, price_totals
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.owner_costs import CONVERSATIONS_PER_DAY, ConversationCost, CostByOwner
from pipelines.usage.owner_map import with_teams

PEOPLE = ("account_id", "project_id", "api_key_id", "user_id", "feature")
"""Whose usage it is."""
OWNERS = (*PEOPLE, "plan_id")
CONVERSATION = "conversation_id"
_OWNER_SCHEMA, _CONVERSATION_SCHEMA = polars_schema(CostByOwner), polars_schema(ConversationCost)


class OwnerCosts(NamedTuple):
    """Rows of main.cost_by_owner and of main.conversation_cost, of some days."""

    by_owner: pl.DataFrame
    conversations: pl.DataFrame


def cost_owners(days: Mapping[date, pl.LazyFrame], prices: OurPrices, owners: pl.DataFrame) -> OwnerCosts:
    """The cost of each owner by day. `days`: of `rows_with_parts`, of the rows that count; `owners`: OWNER_SCHEMA."""
    present = {name for usage in days.values() for name in usage.collect_schema().names()}
    known = [name for name in OWNERS if name in present]
    texts = [CONVERSATION] if CONVERSATION in present else []
    totals = price_totals(days, prices.segments, known, texts, prices.of_one if prices.has_contract else None)
    if totals is None:
        return OwnerCosts(pl.DataFrame(schema=_OWNER_SCHEMA), pl.DataFrame(schema=_CONVERSATION_SCHEMA))
    if PLAN_ID in present:
        owed = pl.when(pl.col(PLAN_ID).is_null()).then("effective_cost_usd").otherwise(not_owed())
        totals = totals.with_columns(effective_cost_usd=owed)
    by_owner = with_teams(named_owners(_summed(totals, ["usage_date", *known])), owners)
    conversations = _dearest(totals, known) if texts else pl.DataFrame(schema=_CONVERSATION_SCHEMA)
    return OwnerCosts(by_owner.select(_OWNER_SCHEMA.keys()).cast(_OWNER_SCHEMA), conversations)


def named_owners(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with all OWNERS, as texts."""
    absent = {name: pl.lit(None, pl.String) for name in OWNERS if name not in rows.columns}
    named = rows.with_columns(**absent).with_columns(pl.col(OWNERS).cast(pl.String))
    return named.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))


def _dearest(totals: pl.DataFrame, known: list[str]) -> pl.DataFrame:
    """The conversations that cost most, CONVERSATIONS_PER_DAY of each day; owners where all of it has the same."""
    key = ["usage_date", *(name for name in known if name == "account_id"), CONVERSATION]
    named = totals.filter(pl.col(CONVERSATION).is_not_null(), pl.col("cost_usd").is_not_null())
    order = ["usage_date", "cost_usd", *key[1:]]
    ranked = _summed(named, key).sort(order, descending=[name == "cost_usd" for name in order])
    first = ranked.with_columns(rank=pl.int_range(1, pl.len() + 1).over("usage_date")).filter(
        pl.col("rank") <= CONVERSATIONS_PER_DAY
    )
    others = [name for name in known if name in PEOPLE[1:]]
    one = [pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name) for name in others]
    whose = named.join(first, on=key, how="semi", nulls_equal=True).group_by(key).agg(one)
    rows = first.join(whose, on=key, how="left", nulls_equal=True, maintain_order="left")
    return named_owners(rows).select(_CONVERSATION_SCHEMA.keys()).cast(_CONVERSATION_SCHEMA)


def _summed(totals: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    is_priced, is_paid = (pl.col(name).is_not_null().any() for name in ("cost_usd", "effective_cost_usd"))
    return totals.group_by(by).agg(
        pl.col("usage_rows", "tokens", "unpriced_quantity").sum(),
        pl.col("is_lower_bound").any(),
        cost_usd=pl.when(is_priced).then(pl.col("cost_usd").sum()),
        effective_cost_usd=pl.when(is_paid).then(pl.col("effective_cost_usd").sum()),
    )
