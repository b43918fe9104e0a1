"""The alerts of a day, their delivery, and what is told of a run that failed."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.alerts.operating_rules import DIED
from pipelines.alerts.raise_alerts import raise_alerts, tell_failed_run
from pipelines.decisions.user_facts import user_facts
from pipelines.defs.follow_up import ENDED
from pipelines.defs.metadata import asset_key, table_spec
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Secrets, Settings
from pipelines.snapshots.schedule_settings import schedule_problems

ALERTS_READ = (
    *(
        "main.spend_forecast",
        "main.budget_status",
        "main.spend_anomaly",
        "main.deprecation_risk",
        "main.price_change",
        "main.gpu_rate_history",
    ),
    *("main.lifecycle_change", "main.source_health"),
)
"""What alerts wait for. Of break-even, what-if, conflicts and charges they read what is there: none of these, where it
fails, stops an alert."""


@dg.multi_asset(
    name="raise_alerts",
    specs=[table_spec("main.alert", "alerts", {"polars", "duckdb"}, ALERTS_READ, partitions_def=DAYS)],
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def alert(context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets) -> dg.MaterializeResult[Any]:
    """Store the alerts of the days of the run."""
    environ, warehouse = secrets.environ(), settings.warehouse
    problems = [*user_facts(warehouse.folder, keep=True).problems, *schedule_problems(os.environ)]
    failing = partial(failing_steps, context.instance)
    days = days_of(context)
    new = sum(raise_alerts(warehouse, day, settings.now(), environ, problems, failing) for day in days)
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
        check_name="alerts_arrive",
        passed=failed == 0,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"alerts_not_delivered": failed},
    )
    yield dg.MaterializeResult(metadata={"sent": attempts.height - failed, "failed": failed})


LOOK_BACK_RUNS = 30
"""How many runs of a job are looked at for the last time that a step of it ran."""
RAN = ("SUCCESS", "FAILURE")
FOLLOWED = ("refresh_sources", "import_usage", "build_costs", "decide")
"""Jobs after which the alerts of the day are raised and sent, however they went."""
FAILED_RUN_TAG = "costs/failed_run"
"""Of a run that tells of another one: which."""


@dg.op(name="tell", description="Stores and sends the alert of the failed run that the tag names.")
def tell(context: dg.OpExecutionContext, settings: Settings, secrets: Secrets) -> None:
    """Tell of a failed run, also where no table could be built."""
    run = context.instance.get_run_by_id(context.run.tags[FAILED_RUN_TAG])
    if run is not None:
        failures = step_failures(context.instance, run.run_id)
        before = failures_before(context.instance, run, failures)
        is_last = run.job_name not in FOLLOWED
        tell_failed_run(
            settings.warehouse, run.job_name, failures, settings.now(), secrets.environ(), before, is_sent=is_last
        )


@dg.job(executor_def=dg.in_process_executor, description="Tells of a run that failed.")
def tell_of_failed_run() -> None:
    """One step, which needs nothing of what may have failed."""
    tell()


def step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """Failed step -> what it said; none where the process ended before its time."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    return dict(map(_failure, (record.event_log_entry.get_dagster_event() for record in records)))


def failures_before(instance: dg.DagsterInstance, run: dg.DagsterRun, failures: Mapping[str, str]) -> dict[str, str]:
    """What failed steps of a run said when each last ran before, if it failed then too; DIED where the run before died.

    Steps that were skipped or not asked for did not run.
    """
    finished = instance.get_runs(dg.RunsFilter(job_name=run.job_name, statuses=ENDED), limit=LOOK_BACK_RUNS)
    ids = [one.run_id for one in finished]
    earlier = finished[ids.index(run.run_id) + 1 :] if run.run_id in ids else finished
    return _said_last(instance, earlier, failures)


def failing_steps(instance: dg.DagsterInstance, job: str, steps: Sequence[str]) -> set[str]:
    """Which of some steps of a job failed when each last ran; DIED where its last process died."""
    finished = instance.get_runs(dg.RunsFilter(job_name=job, statuses=ENDED), limit=LOOK_BACK_RUNS)
    return set(_said_last(instance, finished, steps))


def _said_last(
    instance: dg.DagsterInstance, finished: Sequence[dg.DagsterRun], steps: Collection[str]
) -> dict[str, str]:
    """Of each step that failed when it last ran in `finished`, the newest first, what it said."""
    found: dict[str, str] = {}
    open_steps = set(steps)
    for number, one in enumerate(finished):
        said = step_failures(instance, one.run_id)
        if number == 0 and one.status == dg.DagsterRunStatus.FAILURE and not said:
            found[DIED] = ""
        if not open_steps:
            break
        ran = instance.get_run_step_stats(one.run_id, [*open_steps])
        ended = {step.step_key for step in ran if step.status and step.status.value in RAN}
        found |= {step: said[step] for step in ended & said.keys()}
        open_steps -= ended
    return found


def failures_of(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Failed step -> what it said, of a run in this process."""
    return dict(map(_failure, result.filter_events(lambda event: event.is_step_failure)))


def _failure(event: dg.DagsterEvent) -> tuple[str, str]:
    error, failure = event.step_failure_data.error, event.step_failure_data.user_failure_data
    said = failure.description if failure and failure.description else str(_root(error).message if error else "unknown")
    return str(event.step_key), said.strip()


def _root(error: Any) -> Any:
    """What was raised first: Dagster wraps it in an error of its own that says no more than the step."""
    return _root(error.cause) if error.cause is not None and "DagsterExecutionStep" in (error.cls_name or "") else error


ALERTS = [alert, alert_delivery]
