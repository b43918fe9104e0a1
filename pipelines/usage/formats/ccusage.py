"""Reports that tools make of agents' logs: `ccusage daily --json`, `agentsview usage daily --json` -> rows of days.

Both print `daily[]` with `modelBreakdowns` of disjoint counts, reasoning inside the output (ccusage adapter/all/tests;
agentsview prints the same without totalTokens); `--instances` prints the days of each project in `projects`. A row is a
day and a model, an hour where a report names one; both are of the zone that the report was made in. Blocks of five
hours name no counts by model, so only those of one model have a price. Such a report holds what the agents' own logs
hold, so it is a bucket: where both are imported the larger of the two counts. Reports of weeks, months and sessions are
wider than a day and refused.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside, folder_name
from pipelines.usage.importer import Record, UsageObject

PERIODS = ("daily", "hourly")
HOUR = re.compile(r"^(\d{4}-\d\d-\d\d)[T -](\d\d)(?::00){0,2}Z?$")
DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
IN_BLOCK = {"cacheCreationInputTokens": "cacheCreationTokens", "cacheReadInputTokens": "cacheReadTokens"}


def _rows(report: Record) -> Iterator[Record]:
    found = [(used, None) for period in PERIODS for used in report.get(period) or []]
    if isinstance(report.get("projects"), dict):
        found += [(used, project) for project, days in report["projects"].items() for used in days]
    if any("date" not in used and "hour" not in used and "period" not in used for used, _ in found):
        raise ValueError("a report that is not by day; make one with `daily --json`")
    for used, project in found:
        yield from _used(used, project or used.get("project"))
    for block in report.get("blocks") or []:
        yield from _block(block)
    if not found and not any(name in report for name in (*PERIODS, "projects", "blocks")):
        raise ValueError("a report that is not by day; make one with `daily --json`")


def _used(day: Record, project: object) -> Iterator[Record]:
    """The models of a day, or of an hour."""
    date = str(day.get("hour") or day.get("date") or day.get("period"))
    span = _span(date)
    for used in day.get("modelBreakdowns") or [_whole(day)]:
        yield {
            **span,
            **_counts(used),
            "model": used.get("modelName"),
            "cost": _dollars(used.get("cost")),
            "project": folder_name(project),
            "usage": used,
            "row": f"{date}/{project or ''}/{used.get('modelName')}",
        }


def _span(date: str) -> Record:
    hour = HOUR.match(date)
    if hour:
        start = datetime.fromisoformat(f"{hour[1]}T{hour[2]}:00:00+00:00")
        return {"time": start.isoformat(), "until": (start + timedelta(hours=1)).isoformat()}
    if not DAY.match(date):
        raise ValueError("a report that is not by day; make one with `daily --json`")
    return {"time": f"{date}T00:00:00Z"}


def _whole(day: Record) -> Record:
    """A day without a breakdown, which can be read where one model was used."""
    models = day.get("modelsUsed") or []
    return {**day, "modelName": models[0] if len(models) == 1 else None, "cost": day.get("totalCost")}


def _block(block: Record) -> Iterator[Record]:
    if block.get("isGap"):
        return
    models = [model for model in block.get("models") or [] if model != "<synthetic>"]
    used = {IN_BLOCK.get(name, name): count for name, count in (block.get("tokenCounts") or {}).items()}
    yield {
        **_counts(used),
        "time": block.get("startTime"),
        "until": block.get("endTime"),
        "model": models[0] if len(models) == 1 else UNNAMED,
        "cost": block.get("costUSD"),
        "usage": used,
        "row": f"{block.get('startTime')}/block",
    }


def _counts(used: Record) -> Record:
    return {
        "is_call": "1",
        "input": used.get("inputTokens", 0),
        "cache_write": used.get("cacheCreationTokens", 0),
        "cache_read": used.get("cacheReadTokens", 0),
        "output": used.get("outputTokens", 0),
    }


def _dollars(cost: object) -> object:
    if isinstance(cost, dict):  # agentsview's newer form.
        return f"{int(cost['microdollars']) / 1_000_000:.6f}"
    return cost


CCUSAGE = call_format(
    "ccusage",
    "`ccusage daily --json`, its --instances and blocks, or `agentsview usage daily --json`",
    (
        *(
            frozenset({f"{period}[].inputTokens", f"{period}[].cacheReadTokens", f"{period}[].modelsUsed"})
            for period in (*PERIODS, "weekly", "monthly", "sessions", "session")
        ),
        frozenset({"projects", "totals.inputTokens", "totals.cacheReadTokens", "totals.totalCost"}),
        frozenset({"blocks[].startTime", "blocks[].isGap", "blocks[].tokenCounts"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True), grain="bucket"),
    rows=_rows,
    usage=UsageObject(
        place="daily[]",
        is_record=True,
        counted={
            "inputTokens": "input_uncached_tokens",
            "cacheCreationTokens": "cache_write_5m_tokens",
            "cacheReadTokens": "cache_read_tokens",
            "outputTokens": "output_tokens",
        },
        part_of={"totalTokens": "the sum"},
        ignored={"credits": "an agent's own credits are no dollars"},
    ),
)
