"""The SQL marts: one asset per file in sql/marts, whose inputs come from the statement."""

from typing import Any

import dagster as dg

from pipelines.defs.books import GROUPS
from pipelines.defs.metadata import READ_DAILY, meaning, table_spec, version_of
from pipelines.defs.partitions import IN_ONE_RUN, MONTHS, days_in_months
from pipelines.defs.resources import POOL, Settings
from pipelines.warehouse.marts import Mart, build_mart, marts

BEHIND_BOOKS = ("raw.", "core.price_hold")
"""Tables without an asset of their own, which fetching and loading fill."""
GROUP_BY_PREFIX = {"cost": "costs", "price": "prices", "gpu_rate": "gpu_rates", "lifecycle": "lifecycles"}
READ_BY_ALERTS = ("price_change", "lifecycle_change", "source_health")
"""What changed and what that costs: they read the costs, so they stand behind them."""


def upstream(tables: tuple[str, ...]) -> list[str]:
    """Tables with an asset, for some tables. What is noted of fetches is there once the books are loaded."""
    books = [f"core.{table}" for table in GROUPS]
    named = [table for table in tables if not table.startswith(BEHIND_BOOKS)]
    if not any(table in books for table in named) and len(named) < len(tables):
        named += books
    return named


def group_of(name: str) -> str:
    """The group of a mart, by its subject."""
    if name in READ_BY_ALERTS:
        return "alerts"
    return next(group for prefix, group in GROUP_BY_PREFIX.items() if name.startswith(prefix))


def mart_asset(mart: Mart) -> dg.AssetsDefinition:
    """One SQL file as an asset."""
    is_by_date = mart.table.date_column is not None
    spec = table_spec(
        mart.table.qualified,
        group_of(mart.table.name),
        {"duckdb", "sql"},
        upstream(mart.inputs),
        description=f"{meaning(mart.table.qualified)}\n\n```sql\n{mart.statement}\n```",
        code_version=version_of(mart.statement),
        freshness_policy=READ_DAILY,
        partitions_def=MONTHS if is_by_date else None,
    )

    @dg.multi_asset(
        name=mart.table.name,
        specs=[spec],
        backfill_policy=IN_ONE_RUN if is_by_date else None,
        pool=POOL,
    )
    def built(context: dg.AssetExecutionContext, settings: Settings) -> dg.MaterializeResult[Any]:
        days = days_in_months(context, settings) if is_by_date else []
        rows = build_mart(settings.warehouse, mart, days)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows, **days_metadata(days)})

    return built


def days_metadata(days: list[Any]) -> dict[str, str]:
    """Which days of its months a run was about."""
    return {"first_day": min(days).isoformat(), "last_day": max(days).isoformat()} if days else {}


MARTS = [mart_asset(mart) for mart in marts()]
MARTS_BY_MONTH = [asset for asset in MARTS if asset.partitions_def]
"""The tables by date; built by the same run as the costs."""
MARTS_OF_VERSIONS = [asset for asset in MARTS if not asset.partitions_def]
"""What follows from the books alone; built whole."""
