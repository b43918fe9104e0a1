"""One whole run in this process: the same jobs that the schedule and the sensors start, one after the other."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from pipelines.costs.price_ledger import days_to_build
from pipelines.defs.automation import build_costs, decide, import_usage, refresh_sources
from pipelines.defs.books import BOOKS, HISTORIES
from pipelines.defs.build import build_definitions
from pipelines.defs.fetch import pages_key, raw_key
from pipelines.defs.partitions import day_tags, month_tags, spans
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.resources import Settings
from pipelines.sources.catalog import SOURCES, Source

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""People get a plain report; every event is in the instance all the same."""

DAGSTER_YAML = Path(__file__).resolve().parents[2] / "dagster.yaml"
FROM_COMMAND_LINE = {"costs/started_by": "command line"}
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
PHASES = ("sources", "usage", "tables", "decisions")


@dataclass(frozen=True)
class Phase:
    """How one job of a run went."""

    name: str
    is_success: bool
    failures: dict[str, str]
    """Failed step -> what it said."""


def open_instance(warehouse_folder: Path) -> dg.DagsterInstance:
    """The Dagster instance whose state lies below a warehouse; runs show in the UI of that warehouse."""
    state = warehouse_folder.resolve() / ".dagster"
    state.mkdir(parents=True, exist_ok=True)
    link = state / "dagster.yaml"
    if not link.is_symlink():
        link.symlink_to(DAGSTER_YAML)
    os.environ["DAGSTER_STATE"] = os.environ["DAGSTER_HOME"] = str(state)
    return dg.DagsterInstance.get()


def run_once(
    settings: Settings,
    instance: dg.DagsterInstance,
    on_phase: Callable[[str], None] = lambda name: None,
    first_decided: date | None = None,
    sources: Sequence[Source] = SOURCES,
) -> list[Phase]:
    """Read sources and inbox, build the tables that are out of date, decide for today (or a span up to it), publish."""
    with settings.warehouse.only_run():
        end_dead_runs(instance)
        return _run(settings, instance, on_phase, first_decided, sources)


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Fail the runs that a killed command line left behind and free their place in the pool. Returns how many.

    Call it as the only run: then whatever the command line has started and not ended is dead. Runs of the daemon are
    watched by the daemon.
    """
    dead = instance.get_runs(filters=dg.RunsFilter(tags=FROM_COMMAND_LINE, statuses=UNFINISHED))
    for run in dead:
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        instance.report_run_failed(run, "The process of this run has ended.")
    return len(dead)


def _run(
    settings: Settings,
    instance: dg.DagsterInstance,
    on_phase: Callable[[str], None],
    first_decided: date | None,
    sources: Sequence[Source],
) -> list[Phase]:
    definitions = build_definitions(settings)
    today = settings.now().date()
    phases = []
    on_phase("sources")
    phases.append(_execute(definitions, instance, refresh_sources.name, "sources", assets=_refreshed(sources)))
    on_phase("usage")
    phases.append(_execute(definitions, instance, import_usage.name, "usage"))
    on_phase("tables")
    due = spans(days_to_build(settings.warehouse, today))
    phases += [_execute(definitions, instance, build_costs.name, "tables", month_tags(span)) for span in due]
    on_phase("decisions")
    decided = day_tags([first_decided or today, today])
    phases.append(_execute(definitions, instance, decide.name, "decisions", decided))
    return phases


def _refreshed(sources: Sequence[Source]) -> list[dg.AssetKey]:
    """What reading some sources materializes: the sources, and the books that they feed."""
    tables = dict.fromkeys(source.table for source in sources)
    histories = [history.key for history in HISTORIES.values()]
    return [catalog_of_sources.key, *histories, *map(raw_key, sources), *map(pages_key, tables), *(BOOKS[table].key for table in tables)]


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    phase: str,
    tags: Mapping[str, str] | None = None,
    assets: list[dg.AssetKey] | None = None,
) -> Phase:
    result = definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        run_config=QUIET,
        tags=FROM_COMMAND_LINE | dict(tags or {}),
        raise_on_error=False,
        asset_selection=assets,
    )
    failures = {}
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        failure = event.step_failure_data.user_failure_data
        said = failure.description if failure and failure.description else str(error.message if error else "unknown")
        failures[str(event.step_key)] = said.strip()
    return Phase(phase, result.success, failures)
