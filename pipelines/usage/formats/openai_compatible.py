"""Responses of OpenAI-compatible servers (OpenAI, vLLM, OpenRouter, DeepSeek, ...), one JSON object each -> one row.

A line is a response object of Chat Completions or of the Responses API, or an object that holds one as `response` or,
as OpenAI's batch output does, as `response.body`. Prompt tokens hold cached ones and cache writes, completion tokens
hold reasoning (OpenAI's API reference of `usage`). Servers whose total holds more than the two (Gemini's thoughts) do
not add up and are refused, as is Anthropic's own usage, whose input_tokens holds no cached ones.
"""

import polars as pl

from pipelines.usage.fields import (
    choice,
    epoch,
    first_count,
    first_moment,
    first_of,
    first_text,
    moment,
    rest,
    seller,
    usd,
)
from pipelines.usage.importer import Importer, Reading, Rule, unreadable

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
IN_USAGE = {
    "prompt_tokens": "prompt_tokens",
    "input_tokens": "input_tokens",
    "completion_tokens": "completion_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cached_in_prompt": "prompt_tokens_details.cached_tokens",
    "cached_in_input": "input_tokens_details.cached_tokens",
    "cache_hit": "prompt_cache_hit_tokens",
    "written_in_prompt": "prompt_tokens_details.cache_write_tokens",
    "written_in_input": "input_tokens_details.cache_write_tokens",
    "audio_in_prompt": "prompt_tokens_details.audio_tokens",
    "image_in_input": "input_tokens_details.image_tokens",
    "reasoning_in_completion": "completion_tokens_details.reasoning_tokens",
    "reasoning_in_output": "output_tokens_details.reasoning_tokens",
    "audio_in_completion": "completion_tokens_details.audio_tokens",
    "image_in_output": "output_tokens_details.image_tokens",
    "anthropic_read": "cache_read_input_tokens",
    "anthropic_write": "cache_creation_input_tokens",
    "cost": "cost",
}
TIERS = {
    "default": "standard",
    "auto": "standard",
    "standard": "standard",
    "on_demand": "standard",
    "flex": "flex",
    "priority": "priority",
}
OPENROUTER_ID = "gen-"


def _places(*names: str) -> list[str]:
    return [place + name for name in names for place in PLACES]


def _signatures() -> tuple[frozenset[str], ...]:
    usages = [place + "usage" for place in PLACES.values()]
    return tuple(
        frozenset({usage, *(f"{usage}.{name}" for name in names)})
        for usage in usages
        for names in (("prompt_tokens", "total_tokens"), ("input_tokens", "output_tokens", "total_tokens"))
    )


prompt = first_count(*_places("prompt_tokens", "input_tokens"))
completion = first_count(*_places("completion_tokens", "output_tokens"))
total = first_count(*_places("total_tokens"))
cached = first_count(*_places("cached_in_prompt", "cached_in_input", "cache_hit"))
written = first_count(*_places("written_in_prompt", "written_in_input"))
audio, image = first_count(*_places("audio_in_prompt")), first_count(*_places("image_in_input"))
reasoning = first_count(*_places("reasoning_in_completion", "reasoning_in_output"))
audio_out, image_out = first_count(*_places("audio_in_completion")), first_count(*_places("image_in_output"))
uncached = rest(prompt.value, cached.value, written.value, audio.value, image.value)
text_out = rest(completion.value, audio_out.value, image_out.value)

response_id = first_text(*_places("id"))
is_openrouter = response_id.value.str.starts_with(OPENROUTER_ID).fill_null(value=False)
told_provider, told_channel = seller(pl.col("provider"))
tiers = [choice(name, TIERS, None, "unknown_service_tier") for name in _places("service_tier")]
is_batch = pl.col("custom_id").is_not_null() & pl.col("body_usage").is_not_null()
costs = [usd(name) for name in _places("cost")]
anthropic = first_count(*_places("anthropic_read", "anthropic_write"))

OPENAI_COMPATIBLE = Importer(
    name="openai_compatible",
    description="responses of any OpenAI-compatible server, vLLM too, one JSON object per request",
    signatures=_signatures(),
    fields={"timestamp": "timestamp", "provider": "provider", "custom_id": "custom_id"}
    | {place + name: path + inner for place, path in PLACES.items() for name, inner in IN_RESPONSE.items()},
    nested={place + "usage": {place + name: path for name, path in IN_USAGE.items()} for place in PLACES},
    is_usage=pl.any_horizontal(pl.col(name).is_not_null() for name in _places("usage")),
    columns={
        "usage_at": first_moment(
            *(epoch(name) for name in _places("created", "created_at")), moment("created_at"), moment("timestamp")
        ),
        "grain": pl.lit("request"),
        # OpenRouter writes into `provider` whom it asked, not who bills.
        "provider": pl.when(is_openrouter).then(pl.lit("unknown")).otherwise(told_provider),
        "channel": pl.when(is_openrouter).then(pl.lit("openrouter")).otherwise(told_channel),
        "region": pl.lit("global"),
        "model": first_text(*_places("model")),
        "service_tier": pl.when(is_batch)
        .then(pl.lit("batch"))
        .otherwise(pl.coalesce(*(tier.value for tier in tiers), pl.lit("standard"))),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": cached,
        "cache_write_5m_tokens": written,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio,
        "image_input_tokens": image,
        "audio_output_tokens": audio_out,
        "image_output_tokens": image_out,
        "requests": pl.lit(1, pl.Int64),
        # `cost` is OpenRouter's; its credits are dollars.
        "reported_cost_usd": Reading(
            pl.when(is_openrouter).then(pl.coalesce(cost.value for cost in costs)),
            is_openrouter & pl.any_horizontal(cost.is_broken for cost in costs),
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
        *(unreadable(reading) for reading in (*tiers, prompt, completion, total)),
        Rule("no_token_counts", prompt.value.is_null(), "usage has neither prompt_tokens nor input_tokens"),
        Rule("no_identity", response_id.value.is_null(), "the response has no id"),
        Rule("no_model", first_of(*_places("model")).is_null(), "the response names no model"),
        Rule(
            "usage_of_anthropic",
            anthropic.value.is_not_null(),
            "cache_read_input_tokens or cache_creation_input_tokens is Anthropic's; there input_tokens holds no cache",
        ),
        Rule(
            "total_does_not_add_up",
            total.value != prompt.value + completion.value.fill_null(0),
            "total_tokens is not the sum of prompt and completion; the server counts something apart",
        ),
        Rule("cached_exceeds_input", uncached < 0, "cached, written, audio and image tokens are more than the prompt"),
        Rule(
            "cached_kind_is_unknown",
            (cached.value > 0) & ((audio.value > 0) | (image.value > 0)),
            "the usage does not tell how much of the audio or image was cached",
        ),
        Rule("reasoning_exceeds_output", reasoning.value > completion.value, "more reasoning than completion tokens"),
        Rule("kinds_exceed_output", text_out < 0, "audio and image tokens are more than the completion"),
    ),
    # Servers that number their responses use a number again; `created` tells such responses apart.
    identity=("response", "usage_at"),
    response_id="response",
    told_apart_by="usage_at",
    private=frozenset({"custom_id"}),
)
