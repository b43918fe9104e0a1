"""OpenCode: one message (storage/message/**/msg_*.json), or a session of `opencode export` -> one row per answer.

`tokens.input` holds neither cache reads nor writes (opencode, session.ts getUsage). `tokens.reasoning` was a part of
`output` as the provider states it, and charged twice in OpenCode's own `cost` (anomalyco/opencode#17566: 14,746 in and
1,944 out, of which 1,360 reasoning, are 0.7923 USD, not 1.04); newer versions take it out of `output`, and then
`tokens.total` holds it (684 of 688 rows of a real store, pingdotgg/t3code#10926). So without a total it is inside.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside, folder_name
from pipelines.usage.importer import Record, UsageObject


def _rows(record: Record) -> Iterator[Record]:
    messages = [message["info"] for message in record["messages"]] if "messages" in record else [record]
    for message in messages:
        tokens = message.get("tokens")
        if message.get("role") == "assistant" and tokens:
            cache = tokens.get("cache") or {}
            yield {
                "is_call": "1",
                "time": (message.get("time") or {}).get("created"),
                "model": message.get("modelID"),
                "maker": message.get("providerID"),
                "input": tokens.get("input"),
                "output": tokens.get("output"),
                "reasoning": tokens.get("reasoning"),
                "cache_read": cache.get("read"),
                "cache_write": cache.get("write"),
                "total": tokens.get("total"),
                "cost": message.get("cost"),
                "project": folder_name((message.get("path") or {}).get("cwd")),
                "conversation": message.get("sessionID"),
                "usage": tokens,
                "row": f"{message['sessionID']}/{message['id']}",
            }


OPENCODE = call_format(
    "opencode",
    "OpenCode messages, or a session from `opencode export`",
    (
        frozenset({"id", "sessionID", "role", "time.created"}),
        frozenset({"info.id", "messages[].info.sessionID", "messages[].info.role"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True)),
    rows=_rows,
    usage=UsageObject(
        place="tokens",
        counted={
            "input": "input_uncached_tokens",
            "output": "output_tokens",
            "cache.read": "cache_read_tokens",
            "cache.write": "cache_write_5m_tokens",
        },
        part_of={"total": "the sum", "reasoning": "output_tokens, or beside them where the total says so"},
    ),
)
