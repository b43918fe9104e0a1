"""Langfuse observations (blob storage export as JSON, JSON lines, CSV or Parquet) -> one row per model call.

Only generations and embeddings have usage. Keys of usage_details are free; those of Langfuse's own integrations are
known here. By Langfuse's convention keys do not overlap, but some SDKs put cached tokens inside `input` or reasoning
inside `output` (langfuse#10592: input 17,903 with 17,817 cached): `total` decides, and what fits no reading is
refused. Langfuse adds up a total where the SDK sent none, so a total of all keys proves the convention only, not the
SDK. A generation around others that repeats the sum of their usage is ignored, one that does not is refused.
An observation has an id of Langfuse's; the provider's stands in the metadata of some integrations, or in that id.
Times are UTC; costs are USD, Langfuse's own estimate unless the SDK sent them.
"""

import polars as pl

from pipelines.usage.fields import first_count, first_moment, first_of, first_text, moment, rest, usd
from pipelines.usage.identity import response_in
from pipelines.usage.importer import Importer, Reading, Rule, unreadable

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
}
"""Names of the blob storage export, and those of the API and the web export (`_api`)."""
IN_METADATA = {
    "meta_response": "response_id",
    "meta_response_api": "responseId",
    "meta_attributes": "attributes",
}
OF_TRACES = r'"(?:gen_ai|ai)\.response\.id"\s*:\s*"([^"\\]+)"'
"""Among the attributes of an OpenTelemetry span, which Langfuse keeps as they came."""
OF_LITELLM = r"^time-[0-9-]+_(.+)$"
"""LiteLLM names its observations by the time and the id of the response (get_logging_id)."""
READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read")
WRITTEN = ("cache_creation_input_tokens", "input_cache_creation")
REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
PREDICTION = ("output_accepted_prediction_tokens", "output_rejected_prediction_tokens")
AUDIO = ("input_audio_tokens", "output_audio_tokens")
KEYS = ("input", "output", "total", *READ, *WRITTEN, *REASONING, *PREDICTION, *AUDIO)
CALLS = ("GENERATION", "EMBEDDING")
MAX_DEPTH = 100


def _key(*names: str) -> Reading:
    return first_count(*(place + name for name in names for place in ("", "api_")))


def _with_children(observations: pl.DataFrame) -> pl.DataFrame:
    """Add `nested_total`: the tokens of the model calls whose nearest model call above is this one."""
    calls = observations.with_columns(parent=first_of("parent", "parent_api"), tokens=_key("total").value)
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


entered, given, total = _key("input"), _key("output"), _key("total")
read, written, reasoning = _key(*READ), _key(*WRITTEN), _key(*REASONING)
audio_in, audio_out = map(_key, AUDIO)
predicted = _key(PREDICTION[0]).value.fill_null(0) + _key(PREDICTION[1]).value.fill_null(0)
in_parts = pl.sum_horizontal(part.value.fill_null(0) for part in (read, written, audio_in))
out_parts = pl.sum_horizontal(part.value.fill_null(0) for part in (reasoning, audio_out)) + predicted
more = rest(total.value, entered.value, given.value)
input_is_apart = ((more == in_parts) | (more == in_parts + out_parts)).fill_null(value=False)
output_is_apart = ((more == out_parts) | (more == in_parts + out_parts)).fill_null(value=False)
uncached = entered.value - pl.when(input_is_apart).then(0).otherwise(in_parts)
# Reasoning and predictions are text too; where they stand apart they are added.
text_out = rest(given.value + pl.when(output_is_apart).then(out_parts).otherwise(0), audio_out.value)

usage = first_of("usage", "usage_api")
nested_total = first_count("nested_total").value
repeats_its_children = (nested_total == total.value).fill_null(value=False)
cost, cost_api = usd("total_cost"), usd("total_cost_api")

LANGFUSE = Importer(
    name="langfuse",
    description="Langfuse observations export as JSON, JSON lines, CSV or Parquet",
    signatures=(
        frozenset({"id", "type", "trace_id", "start_time", "usage_details"}),
        frozenset({"id", "type", "traceId", "startTime", "usageDetails"}),
    ),
    fields=FIELDS,
    nested={
        "usage": {key: key for key in KEYS},
        "usage_api": {f"api_{key}": key for key in KEYS},
        "metadata": IN_METADATA,
    },
    prepare=_with_children,
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
        "service_tier": pl.lit("standard"),
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": written,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio_in,
        "audio_output_tokens": audio_out,
        "requests": pl.lit(1, pl.Int64),
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
        *(unreadable(reading) for reading in (entered, given, total, cost, cost_api)),
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
    version=2,
    private=frozenset({"user_id", "user_id_api", "trace_name", "trace_name_api"}),
)
