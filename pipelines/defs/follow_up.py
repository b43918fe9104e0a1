"""What follows when a run has ended: which runs have, and what is asked of the next job. Sensors are in `automation`.

A sensor looks at all runs that have ended since it looked last, so that many of them ask for one run; and it asks
again until it could look, which Dagster's own sensors on a status do not.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import dagster as dg

from pipelines.defs.resources import wall_clock

FROM_COMMAND_LINE = {"costs/started_by": "command line"}
"""Tags of the runs that follow each other by themselves."""
INBOX_TAG = "costs/inbox"
"""Of an import: the state of the inbox that asked for it."""

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 60.0, 3600.0
_CLOCK_SLACK = 60.0


def ended_since(
    instance: dg.DagsterInstance, jobs: Iterable[str], since: float
) -> tuple[Sequence[dg.RunRecord], float]:
    """Runs of some jobs that ended after a moment, and when the last did. Runs of the command line are left out."""
    after = datetime.fromtimestamp(since - _CLOCK_SLACK, UTC)
    names = set(jobs)
    records = [
        (record.end_time, record)
        for record in instance.get_run_records(dg.RunsFilter(statuses=ENDED, updated_after=after))
        if record.end_time is not None and record.end_time > since
        if record.dagster_run.job_name in names and not is_of_command_line(record.dagster_run)
    ]
    return [record for _, record in records], max((end for end, _ in records), default=since)


def is_of_command_line(run: dg.DagsterRun) -> bool:
    """Whether the command line started a run; it goes on by itself then."""
    return FROM_COMMAND_LINE.items() <= run.tags.items()


def is_under_way(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of a job waits or runs."""
    return bool(instance.get_run_ids(dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1))


def next_import(instance: dg.DagsterInstance, state: str) -> dg.RunRequest | dg.SkipReason:
    """The run that imports a state of the inbox: the first one, or one more after those that failed, with back-off."""
    runs = instance.get_run_records(dg.RunsFilter(tags={INBOX_TAG: state}))
    if not runs:
        return dg.RunRequest(run_key=f"{state}:1", tags={INBOX_TAG: state})
    newest = max(runs, key=lambda record: record.create_timestamp)
    if newest.dagster_run.status != dg.DagsterRunStatus.FAILURE:
        return dg.SkipReason(f"the inbox as it is: {newest.dagster_run.status.value.lower()}")
    pause = min(FIRST_RETRY_SECONDS * 2.0 ** (len(runs) - 1), LAST_RETRY_SECONDS)
    left = (newest.end_time or 0.0) + pause - wall_clock()
    if left > 0:
        return dg.SkipReason(f"the import has failed {len(runs)} times; it is tried again in {left:.0f} s")
    return dg.RunRequest(run_key=f"{state}:{len(runs) + 1}", tags={INBOX_TAG: state})
