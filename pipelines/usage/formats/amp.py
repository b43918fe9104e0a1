"""Amp threads (~/.local/share/amp/threads/T-*.json) -> one row per inference.

`usageLedger.events` has time, model, input and output; the cache counts stand in the message that an event leads to
(`toMessageId`), beside an input that holds none of them (totalInputTokens is the sum of the three). Threads without a
ledger state the same in `messages[].usage` (ccusage adapter/amp/parser.rs and its fixtures). Credits are no dollars.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject


def _rows(thread: Record) -> Iterator[Record]:
    messages = [message for message in thread.get("messages") or [] if message.get("role") == "assistant"]
    ledger = (thread.get("usageLedger") or {}).get("events")
    if ledger is None:
        yield from (_of_message(thread, number, message) for number, message in enumerate(messages))
        return
    usages = {str(message["messageId"]): message.get("usage") or {} for message in messages if "messageId" in message}
    for event in ledger:
        if event.get("tokens"):
            usage = usages.get(str(event.get("toMessageId")), {})
            yield {
                **_cache(usage),
                "is_call": "1",
                "time": event.get("timestamp"),
                "model": event.get("model"),
                "input": event["tokens"].get("input"),
                "output": event["tokens"].get("output"),
                "feature": event.get("operationType"),
                "conversation": thread["id"],
                "usage": {**usage, **event["tokens"]},
                "row": f"{thread['id']}/{event['id']}",
            }


def _of_message(thread: Record, number: int, message: Record) -> Record:
    usage = message.get("usage") or {}
    is_call = any(usage.get(name, "0") != "0" for name in ("inputTokens", "outputTokens", "cacheReadInputTokens"))
    return {
        **_cache(usage),
        "is_call": "1" if is_call else None,
        "time": usage.get("timestamp") or message.get("timestamp"),
        "model": usage.get("model") or message.get("model"),
        "input": usage.get("inputTokens"),
        "output": usage.get("outputTokens"),
        "conversation": thread["id"],
        "usage": usage,
        "row": f"{thread['id']}/message {message.get('messageId', number)}",
    }


def _cache(usage: Record) -> Record:
    return {"cache_write": usage.get("cacheCreationInputTokens"), "cache_read": usage.get("cacheReadInputTokens")}


AMP = call_format(
    "amp",
    "Amp thread, JSON",
    (
        frozenset({"id", "messages[].messageId", "messages[].role"}),
        frozenset({"id", "usageLedger.events[].tokens", "usageLedger.events[].model"}),
        frozenset({"id", "messages[].role", "messages[].usage.cacheReadInputTokens"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True)),
    rows=_rows,
    usage=UsageObject(
        place="messages[].usage",
        counted={
            **dict.fromkeys(("input", "inputTokens"), "input_uncached_tokens"),
            **dict.fromkeys(("output", "outputTokens"), "output_tokens"),
            "cacheCreationInputTokens": "cache_write_5m_tokens",
            "cacheReadInputTokens": "cache_read_tokens",
        },
        part_of={"totalInputTokens": "the sum of input and cache"},
        ignored={
            **dict.fromkeys(("maxInputTokens", "maxOutputTokens"), "a limit"),
            **dict.fromkeys(("model", "timestamp"), "no count"),
            "credits": "Amp's own credits are no dollars",
        },
    ),
)
