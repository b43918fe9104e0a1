"""When things run: one schedule for the sources, one sensor for dropped files, and what follows from either.

The jobs are separate on purpose: a proven source that fails is a failed run of `refresh_sources`, and the tables are
built all the same, from what is in force.
"""

import os
from collections.abc import Mapping, Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from pipelines.costs.price_ledger import days_to_build
from pipelines.defs.alerts import ALERTS, FAILED_RUN_TAG, alert_delivery, tell_of_failed_run
from pipelines.defs.books import BOOKS, HISTORIES
from pipelines.defs.changed import HOURLY_TAG, changed_tag, decided_from, is_quiet_check, learned
from pipelines.defs.costs import model_alias, priced_ledger
from pipelines.defs.decisions import decisions
from pipelines.defs.fetch import fetch, pages_key, raw_key
from pipelines.defs.follow_up import ended_since, is_of_command_line, is_under_way, next_import
from pipelines.defs.marts import MARTS_BY_MONTH, MARTS_OF_VERSIONS
from pipelines.defs.partitions import month_tags
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.publish import costs_duckdb, report_html, stored_copy
from pipelines.defs.resources import Settings, wall_clock
from pipelines.defs.usage import usage
from pipelines.snapshots.schedule_settings import HOURLY_SOURCES, daily_at, hourly_sources
from pipelines.sources.source import Source
from pipelines.usage.import_files import inbox_files
from pipelines.usage.inbox import settled, state_of
from pipelines.warehouse.published import WarehouseError

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
    dg.AssetSelection.assets(catalog_of_sources, priced_ledger, MARTS_BY_MONTH),
    description="Price the ledger and build the tables by date, for the days that are out of date.",
    executor_def=IN_PROCESS,
)
decide = dg.define_asset_job(
    "decide",
    dg.AssetSelection.assets(model_alias, MARTS_OF_VERSIONS, decisions),
    description="Risk, break-even and forecast for one day, and what follows from the books. Each fails alone.",
    executor_def=IN_PROCESS,
)
publish = dg.define_asset_job(
    "publish",
    dg.AssetSelection.assets(*ALERTS, costs_duckdb, report_html, stored_copy),
    description="Raise and send the alerts of one day, then publish. A job of its own: no decision can hold it up.",
    executor_def=IN_PROCESS,
)
deliver = dg.define_asset_job(
    "deliver",
    dg.AssetSelection.assets(alert_delivery),
    description="Send what waits: what failed before, what is told again, and what quiet hours held back.",
    executor_def=IN_PROCESS,
)
REFRESHED_FIRST = [catalog_of_sources.key, *(history.key for history in HISTORIES.values())]
"""What every job of the daemon begins with."""


def refreshed(sources: Sequence[Source]) -> list[dg.AssetKey]:
    """What reading some sources materializes: the sources, and the books that they feed."""
    tables = dict.fromkeys(source.table for source in sources)
    return [
        *REFRESHED_FIRST,
        *map(raw_key, sources),
        *map(pages_key, tables),
        *(BOOKS[table].key for table in tables),
    ]


def daily_cron(environ: Mapping[str, str]) -> str:
    """The time of the daily run as cron writes it."""
    (hour, minute), _ = daily_at(environ)
    return f"{minute} {hour} * * *"


JOBS: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = [
    refresh_sources,
    import_usage,
    build_costs,
    decide,
    publish,
    deliver,
    tell_of_failed_run,
]

daily_refresh = dg.ScheduleDefinition(
    job=refresh_sources,
    cron_schedule=daily_cron(os.environ),
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Prices are read once a day, at COSTS_DAILY_AT: early enough for an alert at nine.",
)
hourly_delivery = dg.ScheduleDefinition(
    job=deliver,
    cron_schedule="25 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="What no service took is tried again within the hour.",
)


@dg.schedule(
    job=refresh_sources,
    name="hourly_check",
    cron_schedule="45 * * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="The sources that COSTS_HOURLY_SOURCES names are read every hour; none where it is not set.",
)
def hourly_check(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run of refresh_sources for these sources alone; what has not changed is not built again after it."""
    sources, problem = hourly_sources(os.environ)
    if not sources:
        return dg.SkipReason(problem.text if problem else f"{HOURLY_SOURCES} names none")
    return dg.RunRequest(asset_selection=refreshed(sources), tags=HOURLY_TAG)


@dg.sensor(
    job=import_usage,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Imports files that were dropped into the inbox, once they are whole; again where it failed.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, settings: Settings) -> dg.RunRequest | dg.SkipReason:
    """One successful run per state of the inbox."""
    files = inbox_files(settings.warehouse)
    whole = settled(files, wall_clock()) if settings.as_of is None else files
    if not whole:
        return dg.SkipReason("the inbox is empty" if not files else f"{len(files)} files are still being written")
    return next_import(context.instance, state_of(whole))


@dg.sensor(
    job=build_costs,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Builds the tables after sources or usage were read, also where that failed: the others are in force.",
)
def after_reading(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SensorResult:
    """One run for all days that are out of date."""
    ended, cursor = _ended(context, refresh_sources, import_usage)
    if not ended:
        return dg.SensorResult(skip_reason="nothing was read", cursor=cursor)
    if any(is_under_way(context.instance, job.name) for job in (refresh_sources, import_usage)):
        return dg.SensorResult(skip_reason="more is being read", cursor=context.cursor)
    tags: dict[str, str] = {}
    try:
        if is_quiet_check(ended):
            books = learned(settings, ended)
            if not books:
                return dg.SensorResult(skip_reason="the hourly check found nothing new", cursor=cursor)
            tags = changed_tag(books)
        days = days_to_build(settings.warehouse_for_a_sensor, settings.now().date())
    except WarehouseError as error:
        return dg.SensorResult(skip_reason=f"asked again at the next tick: {error}", cursor=context.cursor)
    return _asked(dg.RunRequest(run_key=ended[0].dagster_run.run_id, tags=tags | month_tags(days)), cursor)


@dg.sensor(
    job=decide,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Decides after the tables were built, also where that failed: one run after all builds that wait.",
)
def after_costs(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SensorResult:
    """Ask for today."""
    ended, cursor = _ended(context, build_costs)
    return _asked_for_today(context, settings, ended, cursor, build_costs.name, decided_from(ended))


@dg.sensor(
    job=publish,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Alerts and publishes after the decisions, however they went.",
)
def after_decisions(context: dg.SensorEvaluationContext, settings: Settings) -> dg.SensorResult:
    """Ask for today."""
    ended, cursor = _ended(context, decide)
    return _asked_for_today(context, settings, ended, cursor, decide.name)


@dg.run_failure_sensor(
    request_job=tell_of_failed_run,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells of a run that failed, whatever it was to do.",
)
def after_failed_run(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
    """One alert per failed run; the command line tells of its own."""
    run = context.dagster_run
    if run.job_name == tell_of_failed_run.name or is_of_command_line(run):
        return dg.SkipReason("it tells itself")
    return dg.RunRequest(run_key=run.run_id, tags={FAILED_RUN_TAG: run.run_id})


def _ended(
    context: dg.SensorEvaluationContext, *jobs: UnresolvedAssetJobDefinition
) -> tuple[Sequence[dg.RunRecord], str]:
    """What ended since the last tick, and the next cursor. What ended before the first tick is nobody's concern."""
    since = float(context.cursor) if context.cursor else wall_clock()
    ended, last = ended_since(context.instance, [job.name for job in jobs], since)
    return ended, str(last)


def _asked(request: dg.RunRequest, cursor: str) -> dg.SensorResult:
    return dg.SensorResult(run_requests=[request], cursor=cursor)


def _asked_for_today(
    context: dg.SensorEvaluationContext,
    settings: Settings,
    ended: Sequence[dg.RunRecord],
    cursor: str,
    job: str,
    selection: list[dg.AssetKey] | None = None,
) -> dg.SensorResult:
    """A run for today after those that have ended, once none of `job` is left that would ask for another."""
    if not ended:
        return dg.SensorResult(skip_reason=f"no run of {job} has ended", cursor=cursor)
    if is_under_way(context.instance, job):
        return dg.SensorResult(skip_reason=f"another run of {job} is under way", cursor=context.cursor)
    today = settings.now().date().isoformat()
    run_key = ended[0].dagster_run.run_id
    return _asked(dg.RunRequest(run_key=run_key, partition_key=today, asset_selection=selection), cursor)


SENSORS = [inbox_sensor, after_reading, after_costs, after_decisions, after_failed_run]
SCHEDULES = [daily_refresh, hourly_check, hourly_delivery]
