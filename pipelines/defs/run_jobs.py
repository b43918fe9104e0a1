"""One whole run in this process: the same jobs that the schedule and the sensors start, one after the other."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import dagster as dg

from pipelines.alerts.raise_alerts import tell_failed_run
from pipelines.costs.price_ledger import days_to_build
from pipelines.defs.alerts import ALERTS, failures_before, failures_of
from pipelines.defs.automation import (
    REFRESHED_FIRST,
    build_costs,
    decide,
    import_usage,
    publish,
    refresh_sources,
    refreshed,
)
from pipelines.defs.build import build_definitions
from pipelines.defs.costs import priced_ledger
from pipelines.defs.follow_up import FROM_COMMAND_LINE, UNFINISHED
from pipelines.defs.instance import events_kept_open
from pipelines.defs.marts import MARTS_BY_MONTH
from pipelines.defs.partitions import day_tags, month_tags
from pipelines.defs.purge_runs import purge_runs
from pipelines.defs.resources import Settings
from pipelines.defs.usage import usage
from pipelines.sources.catalog import SOURCES, Source
from pipelines.warehouse.published import WarehouseError

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""People get a plain report; every event is in the instance all the same."""

COLLECTED_AFTER_OBJECTS = 50_000
ABOUT_THE_USER = ("user_inputs_are_understood", "files_are_understood", "alerts_arrive")
BUILD_PHASES = ("history", "tables", "decisions", "publish")
PHASES = ("sources", "usage", "tables", "decisions", "publish")


@dataclass(frozen=True)
class Phase:
    """How one job of a run went."""

    name: str
    is_success: bool
    failures: dict[str, str]
    """Failed step -> what it said."""
    needs_a_look: tuple[str, ...] = ()
    """Failed checks that a person can do something about, in words."""
    job: str = ""
    run_id: str = ""


def run_once(
    settings: Settings,
    instance: dg.DagsterInstance,
    on_phase: Callable[[str], None] = lambda name: None,
    first_decided: date | None = None,
    sources: Sequence[Source] = SOURCES,
    *,
    publishes: bool = True,
) -> list[Phase]:
    """Read sources and inbox, build the tables that are out of date, decide for today (or a span up to it), publish.

    `publishes`: a replay of several days replaces the file that people query once, at its end.
    """
    with _only_run(settings, instance):
        phases = _read(settings, instance, on_phase, sources)
        return phases + _build(settings, instance, on_phase, phases, first_decided, publishes=publishes)


def build_once(
    settings: Settings, instance: dg.DagsterInstance, on_phase: Callable[[str], None] = lambda name: None
) -> list[Phase]:
    """Build, decide, alert and publish from what is in the warehouse. No source is asked and no inbox is read."""
    with _only_run(settings, instance):
        on_phase("history")
        definitions = build_definitions(settings)
        phases = [_execute(definitions, instance, refresh_sources.name, "history", assets=REFRESHED_FIRST)]
        return phases + _build(settings, instance, on_phase, phases)


@contextmanager
def _only_run(settings: Settings, instance: dg.DagsterInstance) -> Iterator[None]:
    """Alone among the command lines. What ends it before its time, such as a broken file, is told as well."""
    with settings.warehouse.only_run(), _rare_collections():
        end_dead_runs(instance)
        purge_runs(instance)
        try:
            yield
        except Exception as error:
            with suppress(WarehouseError):  # it is told what cannot be stored either, and this error says so too
                failed = {type(error).__name__: str(error)}
                tell_failed_run(settings.warehouse, "costs run", failed, settings.now(), os.environ)
            raise


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Garbage is searched for far less often: rows and events come by the hundred thousand, and few are in cycles.

    Some million objects of modules and definitions live to the end, and are not searched at all.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER_OBJECTS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()  # at the end of the program everything is to be collected, or libraries tell of leaks


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


def _read(
    settings: Settings, instance: dg.DagsterInstance, on_phase: Callable[[str], None], sources: Sequence[Source]
) -> list[Phase]:
    definitions = build_definitions(settings)
    on_phase("sources")
    phases = [_execute(definitions, instance, refresh_sources.name, "sources", assets=refreshed(sources))]
    on_phase("usage")
    return [*phases, _execute(definitions, instance, import_usage.name, "usage", assets=[*usage.keys])]


def _build(
    settings: Settings,
    instance: dg.DagsterInstance,
    on_phase: Callable[[str], None],
    before: Sequence[Phase],
    first_decided: date | None = None,
    *,
    publishes: bool = True,
) -> list[Phase]:
    """The phases after reading. Failures are told before the end, so that what is published holds them."""
    definitions = build_definitions(settings)
    today = settings.now().date()
    on_phase("tables")
    due = month_tags(days_to_build(settings.warehouse, today))
    built = [*priced_ledger.keys, *MARTS_BY_MONTH.keys]
    phases = [_execute(definitions, instance, build_costs.name, "tables", due, built)]
    on_phase("decisions")
    decided = day_tags([first_decided or today, today])
    phases.append(_execute(definitions, instance, decide.name, "decisions", decided))
    _tell_failed(settings, instance, [*before, *phases], is_sent=False)
    on_phase("publish")
    told = None if publishes else [alerts.key for alerts in ALERTS]
    phases.append(_execute(definitions, instance, publish.name, "publish", decided, told))
    _tell_failed(settings, instance, phases[-1:])
    return phases


def _tell_failed(
    settings: Settings, instance: dg.DagsterInstance, phases: Sequence[Phase], *, is_sent: bool = True
) -> None:
    """Store what failed; sent at once only where no delivery follows."""
    for phase in phases:
        run = instance.get_run_by_id(phase.run_id)
        if not phase.is_success:
            before = failures_before(instance, run, phase.failures) if run else {}
            told = (settings.warehouse, phase.job, phase.failures, settings.now(), os.environ, before)
            tell_failed_run(*told, is_sent=is_sent)


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    phase: str,
    tags: Mapping[str, str] | None = None,
    assets: list[dg.AssetKey] | None = None,
) -> Phase:
    run_id = str(uuid4())
    with events_kept_open(instance, run_id):
        result = definitions.resolve_job_def(job).execute_in_process(
            run_id=run_id,
            instance=instance,
            run_config=QUIET,
            tags=FROM_COMMAND_LINE | dict(tags or {}),
            raise_on_error=False,
            asset_selection=assets,
        )
    return Phase(phase, result.success, failures_of(result), _needs_a_look(result), job, run_id)


def _needs_a_look(result: dg.ExecuteInProcessResult) -> tuple[str, ...]:
    """What the failed checks say that are about the user's own files, settings and addresses."""
    return tuple(
        f"{name}: {value.value}"
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.check_name in ABOUT_THE_USER
        for name, value in check.metadata.items()
    )
