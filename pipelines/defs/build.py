"""Everything that Dagster sees, put together on one warehouse. Assembly only; nothing is implemented here."""

from collections.abc import Sequence

import dagster as dg

from pipelines.defs.alerts import ALERTS
from pipelines.defs.automation import JOBS, SCHEDULES, SENSORS
from pipelines.defs.books import BOOKS, HISTORIES
from pipelines.defs.checks import MART_CHECKS
from pipelines.defs.costs import model_alias, priced_ledger
from pipelines.defs.decisions import decisions
from pipelines.defs.fetch import fetch
from pipelines.defs.marts import MARTS
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.publish import costs_duckdb, report_html, stored_copy
from pipelines.defs.purge_runs import daily_purge, purge
from pipelines.defs.resources import Settings, secrets_from_environment
from pipelines.defs.usage import usage


def build_definitions(settings: Settings, marts: Sequence[dg.AssetsDefinition] = MARTS) -> dg.Definitions:
    """All assets, checks, jobs, schedules and sensors, on one warehouse. `marts`: MARTS, as they are to show."""
    return dg.Definitions(
        assets=[
            catalog_of_sources,
            fetch,
            *HISTORIES.values(),
            *BOOKS.values(),
            usage,
            priced_ledger,
            model_alias,
            *marts,
            decisions,
            *ALERTS,
            costs_duckdb,
            report_html,
            stored_copy,
        ],
        asset_checks=MART_CHECKS,
        jobs=[*JOBS, purge],
        schedules=[*SCHEDULES, daily_purge],
        sensors=SENSORS,
        resources={"settings": settings, "secrets": secrets_from_environment()},
        executor=dg.in_process_executor,
    )
