"""A message of Anthropic's API, wherever a log has it -> texts of `call_format`. Who holds it, its format says.

Meters are disjoint: input_tokens holds neither cache reads nor writes. Of the writes those of one hour are told apart;
what the parts leave of their total is of the default lifetime and flagged, as are all of a log without parts. Each call
of `usage.iterations` is counted once: see `nested_calls`.
"""

from collections.abc import Iterator, Mapping

from pipelines.usage.call_texts import number
from pipelines.usage.fields import REST_AT_DEFAULT
from pipelines.usage.importer import Record, UsageObject
from pipelines.usage.nested_calls import Call, calls_behind, counts_in

COUNTED = {
    "input_tokens": "input_uncached_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
    "output_tokens": "output_tokens",
}
PART_OF = {
    "cache_creation_input_tokens": "the sum of cache_creation; what its parts leave is counted as 5-minute writes",
    "output_tokens_details.thinking_tokens": "output_tokens",
}
USAGE_OBJECT = UsageObject(
    place="usage",
    counted={
        **COUNTED,
        **{f"iterations[].{place}": column for place, column in COUNTED.items()},
        "server_tool_use.web_search_requests": "web_searches",
    },
    part_of={**PART_OF, **{f"iterations[].{place}": of for place, of in PART_OF.items()}},
    ignored={
        "server_tool_use.web_fetch_requests": "a fetch costs nothing beside its tokens",
        "server_tool_use.tool_search_requests": "a search among tools costs nothing beside its tokens",
        **dict.fromkeys(("service_tier", "speed", "inference_geo"), "no count: tier or region"),
        **dict.fromkeys(("iterations[].type", "iterations[].model", "type", "model"), "no count: what the call was"),
    },
)
"""What the numbers of a message's usage mean; a call of `iterations` has its own, or is part of the message's."""
GEOS_WITHOUT_PRICE = (None, "", "global", "not_available")
CALLS_NOT_READ = "calls_not_read"
"""Why a row may have cost more: calls inside the answer may have been used beside it."""


def calls_of_message(message: Record) -> Iterator[Record]:
    """One row per call behind the answer. `message`: id, model, usage. Raises ValueError for odd counts."""
    usage, model = message["usage"], message.get("model")
    steps = usage.get("iterations") or []
    try:
        calls, doubt = calls_behind(model, counts_in(usage), steps), None
    except (TypeError, AttributeError):
        calls, doubt = [Call(None, model, counts_in(usage))], CALLS_NOT_READ
    for place, call in enumerate(calls):
        row = {"response": message.get("id"), "within": call.within, "model": call.model, **_counts(call.counts)}
        row |= {"tier": _tier(usage), "region": _region(usage), "usage": usage if place == 0 else None}
        if place == 0:
            row["web_searches"] = (usage.get("server_tool_use") or {}).get("web_search_requests")
        yield row | ({"doubt": doubt} if doubt else {})


def _counts(told: Mapping[str, str | None]) -> Record:
    written = number(told["cache_write"])
    parts = number(told["write_5m"]) + number(told["write_1h"])
    has_parts = told["write_5m"] is not None or told["write_1h"] is not None
    if told["cache_write"] is not None and parts > written:
        raise ValueError("cache_creation_input_tokens is less than the sum of its 5-minute and 1-hour parts")
    return {
        "is_call": "1",
        "input": told["input_tokens"],
        "output": told["output_tokens"],
        "cache_read": told["cache_read"],
        # Where no total is told, the parts are what was written.
        "cache_write": max(written - number(told["write_1h"]), number(told["write_5m"])),
        "cache_write_1h": number(told["write_1h"]) if has_parts else None,
        "doubt": REST_AT_DEFAULT if has_parts and parts < written else None,
    }


def _tier(usage: Record) -> object:
    return "fast" if usage.get("speed") == "fast" else usage.get("service_tier")


def _region(usage: Record) -> object:
    geo = usage.get("inference_geo")
    return None if geo in GEOS_WITHOUT_PRICE else geo
