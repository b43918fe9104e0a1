"""Vercel AI Gateway custom reports (GET /v1/report) -> one row per day, or hour, and group.

input_tokens stands beside cached_input_tokens and cache_creation_input_tokens (a public sample has 12 beside 90,000;
codeburn takes all three as they are; Vercel's page does not say). Reasoning is inside the output. total_cost is what
Vercel charged, in dollars. A report that is not grouped by model, or names no day, is refused.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

GROUPS = ("day", "hour", "model", "provider", "user", "tag", "credential_type")


def _rows(report: Record) -> Iterator[Record]:
    for result in report["results"]:
        day = result.get("day")
        yield {
            "is_call": "1",
            "time": f"{day}T00:00:00Z" if day else result.get("hour"),
            "model": result.get("model"),
            "requests": result.get("request_count"),
            "input": result.get("input_tokens"),
            "cache_read": result.get("cached_input_tokens"),
            "cache_write": result.get("cache_creation_input_tokens"),
            "output": result.get("output_tokens"),
            "reasoning": result.get("reasoning_tokens"),
            "cost": result.get("total_cost"),
            "user": result.get("user"),
            "feature": result.get("tag"),
            "usage": result,
            "row": "/".join(str(result.get(name) or "") for name in GROUPS),
        }


VERCEL_GATEWAY = call_format(
    "vercel_gateway",
    "Vercel AI Gateway custom report, JSON",
    (frozenset({"results[].total_cost", "results[].cached_input_tokens", "results[].output_tokens"}),),
    CallCounts(Inside(cache=False, reasoning=True), grain="bucket"),
    rows=_rows,
    usage=UsageObject(
        place="results[]",
        is_record=True,
        counted={
            "input_tokens": "input_uncached_tokens",
            "cached_input_tokens": "cache_read_tokens",
            "cache_creation_input_tokens": "cache_write_5m_tokens",
            "output_tokens": "output_tokens",
        },
        part_of={"reasoning_tokens": "output_tokens"},
    ),
)
