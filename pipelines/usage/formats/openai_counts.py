"""The usage object of OpenAI-compatible responses: which count stands where, and the disjoint meters that they make.

Prompt tokens hold cached ones and cache writes, completion tokens reasoning (OpenAI's API reference of `usage`). xAI
counts reasoning apart, and its total holds it; what another total holds beside the two is counted as output and
flagged. Where a response stands in a record, who was asked and at which tier is `openai_compatible`'s.
"""

import polars as pl

from pipelines.usage.count_columns import count_of
from pipelines.usage.fields import REST_AT_DEFAULT, first_count, first_of, largest_count, rest, rest_at_default
from pipelines.usage.importer import Reading, UsageObject

IN_PROMPT = {
    "cached": "cached_tokens",
    "written": "cache_write_tokens",
    "created": "cache_creation_input_tokens",
    "created_1h": "cache_creation.ephemeral_1h_input_tokens",
    "created_5m": "cache_creation.ephemeral_5m_input_tokens",
    "audio": "audio_tokens",
    "image": "image_tokens",
    "cached_audio": "cached_tokens_details.audio_tokens",
    "cached_image": "cached_tokens_details.image_tokens",
}
"""Parts of the prompt, in an object that vendors name in four ways; OpenAI's realtime API in the singular."""
COUNTED_AS = {
    "cached": "cache_read_tokens",
    "written": "cache_write_5m_tokens",
    "created": "cache_write_5m_tokens",
    "created_1h": "cache_write_1h_tokens",
    "created_5m": "cache_write_5m_tokens",
    "audio": "audio_input_tokens or audio_output_tokens",
    "image": "image_input_tokens or image_output_tokens",
    "cached_audio": "audio_cache_read_tokens",
    "cached_image": "image_cache_read_tokens",
    "reasoning": "of_which_reasoning_tokens, part of output_tokens",
}
IN_COMPLETION = {"reasoning": "reasoning_tokens", "audio": "audio_tokens", "image": "image_tokens"}
IN_USAGE = {
    "prompt_tokens": "prompt_tokens",
    "input_tokens": "input_tokens",
    "completion_tokens": "completion_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cached": "cached_tokens",
    "cached_num": "num_cached_tokens",
    "cache_hit": "prompt_cache_hit_tokens",
    "reasoning": "reasoning_tokens",
    "citations": "citation_tokens",
    "searches": "num_search_queries",
    "anthropic_read": "cache_read_input_tokens",
    "anthropic_write": "cache_creation_input_tokens",
    "usage_tier": "service_tier",
    "cost": "cost",
    "ticks": "cost_in_usd_ticks",
    **{
        f"{name}_in_{details}": f"{details}.{place}"
        for details in ("prompt_tokens_details", "input_tokens_details", "input_token_details", "prompt_token_details")
        for name, place in IN_PROMPT.items()
    },
    **{
        f"{name}_in_{details}": f"{details}.{place}"
        for details in ("completion_tokens_details", "output_tokens_details", "output_token_details")
        for name, place in IN_COMPLETION.items()
    },
}
DEEP_RESEARCH = r"(?:^|/)sonar-deep-research"
PROMPT_SIDE = tuple(key for key in IN_USAGE if "_in_prompt" in key or "_in_input" in key)
COMPLETION_SIDE = tuple(key for key in IN_USAGE if "_in_completion" in key or "_in_output" in key)


def _of(side: tuple[str, ...], name: str, *more: str) -> Reading:
    """A count that stands in any of the objects of details of a side, or under one of the names of its own."""
    return first_count(*(key for key in side if key.startswith(f"{name}_in_")), *more)


COUNTS = {
    "prompt": first_count("prompt_tokens", "input_tokens"),
    "completion": first_count("completion_tokens", "output_tokens"),
    "total": first_count("total_tokens"),
    "cached": largest_count(
        *(key for key in PROMPT_SIDE if key.startswith("cached_in_")),
        *("cached", "cached_num", "cache_hit"),
        "anthropic_read",
    ),
    "long_lived": _of(PROMPT_SIDE, "created_1h"),
    "short_lived": _of(PROMPT_SIDE, "created_5m"),
    "written": first_count(
        *(key for key in IN_USAGE if key.startswith(("written_in_", "created_in_"))), "anthropic_write"
    ),
    "audio": _of(PROMPT_SIDE, "audio"),
    "image": _of(PROMPT_SIDE, "image"),
    "cached_audio": _of(PROMPT_SIDE, "cached_audio"),
    "cached_image": _of(PROMPT_SIDE, "cached_image"),
    "reasoning": _of(COMPLETION_SIDE, "reasoning", "reasoning"),
    "audio_out": _of(COMPLETION_SIDE, "audio"),
    "image_out": _of(COMPLETION_SIDE, "image"),
    "citations": first_count("citations"),
    "searches": first_count("searches"),
}
"""What a usage object counts."""


by_lifetime = count_of("long_lived").fill_null(0) + count_of("short_lived").fill_null(0)
rest_of_writes = rest_at_default(pl.when(by_lifetime > 0).then(count_of("written")), by_lifetime)
# Perplexity bills the citations of its deep research as input, and its reasoning beside the output.
is_deep_research = first_of("model").str.contains(DEEP_RESEARCH).fill_null(value=False)
cited = pl.when(is_deep_research).then(count_of("citations"))
# What a vendor's total holds beside the two is output: reasoning that it counts apart (xAI), and what has no name.
sum_of_two = count_of("prompt") + count_of("completion").fill_null(0)
more = (count_of("total") - sum_of_two).clip(lower_bound=0).fill_null(0)
is_reasoning_apart = (more > 0) & (more == count_of("reasoning").fill_null(0))
unnamed = rest_at_default(pl.when(~is_reasoning_apart).then(count_of("total")), sum_of_two)
generated = count_of("completion") + more

cached_kinds = count_of("cached_audio").fill_null(0) + count_of("cached_image").fill_null(0)
has_cached_kinds = count_of("cached_audio").is_not_null() | count_of("cached_image").is_not_null()
# Where the kinds of cached tokens are not told, they are text as far as the prompt has text, then audio, then image.
text_of_prompt = rest(count_of("prompt"), count_of("written"), count_of("audio"), count_of("image"))
text_cached = (
    pl.when(has_cached_kinds)
    .then(count_of("cached") - cached_kinds)
    .when(count_of("cached").is_not_null())
    .then(pl.min_horizontal(count_of("cached"), text_of_prompt))
)
beyond = rest(count_of("cached"), text_cached)
audio_cached = (
    pl.when(has_cached_kinds)
    .then(count_of("cached_audio"))
    .when(beyond > 0)
    .then(pl.min_horizontal(beyond, count_of("audio")))
)
image_cached = (
    pl.when(has_cached_kinds).then(count_of("cached_image")).when(beyond > 0).then(rest(beyond, audio_cached))
)
has_other_kinds = (count_of("audio").fill_null(0) > 0) | (count_of("image").fill_null(0) > 0)
is_kind_unknown = ((count_of("cached") > 0) & has_other_kinds & ~has_cached_kinds).fill_null(value=False)
audio_uncached, image_uncached = rest(count_of("audio"), audio_cached), rest(count_of("image"), image_cached)
uncached = rest(count_of("prompt"), count_of("cached"), count_of("written"), audio_uncached, image_uncached)
text_out = rest(generated, count_of("audio_out"), count_of("image_out"))

METERS = {
    "uncached": uncached + cited.fill_null(0),
    "text_cached": text_cached,
    "written": rest(count_of("written"), count_of("long_lived")),
    "audio_uncached": audio_uncached,
    "audio_cached": audio_cached,
    "image_uncached": image_uncached,
    "image_cached": image_cached,
    "generated": generated,
    "text_out": text_out,
    "reasoning_inside": pl.when(~is_deep_research).then(count_of("reasoning")),
    "reasoning_apart": pl.when(is_deep_research).then(count_of("reasoning")),
    "doubt": pl.coalesce(pl.when(is_kind_unknown).then(pl.lit(REST_AT_DEFAULT)), unnamed.reason, rest_of_writes.reason),
}
"""Disjoint tokens, and why there may be more."""

DETAILS = {
    "text_tokens": "the total; what other kinds leave is counted",
    "accepted_prediction_tokens": "output_tokens",
    "rejected_prediction_tokens": "output_tokens",
    "cached_tokens_details.text_tokens": "cached_tokens",
}
USAGE_OBJECT = UsageObject(
    counted={
        **dict.fromkeys(("prompt_tokens", "input_tokens"), "input_uncached_tokens, less its parts"),
        **dict.fromkeys(("completion_tokens", "output_tokens"), "output_tokens, less its parts"),
        **dict.fromkeys(("cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"), "cache_read_tokens"),
        "citation_tokens": "input_uncached_tokens where the model is sonar-deep-research",
        "num_search_queries": "web_searches",
        "cost_in_usd_ticks": "reported_cost_usd",
        "cost": "reported_cost_usd where it is OpenRouter's",
        **{place: COUNTED_AS[key.split("_in_")[0]] for key, place in IN_USAGE.items() if "_in_" in key},
    },
    part_of={
        "total_tokens": "the sum; what it holds beside its parts is counted as output_tokens",
        "prompt_cache_miss_tokens": "prompt_tokens",
        "reasoning_tokens": "output_tokens; reasoning_output_tokens where the model is sonar-deep-research",
        **{
            f"{place.split('.')[0]}.{name}": of
            for key, place in IN_USAGE.items()
            if "_in_" in key
            for name, of in DETAILS.items()
        },
    },
    ignored={
        **dict.fromkeys(("queue_time", "prompt_time", "completion_time", "total_time"), "seconds of Groq's own work"),
        **dict.fromkeys(
            ("cache_read_input_tokens", "cache_creation_input_tokens"),
            "cached and written, part of prompt_tokens as LiteLLM has it; beside input_tokens they are refused",
        ),
        "cost_details": "the cost of OpenRouter's own purchase",
        "is_byok": "no count",
        "search_context_size": "no count",
        "service_tier": "no count: the tier",
        "prompt_tokens_details.cache_type": "no count",
    },
)
