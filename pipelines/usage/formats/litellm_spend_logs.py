"""LiteLLM proxy, table LiteLLM_SpendLogs as JSON, JSON lines, CSV or Parquet -> one row per request.

prompt_tokens holds cache reads and cache writes, for Anthropic too; versions that left them out show as more cached
than prompt tokens and are refused. Details stand in metadata.usage_object. There the 5-minute and 1-hour parts of
streamed requests with server tools are those of the first iteration only (BerriAI/litellm#42663: 31,490 of 184,457):
the rest is counted to the lifetime that the parts name; where they name both, as 5-minute writes, flagged. `cache_hit`
is the proxy's own cache, no provider was asked. startTime is UTC. `spend` is LiteLLM's own estimate in USD.

request_id is the `id` of the response that the client was given (get_spend_logs_id; #28376, #39511), of the Responses
API one that holds the provider's (see `identity`); newer versions write the proxy's own call id, a UUID. There the id
of `response` names it, which LiteLLM keeps where prompts are stored; without it a client's log of the request is a
second row. organization_id is LiteLLM's own (its schema.prisma), as team_id is: the account here, but not the one of a
provider's report (`costs.overlap`).
"""

import polars as pl

from pipelines.usage import anthropic_usage
from pipelines.usage.fields import (
    MAX_ID,
    choice,
    first_count,
    first_text,
    key_id,
    largest_count,
    moment,
    must_have,
    rest,
    rest_at_default,
    seller,
    text,
    usd,
)
from pipelines.usage.formats.litellm_calls import TEXTS, split_calls
from pipelines.usage.importer import Importer, Rule, UsageObject, unreadable
from pipelines.usage.response_ids import response_in
from pipelines.usage.tiers import TIERS

FIELDS = {
    "request_id": "request_id",
    "call_type": "call_type",
    "api_key": "api_key",
    "spend": "spend",
    "total_tokens": "total_tokens",
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "start_time": "startTime",
    "model": "model",
    "custom_llm_provider": "custom_llm_provider",
    "api_base": "api_base",
    "user": "user",
    "team_id": "team_id",
    "organization_id": "organization_id",
    "agent_id": "agent_id",
    "session_id": "session_id",
    "cache_hit": "cache_hit",
    "status": "status",
    "metadata": "metadata",
    "response": "response",
}
IN_METADATA = {
    "batch_models": "batch_models",
    "organization_of_key": "user_api_key_org_id",
    "usage_object": "usage_object",
    "extra_read": "additional_usage_values.cache_read_input_tokens",
    "extra_write": "additional_usage_values.cache_creation_input_tokens",
}
DETAILS = "prompt_tokens_details."
IN_USAGE = {
    "cache_read": "cache_read_input_tokens",
    "cached_tokens": DETAILS + "cached_tokens",
    "cached_plain": "cached_tokens",
    "cache_hit_tokens": "prompt_cache_hit_tokens",
    "cache_write": "cache_creation_input_tokens",
    "cache_creation_tokens": DETAILS + "cache_creation_tokens",
    "write_5m": DETAILS + "cache_creation_token_details.ephemeral_5m_input_tokens",
    "write_1h": DETAILS + "cache_creation_token_details.ephemeral_1h_input_tokens",
    "write_5m_raw": "cache_creation.ephemeral_5m_input_tokens",
    "write_1h_raw": "cache_creation.ephemeral_1h_input_tokens",
    "audio_in": DETAILS + "audio_tokens",
    "reasoning": "completion_tokens_details.reasoning_tokens",
    "audio_out": "completion_tokens_details.audio_tokens",
    "web_searches": "server_tool_use.web_search_requests",
    "service_tier": "service_tier",
    "speed": "speed",
    "iterations": "iterations",
}
SPEEDS = {"standard": "standard", "fast": "fast"}

IN_RESPONSE = {"response_id": "id", "response_tier": "service_tier", "response_usage_tier": "usage.service_tier"}

prompt, completion, total = (first_count(f"{name}_tokens") for name in ("prompt", "completion", "total"))
# LiteLLM fills those names with 0 that a provider's integration does not know.
read, written = largest_count(*TEXTS["cache_read"]), largest_count(*TEXTS["cache_write"])
five_minutes, one_hour = first_count("write_5m", "write_5m_raw"), first_count("write_1h", "write_1h_raw")
audio_in, audio_out, reasoning = first_count("audio_in"), first_count("audio_out"), first_count("reasoning")
is_for_an_hour = (one_hour.value > 0).fill_null(value=False)
is_for_minutes = (five_minutes.value > 0).fill_null(value=False)
parts = five_minutes.value.fill_null(0) + one_hour.value.fill_null(0)
writes_of_an_hour = pl.when(is_for_an_hour & ~is_for_minutes).then(written.value).otherwise(one_hour.value)
uncached = rest(prompt.value, read.value, written.value, audio_in.value)

tier = choice(("service_tier", "response_tier", "response_usage_tier"), TIERS, "standard", "unknown_service_tier")
speed = choice("speed", SPEEDS, None, "unknown_service_tier")
# A batch is one row, written when its results are fetched; nothing else says that it was one.
is_batch = pl.col("call_type").str.contains("(?i)batch").fill_null(value=False) | pl.col("batch_models").is_not_null()
# What a total holds beside the two is counted as output, what the parts of the writes leave as 5-minute ones.
more = rest_at_default(total.value, prompt.value + completion.value)
mixed_writes = rest_at_default(pl.when(is_for_minutes & is_for_an_hour).then(written.value), parts)
spend = usd("spend")
is_spent = (spend.value > 0).fill_null(value=False)
is_failed = (pl.col("status").str.to_lowercase() == "failure").fill_null(value=False)
is_cached_answer = pl.col("cache_hit").str.to_lowercase().is_in(["true", "1"]).fill_null(value=False)
text_out = rest(completion.value + more.value, audio_out.value)
provider, channel = seller(pl.col("custom_llm_provider"))
region = pl.coalesce(
    pl.col("api_base").str.extract(r"//bedrock-runtime\.([a-z0-9-]+)\.amazonaws\."),
    pl.col("api_base").str.extract(r"//([a-z0-9-]+)-aiplatform\.googleapis\."),
    pl.lit("global"),
)

SAID_BEFORE = "what the row says as prompt_tokens, completion_tokens and total_tokens"
ITERATIONS = {place: of for place, of in anthropic_usage.USAGE_OBJECT.counted.items() if place.startswith("iterations")}
PARTS_OF_ITERATIONS = sorted(
    place for place in anthropic_usage.USAGE_OBJECT.known if place.startswith("iterations") and place not in ITERATIONS
)
USAGE_OBJECT = UsageObject(
    text="usage_object",
    counted={
        "cache_read_input_tokens": "cache_read_tokens",
        **dict.fromkeys((DETAILS + "cached_tokens", "cached_tokens", "prompt_cache_hit_tokens"), "cache_read_tokens"),
        "cache_creation_input_tokens": "cache_write_5m_tokens, less those of an hour",
        DETAILS + "cache_creation_tokens": "cache_write_5m_tokens, less those of an hour",
        DETAILS + "cache_creation_token_details.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
        DETAILS + "cache_creation_token_details.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
        "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        DETAILS + "audio_tokens": "audio_input_tokens",
        "completion_tokens_details.audio_tokens": "audio_output_tokens",
        "completion_tokens_details.reasoning_tokens": "of_which_reasoning_tokens, part of output_tokens",
        "server_tool_use.web_search_requests": "web_searches",
        **ITERATIONS,
    },
    part_of={
        **dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), SAID_BEFORE),
        **dict.fromkeys(("input_tokens", "output_tokens"), SAID_BEFORE),
        **dict.fromkeys((DETAILS + "text_tokens", "prompt_cache_miss_tokens"), "prompt_tokens"),
        **dict.fromkeys(
            (
                "completion_tokens_details.text_tokens",
                "completion_tokens_details.accepted_prediction_tokens",
                "completion_tokens_details.rejected_prediction_tokens",
                "reasoning_tokens",
            ),
            "completion_tokens",
        ),
    },
    ignored={
        "server_tool_use.web_fetch_requests": "a fetch costs nothing beside its tokens",
        "service_tier": "no count: the tier",
        "speed": "no count: the tier",
        "inference_geo": "no count: the region",
        "cost": "the provider's own statement; the row's spend is LiteLLM's",
        "cost_details": "the cost of OpenRouter's own purchase",
        "is_byok": "no count",
        **dict.fromkeys(PARTS_OF_ITERATIONS, "no count, or part of one"),
        **dict.fromkeys(("queue_time", "prompt_time", "completion_time", "total_time"), "seconds of Groq's own work"),
    },
)

LITELLM_SPEND_LOGS = Importer(
    name="litellm_spend_logs",
    description="LiteLLM_SpendLogs table as JSON, JSON lines, CSV or Parquet",
    signatures=(frozenset({"request_id", "call_type", "spend", "startTime", "prompt_tokens", "completion_tokens"}),),
    fields=FIELDS,
    split=split_calls,
    nested={"metadata": IN_METADATA, "usage_object": IN_USAGE, "response": IN_RESPONSE},
    # Of failed requests tokens are estimated; one that cost something is refused below, not passed over.
    is_usage=~is_cached_answer
    & (is_spent | ~is_failed)
    & (is_spent | (total.value != 0).fill_null(value=True) | (prompt.value != 0).fill_null(value=True)),
    columns={
        "usage_at": moment("start_time", is_utc_without_zone=True),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": region,
        "model": text("model"),
        "service_tier": pl.when(is_batch)
        .then(pl.lit("batch"))
        .otherwise(pl.coalesce(pl.when(speed.value == "fast").then(speed.value), tier.value)),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": rest(written.value, writes_of_an_hour),
        "cache_write_1h_tokens": writes_of_an_hour,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio_in,
        "audio_output_tokens": audio_out,
        "requests": pl.lit(1, pl.Int64),
        "lower_bound_reason": pl.coalesce("doubt", more.reason, mixed_writes.reason),
        "web_searches": first_count("web_searches"),
        "account_id": first_text("organization_id", "organization_of_key"),
        "project_id": text("team_id"),
        "api_key_id": key_id("api_key"),
        "user_id": text("user"),
        "feature": text("agent_id"),
        "conversation_id": text("session_id"),
        "reported_cost_usd": spend,
        "request": first_text("request_id", longest=MAX_ID),
        "response": response_in(pl.col("request_id"), pl.col("response_id")),
    },
    rules=(
        Rule(
            "metadata_is_not_an_object",
            pl.col("metadata").is_not_null() & (pl.col("metadata") != "") & ~pl.col("metadata_is_object"),
            "metadata is not an object",
        ),
        *(unreadable(reading) for reading in (prompt, completion, total, written, five_minutes, one_hour, tier, speed)),
        must_have("request_id", rule="no_identity"),
        must_have("model", rule="no_model"),
        must_have("prompt_tokens", "completion_tokens", rule="no_token_counts"),
        Rule("failed_but_spent", is_failed, "a failed request with spend; LiteLLM estimates the tokens of these"),
        Rule(
            "total_does_not_add_up",
            (total.value > 0) & (total.value < prompt.value + completion.value),
            "total_tokens is less than the sum of prompt_tokens and completion_tokens",
        ),
        Rule(
            "cached_exceeds_input",
            uncached < 0,
            "cached, written and audio tokens are more than prompt_tokens; old versions of LiteLLM left them out",
        ),
        Rule(
            "cached_kind_is_unknown",
            (audio_in.value > 0) & (read.value > 0),
            "the log does not tell how much of the audio was cached",
        ),
        Rule("cache_write_does_not_add_up", parts > written.value, "5-minute and 1-hour writes are more than all"),
        Rule("reasoning_exceeds_output", reasoning.value > completion.value, "more reasoning than completion tokens"),
        Rule("kinds_exceed_output", text_out < 0, "more audio tokens than completion tokens"),
    ),
    identity=("request",),
    response_id="response",
    within_response="within",
    keeps_format_id=True,
    version=4,
    usage_objects=(USAGE_OBJECT,),
    private=frozenset({"user", "api_base"}),
)
