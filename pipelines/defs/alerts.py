"""The alerts of a day, and their delivery."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.alerts.raise_alerts import deliver_due, raise_alerts
from pipelines.defs.metadata import asset_key, table_spec
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Secrets, Settings

ALERTS_READ = (
    *("main.spend_forecast", "main.deprecation_risk", "main.price_change", "main.gpu_rate_history"),
    *("main.lifecycle_change", "main.source_health"),
)


@dg.multi_asset(
    name="raise_alerts",
    specs=[table_spec("main.alert", "alerts", {"polars", "duckdb"}, ALERTS_READ, partitions_def=DAYS)],
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def alert(context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets) -> dg.MaterializeResult[Any]:
    """Store the alerts of the days of the run."""
    environ = secrets.environ()
    new = sum(raise_alerts(settings.warehouse, day, settings.now(), environ) for day in days_of(context))
    return dg.MaterializeResult(metadata={"alerts_new": new})


@dg.multi_asset(
    name="deliver_alerts",
    specs=[table_spec("main.alert_delivery", "alerts", {"apprise"}, ["main.alert"])],
    check_specs=[dg.AssetCheckSpec("alerts_arrive", asset=asset_key("main.alert_delivery"))],
)
def alert_delivery(settings: Settings, secrets: Secrets) -> Iterator[Any]:
    """Send what has not arrived yet, outside the pool: sending may take minutes. A failure is tried again next run."""
    attempts = deliver_due(settings.warehouse, settings.now(), secrets.environ())
    failed = attempts.filter(outcome="failed").height
    yield dg.AssetCheckResult(
        check_name="alerts_arrive", passed=failed == 0, severity=dg.AssetCheckSeverity.WARN, metadata={"failed": failed}
    )
    yield dg.MaterializeResult(metadata={"sent": attempts.height - failed, "failed": failed})


ALERTS = [alert, alert_delivery]
