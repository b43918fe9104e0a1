"""Claude Code's own telemetry in OTLP JSON: events of requests (logs), and counted tokens (metrics).

`claude_code.api_request` has the counts of one request, disjoint as in Anthropic's usage, and its cost in dollars
(Claude Code's page on monitoring). `claude_code.token.usage` counts the same tokens by type, model and session; the
exporter sends what was added since the last time unless it is told to send sums (aggregationTemporality 2), of which a
row is the step. Neither has the id of the answer, so they do not meet with session logs of the same answers, nor with
each other, by id; by session they do (decision 0057). Writes are not told apart by lifetime and count as 5-minute ones.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.usage.call_format import call_format, steps
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.formats.otel_attributes import attributes
from pipelines.usage.importer import Record, UsageObject

REQUEST = ("api_request", "claude_code.api_request")
TOKENS = "claude_code.token.usage"
TYPES = {"input": "input", "output": "output", "cacheRead": "cache_read", "cacheCreation": "cache_write"}
SUMS_SO_FAR = "2"
LOGS = "resourceLogs[].scopeLogs[].logRecords[].attributes[]"
POINTS = "resourceMetrics[].scopeMetrics[].metrics[].sum.dataPoints[].attributes[]"
COUNTED = Inside(cache=False, reasoning=True)


def _requests(export: Record) -> Iterator[Record]:
    for resource in export["resourceLogs"]:
        about = attributes(resource.get("resource") or {})
        for scope in resource.get("scopeLogs") or []:
            for record in scope.get("logRecords") or []:
                found = about | attributes(record)
                if found.get("event.name") in REQUEST:
                    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
                    yield _request(found, time)


def _request(found: Record, time: str | None) -> Record:
    place = (found.get("session.id"), time, found.get("event.sequence"), found.get("model"))
    return {
        **_owners(found),
        "is_call": "1",
        "time": time,
        "model": found.get("model"),
        "tier": "fast" if found.get("speed") == "fast" else None,
        "input": found.get("input_tokens"),
        "output": found.get("output_tokens"),
        "cache_read": found.get("cache_read_tokens"),
        "cache_write": found.get("cache_creation_tokens"),
        "cost": found.get("cost_usd"),
        "usage": found,
        "row": found.get("request_id") or "/".join(str(part) for part in place),
    }


def _points(export: Record) -> Iterator[Record]:
    for resource in export["resourceMetrics"]:
        about = attributes(resource.get("resource") or {})
        for scope in resource.get("scopeMetrics") or []:
            for metric in scope.get("metrics") or []:
                if metric.get("name") == TOKENS:
                    total = metric.get("sum") or {}
                    for point in total.get("dataPoints") or []:
                        yield _point(about, point, is_sum=str(total.get("aggregationTemporality")) == SUMS_SO_FAR)


def _point(about: Record, point: Record, *, is_sum: bool) -> Record:
    own = attributes(point)
    found = about | own
    time, since = point.get("timeUnixNano"), point.get("startTimeUnixNano")
    series = "/".join(f"{name}={own[name]}" for name in sorted(own))
    count = str(point.get("asInt", point.get("asDouble"))).removesuffix(".0")
    return {
        **_owners(found),
        "is_call": "1" if count != "0" else None,
        "time": time if is_sum or not since else since,
        "until": time,
        "model": found.get("model"),
        TYPES.get(str(found.get("type")), "total"): count,
        "row": f"{found.get('session.id')}/{time}/{series}"[:200],
        "series": f"{about.get('service.instance.id')}/{since}/{series}",
        "is_sum": "1" if is_sum else None,
    }


def _owners(found: Record) -> Record:
    return {
        "user": found.get("user.email") or found.get("user.account_uuid") or found.get("user.id"),
        "account": found.get("organization.id"),
        "feature": found.get("query_source"),
        "conversation": found.get("session.id"),
    }


def _added(points: pl.DataFrame) -> pl.DataFrame:
    is_sum = pl.col("is_sum") == "1"
    added = steps(TYPES.values(), ["import_id", "series"])
    return points.with_columns(pl.when(is_sum).then(step).otherwise(name).alias(name) for name, step in added.items())


CLAUDE_CODE_EVENTS = call_format(
    "claude_code_events",
    "Claude Code telemetry, OTLP logs as JSON",
    (
        frozenset({"resourceLogs", f"{LOGS}:cache_read_tokens", f"{LOGS}:cost_usd"}),
        frozenset({"resourceLogs", f"{LOGS}:event.name", f"{LOGS}:prompt.id"}),
        frozenset({"resourceLogs", f"{LOGS}:event.name", f"{LOGS}:prompt_length"}),
    ),
    CallCounts(COUNTED, maker="anthropic"),
    rows=_requests,
    usage=UsageObject(
        place=LOGS,
        is_record=True,
        counted={
            "input_tokens": "input_uncached_tokens",
            "output_tokens": "output_tokens",
            "cache_read_tokens": "cache_read_tokens",
            "cache_creation_tokens": "cache_write_5m_tokens",
        },
    ),
)
CLAUDE_CODE_METRICS = call_format(
    "claude_code_metrics",
    "Claude Code telemetry, OTLP metrics as JSON",
    (frozenset({"resourceMetrics", f"{POINTS}:type", f"{POINTS}:model"}),),
    CallCounts(COUNTED, grain="session", maker="anthropic"),
    rows=_points,
    prepare=_added,
    more=("series", "is_sum"),
)
