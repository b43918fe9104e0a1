"""Grok CLI (Grok Build) sessions (~/.grok/sessions/*/*/updates.jsonl) -> one row per model of a completed turn.

A turn's `inputTokens` is the whole input side, cache reads and writes inside, `outputTokens` the whole output side,
reasoning inside (codeburn docs/providers/grok.md; in a public sample 20,000 + 400 = totalTokens). Where `modelUsage`
has counts by model, they hold; else all is of its one model. A turn is several requests, so its row is of `session`
grain. Lines without a time are of the file's own. costUsdTicks has no documented scale and is not read. Sessions of
older versions, which state only how full the context was, are not read.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import UNNAMED, CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject


def _rows(record: Record) -> Iterator[Record]:
    params = record.get("params") or {}
    update, session = params.get("update") or {}, params.get("sessionId")
    usage = update.get("usage")
    if update.get("sessionUpdate") != "turn_completed" or not usage:
        return
    meta = params.get("_meta") or record.get("_meta") or {}
    time = record.get("timestamp") or meta.get("agentTimestampMs")
    turn = update.get("prompt_id") or meta.get("eventId") or time
    models = usage.get("modelUsage") or {}
    counted = {model: counts for model, counts in models.items() if counts.get("inputTokens") is not None}
    for place, (model, counts) in enumerate((counted or {next(iter(models), None): usage}).items()):
        yield {
            "is_call": "1",
            "time": time,
            "model": model,
            "requests": counts.get("modelCalls"),
            "input": counts.get("inputTokens"),
            "cache_read": counts.get("cachedReadTokens"),
            "cache_write": counts.get("cacheCreationTokens"),
            "output": counts.get("outputTokens"),
            "reasoning": counts.get("reasoningTokens"),
            "total": counts.get("totalTokens"),
            # What the sums alone state is of the first model.
            "usage": counts if place else {**usage, **counts},
            "conversation": session,
            "row": f"{session}/{turn}/{model}" if turn else None,
        }


GROK_CLI = call_format(
    "grok_cli",
    "Grok CLI session updates, JSON lines",
    (frozenset({"method", "params.update.sessionUpdate"}),),
    CallCounts(
        Inside(cache=True, reasoning=True),
        grain="session",
        maker="xai",
        unnamed=UNNAMED,
        is_dated_by_file=True,
        has_ids=False,
    ),
    rows=_rows,
    usage=UsageObject(
        place="params.update.usage",
        counted={
            "inputTokens": "input_uncached_tokens, less its parts",
            "cachedReadTokens": "cache_read_tokens",
            "cacheCreationTokens": "cache_write_5m_tokens",
            "outputTokens": "output_tokens",
            "modelCalls": "requests",
        },
        part_of={"totalTokens": "the sum", "reasoningTokens": "outputTokens", "modelUsage": "the sums, by model"},
        ignored=dict.fromkeys(
            ("numTurns", "apiDurationMs", "durationMs", "contextWindow"), "no count of what is billed"
        ),
    ),
)
