"""When things run: one schedule for the sources, one sensor for dropped files, and what follows from either.

The jobs are separate on purpose: a proven source that fails is a failed run of `refresh_sources`, and the tables are
built all the same, from what is in force.
"""

import hashlib
from collections.abc import Iterator

import dagster as dg

from pipelines.costs.price_ledger import days_to_build
from pipelines.defs.alerts import ALERTS
from pipelines.defs.books import BOOKS, HISTORIES
from pipelines.defs.costs import model_alias, priced_ledger
from pipelines.defs.decisions import DECISIONS
from pipelines.defs.fetch import fetch
from pipelines.defs.marts import MARTS_BY_MONTH, MARTS_OF_VERSIONS
from pipelines.defs.partitions import month_tags, spans
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.publish import costs_duckdb
from pipelines.defs.resources import Settings
from pipelines.defs.usage import usage
from pipelines.usage.import_files import inbox_files

IN_PROCESS = dg.in_process_executor

refresh_sources = dg.define_asset_job(
    "refresh_sources",
    dg.AssetSelection.assets(catalog_of_sources, fetch, *HISTORIES.values(), *BOOKS.values()),
    description="Fetch every source, check what came and load the books. Fails where a proven source did.",
    executor_def=IN_PROCESS,
)
import_usage = dg.define_asset_job(
    "import_usage",
    dg.AssetSelection.assets(catalog_of_sources, *HISTORIES.values(), usage),
    description="Import what lies in the inbox; its prices may be those of the shipped history.",
    executor_def=IN_PROCESS,
)
build_costs = dg.define_asset_job(
    "build_costs",
    dg.AssetSelection.assets(catalog_of_sources, priced_ledger, *MARTS_BY_MONTH),
    description="Price the ledger and build the tables by date, for the days that are out of date.",
    executor_def=IN_PROCESS,
)
decide = dg.define_asset_job(
    "decide",
    dg.AssetSelection.assets(model_alias, *MARTS_OF_VERSIONS, *DECISIONS, *ALERTS, costs_duckdb),
    description="Risk, break-even, forecast and alerts for one day; then publish and send.",
    executor_def=IN_PROCESS,
)
JOBS = [refresh_sources, import_usage, build_costs, decide]

daily_refresh = dg.ScheduleDefinition(
    job=refresh_sources,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Prices are read once a day, early enough for an alert at nine.",
)


@dg.sensor(
    job=import_usage,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Imports files that were dropped into the inbox.",
)
def inbox_sensor(settings: Settings) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run per state of the inbox."""
    files = inbox_files(settings.warehouse)
    state = "\n".join(f"{file}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in files)
    if not files:
        yield dg.SkipReason("the inbox is empty")
        return
    yield dg.RunRequest(run_key=hashlib.sha256(state.encode()).hexdigest())


def _build_requests(settings: Settings) -> Iterator[dg.RunRequest]:
    for span in spans(days_to_build(settings.warehouse, settings.now().date())):
        yield dg.RunRequest(tags=month_tags(span))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[refresh_sources, import_usage],
    request_job=build_costs,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds the tables after sources or usage were read.",
)
def after_reading(context: dg.RunStatusSensorContext, settings: Settings) -> Iterator[dg.RunRequest]:
    """Ask for the days that are out of date."""
    yield from _build_requests(settings)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitored_jobs=[refresh_sources],
    request_job=build_costs,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds the tables also when a source failed: the others are in force.",
)
def after_failed_source(context: dg.RunStatusSensorContext, settings: Settings) -> Iterator[dg.RunRequest]:
    """Ask for the days that are out of date."""
    yield from _build_requests(settings)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[build_costs],
    request_job=decide,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Decides, publishes and alerts after the tables were built.",
)
def after_costs(context: dg.RunStatusSensorContext, settings: Settings) -> dg.RunRequest:
    """Ask for today."""
    return dg.RunRequest(partition_key=settings.now().date().isoformat())


SENSORS = [inbox_sensor, after_reading, after_failed_source, after_costs]
SCHEDULES = [daily_refresh]
