"""Reports that tools make of agents' logs: `ccusage daily --json`, `agentsview usage daily --json` -> rows of days.

Both print `daily[]` with `modelBreakdowns` of disjoint counts, reasoning inside the output (ccusage adapter/all/tests;
agentsview prints the same without totalTokens). A row is a day and a model; days are of the zone that the report was
made in. Such a report holds what the agents' own logs hold, so it is a bucket: where both are imported the larger of
the two counts. Reports of weeks, months, sessions and blocks are wider or narrower than a day and refused.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import CallCounts, Inside, call_format
from pipelines.usage.importer import Record, UsageObject


def _rows(report: Record) -> Iterator[Record]:
    if "daily" not in report:
        raise ValueError("a report that is not by day; make one with `daily --json`")
    for day in report["daily"]:
        date = day.get("date") or day.get("period")
        for used in day.get("modelBreakdowns") or [_whole(day)]:
            cost = used.get("cost")
            yield {
                "is_call": "1",
                "time": f"{date}T00:00:00Z",
                "model": used.get("modelName"),
                "input": used.get("inputTokens", 0),
                "cache_write": used.get("cacheCreationTokens", 0),
                "cache_read": used.get("cacheReadTokens", 0),
                "output": used.get("outputTokens", 0),
                "cost": _dollars(cost),
                "project": day.get("project"),
                "usage": used,
                "row": f"{date}/{day.get('project') or ''}/{used.get('modelName')}",
            }


def _whole(day: Record) -> Record:
    """A day without a breakdown, which can be read where one model was used."""
    models = day.get("modelsUsed") or []
    return {**day, "modelName": models[0] if len(models) == 1 else None, "cost": day.get("totalCost")}


def _dollars(cost: object) -> object:
    if isinstance(cost, dict):  # agentsview's newer form.
        return f"{int(cost['microdollars']) / 1_000_000:.6f}"
    return cost


CCUSAGE = call_format(
    "ccusage",
    "`ccusage daily --json` or `agentsview usage daily --json`",
    tuple(
        frozenset({f"{period}[].inputTokens", f"{period}[].cacheReadTokens", f"{period}[].modelsUsed"})
        for period in ("daily", "weekly", "monthly", "sessions", "session")
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
