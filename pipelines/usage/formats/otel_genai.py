"""OpenTelemetry traces in OTLP JSON, one export or one per line, with GenAI semantic conventions -> one row per call.

Only spans of model calls count, and of nested ones only the innermost: a span of an agent repeats the tokens of its
calls. A row names the spans around its own, so that those exported on another line, in another file or on another day
are left out by the ledger. What attributes mean is in `otel_attributes`.

By the convention input_tokens holds cache reads and cache writes, output_tokens reasoning, and audio and image tokens
are parts of both. Some instrumentations leave the cache out (CACHE_APART), as the APIs of Anthropic and Bedrock do.
More cached than input tokens tell that too. Where the API leaves it out and neither the name of the instrumentation
nor the counts tell, the cache is taken to be inside, and the row says that it may have cost more.

gen_ai.response.id is the `id` of the provider's response, so that another tool's log of it is the same row. One too
short to be of a single response (Ollama's chatcmpl-42) gives way to the ids of the span.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.usage import tiers
from pipelines.usage.fields import (
    MAX_ID,
    choice,
    epoch,
    first_count,
    first_text,
    must_have,
    rest,
    seller,
    text,
)
from pipelines.usage.formats import openinference
from pipelines.usage.formats.otel_attributes import (
    ATTRIBUTES,
    CALLS,
    USAGE_OBJECT,
    attributes,
    counts_of,
    read_attributes,
)
from pipelines.usage.formats.otel_nesting import span_name_of, with_spans_above
from pipelines.usage.importer import Importer, Record, Rule, unreadable
from pipelines.usage.response_ids import MIN_RANDOM
from pipelines.usage.tiers import tier_or_asked

AI_SDK = "ai"
CACHE_APART = ("opentelemetry.instrumentation.bedrock", "opentelemetry.instrumentation.botocore")
"""Names of instrumentations, or what they begin with, that pass on Bedrock's inputTokens, which hold no cache."""
CACHE_INSIDE = (
    "opentelemetry.instrumentation.anthropic",
    "opentelemetry.instrumentation.langchain",
    "opentelemetry.instrumentation.openai",
    "pydantic-ai",
    "logfire",
    *openinference.SCOPES,
)
"""Those that add the cache to the input where the API leaves it out, or whose API does not."""
TIERS = tiers.TIERS | {
    "traffic_type_unspecified": "standard",
    "on_demand_flex": "flex",
    "on_demand_priority": "priority",
}
"""Google's traffic types too."""
SDK_SUFFIXES = (".chat", ".responses", ".messages", ".completion", ".embedding")
"""The AI SDK writes "openai.chat" where the convention says "openai"."""
API_LEAVES_IT_OUT = ("anthropic", "aws", "bedrock", "amazon")
"""How the providers are named whose API counts the cache beside the input."""


def _spans(record: Record) -> Iterator[Record]:
    """The spans of one export, as the fields of this format; `is_call` is "1" for those of model calls with usage."""
    for resource in record["resourceSpans"]:
        around = attributes(resource.get("resource") or {})
        for scope in resource.get("scopeSpans") or []:
            name = (scope.get("scope") or {}).get("name")
            for span in scope.get("spans") or []:
                yield _span(span, around, name)


def _span(span: Record, resource: Record, scope: str | None) -> Record:
    found = attributes(span)
    named = read_attributes(found)
    return {
        **named,
        "scope": scope,
        "trace_id": span.get("traceId"),
        "span_id": span.get("spanId"),
        "parent_id": span.get("parentSpanId"),
        "start_time": span.get("startTimeUnixNano"),
        "service": resource.get("service.name"),
        "organization": named["organization"] or resource.get("organization.id"),
        "cloud": resource.get("cloud.provider"),
        "cloud_account": resource.get("cloud.account.id"),
        "usage": counts_of(found),
        "is_call": "1" if _is_call(named) else None,
    }


def _is_call(span: Record) -> bool:
    has_usage = span["input"] is not None or span["output"] is not None
    return has_usage and (span["operation"] is None or span["operation"] in CALLS)


prompt, output = first_count("input"), first_count("output")
read, written, reasoning = first_count("cache_read"), first_count("cache_write"), first_count("reasoning")
audio_in, audio_out, image_in = first_count("audio_in"), first_count("audio_out"), first_count("image_in")
cache = read.value.fill_null(0) + written.value.fill_null(0)
has_cache = cache > 0
api = pl.col("provider").str.to_lowercase()
# Claude behind an API like OpenAI's is counted as there; on Vertex AI, or where no provider is named, as by Anthropic.
is_claude = pl.coalesce("response_model", "request_model").str.contains("claude")
is_of_anthropic = is_claude & (api.is_null() | api.str.contains("vertex"))
names_api = pl.any_horizontal(api.str.contains(name, literal=True) for name in API_LEAVES_IT_OUT)
leaves_it_out = is_of_anthropic.fill_null(value=False) | names_api.fill_null(value=False)
is_of_ai_sdk = (pl.col("scope") == AI_SDK).fill_null(value=False)


def _begins(names: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(pl.col("scope").str.starts_with(name) for name in names).fill_null(value=False)


no_cache, total = first_count("no_cache"), first_count("total")
# Counts prove it; then who counted tells it.
tells_inside = (no_cache.value + cache == prompt.value).fill_null(value=False)
tells_apart = (leaves_it_out & (cache > prompt.value)) | (
    has_cache & (total.value == prompt.value + cache + output.value.fill_null(0))
)
tells_apart = tells_apart.fill_null(value=False) | (no_cache.value == prompt.value).fill_null(value=False) & has_cache
# The AI SDK passed on what the API counts until it stated the parts of the input.
is_apart = (
    pl.when(tells_inside)
    .then(False)
    .when(tells_apart)
    .then(True)
    .otherwise(_begins(CACHE_APART) | (is_of_ai_sdk & leaves_it_out))
)
is_untold = has_cache & leaves_it_out & ~tells_inside & ~is_apart & ~_begins(CACHE_INSIDE) & ~is_of_ai_sdk
uncached = rest(prompt.value, audio_in.value, image_in.value) - pl.when(is_apart).then(0).otherwise(cache)
text_out = rest(output.value, audio_out.value)
tier = choice("service_tier", TIERS, None, "unknown_service_tier")
billed_as, tier_doubt = tier_or_asked(tier, "asked_tier", TIERS)
word = pl.col("provider").str.to_lowercase()
for _suffix in SDK_SUFFIXES:
    word = word.str.strip_suffix(_suffix)
provider, channel = seller(word)
# The account that an application runs in pays for the models of the same cloud, not for others.
is_of_aws = (pl.col("cloud") == "aws") & (channel == "bedrock")
is_of_google_cloud = (pl.col("cloud") == "gcp") & (channel == "vertex")

OTEL_GENAI = Importer(
    name="otel_genai",
    description="OpenTelemetry traces with GenAI attributes, OTLP JSON",
    signatures=(frozenset({"resourceSpans", "resourceSpans[].scopeSpans[].spans[].spanId"}),),
    fields={
        name: name
        for name in (
            *ATTRIBUTES,
            "trace_id",
            "span_id",
            "parent_id",
            "start_time",
            "service",
            "is_call",
            "scope",
            "cloud",
            "cloud_account",
        )
    }
    | {"usage": "attributes"},
    usage_objects=(USAGE_OBJECT,),
    private=frozenset({"usage"}),
    expand=_spans,
    split=with_spans_above,
    is_usage=pl.col("is_call").is_not_null(),
    columns={
        "usage_at": epoch("start_time", per_second=1_000_000_000),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": pl.lit("global"),
        "model": first_text("response_model", "request_model"),
        "service_tier": billed_as,
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": written,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio_in,
        "image_input_tokens": image_in,
        "audio_output_tokens": audio_out,
        "requests": pl.lit(1, pl.Int64),
        "account_id": pl.coalesce(text("organization").value, pl.when(is_of_aws).then(text("cloud_account").value)),
        "project_id": pl.when(is_of_aws | is_of_google_cloud).then(text("cloud_account").value),
        "feature": text("service"),
        "conversation_id": text("conversation"),
        "span_id": span_name_of("span_id"),
        "spans_above": pl.col("spans_above"),
        "lower_bound_reason": pl.coalesce(pl.when(is_untold).then(pl.lit("cache_may_be_apart")), tier_doubt),
        "response": pl.col("response_id"),
        "call": pl.when(pl.col("response_id").str.len_chars() >= MIN_RANDOM)
        .then(first_text("response_id", longest=MAX_ID).value)
        .otherwise(pl.concat_str("trace_id", "span_id", separator="/")),
    },
    rules=(
        *(
            unreadable(reading)
            for reading in (prompt, output, no_cache, tier, first_text("response_id", longest=MAX_ID))
        ),
        must_have("trace_id", "span_id", rule="no_identity"),
        Rule(
            "no_model",
            pl.coalesce("response_model", "request_model").is_null(),
            "neither gen_ai.response.model nor gen_ai.request.model",
        ),
        must_have("input", rule="no_token_counts"),
        Rule(
            "cached_exceeds_input",
            uncached < 0,
            "cached, written, audio and image tokens are more than input_tokens, which should hold them",
        ),
        Rule(
            "cached_kind_is_unknown",
            (read.value > 0) & ((audio_in.value > 0) | (image_in.value > 0)),
            "the span does not tell how much of the audio or image was cached",
        ),
        Rule("reasoning_exceeds_output", reasoning.value > output.value, "more reasoning than output tokens"),
        Rule("kinds_exceed_output", text_out < 0, "more audio tokens than output tokens"),
    ),
    identity=("call",),
    response_id="response",
    told_apart_by="trace_id",
    keeps_format_id=True,
    version=5,
)
