"""The keys of Langfuse's `usage_details`: which count each is, and the disjoint meters that they make.

Keys are free; those of Langfuse's own integrations are known here. By its convention keys do not overlap, but some SDKs
put cached tokens inside `input` or reasoning inside `output` (langfuse#10592: input 17,903 with 17,817 cached): `total`
decides. Langfuse adds up a total where the SDK sent none, so a total of all keys proves the convention only, not the
SDK. Which observations count is `langfuse`'s.
"""

import polars as pl

from pipelines.usage.count_columns import count_of
from pipelines.usage.fields import first_count, largest_count, rest, rest_at_default
from pipelines.usage.importer import Reading, UsageObject

INPUT = ("input", "input_tokens", "prompt_tokens", "promptTokens", "prompt_token_count", "promptTokenCount")
OUTPUT = (
    *("output", "output_tokens", "completion_tokens", "completionTokens"),
    *("candidates_token_count", "candidatesTokenCount"),
)
TOTAL = ("total", "total_tokens", "totalTokens", "total_token_count", "totalTokenCount")
READ = (
    *("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cache_read_tokens", "cached_tokens"),
    *("cached_content_token_count", "cachedContentTokenCount", "input_cache_read_tokens"),
)
WRITTEN = (
    *("cache_creation_input_tokens", "input_cache_creation", "cache_write_tokens", "input_cache_write"),
    "input_cache_write_tokens",
)
WRITTEN_5M = ("input_cache_creation_5m", "cache_creation_5m", "ephemeral_5m_input_tokens")
WRITTEN_1H = ("input_cache_creation_1h", "cache_creation_1h", "ephemeral_1h_input_tokens")
REASONING = (
    *("output_reasoning_tokens", "output_reasoning", "reasoning_tokens", "thoughts_token_count", "thoughtsTokenCount"),
    "reasoning",
)
PREDICTION = ("output_accepted_prediction_tokens", "output_rejected_prediction_tokens")
AUDIO = ("input_audio_tokens", "output_audio_tokens")
KEYS = (
    *(*INPUT, *OUTPUT, *TOTAL, *READ, *WRITTEN, *WRITTEN_5M, *WRITTEN_1H),
    *(*REASONING, *PREDICTION, *AUDIO),
)
"""Of Langfuse's own integrations, and of vendors whose usage SDKs hand on as it is."""
SEARCHES = ("web_search_requests", "server_tool_use_web_search_requests", "web_searches")


def _keys(*names: str) -> tuple[str, ...]:
    return tuple(place + name for name in names for place in ("", "api_"))


def _key(*names: str) -> Reading:
    return first_count(*_keys(*names))


COUNTS = {
    "entered": _key(*INPUT),
    "given": _key(*OUTPUT),
    "total": _key(*TOTAL),
    "read": largest_count(*_keys(*READ)),
    "written": largest_count(*_keys(*WRITTEN)),
    "written_5m": _key(*WRITTEN_5M),
    "written_1h": _key(*WRITTEN_1H),
    "reasoning": _key(*REASONING),
    "accepted": _key(PREDICTION[0]),
    "rejected": _key(PREDICTION[1]),
    "audio_in": _key(AUDIO[0]),
    "audio_out": _key(AUDIO[1]),
    "searches": _key(*SEARCHES),
}
"""What usage_details counts."""
entered, given, total = map(count_of, ("entered", "given", "total"))
by_lifetime = count_of("written_5m").fill_null(0) + count_of("written_1h").fill_null(0)
# The total of the writes may stand beside their parts, and may be more.
all_writes = pl.max_horizontal(count_of("written"), pl.when(by_lifetime > 0).then(by_lifetime))
rest_of_writes = rest_at_default(pl.when(by_lifetime > 0).then(all_writes), by_lifetime)
predicted = count_of("accepted").fill_null(0) + count_of("rejected").fill_null(0)
in_parts = pl.sum_horizontal(part.fill_null(0) for part in (count_of("read"), all_writes, count_of("audio_in")))
out_parts = pl.sum_horizontal(count_of(name).fill_null(0) for name in ("reasoning", "audio_out")) + predicted
more = rest(total, entered, given)
input_is_apart = ((more == in_parts) | (more >= in_parts + out_parts)).fill_null(value=False)
output_is_apart = ((more == out_parts) | (more >= in_parts + out_parts)).fill_null(value=False)
# Reasoning and predictions are text too; where they stand apart they are added.
# A total of more than every known key: the rest is counted as output, which is the dearer of the two.
beside = rest_at_default(total, entered.fill_null(0) + given.fill_null(0) + in_parts + out_parts)
generated = given.fill_null(0) + pl.when(output_is_apart).then(out_parts).otherwise(0) + beside.value
METERS = {
    "uncached": entered - pl.when(input_is_apart).then(0).otherwise(in_parts),
    "written_5m": rest(all_writes, count_of("written_1h")),
    "text_out": pl.when(given.is_not_null() | (generated > 0)).then(rest(generated, count_of("audio_out"))),
    "doubt": pl.coalesce(beside.reason, rest_of_writes.reason),
    "has_parts": in_parts + out_parts > 0,
    "is_input_apart": input_is_apart,
    "adds_up": ~((more != 0) & ~input_is_apart & ~output_is_apart),
    "fits_twice": (more > 0) & (more == in_parts) & (more == out_parts),
}
"""Disjoint tokens, why there may be more, and what the total tells."""

USAGE_OBJECT = UsageObject(
    counted={
        **dict.fromkeys(INPUT, "input_uncached_tokens"),
        **dict.fromkeys(OUTPUT, "output_tokens"),
        **dict.fromkeys(READ, "cache_read_tokens"),
        **dict.fromkeys((*WRITTEN, *WRITTEN_5M), "cache_write_5m_tokens"),
        **dict.fromkeys(WRITTEN_1H, "cache_write_1h_tokens"),
        **dict.fromkeys(REASONING, "output_tokens and of_which_reasoning_tokens"),
        **dict.fromkeys(PREDICTION, "output_tokens"),
        AUDIO[0]: "audio_input_tokens",
        AUDIO[1]: "audio_output_tokens",
        **dict.fromkeys(SEARCHES, "web_searches"),
    },
    part_of={
        **dict.fromkeys(TOTAL, "the sum; what it holds beside the known keys is counted as output_tokens"),
        **dict.fromkeys(("input_modality_1", "prompt_modality_1", "input_text_tokens"), "input"),
        **dict.fromkeys(("output_modality_1", "candidates_modality_1", "output_text_tokens"), "output"),
        **dict.fromkeys(("input_text", "cached_modality_1", "cache_creation"), "input"),
    },
    ignored={
        **dict.fromkeys(("prompt_tokens_details", "completion_tokens_details"), "objects that Langfuse flattens"),
        "unit": "no count",
    },
)
