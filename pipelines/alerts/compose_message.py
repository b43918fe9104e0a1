"""What stands in a message: one alert at length, or several by a line each. All text in it was made harmless before."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pipelines.alerts.message import ELLIPSIS, one_line
from pipelines.alerts.notices import Notice
from pipelines.schema.alerts import MAX_BODY, MAX_TITLE

MAX_ITEM = 150
"""Bytes of the title of one alert among several."""
ROOM_FOR_END = 220
SHORT_ID = 8
WORDS = {"firing": "", "reminder": "still: ", "resolved": "resolved: "}

Row = dict[str, Any]


def message_id(target: str, owner: str, notices: Sequence[Notice], now: datetime) -> str:
    """16 hex digits: the same things told to the same address by the same run are the same message."""
    told = [(one.alert["alert_id"], one.kind) for one in notices]
    return hashlib.sha256(json.dumps([target, owner, told, now.isoformat()]).encode()).hexdigest()[:16]


def compose(notices: Sequence[Notice], target: str, owner: str, now: datetime, *, is_digest: bool) -> Row:
    """A row of AlertMessage that tells all of `notices`, which are sorted, the most severe first; at least one."""
    identity = message_id(target, owner, notices, now)
    is_one = len(notices) == 1
    title = _titled(notices[0]) if is_one else f"{_count_words(notices)}: {_titled(notices[0])}"
    lines = _at_length(notices[0]) if is_one else _by_a_line(notices)
    begun = [one.alert["severity"] for one in notices if one.kind != "resolved"]
    return {
        "message_id": identity,
        "created_at": now,
        "target": target,
        "owner": owner,
        "severity": begun[0] if begun else "info",
        "is_digest": is_digest,
        "title": _cut(title, MAX_TITLE),
        "body": "\n".join([*lines, f"message {identity}; more: costs alerts show ID"]),
    }


def _at_length(notice: Notice) -> list[str]:
    row = notice.alert
    end = [
        f"alert {row['alert_id']}" + ("" if row["owner"] in (None, "all") else f", for {one_line(row['owner'], 60)}")
    ]
    if notice.kind == "resolved":
        end.insert(0, f"fired since {row['raised_at']:%Y-%m-%d %H:%M} UTC; it no longer holds")
    room = MAX_BODY - ROOM_FOR_END
    body = row["body"]
    return [_cut(body, room), *end] if body else end


def _by_a_line(notices: Sequence[Notice]) -> list[str]:
    """As many as fit; how many more there are, by severity, so that nothing is left out without a word."""
    room = MAX_BODY - ROOM_FOR_END
    lines: list[str] = []
    for one in notices:
        row = one.alert
        link = next((line for line in row["body"].splitlines() if line == f"source: {row['link']}"), None)
        line = f"[{row['severity']}] {_cut(_titled(one), MAX_ITEM)} ({row['alert_id'][:SHORT_ID]})"
        if link and len(f"{line} {row['link']}".encode()) < MAX_ITEM:
            line = f"{line} {row['link']}"
        room -= len(line.encode()) + 1
        if room < 0:
            break
        lines.append(line)
    left = notices[len(lines) :]
    return [*lines, f"... and {_count_words(left)} more: costs alerts list"] if left else lines


def _count_words(notices: Sequence[Notice]) -> str:
    """How many of each: 2 critical, 1 warning, 3 resolved."""
    counts = Counter("resolved" if one.kind == "resolved" else one.alert["severity"] for one in notices)
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())


def _titled(notice: Notice) -> str:
    return WORDS[notice.kind] + str(notice.alert["title"])


def _cut(text: str, limit: int) -> str:
    encoded = text.encode()
    room = limit - len(ELLIPSIS.encode())
    return text if len(encoded) <= limit else encoded[:room].decode(errors="ignore") + ELLIPSIS
