"""Kimi CLI wire logs (~/.kimi/sessions/*/*/wire.jsonl) -> one row per status update with usage.

`input_other` is the prompt without what was read from and written to the cache (the names say it; ccusage
adapter/kimi/parser.rs adds the four). The log names no model: it is the CLI's default, "kimi-for-coding", which the
price lists do not have.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.importer import Record, UsageObject

DEFAULT_MODEL = "kimi-for-coding"


def _rows(record: Record) -> Iterator[Record]:
    message = record.get("message") or {}
    payload = message.get("payload") or {}
    usage = payload.get("token_usage")
    if message.get("type") == "StatusUpdate" and usage:
        yield {
            "is_call": "1",
            "time": record.get("timestamp"),
            "model": payload.get("model"),
            "input": usage.get("input_other"),
            "cache_read": usage.get("input_cache_read"),
            "cache_write": usage.get("input_cache_creation"),
            "output": usage.get("output"),
            "total": usage.get("total"),
            "usage": usage,
            # Ids begin anew in each session, and the log does not name its session.
            "row": f"{record.get('timestamp')}/{payload.get('message_id')}",
        }


KIMI = call_format(
    "kimi",
    "Kimi CLI wire log, JSON lines",
    (frozenset({"type", "protocol_version"}), frozenset({"timestamp", "message.type", "message.payload"})),
    CallCounts(Inside(cache=False, reasoning=True), maker="moonshot", unnamed=DEFAULT_MODEL),
    rows=_rows,
    usage=UsageObject(
        place="message.payload.token_usage",
        counted={
            "input_other": "input_uncached_tokens",
            "input_cache_read": "cache_read_tokens",
            "input_cache_creation": "cache_write_5m_tokens",
            "output": "output_tokens",
        },
        part_of={"total": "the sum"},
    ),
)
