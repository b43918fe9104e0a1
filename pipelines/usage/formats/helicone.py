"""Helicone request export (JSON, JSON lines or CSV of its export tool and API) -> one row per request.

prompt_tokens holds no cache reads and completion_tokens no reasoning: Helicone's usage processors take them off the
provider's counts, and total_tokens is prompt + completion + reasoning_tokens (packages/cost/usage and HandlerContext
in Helicone/helicone). Exports from before there was a reasoning_tokens may lack it; nothing tells. Whether audio is
inside has changed too, so rows with audio are refused. Cache writes of both lifetimes are one count, taken as the
5-minute ones. An answer from Helicone's own cache names the request that it repeats in cache_reference_id; no provider
was asked. request_id and response_id are Helicone's own; the provider's id stands in response_body, of which nothing
else is read, and which not every export has.
Times without a zone are UTC. The CSV has a column for the model, but the API that it is made of names that
otherwise, so it can be empty: such rows are refused. Cost is USD.
"""

import polars as pl

from pipelines.usage.fields import (
    choice,
    first_count,
    first_moment,
    first_of,
    first_text,
    moment,
    must_have,
    rest_at_default,
    seller,
    text,
    usd,
)
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable
from pipelines.usage.response_ids import response_in
from pipelines.usage.tiers import TIERS, tier_or_asked

NO_REFERENCE = "00000000-0000-0000-0000-000000000000"
FIELDS = {
    name: name
    for name in (
        "response_id",
        "request_id",
        "request_created_at",
        "response_created_at",
        "model_override",
        "response_model",
        "request_model",
        "model",
        "provider",
        "prompt_tokens",
        "completion_tokens",
        "reasoning_tokens",
        "total_tokens",
        "prompt_cache_read_tokens",
        "prompt_cache_write_tokens",
        "prompt_audio_tokens",
        "completion_audio_tokens",
        "cache_reference_id",
        "request_user_id",
        "request_properties",
        "response_body",
        "costUSD",
        "cost_usd",
        "cost",
    )
} | {"asked_tier": "request_body.service_tier"}
MODELS = ("response_model", "model", "model_override", "request_model")
SESSION = {"session": "Helicone-Session-Id"}
IN_BODY = {
    "body_id": "id",
    "inner_body_id": "response.id",
    "body_tier": "service_tier",
    "inner_body_tier": "response.service_tier",
    "usage_tier": "usage.service_tier",
}
"""The response as the provider gave it; `response` where it is the last event of a stream."""

prompt, completion = first_count("prompt_tokens"), first_count("completion_tokens")
reasoning, total = first_count("reasoning_tokens"), first_count("total_tokens")
audio = pl.max_horizontal(first_count(name).value for name in ("prompt_audio_tokens", "completion_audio_tokens"))
more = rest_at_default(total.value, prompt.value + completion.value + reasoning.value.fill_null(0))
output = completion.value + reasoning.value.fill_null(0) + more.value
costs = [usd(name) for name in ("costUSD", "cost_usd", "cost")]
tier = choice(("body_tier", "inner_body_tier", "usage_tier"), TIERS, None, "unknown_service_tier")
billed_as, tier_doubt = tier_or_asked(tier, "asked_tier", TIERS)
reference = first_of("cache_reference_id")
is_answer_of_the_cache = reference.is_not_null() & (reference != NO_REFERENCE)
provider, channel = seller(first_of("provider").str.to_lowercase().replace("custom", ""))

HELICONE = Importer(
    name="helicone",
    description="Helicone request export as JSON, JSON lines or CSV",
    signatures=(
        frozenset({"response_id", "request_created_at", "response_status", "prompt_tokens", "completion_tokens"}),
    ),
    fields=FIELDS,
    nested={"request_properties": SESSION, "response_body": IN_BODY},
    # Failed requests have no tokens.
    is_usage=~is_answer_of_the_cache
    & ((first_of("prompt_tokens").fill_null("0") != "0") | (first_of("completion_tokens").fill_null("0") != "0")),
    columns={
        "usage_at": first_moment(
            *(moment(name, is_utc_without_zone=True) for name in ("request_created_at", "response_created_at"))
        ),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": pl.lit("global"),
        "model": first_text(*MODELS),
        "service_tier": billed_as,
        "input_uncached_tokens": prompt,
        "cache_read_tokens": first_count("prompt_cache_read_tokens"),
        "cache_write_5m_tokens": first_count("prompt_cache_write_tokens"),
        "output_tokens": output,
        "of_which_reasoning_tokens": reasoning,
        "requests": pl.lit(1, pl.Int64),
        "lower_bound_reason": pl.coalesce(more.reason, tier_doubt),
        "user_id": text("request_user_id"),
        "conversation_id": text("session"),
        "reported_cost_usd": pl.coalesce(cost.value for cost in costs),
        "response": first_text("response_id", "request_id"),
        "response_of_provider": response_in(pl.col("body_id"), pl.col("inner_body_id")),
    },
    rules=(
        *map(unreadable, (*costs, completion, total, tier)),
        Rule("no_identity", first_of("response_id", "request_id").is_null(), "neither response_id nor request_id"),
        Rule("no_model", first_of(*MODELS).is_null(), "no model is named; export as JSON lines"),
        must_have("prompt_tokens", "completion_tokens", rule="no_token_counts"),
        Rule(
            "total_does_not_add_up",
            (total.value > 0) & (total.value < prompt.value + output),
            "total_tokens is less than the sum of prompt, completion and reasoning tokens",
        ),
        Rule("audio_is_ambiguous", audio > 0, "versions differ in whether audio is inside prompt and completion"),
    ),
    identity=("response",),
    response_id="response_of_provider",
    keeps_format_id=True,
    version=3,
    usage_objects=(
        UsageObject(
            counted={
                "prompt_tokens": "input_uncached_tokens",
                "prompt_cache_read_tokens": "cache_read_tokens",
                "prompt_cache_write_tokens": "cache_write_5m_tokens",
                "completion_tokens": "output_tokens",
                "reasoning_tokens": "output_tokens and of_which_reasoning_tokens",
            },
            part_of={"total_tokens": "the sum; what it holds beside its parts is counted as output_tokens"},
            ignored={
                **dict.fromkeys(("prompt_audio_tokens", "completion_audio_tokens"), "rows with audio are refused"),
                "cacheTokens": "what Helicone's own cache saved",
            },
        ),
    ),
    private=frozenset({"request_user_id", "session"}),
)
