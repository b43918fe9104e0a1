"""A message of Anthropic's API, wherever a log has it -> texts of `call_format`. Who holds it, its format says.

Meters are disjoint: input_tokens holds neither cache reads nor writes. Of the writes those of one hour are told apart;
what the parts leave of their total is of the default lifetime, as are all of a log without parts. `usage.iterations`
lists the requests behind one answer: those of type "message" are in the sums above, an advisor's and a compaction's are
not (Anthropic's reference of the advisor tool and of compaction), and are rows of their own.
"""

from collections.abc import Iterator

from pipelines.usage.call_format import number
from pipelines.usage.importer import Record, UsageObject

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
IN_THE_SUMS = "message"
GEOS_WITHOUT_PRICE = ("", "global", "not_available")


def calls_of_message(message: Record) -> Iterator[Record]:
    """One row per request behind the answer. `message`: id, model, usage. Raises ValueError for odd counts."""
    usage, answer = message["usage"], message.get("id")
    yield {"response": answer, "model": message.get("model"), **_counts(usage)}
    nested = [one for one in usage.get("iterations") or [] if one.get("type", IN_THE_SUMS) != IN_THE_SUMS]
    for place, iteration in enumerate(nested, 1):
        yield {
            # Not a `response`: other logs of the answer have no id for it.
            "row": f"{answer}/{iteration['type']} {place}",
            "model": iteration.get("model") or message.get("model"),
            **_counts({"service_tier": usage.get("service_tier"), **iteration}),
        }


def _counts(usage: Record) -> Record:
    parts = usage.get("cache_creation") or {}
    for_an_hour = number(parts.get("ephemeral_1h_input_tokens"))
    written = number(usage.get("cache_creation_input_tokens"))
    geo = usage.get("inference_geo")
    return {
        "is_call": "1",
        "usage": usage,
        "input": usage.get("input_tokens"),
        "output": usage.get("output_tokens"),
        "cache_read": usage.get("cache_read_input_tokens"),
        "cache_write": max(written - for_an_hour, number(parts.get("ephemeral_5m_input_tokens"))),
        "cache_write_1h": for_an_hour if parts else None,
        "web_searches": (usage.get("server_tool_use") or {}).get("web_search_requests"),
        "tier": "fast" if usage.get("speed") == "fast" else usage.get("service_tier"),
        "region": None if geo in GEOS_WITHOUT_PRICE else geo,
    }
