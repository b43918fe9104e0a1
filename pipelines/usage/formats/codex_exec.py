"""`codex exec --json` -> one row per turn.

`turn.completed` states the sums of the thread so far (openai/codex#17539), so a turn is what they grew by. Input holds
cached tokens and cache writes, output reasoning, as in Codex's session logs. The stream names neither time nor model:
a thread's id is a UUID of version 7, whose first 48 bits are the milliseconds of its start; the model is "unknown"
unless whoever keeps the stream writes `model` (and `timestamp`) beside. The session log that Codex itself keeps says
both, and counts where it is there too (decision 0057).
"""

from collections.abc import Iterator
from uuid import UUID

import polars as pl

from pipelines.usage.call_format import call_format, steps
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

TIMED_UUID = 7
SUMS = ("input", "cache_read", "cache_write", "output", "reasoning")


def _rows(event: Record) -> Iterator[Record]:
    beside = {"time": event.get("timestamp"), "model": event.get("model")}
    if event.get("type") == "thread.started":
        yield beside | {"conversation": event["thread_id"], "time": beside["time"] or _started(event["thread_id"])}
    elif event.get("type") == "turn.completed" and event.get("usage"):
        usage = event["usage"]
        yield beside | {
            "is_call": "1",
            "input": usage.get("input_tokens"),
            "cache_read": usage.get("cached_input_tokens"),
            "cache_write": usage.get("cache_write_input_tokens"),
            "output": usage.get("output_tokens"),
            "reasoning": usage.get("reasoning_output_tokens"),
            "usage": usage,
        }


def _started(thread: str) -> int | None:
    try:
        found = UUID(thread)
    except ValueError:
        return None
    return found.int >> 80 if found.version == TIMED_UUID else None


def _turns(events: pl.DataFrame) -> pl.DataFrame:
    carried = events.with_columns(pl.col("conversation", "time", "model").forward_fill().over("import_id"))
    series = ["import_id", "conversation", "is_call"]
    turn = pl.int_range(1, pl.len() + 1).over(series).cast(pl.String)
    row = pl.concat_str("conversation", turn, separator="/")
    return carried.with_columns(row=row, **steps(SUMS, series))


CODEX_EXEC = call_format(
    "codex_exec",
    "output of `codex exec --json`",
    (
        frozenset({"type", "thread_id"}),
        frozenset({"type", "usage.input_tokens", "usage.cached_input_tokens", "usage.output_tokens"}),
    ),
    CallCounts(
        Inside(cache=True, reasoning=True), grain="session", maker="openai", unnamed=UNNAMED, is_dated_by_file=True
    ),
    rows=_rows,
    usage=UsageObject(
        place="usage",
        counted={
            "input_tokens": "input_uncached_tokens, less its parts",
            "cached_input_tokens": "cache_read_tokens",
            "cache_write_input_tokens": "cache_write_5m_tokens",
            "output_tokens": "output_tokens",
        },
        part_of={"reasoning_output_tokens": "output_tokens", "total_tokens": "the sum"},
    ),
    prepare=_turns,
)
