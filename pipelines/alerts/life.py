"""What becomes of stored alerts: which begin, end, give way to another, or are held back. Frames in, events out.

An event is added where something changes, and never altered; how an alert stands is its last event. When an alert is
raised is for the rules, and what is told of it for `notices`.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.schema.alerts import AlertEvent
from pipelines.schema.columns import polars_schema

NEWS_FOR = timedelta(days=7)
"""News, such as a price that moved, has no end of its own: it is old after so long."""
STATES = ("firing", "resolved", "superseded")
OLD_NEWS = "news that is old"

Row = dict[str, Any]


def standing(events: pl.DataFrame) -> dict[str, Row]:
    """The last event of each alert that says how it stands: alert_id -> row of AlertEvent."""
    last = events.filter(pl.col("event").is_in(STATES)).sort("event_at", maintain_order=True)
    return {row["alert_id"]: row for row in last.unique("alert_id", keep="last", maintain_order=True).to_dicts()}


def firing(alerts: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The alerts that are firing, with `firing_since` of their present episode."""
    since = {key: row["event_at"] for key, row in standing(events).items() if row["event"] == "firing"}
    frame = pl.DataFrame(
        {"alert_id": list(since), "firing_since": list(since.values())},
        schema={"alert_id": pl.String, "firing_since": pl.Datetime("us")},
    )
    return alerts.join(frame, on="alert_id", maintain_order="left")


def next_events(
    found: pl.DataFrame,
    alerts: pl.DataFrame,
    events: pl.DataFrame,
    lasting: Collection[str],
    judged: Collection[str],
    now: datetime,
) -> pl.DataFrame:
    """Rows of AlertEvent: what begins and ends, as the rules find it now.

    `found`: alerts that the rules return, all stored in `alerts` by now. `lasting`: rules whose alerts fire while they
    are found, those of the others are news. `judged`: lasting rules that could tell; what another had found stays as it
    is, since no answer is no recovery.
    """
    state = standing(events)
    new: list[Row] = []
    for row in found.unique("alert_id", maintain_order=True).iter_rows(named=True):
        before = state.get(row["alert_id"])
        if before is None or (row["rule"] in lasting and before["event"] != "firing"):
            new.append(_event(row["alert_id"], now, "firing"))
    ids = set(found["alert_id"])
    successors = {row["subject"]: row["alert_id"] for row in found.iter_rows(named=True)}
    for row in firing(alerts, events).iter_rows(named=True):
        if row["rule"] not in lasting:
            if row["firing_since"] < now - NEWS_FOR:
                new.append(_event(row["alert_id"], now, "resolved", OLD_NEWS))
        elif row["rule"] in judged and row["alert_id"] not in ids:
            successor = successors.get(row["subject"])
            new.append(_event(row["alert_id"], now, "superseded" if successor else "resolved", successor))
    return event_frame(new)


def holding_back(events: pl.DataFrame, held: Mapping[str, tuple[str, str]], now: datetime) -> pl.DataFrame:
    """Rows of AlertEvent for what is held back and was not held back for this reason in this episode.

    `held`: alert_id -> ("inhibited" or "silenced", why).
    """
    state = standing(events)
    noted = {
        (row["alert_id"], row["event"], row["because"])
        for row in events.filter(~pl.col("event").is_in(STATES)).iter_rows(named=True)
        if row["alert_id"] in state and row["event_at"] >= state[row["alert_id"]]["event_at"]
    }
    return event_frame([_event(key, now, *why) for key, why in held.items() if (key, *why) not in noted])


def event_frame(rows: list[Row]) -> pl.DataFrame:
    """The rows typed as AlertEvent."""
    return pl.DataFrame(rows, schema=polars_schema(AlertEvent))


def parts_of(subject: str | None) -> list[str]:
    """Rule and what an alert is about, of its column `subject`; nothing of an alert of an older program."""
    return [str(part) for part in json.loads(subject)] if subject else []


def _event(alert_id: str, at: datetime, event: str, because: str | None = None) -> Row:
    return {"alert_id": alert_id, "event_at": at, "event": event, "because": because}
