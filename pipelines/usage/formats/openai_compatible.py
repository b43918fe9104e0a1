"""Responses of OpenAI-compatible servers (OpenAI, vLLM, OpenRouter, DeepSeek, ...), one JSON object each -> one row.

A line is a response object of Chat Completions or of the Responses API, or an object that holds one as `response` or,
as OpenAI's batch output does, as `response.body`. Prompt tokens hold cached ones and cache writes, completion tokens
hold reasoning (OpenAI's API reference of `usage`). xAI counts reasoning apart, and its total holds it; what another
total holds beside the two is counted as output and flagged. Anthropic's own usage, whose input_tokens holds no cached
ones, is refused.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.fields import (
    MAX_ID,
    REST_AT_DEFAULT,
    choice,
    epoch,
    first_count,
    first_moment,
    first_of,
    first_text,
    moment,
    rest,
    rest_at_default,
    seller,
    usd,
)
from pipelines.usage.importer import Importer, Reading, Rule, UsageObject, unreadable

PLACES = {"body_": "response.body.", "response_": "response.", "": ""}
"""Where a line may hold the response object; the innermost counts, as a batch line has an id of its own."""
IN_RESPONSE = {
    "id": "id",
    "created": "created",
    "created_at": "created_at",
    "model": "model",
    "service_tier": "service_tier",
    "usage": "usage",
}
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
TIERS = {
    "default": "standard",
    "auto": "standard",
    "standard": "standard",
    "on_demand": "standard",
    "flex": "flex",
    "priority": "priority",
    "batch": "batch",
}
OPENROUTER_ID = "gen-"
DEEP_RESEARCH = r"(?:^|/)sonar-deep-research"
TICKS_PER_USD = 10_000_000_000
"""xAI states what a request cost in these."""


def _places(name: str) -> list[str]:
    return [place + name for place in PLACES]


def _innermost(records: pl.DataFrame) -> pl.DataFrame:
    """Each text of the innermost response that has it, under its plain name; where usage stands is left as it is."""
    names = [name for name in (*IN_RESPONSE, *IN_USAGE) if name != "usage"]
    return records.with_columns(first_of(*_places(name)).alias(name) for name in names)


def _signatures() -> tuple[frozenset[str], ...]:
    usages = [place + "usage" for place in PLACES.values()]
    return tuple(
        frozenset({usage, *(f"{usage}.{name}" for name in names)})
        for usage in usages
        for names in (("prompt_tokens", "total_tokens"), ("input_tokens", "output_tokens", "total_tokens"))
    )


def _in_details(name: str, more: tuple[str, ...] = ()) -> Reading:
    """A count that stands in any of the objects of details, or under one of the names of its own."""
    return first_count(*(key for key in IN_USAGE if key.startswith(f"{name}_in_")), *more)


def _of(side: tuple[str, ...], name: str, more: tuple[str, ...] = ()) -> Reading:
    return first_count(*(key for key in IN_USAGE if key in side and key.startswith(f"{name}_in_")), *more)


PROMPT_SIDE = tuple(key for key in IN_USAGE if "_in_prompt" in key or "_in_input" in key)
COMPLETION_SIDE = tuple(key for key in IN_USAGE if "_in_completion" in key or "_in_output" in key)
prompt = first_count("prompt_tokens", "input_tokens")
completion = first_count("completion_tokens", "output_tokens")
total = first_count("total_tokens")
cached = _in_details("cached", ("cached", "cached_num", "cache_hit", "anthropic_read"))
long_lived, short_lived = _in_details("created_1h"), _in_details("created_5m")
by_lifetime = long_lived.value.fill_null(0) + short_lived.value.fill_null(0)
written = first_count(*(key for key in IN_USAGE if key.startswith(("written_in_", "created_in_"))), "anthropic_write")
rest_of_writes = rest_at_default(pl.when(by_lifetime > 0).then(written.value), by_lifetime)
audio, image = _of(PROMPT_SIDE, "audio"), _of(PROMPT_SIDE, "image")
cached_audio, cached_image = _in_details("cached_audio"), _in_details("cached_image")
reasoning = _of(COMPLETION_SIDE, "reasoning", ("reasoning",))
audio_out, image_out = _of(COMPLETION_SIDE, "audio"), _of(COMPLETION_SIDE, "image")
citations, searches = first_count("citations"), first_count("searches")

# Perplexity bills the citations of its deep research as input, and its reasoning beside the output.
is_deep_research = first_of("model").str.contains(DEEP_RESEARCH).fill_null(value=False)
cited = pl.when(is_deep_research).then(citations.value)
# What a vendor's total holds beside the two is output: reasoning that it counts apart (xAI), and what has no name.
sum_of_two = prompt.value + completion.value.fill_null(0)
more = (total.value - sum_of_two).clip(lower_bound=0).fill_null(0)
is_reasoning_apart = (more > 0) & (more == reasoning.value.fill_null(0))
unnamed = rest_at_default(pl.when(~is_reasoning_apart).then(total.value), sum_of_two)
generated = completion.value + more

cached_kinds = cached_audio.value.fill_null(0) + cached_image.value.fill_null(0)
has_cached_kinds = cached_audio.value.is_not_null() | cached_image.value.is_not_null()
# Where the kinds of cached tokens are not told, they are text as far as the prompt has text, then audio, then image.
text_of_prompt = rest(prompt.value, written.value, audio.value, image.value)
text_cached = (
    pl.when(has_cached_kinds)
    .then(cached.value - cached_kinds)
    .when(cached.value.is_not_null())
    .then(pl.min_horizontal(cached.value, text_of_prompt))
)
beyond = rest(cached.value, text_cached)
audio_cached = (
    pl.when(has_cached_kinds).then(cached_audio.value).when(beyond > 0).then(pl.min_horizontal(beyond, audio.value))
)
image_cached = pl.when(has_cached_kinds).then(cached_image.value).when(beyond > 0).then(rest(beyond, audio_cached))
has_other_kinds = (audio.value.fill_null(0) > 0) | (image.value.fill_null(0) > 0)
is_kind_unknown = ((cached.value > 0) & has_other_kinds & ~has_cached_kinds).fill_null(value=False)
audio_uncached, image_uncached = rest(audio.value, audio_cached), rest(image.value, image_cached)
uncached = rest(prompt.value, cached.value, written.value, audio_uncached, image_uncached)
text_out = rest(generated, audio_out.value, image_out.value)

response_id = first_text("id", longest=MAX_ID)
is_openrouter = response_id.value.str.starts_with(OPENROUTER_ID).fill_null(value=False)
told_provider, told_channel = seller(pl.col("provider"))
tier = choice(("service_tier", "usage_tier"), TIERS, None, "unknown_service_tier")
is_batch = pl.col("custom_id").is_not_null() & pl.col("body_usage").is_not_null()
ticks, cost = usd("ticks", per_usd=TICKS_PER_USD), usd("cost")
anthropic = first_count("anthropic_read", "anthropic_write")

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
        "num_sources_used": "xAI bills the calls of its search tools, which the usage does not count",
        "search_context_size": "no count",
        "service_tier": "no count: the tier",
        "prompt_tokens_details.cache_type": "no count",
    },
)

OPENAI_COMPATIBLE = Importer(
    name="openai_compatible",
    description="responses of any OpenAI-compatible server, vLLM too, one JSON object per request",
    signatures=_signatures(),
    fields={"timestamp": "timestamp", "provider": "provider", "custom_id": "custom_id"}
    | {place + name: path + inner for place, path in PLACES.items() for name, inner in IN_RESPONSE.items()},
    nested={place + "usage": {place + name: path for name, path in IN_USAGE.items()} for place in PLACES},
    is_usage=pl.any_horizontal(pl.col(name).is_not_null() for name in _places("usage")),
    # Once per text: readings of three places each make expressions that take seconds to evaluate.
    split=_innermost,
    columns={
        "usage_at": first_moment(epoch("created"), epoch("created_at"), moment("created_at"), moment("timestamp")),
        "grain": pl.lit("request"),
        # OpenRouter writes into `provider` whom it asked, not who bills.
        "provider": pl.when(is_openrouter).then(pl.lit("unknown")).otherwise(told_provider),
        "channel": pl.when(is_openrouter).then(pl.lit("openrouter")).otherwise(told_channel),
        "region": pl.lit("global"),
        "model": first_text("model"),
        "service_tier": pl.when(is_batch).then(pl.lit("batch")).otherwise(pl.coalesce(tier.value, pl.lit("standard"))),
        "input_uncached_tokens": uncached + cited.fill_null(0),
        "cache_read_tokens": text_cached,
        "cache_write_5m_tokens": rest(written.value, long_lived.value),
        "cache_write_1h_tokens": long_lived,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": pl.when(~is_deep_research).then(reasoning.value),
        "reasoning_output_tokens": pl.when(is_deep_research).then(reasoning.value),
        "audio_input_tokens": audio_uncached,
        "audio_cache_read_tokens": audio_cached,
        "image_input_tokens": image_uncached,
        "image_cache_read_tokens": image_cached,
        "audio_output_tokens": audio_out,
        "image_output_tokens": image_out,
        "requests": pl.lit(1, pl.Int64),
        "web_searches": searches,
        "lower_bound_reason": pl.coalesce(
            pl.when(is_kind_unknown).then(pl.lit(REST_AT_DEFAULT)), unnamed.reason, rest_of_writes.reason
        ),
        # `cost` is OpenRouter's; its credits are dollars.
        "reported_cost_usd": Reading(
            pl.when(is_openrouter).then(cost.value).otherwise(ticks.value),
            is_openrouter & cost.is_broken,
            "not_a_cost",
            "usage.cost is not an amount of money",
        ),
        "response": response_id,
    },
    rules=(
        Rule(
            "usage_is_not_an_object",
            pl.all_horizontal(~pl.col(f"{name}_is_object") for name in _places("usage")),
            "usage is not an object",
        ),
        *(
            unreadable(reading)
            for reading in (tier, prompt, completion, total, cached, written, audio, image, searches)
        ),
        Rule("no_token_counts", prompt.value.is_null(), "usage has neither prompt_tokens nor input_tokens"),
        Rule("no_identity", response_id.value.is_null(), "the response has no id"),
        Rule("no_model", first_of("model").is_null(), "the response names no model"),
        Rule(
            "usage_of_anthropic",
            anthropic.value.is_not_null() & first_count("input_tokens").value.is_not_null(),
            "cache_read_input_tokens or cache_creation_input_tokens is Anthropic's; there input_tokens holds no cache",
        ),
        Rule(
            "total_does_not_add_up",
            (total.value > 0) & (total.value < sum_of_two),
            "total_tokens is less than the sum of prompt and completion",
        ),
        Rule(
            "cached_exceeds_input",
            pl.min_horizontal(uncached, text_cached, audio_uncached, image_uncached) < 0,
            "cached, written, audio and image tokens are more than the prompt",
        ),
        Rule(
            "reasoning_exceeds_output",
            ~is_deep_research & (reasoning.value > generated),
            "more reasoning than completion tokens",
        ),
        Rule("kinds_exceed_output", text_out < 0, "audio and image tokens are more than the completion"),
    ),
    # Servers that number their responses use a number again; `created` tells such responses apart.
    identity=("response", "usage_at"),
    response_id="response",
    told_apart_by="usage_at",
    usage_objects=tuple(replace(USAGE_OBJECT, text=name) for name in _places("usage")),
    version=3,
    private=frozenset({"custom_id"}),
)
