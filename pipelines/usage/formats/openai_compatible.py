"""Responses of OpenAI-compatible servers (OpenAI, vLLM, OpenRouter, DeepSeek, ...), one JSON object each -> one row.

A line is a response object of Chat Completions or of the Responses API, or an object that holds one as `response` or,
as OpenAI's batch output does, as `response.body`. What its usage counts is in `openai_counts`. Anthropic's own usage,
whose input_tokens holds no cached ones, is refused.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.count_columns import count_of, meter, with_meters
from pipelines.usage.fields import (
    MAX_ID,
    choice,
    epoch,
    first_count,
    first_moment,
    first_of,
    first_text,
    moment,
    seller,
    usd,
)
from pipelines.usage.formats.openai_counts import COUNTS, IN_USAGE, METERS, USAGE_OBJECT, by_lifetime, sum_of_two
from pipelines.usage.importer import Importer, Reading, Rule, unreadable
from pipelines.usage.tiers import TIERS

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
OPENROUTER_ID = "gen-"
TICKS_PER_USD = 10_000_000_000
"""xAI states what a request cost in these."""


def _places(name: str) -> list[str]:
    return [place + name for place in PLACES]


def _innermost(records: pl.DataFrame) -> pl.DataFrame:
    """Each text of the innermost response that has it, under its plain name, and its meters.

    Where usage stands is left as it is.
    """
    names = [name for name in (*IN_RESPONSE, *IN_USAGE) if name != "usage"]
    innermost = records.with_columns(first_of(*_places(name)).alias(name) for name in names)
    return with_meters(innermost, COUNTS, METERS)


def _signatures() -> tuple[frozenset[str], ...]:
    usages = [place + "usage" for place in PLACES.values()]
    return tuple(
        frozenset({usage, *(f"{usage}.{name}" for name in names)})
        for usage in usages
        for names in (("prompt_tokens", "total_tokens"), ("input_tokens", "output_tokens", "total_tokens"))
    )


response_id = first_text("id", longest=MAX_ID)
is_openrouter = response_id.value.str.starts_with(OPENROUTER_ID).fill_null(value=False)
told_provider, told_channel = seller(pl.col("provider"))
tier = choice(("service_tier", "usage_tier"), TIERS, None, "unknown_service_tier")
is_batch = pl.col("custom_id").is_not_null() & pl.col("body_usage").is_not_null()
ticks, cost = usd("ticks", per_usd=TICKS_PER_USD), usd("cost")
anthropic = first_count("anthropic_read", "anthropic_write")

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
        "input_uncached_tokens": meter("uncached"),
        "cache_read_tokens": meter("text_cached"),
        "cache_write_5m_tokens": meter("written"),
        "cache_write_1h_tokens": count_of("long_lived"),
        "output_tokens": meter("text_out"),
        "of_which_reasoning_tokens": meter("reasoning_inside"),
        "reasoning_output_tokens": meter("reasoning_apart"),
        "audio_input_tokens": meter("audio_uncached"),
        "audio_cache_read_tokens": meter("audio_cached"),
        "image_input_tokens": meter("image_uncached"),
        "image_cache_read_tokens": meter("image_cached"),
        "audio_output_tokens": count_of("audio_out"),
        "image_output_tokens": count_of("image_out"),
        "requests": pl.lit(1, pl.Int64),
        "web_searches": count_of("searches"),
        "lower_bound_reason": meter("doubt"),
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
        unreadable(tier),
        *(unreadable(reading) for reading in COUNTS.values()),
        Rule("no_token_counts", count_of("prompt").is_null(), "usage has neither prompt_tokens nor input_tokens"),
        Rule("no_identity", response_id.value.is_null(), "the response has no id"),
        Rule("no_model", first_of("model").is_null(), "the response names no model"),
        Rule(
            "usage_of_anthropic",
            anthropic.value.is_not_null() & first_count("input_tokens").value.is_not_null(),
            "cache_read_input_tokens or cache_creation_input_tokens is Anthropic's; there input_tokens holds no cache",
        ),
        Rule(
            "total_does_not_add_up",
            (count_of("total") > 0) & (count_of("total") < sum_of_two),
            "total_tokens is less than the sum of prompt and completion",
        ),
        Rule(
            "cached_exceeds_input",
            pl.min_horizontal(map(meter, ("uncached", "text_cached", "audio_uncached", "image_uncached"))) < 0,
            "cached, written, audio and image tokens are more than the prompt",
        ),
        Rule(
            "cache_write_does_not_add_up",
            by_lifetime > count_of("written"),
            "5-minute and 1-hour writes are more than all",
        ),
        Rule(
            "reasoning_exceeds_output",
            meter("reasoning_inside") > meter("generated"),
            "more reasoning than completion tokens",
        ),
        Rule("kinds_exceed_output", meter("text_out") < 0, "audio and image tokens are more than the completion"),
    ),
    # Servers that number their responses use a number again; `created` tells such responses apart.
    identity=("response", "usage_at"),
    response_id="response",
    told_apart_by="usage_at",
    usage_objects=tuple(replace(USAGE_OBJECT, text=name) for name in _places("usage")),
    version=4,
    private=frozenset({"custom_id"}),
)
