"""The SQL marts: one asset per file in sql/marts, whose inputs come from the statement."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from pipelines.defs.books import GROUPS
from pipelines.defs.metadata import READ_DAILY, asset_key, meaning, table_spec, version_of
from pipelines.defs.partitions import IN_ONE_RUN, MONTHS, days_in_months
from pipelines.defs.resources import POOL, Settings
from pipelines.warehouse.marts import Mart, build_mart, marts

BEHIND_BOOKS = ("raw.", "core.price_hold")
"""Tables without an asset of their own, which fetching and loading fill."""
GROUP_BY_PREFIX = {
    "cost": "costs",
    "plan": "costs",
    "price": "prices",
    "gpu_rate": "gpu_rates",
    "lifecycle": "lifecycles",
}
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


def mart_spec(mart: Mart) -> dg.AssetSpec:
    """What the UI says of one SQL file."""
    return table_spec(
        mart.table.qualified,
        group_of(mart.table.name),
        {"duckdb", "sql"},
        upstream(mart.inputs),
        description=f"{meaning(mart.table.qualified)}\n\n```sql\n{mart.statement}\n```",
        code_version=version_of(mart.statement),
        freshness_policy=READ_DAILY,
        partitions_def=MONTHS if mart.table.date_column else None,
    )


def marts_asset(name: str, built: Sequence[Mart]) -> dg.AssetsDefinition:
    """The marts of one step, each an asset. All are by date, or none is.

    One step, because a step costs Dagster more than most of these statements take. One that fails stops no other: the
    step goes on and fails at its end.
    """
    is_by_date = built[0].table.date_column is not None

    @dg.multi_asset(
        name=name,
        specs=[mart_spec(mart) for mart in built],
        can_subset=True,
        backfill_policy=IN_ONE_RUN if is_by_date else None,
        pool=POOL,
    )
    def build_marts(context: dg.AssetExecutionContext, settings: Settings) -> Iterator[dg.MaterializeResult[Any]]:
        days = days_in_months(context, settings) if is_by_date else []
        failures = []
        for mart in built:
            key = asset_key(mart.table.qualified)
            if key not in context.selected_asset_keys:
                continue
            try:
                rows = build_mart(settings.warehouse, mart, days)
            except Exception as error:  # noqa: BLE001 - a statement that fails in an unknown way stops no other
                failures.append(f"{mart.table.qualified}: {error}")
                continue
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows, **days_metadata(days)})
        if failures:
            raise dg.Failure("\n".join(failures), allow_retries=False)

    return build_marts


def days_metadata(days: list[Any]) -> dict[str, str]:
    """Which days of its months a run was about."""
    return {"first_day": min(days).isoformat(), "last_day": max(days).isoformat()} if days else {}


MARTS_BY_MONTH = marts_asset("build_marts_by_date", [mart for mart in marts() if mart.table.date_column])
"""The tables by date; built by the same run as the costs."""
MARTS_OF_VERSIONS = marts_asset("build_marts", [mart for mart in marts() if not mart.table.date_column])
"""What follows from the books alone; built whole."""
MARTS = [MARTS_BY_MONTH, MARTS_OF_VERSIONS]
