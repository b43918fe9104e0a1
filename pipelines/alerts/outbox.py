"""Which stored messages still have to be sent, and which of them not yet. Frames in, frames out."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from pipelines.schema.alerts import AlertMessage
from pipelines.schema.columns import polars_schema

NO_SUBJECTS: Mapping[str, str] = {}
LONGEST_WAIT = timedelta(hours=1)


def due(
    messages: pl.DataFrame,
    notices: pl.DataFrame,
    deliveries: pl.DataFrame,
    now: datetime,
    max_age: timedelta,
    subjects: Mapping[str, str] = NO_SUBJECTS,
) -> pl.DataFrame:
    """Rows of AlertMessage to be sent now, of each address in the order in which they were written.

    A message that failed n times waits 1, 2, 4, ... 60 minutes after its last attempt, and is given up when it is older
    than `max_age`. One that is claimed alone belongs to a process that ended while it sent, as one process at a time
    delivers: it is sent again, with the same id. What is about a subject that a waiting message is about as well waits
    with it, so that nobody hears of an end before the beginning, or of a successor before; other messages go on.
    `subjects`: alert_id -> subject; an alert without one is a subject of its own.
    """
    tried = _attempts(deliveries)
    told = notices.group_by("message_id").agg("alert_id")
    alerts_of = dict(told.iter_rows())
    kept = []
    waiting: dict[str, set[str]] = {}
    recent = messages.filter(pl.col("created_at") >= now - max_age).sort("created_at", maintain_order=True)
    for row in recent.iter_rows(named=True):
        failures, last, is_done = tried.get(row["message_id"], (0, now, False))
        if is_done:
            continue
        ids = {subjects.get(one, one) for one in alerts_of.get(row["message_id"], ())}
        held = waiting.setdefault(row["target"], set())
        if ids & held or (failures and now < last + wait_after(failures)):
            held |= ids
        else:
            kept.append(row)
    return pl.DataFrame(kept, schema=polars_schema(AlertMessage))


def wait_after(failures: int) -> timedelta:
    """How long a message rests after so many failed attempts."""
    return min(timedelta(minutes=1 << min(failures - 1, 10)), LONGEST_WAIT)


def _attempts(deliveries: pl.DataFrame) -> dict[str, tuple[int, datetime, bool]]:
    """message_id -> failed attempts, when the last was, whether it arrived."""
    is_failed, is_done = pl.col("outcome") == "failed", pl.col("outcome") == "delivered"
    by_message = deliveries.drop_nulls("message_id").group_by("message_id")
    sums = by_message.agg(
        pl.col("attempted_at").filter(is_failed).n_unique(),
        pl.col("attempted_at").max().alias("last"),
        is_done.any().alias("done"),
    )
    return {key: (failures, last, done) for key, failures, last, done in sums.iter_rows()}
