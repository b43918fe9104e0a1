"""Old runs leave Dagster's history: it grows by about 2 MB a day, and nothing of it is needed to answer a question.

Dagster itself purges ticks only. What a run has made stays in the warehouse; only that it was made then is forgotten
(docs/decisions/0036-history-of-runs-is-bounded.md).
"""

from pathlib import Path

import dagster as dg

KEPT_RUNS = 100
"""Of each job. Counted rather than dated, so that a job that runs every minute fills no disk either."""
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def purge_runs(instance: dg.DagsterInstance, kept: int = KEPT_RUNS) -> int:
    """Delete the finished runs of each job but the newest, with their events and logs. Returns how many."""
    newest_first: dict[str, list[str]] = {}
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=FINISHED)):
        newest_first.setdefault(run.job_name, []).append(run.run_id)
    old = [run_id for run_ids in newest_first.values() for run_id in run_ids[kept:]]
    for run_id in old:
        instance.delete_run(run_id)
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        _unlink_events(instance, run_id)
    return len(old)


def _unlink_events(instance: dg.DagsterInstance, run_id: str) -> None:
    """SQLite has one file of events per run, which deleting its rows leaves where it is; other stores have none."""
    path_of = getattr(instance.event_log_storage, "path_for_shard", None)
    if path_of is not None:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path_of(run_id)}{suffix}").unlink(missing_ok=True)


@dg.op(description="Deletes old runs from Dagster's history; the tables stay as they are.")
def delete_old_runs(context: dg.OpExecutionContext) -> None:
    """Keep the newest runs of each job."""
    context.log.info(f"{purge_runs(context.instance)} old runs deleted")


@dg.job(executor_def=dg.in_process_executor, description="Keeps the newest runs of each job in Dagster's history.")
def purge() -> None:
    """One step."""
    delete_old_runs()


daily_purge = dg.ScheduleDefinition(
    job=purge,
    cron_schedule="30 5 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Before the daily refresh.",
)
