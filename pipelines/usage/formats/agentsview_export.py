"""`agentsview export hour` and `export day`, JSON -> a row per hour and model, or per cell of a version with cells.

Hours are UTC, counts disjoint, money in millionths of a dollar (kenn-io/agentsview docs/reporting-export.md and
internal/export/reporting.go). Version 3 tells models, agents and projects apart, each alone, so a row has no owner;
version 4 has `joint.cells`, which tell them together, by parts of an hour. What an export holds the agents' own logs
hold too, so it is a bucket: where both are imported the larger of the two counts.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

COUNTS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_write": "cache_creation_tokens",
    "cache_read": "cache_read_tokens",
}
AN_HOUR = 3600


def _rows(document: Record) -> Iterator[Record]:
    for hour in document.get("hours") or [document]:
        if isinstance(hour.get("joint"), dict):
            for cell in hour["joint"]["cells"]:
                yield from _row(cell["bucket_start"], int(hour["bucket_seconds"]), cell["usage"], _owner(cell))
        elif "usage" in hour:
            start = datetime.strptime(hour["period"], "%Y-%m-%d-%H").isoformat() + "Z"  # noqa: DTZ007 - hours are UTC
            for used in hour["usage"]["by_model"]:
                yield from _row(start, AN_HOUR, used, {"model": used["key"], "row": used["key"]})


def _owner(cell: Record) -> Record:
    names = ("project_key", "agent", "model", "automation")
    return {
        "model": cell["model"],
        "project": cell.get("project") or None,
        "feature": cell.get("agent"),
        "row": "/".join(str(cell.get(name)) for name in names),
    }


def _row(start: str, seconds: int, used: Record, owner: Record) -> Iterator[Record]:
    counts = {name: used.get(place) for name, place in COUNTS.items()}
    if all(count in (None, "0", 0) for count in counts.values()):
        return
    until = datetime.fromisoformat(start) + timedelta(seconds=seconds)
    cost = used.get("cost") or {}
    yield {
        **owner,
        **counts,
        "is_call": "1",
        "time": start,
        "until": until.isoformat(),
        "cost": cost.get("microdollars") if isinstance(cost, dict) else None,
        "usage": {name: count for name, count in used.items() if name not in ("key", "cost")},
        "row": f"{start}/{owner['row']}",
    }


AGENTSVIEW_EXPORT = call_format(
    "agentsview_export",
    "`agentsview export hour` or `export day`, JSON",
    (
        frozenset({"schema_version", "period", "digest", "usage.by_model", "activity"}),
        frozenset({"schema_version", "date", "complete", "hours[].usage.by_model"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True), grain="bucket", cost_per_usd=1_000_000),
    rows=_rows,
    usage=UsageObject(place="usage", counted={place: f"{name} of `call_format`" for name, place in COUNTS.items()}),
)
