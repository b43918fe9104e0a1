"""Factory Droid sessions (~/.factory/sessions/*/*.settings.json) -> the sums of one session, a `session` row.

Input holds no cached tokens, thinking stands beside the output (ccusage adapter/droid/parser.rs bills the sum of all
five). The one time is that at which the provider was chosen; a session without it is of the file's own time. The file
is written anew as the session goes on and names no session, so the time tells it from others, and the larger sums hold.
"custom:" and "[...]" around the name of a model are Droid's.
"""

import re
from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

ADDED = re.compile(r"^custom:|\[[^\]]*\]")


def _rows(settings: Record) -> Iterator[Record]:
    usage = settings.get("tokenUsage") or {}
    if any(count != "0" for count in usage.values() if isinstance(count, str)):
        printed = ADDED.sub("", settings.get("model") or "").strip(" -").lower()
        model = re.sub(r"[.\s-]+", "-", printed)
        since = settings.get("providerLockTimestamp")
        yield {
            "is_call": "1",
            "time": since,
            "model": model or None,
            "maker": settings.get("providerLock"),
            "input": usage.get("inputTokens"),
            "cache_write": usage.get("cacheCreationTokens"),
            "cache_read": usage.get("cacheReadTokens"),
            "output": usage.get("outputTokens"),
            "reasoning": usage.get("thinkingTokens"),
            "usage": usage,
            "row": f"{since}/{model}" if since else None,
        }


DROID = call_format(
    "droid",
    "Factory Droid session settings, JSON",
    (
        frozenset({"tokenUsage.inputTokens", "tokenUsage.thinkingTokens"}),
        frozenset({"providerLock", "tokenUsage.inputTokens"}),
    ),
    CallCounts(
        Inside(cache=False, reasoning=False),
        grain="session",
        unnamed="unknown",
        is_dated_by_file=True,
        has_ids=False,
    ),
    rows=_rows,
    usage=UsageObject(
        place="tokenUsage",
        counted={
            "inputTokens": "input_uncached_tokens",
            "cacheCreationTokens": "cache_write_5m_tokens",
            "cacheReadTokens": "cache_read_tokens",
            **dict.fromkeys(("outputTokens", "thinkingTokens"), "output_tokens"),
        },
        ignored={"factoryCredits": "Factory's own credits are no dollars"},
    ),
)
