"""Mistral Vibe sessions (~/.vibe/logs/session/*/meta.json) -> the sums of one session, a `session` row.

Vibe 2 states a session's prompt and completion tokens and its own cost in dollars; what of the prompt was cached it
does not say (codeburn docs/providers/mistral-vibe.md). The file is written anew as the session goes on: the larger sums
hold. The "Unified Harness" of Vibe 2.25 has no `stats` and is not read.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside, folder_name
from pipelines.usage.importer import Record, UsageObject


def _rows(meta: Record) -> Iterator[Record]:
    stats = meta["stats"]
    yield {
        "is_call": "1",
        "time": meta.get("start_time"),
        "until": meta.get("end_time"),
        "model": (meta.get("config") or {}).get("active_model"),
        "input": stats.get("session_prompt_tokens"),
        "output": stats.get("session_completion_tokens"),
        "cost": stats.get("session_cost"),
        "project": folder_name((meta.get("environment") or {}).get("working_directory")),
        "conversation": meta["session_id"],
        "usage": stats,
        "row": meta["session_id"],
    }


MISTRAL_VIBE = call_format(
    "mistral_vibe",
    "Mistral Vibe session meta.json",
    (frozenset({"session_id", "stats.session_prompt_tokens", "stats.session_completion_tokens"}),),
    CallCounts(Inside(cache=True, reasoning=True), grain="session", maker="mistral", unnamed=UNNAMED),
    rows=_rows,
    usage=UsageObject(
        place="stats",
        is_record=True,
        counted={
            "session_prompt_tokens": "input_uncached_tokens",
            "session_completion_tokens": "output_tokens",
        },
        part_of={
            "session_total_llm_tokens": "the sum",
            **dict.fromkeys(
                ("last_turn_prompt_tokens", "last_turn_completion_tokens", "last_turn_total_tokens"),
                "the sums of the session",
            ),
        },
        ignored={
            "context_tokens": "the size of the context, which is no call",
            "tokens_per_second": "a rate",
            "last_turn_duration": "a time",
        },
    ),
)
