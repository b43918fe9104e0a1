"""OpenRouter activity CSV (24 columns) -> one row per generation.

tokens_prompt holds tokens_cached and tokens_completion holds tokens_reasoning, as in OpenRouter's API. cost_total is
what OpenRouter charged in USD, with cost_cache (a negative saving), web search and files inside; the inference that a
key of one's own paid for stands apart in byok_usage_inference and is added. model_permaslug is the dated name, the
variant (":free") a part of the id. created_at is printed without a zone; OpenRouter's API states it in UTC.
generation_id is the `id` of the response, by which GET /generation finds it.
"""

import polars as pl

from pipelines.usage.fields import export_count, key_id, moment, must_have, rest, text, usd
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable

FIELDS = {
    name: name
    for name in (
        "generation_id",
        "created_at",
        "cost_total",
        "byok_usage_inference",
        "tokens_prompt",
        "tokens_completion",
        "tokens_reasoning",
        "tokens_cached",
        "model_permaslug",
        "variant",
        "user",
        "api_key_name",
        "app_name",
    )
}
PLAIN_VARIANTS = ("", "standard")

prompt, completion = export_count("tokens_prompt"), export_count("tokens_completion")
cached, reasoning = export_count("tokens_cached"), export_count("tokens_reasoning")
uncached = rest(prompt.value, cached.value)
charged, own_key = usd("cost_total"), usd("byok_usage_inference")
suffix = pl.when(~pl.col("variant").is_in(PLAIN_VARIANTS)).then(":" + pl.col("variant")).otherwise(pl.lit(""))
slug = text("model_permaslug")

OPENROUTER = Importer(
    name="openrouter",
    description="OpenRouter activity, CSV",
    signatures=(
        frozenset(
            {"generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug"}
        ),
    ),
    fields=FIELDS,
    # A cancelled generation that produced and cost nothing.
    is_usage=(prompt.value != 0).fill_null(value=True)
    | (completion.value != 0).fill_null(value=True)
    | (charged.value != 0).fill_null(value=True),
    columns={
        "usage_at": moment("created_at", is_utc_without_zone=True),
        "grain": pl.lit("request"),
        # Whose model it is, the slug tells.
        "provider": pl.lit("unknown"),
        "channel": pl.lit("openrouter"),
        "region": pl.lit("global"),
        "model": slug.value + suffix.fill_null(""),
        "service_tier": pl.lit("standard"),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": cached,
        "output_tokens": completion,
        "of_which_reasoning_tokens": reasoning,
        "requests": pl.lit(1, pl.Int64),
        "api_key_id": key_id("api_key_name"),
        "user_id": text("user"),
        "feature": text("app_name"),
        "reported_cost_usd": charged.value + own_key.value.fill_null(0),
        "generation": text("generation_id"),
    },
    rules=(
        *(unreadable(reading) for reading in (prompt, slug, charged, own_key)),
        must_have("generation_id", rule="no_identity"),
        must_have("model_permaslug", rule="no_model"),
        must_have("tokens_prompt", "tokens_completion", rule="no_token_counts"),
        Rule("cached_exceeds_input", uncached < 0, "tokens_cached is more than tokens_prompt"),
        Rule("reasoning_exceeds_output", reasoning.value > completion.value, "more reasoning than completion tokens"),
    ),
    identity=("generation",),
    version=2,
    usage_objects=(
        UsageObject(
            counted={
                "tokens_prompt": "input_uncached_tokens, less tokens_cached",
                "tokens_cached": "cache_read_tokens",
                "tokens_completion": "output_tokens",
            },
            part_of={"tokens_reasoning": "tokens_completion"},
        ),
    ),
    response_id="generation",
    private=frozenset({"user", "app_name", "api_key_name"}),
)
