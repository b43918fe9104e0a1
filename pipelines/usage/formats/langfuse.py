"""Langfuse observations (blob storage export as JSON, JSON lines, CSV or Parquet) -> one row per model call.

Only generations and embeddings have usage; what its keys mean is in `langfuse_counts`. A generation around others that
repeats the sum of their usage is ignored, one that does not is refused.
An observation has an id of Langfuse's; the provider's stands in the metadata of some integrations, or in that id.
Times are UTC; costs are USD, Langfuse's own estimate unless the SDK sent them.
"""

from dataclasses import replace

import polars as pl

from pipelines.usage.count_columns import count_of, meter, with_meters
from pipelines.usage.fields import choice, first_count, first_moment, first_of, first_text, moment, usd
from pipelines.usage.formats.langfuse_counts import COUNTS, KEYS, METERS, SEARCHES, USAGE_OBJECT
from pipelines.usage.importer import Importer, Rule, unreadable
from pipelines.usage.response_ids import response_in
from pipelines.usage.tiers import TIERS, tier_or_asked

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
ASKED_OF_TRACES = r'"(?:gen_ai\.)?(?:openai|gen_ai)\.request\.service_tier"\s*:\s*"([^"\\]+)"'
TIER_OF_TRACES = r'"(?:gen_ai\.)?(?:openai|gen_ai)\.response\.service_tier"\s*:\s*"([^"\\]+)"'
OF_TRACES = r'"(?:gen_ai|ai)\.response\.id"\s*:\s*"([^"\\]+)"'
"""Among the attributes of an OpenTelemetry span, which Langfuse keeps as they came."""
OF_LITELLM = r"^time-[0-9-]+_(.+)$"
"""LiteLLM names its observations by the time and the id of the response (get_logging_id)."""
CALLS = ("GENERATION", "EMBEDDING")
MAX_DEPTH = 100


def _with_meters(observations: pl.DataFrame) -> pl.DataFrame:
    """Add the meters, `traced_tier`, of the response, and `asked_tier`, of the request."""
    tiers = observations.with_columns(
        traced_tier=pl.col("meta_attributes").str.extract(TIER_OF_TRACES),
        asked_tier=pl.coalesce(
            first_of(*(place + name for name in IN_ASKED for place in ("", "api_"))),
            pl.col("meta_attributes").str.extract(ASKED_OF_TRACES),
        ),
    )
    return with_meters(tiers, COUNTS, METERS)


def _with_children(observations: pl.DataFrame) -> pl.DataFrame:
    """Add `nested_total`: the tokens of the model calls whose nearest model call above is this one."""
    calls = observations.with_columns(parent=first_of("parent", "parent_api"), tokens=count_of("total"))
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


usage = first_of("usage", "usage_api")
nested_total = first_count("nested_total").value
repeats_its_children = (nested_total == count_of("total")).fill_null(value=False)
tier = choice(("meta_tier", "meta_tier_api", "traced_tier"), TIERS, None, "unknown_service_tier")
billed_as, tier_doubt = tier_or_asked(tier, "asked_tier", TIERS)
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
        "usage": {key: key for key in (*KEYS, *SEARCHES)},
        "usage_api": {f"api_{key}": key for key in (*KEYS, *SEARCHES)},
        "metadata": IN_METADATA,
        "asked": IN_ASKED,
        "asked_api": {f"api_{name}": place for name, place in IN_ASKED.items()},
    },
    prepare=_with_children,
    split=_with_meters,
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
        "input_uncached_tokens": meter("uncached"),
        "cache_read_tokens": count_of("read"),
        "cache_write_5m_tokens": meter("written_5m"),
        "cache_write_1h_tokens": count_of("written_1h"),
        "output_tokens": meter("text_out"),
        "of_which_reasoning_tokens": count_of("reasoning"),
        "audio_input_tokens": count_of("audio_in"),
        "audio_output_tokens": count_of("audio_out"),
        "requests": pl.lit(1, pl.Int64),
        "web_searches": count_of("searches"),
        "lower_bound_reason": pl.coalesce(meter("doubt"), tier_doubt),
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
        *(unreadable(reading) for reading in (*COUNTS.values(), tier, cost, cost_api)),
        Rule("no_identity", first_of("id").is_null(), "the observation has no id"),
        Rule(
            "no_model",
            first_of("provided_model_name", "provided_model_name_api", "model_api").is_null(),
            "the observation names no model",
        ),
        Rule(
            "no_token_counts",
            count_of("entered").is_null() & count_of("given").is_null(),
            "neither input nor output is counted",
        ),
        Rule(
            "nested_model_call",
            nested_total.is_not_null(),
            "a model call around others, with another total than theirs: which of them were billed is not told",
        ),
        Rule(
            "no_total",
            count_of("total").is_null() & meter("has_parts"),
            "without a total nothing tells whether cached or reasoning tokens are inside input and output",
        ),
        Rule(
            "total_does_not_add_up",
            ~meter("adds_up"),
            "total is not the sum of the known keys; another key counts something too",
        ),
        Rule(
            "total_fits_two_readings",
            meter("fits_twice"),
            "the total tells that either input or output holds its parts, but not which",
        ),
        Rule("cached_exceeds_input", meter("uncached") < 0, "cached, written and audio tokens are more than input"),
        Rule("kinds_exceed_output", meter("text_out") < 0, "audio tokens are more than output"),
        Rule(
            "cached_kind_is_unknown",
            (count_of("read") > 0) & (count_of("audio_in") > 0) & ~meter("is_input_apart"),
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
