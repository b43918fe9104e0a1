"""The ledger times the prices: one pass fills three tables. And what the ids in use mean."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.costs.alias_models import name_models
from pipelines.costs.charge_contract import charge_contract
from pipelines.costs.price_ledger import price_days
from pipelines.costs.pricing.price_usage import FORMULA_VERSION
from pipelines.defs.marts import days_metadata
from pipelines.defs.metadata import READ_DAILY, asset_key, table_spec
from pipelines.defs.partitions import IN_ONE_RUN, MONTHS, days_in_months
from pipelines.defs.resources import POOL, Settings

PRICED = (
    *("core.usage_cost", "core.plan_fee", "core.cost_comparison"),
    *("main.usage_overlap", "main.cost_by_owner", "main.conversation_cost", "main.hidden_cost"),
)
"""Tables that one pass over the ledger computes."""


@dg.multi_asset(
    name="priced_ledger",
    specs=[
        table_spec(
            table,
            "costs",
            {"polars", "duckdb"},
            ("core.usage", "core.reported_cost", "core.token_price"),
            code_version=str(FORMULA_VERSION),
            freshness_policy=READ_DAILY,
            partitions_def=MONTHS,
        )
        for table in PRICED
    ],
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def priced_ledger(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[dg.MaterializeResult[Any]]:
    """Price the days of the run whose usage, prices or reported costs changed."""
    days = days_in_months(context, settings)
    computed = price_days(settings.warehouse, days)
    for table in PRICED:
        yield dg.MaterializeResult(
            asset_key=asset_key(table), metadata={"days_computed": computed, **days_metadata(days)}
        )


NAMED = table_spec(
    "core.model_alias",
    "costs",
    {"polars", "duckdb"},
    ("core.usage_cost", "core.token_price"),
    freshness_policy=READ_DAILY,
)


CHARGED = table_spec(
    "main.contract_charge",
    "costs",
    {"polars", "duckdb"},
    ("core.usage_cost",),
    freshness_policy=READ_DAILY,
)


@dg.multi_asset(
    name="name_models",
    specs=[NAMED, CHARGED],
    pool=POOL,
)
def model_alias(settings: Settings) -> Iterator[dg.MaterializeResult[Any]]:
    """What the ids in use mean, and what is due beside usage: one step, because a step costs more than either."""
    named = name_models(settings.warehouse)
    yield dg.MaterializeResult(asset_key=asset_key("core.model_alias"), metadata={"dagster/row_count": named})
    charged = charge_contract(settings.warehouse, settings.now().date())
    yield dg.MaterializeResult(asset_key=asset_key("main.contract_charge"), metadata={"dagster/row_count": charged})
