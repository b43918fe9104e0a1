"""CodeBuddy Code sessions (~/.codebuddy/projects/*/*.jsonl) -> one row per answer.

`providerData.rawUsage` is the answer's usage as an OpenAI-compatible server states it: prompt_tokens holds cache reads
and writes (ccusage adapter/codebuddy/fixtures: 74,408 + 281 = total_tokens, of which 74,402 written). Lines of one
answer share its id. `model` is Tencent's name of it, `requestModelId` the asked one, where the first is missing.
`credit` is no money.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside, folder_name, number
from pipelines.usage.importer import Record, UsageObject


def _rows(line: Record) -> Iterator[Record]:
    stated = line.get("providerData") or {}
    usage = stated.get("rawUsage")
    if not usage:
        return
    inside = usage.get("prompt_tokens_details") or {}
    # Both names of cache reads are there in some versions, one of them 0.
    read = max(number(usage.get("cache_read_input_tokens")), number(inside.get("cached_tokens")))
    answered = usage.get("completion_tokens_details") or {}
    yield {
        "is_call": "1",
        "time": line.get("timestamp"),
        "model": stated.get("model") or stated.get("requestModelId"),
        "input": usage.get("prompt_tokens"),
        "cache_read": read,
        "cache_write": usage.get("cache_creation_input_tokens"),
        "output": usage.get("completion_tokens"),
        "reasoning": answered.get("reasoning_tokens"),
        "total": usage.get("total_tokens"),
        "project": folder_name(line.get("cwd")),
        "conversation": line.get("sessionId"),
        "usage": usage,
        "response": line.get("id"),
        "row": line.get("sessionId"),
    }


CODEBUDDY = call_format(
    "codebuddy",
    "CodeBuddy Code session, JSON lines",
    (
        frozenset({"id", "type", "sessionId", "providerData.rawUsage"}),
        frozenset({"id", "type", "role", "sessionId", "content[].type"}),
        frozenset({"id", "timestamp", "type", "sessionId", "cwd", "content"}),
    ),
    CallCounts(Inside(cache=True, reasoning=True), unnamed=UNNAMED),
    rows=_rows,
    usage=UsageObject(
        place="providerData.rawUsage",
        counted={
            "prompt_tokens": "input_uncached_tokens, less its parts",
            **dict.fromkeys(
                ("cache_read_input_tokens", "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens"),
                "cache_read_tokens",
            ),
            "cache_creation_input_tokens": "cache_write_5m_tokens",
            "completion_tokens": "output_tokens",
        },
        part_of={
            "total_tokens": "the sum",
            "completion_tokens_details.reasoning_tokens": "completion_tokens",
            **dict.fromkeys(
                ("prompt_cache_miss_tokens", "prompt_cache_write_tokens", "completion_thinking_tokens"),
                "prompt_tokens or completion_tokens",
            ),
        },
        ignored={"credit": "CodeBuddy's own credits are no dollars"},
    ),
)
