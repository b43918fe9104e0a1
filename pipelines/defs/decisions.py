"""Decisions by date, the alerts that follow from them, and their delivery."""

import os
from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.alerts.raise_alerts import deliver_due, raise_alerts
from pipelines.decisions.decide import (
    Decision,
    break_even_on,
    decide_days,
    deprecation_risk_on,
    forecast_on,
    notice_statistics_on,
)
from pipelines.defs.costs import upstream
from pipelines.defs.metadata import asset_key, table_metadata
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Settings
from pipelines.schema.tables import TABLES_BY_NAME


def decision_asset(name: str, inputs: tuple[str, ...], decision: Decision) -> dg.AssetsDefinition:
    """One table that a polars function computes for a day from what was known on it."""
    table = TABLES_BY_NAME[name]

    @dg.asset(
        key=asset_key(name),
        deps=upstream(inputs),
        group_name="decisions",
        kinds={"polars", "duckdb"},
        description=table.meaning,
        metadata=table_metadata(table),
        partitions_def=DAYS,
        backfill_policy=IN_ONE_RUN,
        pool=POOL,
    )
    def decided(context: dg.AssetExecutionContext, settings: Settings) -> dg.MaterializeResult[Any]:
        rows = decide_days(settings.warehouse, name, decision, days_of(context))
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return decided


DECISIONS = [
    decision_asset(
        "main.break_even",
        ("core.token_price", "core.gpu_rate", "core.exchange_rate", "core.usage_cost"),
        break_even_on,
    ),
    decision_asset("main.spend_forecast", ("core.token_price", "core.usage_cost"), forecast_on),
    decision_asset("main.notice_statistics", ("core.model_lifecycle",), notice_statistics_on),
    decision_asset(
        "main.deprecation_risk", ("core.model_lifecycle", "core.token_price", "core.usage_cost"), deprecation_risk_on
    ),
]


@dg.asset(
    key=asset_key("main.alert"),
    deps=[
        *DECISIONS,
        *(
            asset_key(f"main.{name}")
            for name in ("price_change", "gpu_rate_history", "lifecycle_change", "source_health")
        ),
    ],
    group_name="alerts",
    kinds={"polars", "duckdb"},
    description=TABLES_BY_NAME["main.alert"].meaning,
    metadata=table_metadata(TABLES_BY_NAME["main.alert"]),
    partitions_def=DAYS,
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def alert(context: dg.AssetExecutionContext, settings: Settings) -> dg.MaterializeResult[Any]:
    """Store the alerts of the days of the run."""
    new = sum(raise_alerts(settings.warehouse, day, settings.now(), os.environ) for day in days_of(context))
    return dg.MaterializeResult(metadata={"alerts_new": new})


@dg.asset(
    key=asset_key("main.alert_delivery"),
    deps=[alert],
    group_name="alerts",
    kinds={"apprise"},
    description=TABLES_BY_NAME["main.alert_delivery"].meaning,
    metadata=table_metadata(TABLES_BY_NAME["main.alert_delivery"]),
    check_specs=[dg.AssetCheckSpec("alerts_arrive", asset=asset_key("main.alert_delivery"))],
)
def alert_delivery(settings: Settings) -> Iterator[Any]:
    """Send what has not arrived yet, outside the pool: sending may take minutes. A failure is tried again next run."""
    attempts = deliver_due(settings.warehouse, settings.now(), os.environ)
    failed = attempts.filter(outcome="failed").height
    yield dg.AssetCheckResult(
        check_name="alerts_arrive", passed=failed == 0, severity=dg.AssetCheckSeverity.WARN, metadata={"failed": failed}
    )
    yield dg.MaterializeResult(metadata={"sent": attempts.height - failed, "failed": failed})


DECISION_ASSETS = [*DECISIONS, alert, alert_delivery]
