"""Claude Code session logs (~/.claude/projects/**/*.jsonl) -> one row per response.

A response is written as one to three lines, one per content block, each with the output counted so far; the
key is message.id and requestId, and `settle` keeps the largest. Logs hold prompts, code and secrets: only the
fields named here are read, and a reject keeps only fields that cannot hold text of a message.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from pipelines.usage.contract import largest_per_usage
from pipelines.usage.importers import MAX_COUNT, Importer, Refused, Row, identity, text_or_none

SYNTHETIC_MODEL = "<synthetic>"
"""Claude Code's own messages, such as 'API error'; nobody was asked and nobody bills."""

SERVICE_TIERS = {None: "standard", "standard": "standard", "batch": "batch", "priority": "priority"}
SPEEDS = {None: None, "standard": None, "fast": "fast"}
GEOS_WITHOUT_PRICE = (None, "global", "not_available")
PATH_SEPARATOR = re.compile(r"[/\\]")
COST_STEP = Decimal("1e-12")
MAX_COST_USD = 1_000_000
SHOWN_CHARACTERS = 80
SAFE_START = re.compile(
    r'\s*\{(?:\s*"(?:type|timestamp|sessionId|requestId|uuid|parentUuid|version)"'
    r'\s*:\s*(?:"[\w.:+-]*"|null|true|false)\s*,?)*'
)


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's decoder would let pass."""
    raise ValueError(name)


DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)


def recognises(first_lines: Sequence[str]) -> bool:
    """True if one of the lines is an object of a session log: a message of a session, or a session's summary."""
    return any(_is_of_a_session(line) for line in first_lines)


def parse_line(text: str) -> Row | None:
    """One line of a log -> one row; None where it is no answer of a model. Raises Refused."""
    entry = _decoded(text)
    if not isinstance(entry, dict):
        raise Refused("not_an_object", f"the line is a JSON {type(entry).__name__}")
    message = entry.get("message")
    if entry.get("type") not in (None, "assistant") or not isinstance(message, dict):
        return None
    if message.get("usage") is None or message.get("model") == SYNTHETIC_MODEL:
        return None
    usage = message["usage"]
    if not isinstance(usage, dict):
        raise Refused("usage_is_not_an_object", f"usage is a {type(usage).__name__}")
    return {**_who(entry, message, usage), **_quantities(usage), "reported_cost_usd": _cost(entry.get("costUSD"))}


def excerpt(text: str) -> str:
    """What may be stored of a refused line: never the text of a message.

    A JSON line is cut to its type, time, model and counts. Of any other line only a start that is made of
    such fields is kept, within the first 80 characters: the rest may be the middle of a prompt.
    """
    try:
        entry = _decoded(text)
    except Refused:
        start = SAFE_START.match(text[:SHOWN_CHARACTERS])
        return start.group() if start else ""
    if not isinstance(entry, dict):
        return ""
    message = entry.get("message")
    message = message if isinstance(message, dict) else {}
    shown = {"type": entry.get("type"), "timestamp": entry.get("timestamp"), "model": message.get("model")}
    kept = {name: value[:SHOWN_CHARACTERS] for name, value in shown.items() if isinstance(value, str)}
    usage = message.get("usage")
    return json.dumps({**kept, "usage": _numbers(usage)} if isinstance(usage, dict) else kept, default=str)


def _is_of_a_session(line: str) -> bool:
    try:
        entry = _decoded(line)
    except Refused:
        return False
    if not isinstance(entry, dict):
        return False
    is_summary = entry.get("type") == "summary" and isinstance(entry.get("leafUuid"), str)
    has_content = isinstance(entry.get("type"), str) or isinstance(entry.get("message"), dict)
    return is_summary or (isinstance(entry.get("sessionId"), str) and has_content)


def _decoded(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Refused("invalid_json", f"{error.msg} at character {error.pos + 1} of {len(text)}") from None
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Refused("invalid_json", f"{type(error).__name__} in {len(text)} characters") from None


def _who(entry: dict[str, Any], message: dict[str, Any], usage: dict[str, Any]) -> Row:
    message_id = text_or_none("message.id", message.get("id"))
    model = text_or_none("model", message.get("model"))
    if message_id is None or model is None:
        raise Refused("no_identity", "message.id or message.model is missing")
    geo = text_or_none("inference_geo", usage.get("inference_geo"))
    return {
        "usage_id": identity("claude_code", message_id, text_or_none("requestId", entry.get("requestId"))),
        "usage_at": _instant(entry.get("timestamp")),
        "grain": "request",
        "provider": "anthropic" if model.startswith("claude-") else "unknown",
        "channel": "api",
        "region": "global" if geo in GEOS_WITHOUT_PRICE else geo,
        "model": model,
        "service_tier": _service_tier(usage),
        "requests": 1,
        "project_id": _project(entry.get("cwd")),
        "conversation_id": text_or_none("sessionId", entry.get("sessionId")),
    }


def _project(cwd: object) -> str | None:
    """The last component of the working directory; the path above it tells about the user's machine."""
    return text_or_none("cwd", PATH_SEPARATOR.split(cwd.rstrip("/\\"))[-1]) if isinstance(cwd, str) else None


def _service_tier(usage: dict[str, Any]) -> str:
    tier, speed = usage.get("service_tier"), usage.get("speed")
    is_text = all(value is None or isinstance(value, str) for value in (tier, speed))
    if not is_text or tier not in SERVICE_TIERS or speed not in SPEEDS:
        raise Refused("unknown_service_tier", f"service_tier {tier!a:.40}, speed {speed!a:.40}")
    return SPEEDS[speed] or SERVICE_TIERS[tier]


def _quantities(usage: dict[str, Any]) -> Row:
    """Meters are disjoint in Anthropic's usage: input_tokens holds neither cache reads nor cache writes."""
    searches = usage.get("server_tool_use")
    five_minutes, one_hour = _cache_writes(usage)
    row = {
        "input_uncached_tokens": _count(usage, "input_tokens"),
        "cache_read_tokens": _count(usage, "cache_read_input_tokens"),
        "cache_write_5m_tokens": five_minutes,
        "cache_write_1h_tokens": one_hour,
        "output_tokens": _count(usage, "output_tokens"),
        "web_searches": _count(searches, "web_search_requests") if isinstance(searches, dict) else None,
    }
    if row["input_uncached_tokens"] is None or row["output_tokens"] is None:
        raise Refused("no_token_counts", "input_tokens or output_tokens is missing")
    return row


def _cache_writes(usage: dict[str, Any]) -> tuple[int | None, int | None]:
    """5-minute and 1-hour writes. Without a split all are 5-minute writes, which was the only kind in such logs."""
    total = _count(usage, "cache_creation_input_tokens")
    split = usage.get("cache_creation")
    if not isinstance(split, dict) or not split:
        return total, None
    five_minutes = _count(split, "ephemeral_5m_input_tokens")
    one_hour = _count(split, "ephemeral_1h_input_tokens")
    found = (five_minutes or 0) + (one_hour or 0)
    if total is not None and found != total:
        raise Refused("cache_write_does_not_add_up", f"5m {five_minutes} + 1h {one_hour} is not {total}")
    return five_minutes, one_hour


def _count(counts: dict[str, Any], name: str) -> int | None:
    value = counts.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise Refused("not_a_count", f"{name} is not a whole number from 0 to {MAX_COUNT}")
    return value


def _cost(value: object) -> Decimal | None:
    """Cost in USD as logged; the tail of a binary fraction beyond 12 places is rounded."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= MAX_COST_USD:
        raise Refused("not_a_cost", "costUSD is not an amount")
    return Decimal(value).quantize(COST_STEP)


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(value)  # type: ignore[arg-type]
        if instant.tzinfo is not None:
            return instant.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Refused("not_a_timestamp", "timestamp is not an ISO time with a zone")


def _numbers(usage: dict[str, Any]) -> dict[str, Any]:
    known = (
        "input_tokens",
        "output_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "cache_creation",
    )
    shown = {name: usage[name] for name in known if name in usage}
    return {
        name: _numbers_of_split(value) if isinstance(value, dict) else _number(value) for name, value in shown.items()
    }


def _numbers_of_split(split: dict[str, Any]) -> dict[str, Any]:
    names = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")
    return {name: _number(split[name]) for name in names if name in split}


def _number(value: object) -> object:
    return value if isinstance(value, int | Decimal) else type(value).__name__


CLAUDE_CODE = Importer(
    name="claude_code",
    description="Claude Code session log, JSON lines",
    has_header=False,
    recognises=recognises,
    open=lambda _first_line: parse_line,
    settle=largest_per_usage,
    excerpt=excerpt,
)
