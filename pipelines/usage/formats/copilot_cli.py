"""GitHub Copilot CLI events (~/.copilot/session-state/*/events.jsonl) -> one row per model of each run of a session.

Only `session.shutdown` states all tokens, as sums by model; inputTokens holds cache reads and writes. The sums go on
through resumed runs of one session (measured on a real session of CLI 1.0.80, codeburn docs/providers/copilot.md), so a
run is what its sums add to those before; sums that fall began anew. `assistant.message` states output alone, which is
in the sums; a session that never shut down states nothing else and is not read. `requests.cost` counts premium
requests, which is no money.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.usage.call_format import call_format, steps
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

SUMS = ("input", "cache_read", "cache_write", "output", "reasoning", "requests")


def _rows(record: Record) -> Iterator[Record]:
    data = record.get("data") or {}
    if record.get("type") in ("session.start", "session.resume"):
        yield {"conversation": data.get("sessionId"), "time": data.get("startTime") or record.get("timestamp")}
    if record.get("type") != "session.shutdown":
        return
    for model, stated in (data.get("modelMetrics") or {}).items():
        usage, requests = stated.get("usage") or {}, stated.get("requests") or {}
        yield {
            "is_call": "1",
            "until": record.get("timestamp"),
            "model": model,
            "requests": requests.get("count"),
            "input": usage.get("inputTokens"),
            "cache_read": usage.get("cacheReadTokens"),
            "cache_write": usage.get("cacheWriteTokens"),
            "output": usage.get("outputTokens"),
            "reasoning": usage.get("reasoningTokens"),
            "conversation": data.get("sessionId"),
            "usage": {"requests": requests, "usage": usage},
            "row": record.get("id"),
        }


def _runs(records: pl.DataFrame) -> pl.DataFrame:
    carried = records.with_columns(pl.col("conversation", "time").forward_fill().over("import_id"))
    carried = carried.with_columns(
        time=pl.coalesce("time", "until"), row=pl.concat_str("row", "model", separator="/", ignore_nulls=True)
    )
    # Of lines that are no sums the counts are NULL; they must not stand between two sums.
    series = ["import_id", "conversation", "is_call", "model"]
    # A run begins no earlier than the one before it ended, though each states the start of the session.
    ended = pl.col("until").shift(1).over(series)
    return carried.with_columns(time=pl.max_horizontal("time", ended), **steps(SUMS, series))


COPILOT_CLI = call_format(
    "copilot_cli",
    "GitHub Copilot CLI session events, JSON lines",
    (
        frozenset({"type", "data.sessionId", "data.copilotVersion"}),
        frozenset({"type", "data.modelMetrics", "data.shutdownType"}),
        frozenset({"type", "data", "id", "timestamp", "parentId"}),
    ),
    CallCounts(Inside(cache=True, reasoning=True), grain="session"),
    rows=_rows,
    usage=UsageObject(
        place="data.modelMetrics",
        counted={
            "usage.inputTokens": "input_uncached_tokens, less its parts",
            "usage.cacheReadTokens": "cache_read_tokens",
            "usage.cacheWriteTokens": "cache_write_5m_tokens",
            "usage.outputTokens": "output_tokens",
            "requests.count": "requests",
        },
        part_of={"usage.reasoningTokens": "outputTokens"},
        ignored={"requests.cost": "premium requests, which are no money"},
    ),
    prepare=_runs,
)
