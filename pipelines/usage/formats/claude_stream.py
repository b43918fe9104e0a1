"""`claude -p --output-format stream-json` -> one row per answer, and one of what the run's sums hold beside them.

An answer's event is written when it begins, so its output is that of the first token; the sums by model stand in the
`result` (`modelUsage`, or `usage` where one model was asked), which holds subagents and title models too (Anthropic's
page on cost tracking in the SDK: result has the cumulative usage). So what the answers leave of them is a `session` row
of that model. Answers carry the provider's id, by which Claude Code's session log states the same: where both are
imported each counts once, and the rest of the sums gives way to the session (decision 0057). The stream has no time:
the file's own counts, unless an event has a `timestamp`. total_cost_usd is of the run, and no row's.
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from pipelines.usage.anthropic_usage import USAGE_OBJECT, calls_of_message
from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record

SUMS = {
    "input": "inputTokens",
    "output": "outputTokens",
    "cache_read": "cacheReadInputTokens",
    "cache_write": "cacheCreationInputTokens",
    "web_searches": "webSearchRequests",
}
SUMS_COUNTED = dict.fromkeys(SUMS.values(), "what the answers leave of the sum")
SUMS_IGNORED = {
    **dict.fromkeys(("contextWindow", "maxOutputTokens"), "a limit"),
    "costUSD": "the run's own estimate; what the answers leave is priced",
}
WRITES = "cache_write_1h"


def _rows(event: Record) -> Iterator[Record]:
    beside = {"time": event.get("timestamp"), "conversation": event.get("session_id")}
    message, kind = event.get("message"), event.get("type")
    if kind == "assistant" and isinstance(message, dict) and message.get("usage"):
        yield from (call | beside for call in calls_of_message(message))
    elif kind != "result":
        yield beside
    else:
        for model, sums in _sums(event):
            yield beside | {"grain": "session", "model": model, "row": f"{event.get('session_id')}/{model}", **sums}


def _sums(result: Record) -> Iterator[tuple[str | None, Record]]:
    for model, usage in (result.get("modelUsage") or {}).items():
        # A context window may be named behind the model: "claude-opus-4-7[1m]".
        yield model.split("[")[0], {"usage": usage, **{name: usage.get(place) for name, place in SUMS.items()}}
    if not result.get("modelUsage") and result.get("usage"):
        (whole, *_) = calls_of_message({"usage": result["usage"]})
        yield None, {"usage": result["usage"], **{name: whole.get(name) for name in SUMS}}


def _with_rests(events: pl.DataFrame) -> pl.DataFrame:
    """Turn the sums of a run into what its answers leave of them; answers that are written several times count once."""
    filled = events.with_columns(
        pl.col("time").forward_fill().over("import_id"),
        model=pl.coalesce(
            "model", pl.when(pl.col("grain") == "session").then(pl.col("model").forward_fill().over("import_id"))
        ),
    )
    counts = {name: pl.col(name).cast(pl.Int64, strict=False).fill_null(0) for name in (*SUMS, WRITES)}
    key = ["import_id", "conversation", "model"]
    answers = (
        filled.filter(pl.col("is_call") == "1")
        .with_columns(**counts)
        .with_columns(cache_write=pl.col("cache_write") + pl.col(WRITES))
        .group_by(*key, "response", "within", "row")
        .agg(pl.col(list(SUMS)).max())
        .group_by(key)
        .agg(pl.col(list(SUMS)).sum().name.suffix("_told"))
    )
    joined = filled.join(answers, on=key, how="left", nulls_equal=True, maintain_order="left")
    is_sum = pl.col("grain") == "session"
    rests = {name: (counts[name] - pl.col(f"{name}_told").fill_null(0)).clip(lower_bound=0) for name in SUMS}
    has_rest = pl.any_horizontal(rest > 0 for rest in rests.values())
    return joined.with_columns(
        is_call=pl.when(is_sum & has_rest).then(pl.lit("1")).otherwise("is_call"),
        **{name: pl.when(is_sum).then(rest.cast(pl.String)).otherwise(name) for name, rest in rests.items()},
    ).select(events.columns)


CLAUDE_STREAM = call_format(
    "claude_stream",
    "output of `claude -p --output-format stream-json`",
    (
        frozenset({"type", "subtype", "session_id"}),
        frozenset({"type", "session_id", "parent_tool_use_id", "message.role"}),
        frozenset({"type", "session_id", "total_cost_usd", "usage"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True), maker="anthropic", is_dated_by_file=True),
    rows=_rows,
    usage=replace(
        USAGE_OBJECT, counted={**USAGE_OBJECT.counted, **SUMS_COUNTED}, ignored={**USAGE_OBJECT.ignored, **SUMS_IGNORED}
    ),
    prepare=_with_rests,
)
