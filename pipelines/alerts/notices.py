"""What is to be told to one address now: of each alert that it began, still holds, or ended. Frames in, rows out.

Nothing is told twice: what an address was told stands in the notices of its messages. How it is worded is in
`compose_message`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.alerts.alert_settings import AlertSettings
from pipelines.alerts.life import standing

SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}
NOTICE_ORDER = {"firing": 0, "reminder": 1, "resolved": 2}

Row = dict[str, Any]


@dataclass(frozen=True)
class Notice:
    """One thing to tell of one alert, and whether it waits for the digest."""

    alert: Mapping[str, Any]
    kind: str
    is_for_digest: bool


@dataclass(frozen=True)
class Told:
    """The last that an address was told of one alert."""

    at: datetime
    kind: str


def told_by_target(
    messages: pl.DataFrame, notices: pl.DataFrame, deliveries: pl.DataFrame
) -> dict[str, dict[str, Told]]:
    """Target -> alert_id -> the last that it was told, also by messages that are on their way.

    Deliveries without a message are of a program that sent each alert alone.
    """
    of_messages = notices.join(messages, on="message_id").select("target", "alert_id", at="created_at", kind="notice")
    alone = deliveries.filter(pl.col("message_id").is_null(), pl.col("outcome") == "delivered")
    of_old = alone.select("target", "alert_id", at="attempted_at", kind=pl.lit("firing"))
    found: dict[str, dict[str, Told]] = {}
    for target, alert_id, at, kind in pl.concat([of_old, of_messages]).sort("at", maintain_order=True).iter_rows():
        found.setdefault(target, {})[alert_id] = Told(at, kind)
    return found


def pending(
    alerts: pl.DataFrame,
    events: pl.DataFrame,
    told: Mapping[str, Told],
    held: Collection[str],
    lasting: Collection[str],
    now: datetime,
    max_age: timedelta,
) -> list[Notice]:
    """What one address has still to be told, most severe first, what is `held` back left out.

    A change older than `max_age` is told no more. Of an alert that ended before it could be told, the end is told only
    where it was never held back, and news is told all the same.
    """
    state = standing(events)
    ever_held = set(events.filter(pl.col("event").is_in(["inhibited", "silenced"]))["alert_id"])
    found = []
    for row in alerts.iter_rows(named=True):
        stands = state.get(row["alert_id"])
        if row["alert_id"] in held or stands is None:
            continue
        kind = _kind(row, stands, told.get(row["alert_id"]), row["alert_id"] in ever_held, row["rule"] in lasting, now)
        is_old = kind != "reminder" and stands["event_at"] < now - max_age
        if kind is not None and not is_old:
            is_calm = kind == "reminder" or row["delivery_class"] == "digest"
            found.append(Notice(row, kind, is_calm))
    return sorted(found, key=_rank)


def _kind(row: Row, stands: Row, last: Told | None, was_held: bool, lasts: bool, now: datetime) -> str | None:
    if stands["event"] == "firing":
        if last is None or last.kind == "resolved":
            return "firing"
        days = row["remind_after_days"]
        return "reminder" if lasts and days and last.at <= now - timedelta(days=days) else None
    if not lasts or stands["event"] == "superseded":
        return None
    if last is None:
        return None if was_held else "resolved"
    return "resolved" if last.kind != "resolved" else None


def _rank(notice: Notice) -> tuple[int, int, datetime, str]:
    """By severity, what begins before what still holds; what has ended comes last."""
    row = notice.alert
    severity = len(SEVERITY_ORDER) if notice.kind == "resolved" else SEVERITY_ORDER[row["severity"]]
    return severity, NOTICE_ORDER[notice.kind], row["raised_at"], row["alert_id"]


def due_now(
    notices: list[Notice], settings: AlertSettings, last_digest: datetime | None, now: datetime
) -> tuple[list[Notice], bool]:
    """Those that go out now, and whether they hold the digest.

    In quiet hours only what is critical, and begins, goes out; the rest waits until they end.
    """
    is_digest = last_digest is None or last_digest < settings.last_digest_before(now)
    if settings.is_quiet(now):
        urgent = [one for one in notices if one.alert["severity"] == "critical" and one.kind == "firing"]
        return urgent, False
    waits = [one for one in notices if one.is_for_digest]
    return (notices if is_digest else [one for one in notices if not one.is_for_digest]), is_digest and bool(waits)
