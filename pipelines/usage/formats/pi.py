"""pi and OpenClaw sessions (~/.pi/agent/sessions, ~/.openclaw/agents/*/sessions), JSON lines -> one row per answer.

Counts are disjoint and totalTokens is their sum; cacheWrite1h is a part of cacheWrite (a session by claude-opus-4-8:
2 + 2,546 + 118,208 = 120,756, and its own cost has all writes at the 5-minute price). OpenClaw, which is built on pi,
may name model and provider in an earlier `model_change` (ccusage adapter/pi and adapter/openclaw). `responseId` is the
provider's id. `usage.cost` is the tool's own estimate, in dollars.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import call_format, carried
from pipelines.usage.call_texts import CallCounts, Inside, number
from pipelines.usage.importer import Record, UsageObject

CHANGES = ("model_change", "custom")


def _rows(record: Record) -> Iterator[Record]:
    kind, message = record.get("type"), record.get("message") or {}
    if kind == "session":
        yield {"conversation": record.get("id")}
    elif kind in CHANGES:
        held = record.get("data")
        said = held if isinstance(held, dict) else record
        yield {"model": said.get("modelId") or said.get("model"), "maker": said.get("provider")}
    elif kind == "message" and message.get("role") == "assistant" and message.get("usage"):
        yield _answer(record, message, message["usage"])


def _answer(record: Record, message: Record, usage: Record) -> Record:
    for_an_hour = number(usage.get("cacheWrite1h"))
    has_tokens = any(number(usage.get(name)) for name in ("input", "output", "cacheRead", "cacheWrite", "totalTokens"))
    return {
        "is_call": "1" if has_tokens else None,
        "time": record.get("timestamp") or message.get("timestamp"),
        "model": message.get("modelId") or message.get("model"),
        "maker": message.get("provider"),
        "input": usage.get("input"),
        "output": usage.get("output"),
        "cache_read": usage.get("cacheRead"),
        "cache_write": number(usage.get("cacheWrite")) - for_an_hour,
        "cache_write_1h": for_an_hour or None,
        "total": usage.get("totalTokens"),
        "cost": (usage.get("cost") or {}).get("total"),
        "usage": usage,
        "response": message.get("responseId"),
        "row": record.get("id") or record.get("timestamp"),
    }


PI = call_format(
    "pi",
    "pi or OpenClaw session, JSON lines",
    (
        frozenset({"type", "version", "id", "timestamp", "cwd"}),
        frozenset({"type", "message.role", "message.usage.cacheRead", "message.usage.totalTokens"}),
        frozenset({"type", "id", "parentId", "timestamp", "message.role"}),
    ),
    CallCounts(Inside(cache=False, reasoning=True)),
    rows=_rows,
    usage=UsageObject(
        place="message.usage",
        counted={
            "input": "input_uncached_tokens",
            "output": "output_tokens",
            "cacheRead": "cache_read_tokens",
            "cacheWrite": "cache_write_5m_tokens, less those of an hour",
            "cacheWrite1h": "cache_write_1h_tokens",
            "cost.total": "reported_cost_usd",
        },
        part_of={
            "totalTokens": "the sum",
            "reasoning": "output",
            **{f"cost.{name}": "cost.total" for name in ("input", "output", "cacheRead", "cacheWrite")},
        },
    ),
    prepare=carried("conversation", "model", "maker"),
)
