"""Langfuse observations (blob storage export as JSON, JSON lines, CSV or Parquet) -> one row per model call.

Only generations and embeddings have usage. Keys of usage_details are free; those of Langfuse's own integrations are
known here. By Langfuse's convention keys do not overlap, but some SDKs put cached tokens inside `input` or reasoning
inside `output` (langfuse#10592: input 17,903 with 17,817 cached): `total` decides, and what fits no reading is
refused. Langfuse adds up a total where the SDK sent none, so a total of all keys proves the convention only, not the
SDK. A generation around others that repeats the sum of their usage is ignored, one that does not is refused.
An observation has an id of Langfuse's; the provider's stands in the metadata of some integrations, or in that id.
Times are UTC; costs are USD, Langfuse's own estimate unless the SDK sent them.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.fields import (
    choice,
    first_count,
    first_moment,
    first_of,
    first_text,
    moment,
    rest,
    rest_at_default,
    tier_or_asked,
    usd,
)
from pipelines.usage.identity import response_in
from pipelines.usage.importer import Importer, Reading, Rule, UsageObject, unreadable

FIELDS = {
    "id": "id",
    "type": "type",
    "parent": "parent_observation_id",
    "parent_api": "parentObservationId",
    "start_time": "start_time",
    "start_time_api": "startTime",
    "provided_model_name": "provided_model_name",
    "provided_model_name_api": "providedModelName",
    "model_api": "model",
    "usage": "usage_details",
    "usage_api": "usageDetails",
    "total_cost": "total_cost",
    "total_cost_api": "totalCost",
    "project_id": "project_id",
    "project_id_api": "projectId",
    "user_id": "user_id",
    "user_id_api": "userId",
    "session_id": "session_id",
    "session_id_api": "sessionId",
    "trace_name": "trace_name",
    "trace_name_api": "traceName",
    "metadata": "metadata",
    "asked": "model_parameters",
    "asked_api": "modelParameters",
}
"""Names of the blob storage export, and those of the API and the web export (`_api`)."""
IN_METADATA = {
    "meta_response": "response_id",
    "meta_response_api": "responseId",
    "meta_attributes": "attributes",
    "meta_tier": "service_tier",
    "meta_tier_api": "serviceTier",
}
IN_ASKED = {"tier": "service_tier", "camel_tier": "serviceTier"}
"""Parameters of the request."""
TIER_OF_TRACES = r'"(?:gen_ai\.)?(?:openai|gen_ai)\.response\.service_tier"\s*:\s*"([^"\\]+)"'
TIERS = {"default": "standard", "auto": "standard", "standard": "standard", "standard_only": "standard"} | {
    tier: tier for tier in ("batch", "flex", "priority", "fast")
}
OF_TRACES = r'"(?:gen_ai|ai)\.response\.id"\s*:\s*"([^"\\]+)"'
"""Among the attributes of an OpenTelemetry span, which Langfuse keeps as they came."""
OF_LITELLM = r"^time-[0-9-]+_(.+)$"
"""LiteLLM names its observations by the time and the id of the response (get_logging_id)."""
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
CALLS = ("GENERATION", "EMBEDDING")
MAX_DEPTH = 100


def _key(*names: str) -> Reading:
    return first_count(*(place + name for name in names for place in ("", "api_")))


def _with_tiers(observations: pl.DataFrame) -> pl.DataFrame:
    """Add `traced_tier`, of the response, and `asked_tier`, of the request."""
    return observations.with_columns(
        traced_tier=pl.col("meta_attributes").str.extract(TIER_OF_TRACES),
        asked_tier=first_of(*(place + name for name in IN_ASKED for place in ("", "api_"))),
    )


def _with_children(observations: pl.DataFrame) -> pl.DataFrame:
    """Add `nested_total`: the tokens of the model calls whose nearest model call above is this one."""
    calls = observations.with_columns(parent=first_of("parent", "parent_api"), tokens=_key(*TOTAL).value)
    parents = dict(calls.select("id", "parent").iter_rows())
    is_call = pl.col("type").is_in(CALLS) & pl.col("tokens").is_not_null()
    tokens = dict(calls.filter(is_call).select("id", "tokens").iter_rows())
    nested: dict[str, int] = {}
    for call, count in tokens.items():
        above, depth = parents.get(call), 0
        while above and above not in tokens and depth < MAX_DEPTH:
            above, depth = parents.get(above), depth + 1
        if above and above in tokens:
            nested[above] = nested.get(above, 0) + count
    sums = pl.DataFrame(
        [(call, str(count)) for call, count in nested.items()],
        schema={"id": pl.String, "nested_total": pl.String},
        orient="row",
    )
    return observations.join(sums, on="id", how="left", maintain_order="left")


entered, given, total = _key(*INPUT), _key(*OUTPUT), _key(*TOTAL)
read, written, reasoning = _key(*READ), _key(*WRITTEN), _key(*REASONING)
five_minutes, one_hour = _key(*WRITTEN_5M), _key(*WRITTEN_1H)
by_lifetime = five_minutes.value.fill_null(0) + one_hour.value.fill_null(0)
# The total of the writes may stand beside their parts, and may be more.
all_writes = pl.max_horizontal(written.value, pl.when(by_lifetime > 0).then(by_lifetime))
rest_of_writes = rest_at_default(pl.when(by_lifetime > 0).then(all_writes), by_lifetime)
audio_in, audio_out = map(_key, AUDIO)
searches = _key(*SEARCHES)
predicted = _key(PREDICTION[0]).value.fill_null(0) + _key(PREDICTION[1]).value.fill_null(0)
in_parts = pl.sum_horizontal(part.fill_null(0) for part in (read.value, all_writes, audio_in.value))
out_parts = pl.sum_horizontal(part.value.fill_null(0) for part in (reasoning, audio_out)) + predicted
more = rest(total.value, entered.value, given.value)
input_is_apart = ((more == in_parts) | (more >= in_parts + out_parts)).fill_null(value=False)
output_is_apart = ((more == out_parts) | (more >= in_parts + out_parts)).fill_null(value=False)
uncached = entered.value - pl.when(input_is_apart).then(0).otherwise(in_parts)
# Reasoning and predictions are text too; where they stand apart they are added.
# A total of more than every known key: the rest is counted as output, which is the dearer of the two.
beside = rest_at_default(total.value, entered.value.fill_null(0) + given.value.fill_null(0) + in_parts + out_parts)
generated = given.value.fill_null(0) + pl.when(output_is_apart).then(out_parts).otherwise(0) + beside.value
text_out = pl.when(given.value.is_not_null() | (generated > 0)).then(rest(generated, audio_out.value))

usage = first_of("usage", "usage_api")
nested_total = first_count("nested_total").value
repeats_its_children = (nested_total == total.value).fill_null(value=False)
tier = choice(("meta_tier", "meta_tier_api", "traced_tier"), TIERS, None, "unknown_service_tier")
billed_as, tier_doubt = tier_or_asked(tier, "asked_tier", TIERS)
cost, cost_api = usd("total_cost"), usd("total_cost_api")

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

LANGFUSE = Importer(
    name="langfuse",
    description="Langfuse observations export as JSON, JSON lines, CSV or Parquet",
    signatures=(
        frozenset({"id", "type", "trace_id", "start_time", "usage_details"}),
        frozenset({"id", "type", "traceId", "startTime", "usageDetails"}),
    ),
    fields=FIELDS,
    nested={
        "usage": {key: key for key in (*KEYS, *SEARCHES)},
        "usage_api": {f"api_{key}": key for key in (*KEYS, *SEARCHES)},
        "metadata": IN_METADATA,
        "asked": IN_ASKED,
        "asked_api": {f"api_{name}": place for name, place in IN_ASKED.items()},
    },
    prepare=_with_children,
    split=_with_tiers,
    is_usage=pl.col("type").is_in(CALLS) & usage.is_not_null() & (usage != "{}") & ~repeats_its_children,
    columns={
        "usage_at": first_moment(
            moment("start_time", is_utc_without_zone=True), moment("start_time_api", is_utc_without_zone=True)
        ),
        "grain": pl.lit("request"),
        "provider": pl.lit("unknown"),
        "channel": pl.lit("api"),
        "region": pl.lit("global"),
        "model": first_text("provided_model_name", "provided_model_name_api", "model_api"),
        "service_tier": billed_as,
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": rest(all_writes, one_hour.value),
        "cache_write_1h_tokens": one_hour,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio_in,
        "audio_output_tokens": audio_out,
        "requests": pl.lit(1, pl.Int64),
        "web_searches": searches,
        "lower_bound_reason": pl.coalesce(beside.reason, rest_of_writes.reason, tier_doubt),
        "project_id": first_text("project_id", "project_id_api"),
        "user_id": first_text("user_id", "user_id_api"),
        "feature": first_text("trace_name", "trace_name_api"),
        "conversation_id": first_text("session_id", "session_id_api"),
        "reported_cost_usd": pl.coalesce(cost.value, cost_api.value),
        "observation": first_text("id"),
        "response": response_in(
            pl.col("id"),
            pl.col("id").str.extract(OF_LITELLM),
            pl.col("meta_response"),
            pl.col("meta_response_api"),
            pl.col("meta_attributes").str.extract(OF_TRACES),
        ),
    },
    rules=(
        Rule(
            "usage_is_not_an_object",
            ~pl.col("usage_is_object") & ~pl.col("usage_api_is_object"),
            "usage_details is not an object",
        ),
        *(
            unreadable(reading)
            for reading in (tier, entered, given, total, read, written, five_minutes, cost, cost_api)
        ),
        Rule("no_identity", first_of("id").is_null(), "the observation has no id"),
        Rule(
            "no_model",
            first_of("provided_model_name", "provided_model_name_api", "model_api").is_null(),
            "the observation names no model",
        ),
        Rule("no_token_counts", entered.value.is_null() & given.value.is_null(), "neither input nor output is counted"),
        Rule(
            "nested_model_call",
            nested_total.is_not_null(),
            "a model call around others, with another total than theirs: which of them were billed is not told",
        ),
        Rule(
            "no_total",
            total.value.is_null() & (in_parts + out_parts > 0),
            "without a total nothing tells whether cached or reasoning tokens are inside input and output",
        ),
        Rule(
            "total_does_not_add_up",
            (more != 0) & ~input_is_apart & ~output_is_apart,
            "total is not the sum of the known keys; another key counts something too",
        ),
        Rule(
            "total_fits_two_readings",
            (more > 0) & (more == in_parts) & (more == out_parts),
            "the total tells that either input or output holds its parts, but not which",
        ),
        Rule("cached_exceeds_input", uncached < 0, "cached, written and audio tokens are more than input"),
        Rule("kinds_exceed_output", text_out < 0, "audio tokens are more than output"),
        Rule(
            "cached_kind_is_unknown",
            (read.value > 0) & (audio_in.value > 0) & ~input_is_apart,
            "the log does not tell how much of the audio was cached",
        ),
    ),
    identity=("observation",),
    response_id="response",
    keeps_format_id=True,
    version=3,
    usage_objects=tuple(replace(USAGE_OBJECT, text=name) for name in ("usage", "usage_api")),
    private=frozenset({"user_id", "user_id_api", "trace_name", "trace_name_api"}),
)
