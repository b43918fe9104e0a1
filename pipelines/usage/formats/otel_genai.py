"""OpenTelemetry traces in OTLP JSON, one export or one per line, with GenAI semantic conventions -> one row per call.

Only spans of model calls count, and of nested ones only the innermost: a span of an agent repeats the tokens of its
calls. By the convention input_tokens holds cache reads and cache writes, output_tokens reasoning, and audio and image
tokens are parts of both. Instrumentations that leave the cache out show as more cached than input tokens and are
refused. Known besides are the names before v1.37 (gen_ai.system, prompt_tokens) and OpenLLMetry's. Content
(gen_ai.input.messages, ...) is never read.

gen_ai.response.id is the `id` of the provider's response, so that another tool's log of it is the same row. One too
short to be of a single response (Ollama's chatcmpl-42) gives way to the ids of the span.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.usage.fields import choice, epoch, first_count, first_text, must_have, rest, seller, text
from pipelines.usage.formats import openinference
from pipelines.usage.identity import MIN_RANDOM
from pipelines.usage.importer import Importer, Record, Rule, unreadable

USAGE = "gen_ai.usage."
ATTRIBUTES = {
    "operation": ("gen_ai.operation.name", "llm.request.type"),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "response_model": ("gen_ai.response.model",),
    "request_model": ("gen_ai.request.model",),
    "response_id": ("gen_ai.response.id",),
    "conversation": ("gen_ai.conversation.id",),
    "service_tier": ("openai.response.service_tier", "gen_ai.openai.response.service_tier"),
    "input": (USAGE + "input_tokens", USAGE + "prompt_tokens"),
    "output": (USAGE + "output_tokens", USAGE + "completion_tokens"),
    "cache_read": (USAGE + "cache_read.input_tokens", USAGE + "cache_read_input_tokens"),
    "cache_write": (USAGE + "cache_creation.input_tokens", USAGE + "cache_creation_input_tokens"),
    "reasoning": (USAGE + "reasoning.output_tokens", USAGE + "reasoning_tokens"),
    "audio_in": (USAGE + "audio.input_tokens",),
    "audio_out": (USAGE + "audio.output_tokens",),
    "image_in": (USAGE + "image.input_tokens",),
}
"""What is read of a span -> its attributes, the one of the convention first."""
CALLS = frozenset({"chat", "text_completion", "generate_content", "embeddings", "completion", "embedding"})
"""Operations that ask a model; invoke_agent, invoke_workflow and execute_tool are around them."""
TIERS = {"default": "standard", "auto": "standard", "flex": "flex", "priority": "priority"}
SDK_SUFFIXES = (".chat", ".responses", ".messages", ".completion", ".embedding")
"""The AI SDK writes "openai.chat" where the convention says "openai"."""
# Spans of OpenInference say the same in names of their own.
ATTRIBUTES = {name: (*keys, *openinference.NAMES.get(name, ())) for name, keys in ATTRIBUTES.items()}
CALLS |= openinference.CALLS


def _spans(record: Record) -> Iterator[Record]:
    """The spans of one export, as the fields of this format; `is_call` is "1" for the innermost calls with usage."""
    spans = [
        _span(span, resource)
        for resource in record["resourceSpans"]
        for scope in resource.get("scopeSpans") or []
        for span in scope.get("spans") or []
    ]
    parents = {span["span_id"]: span["parent_id"] for span in spans}
    calls = {span["span_id"] for span in spans if _is_call(span)}
    around = {above for call in calls for above in _above(call, parents)}
    for span in spans:
        yield span | {"is_call": "1" if span["span_id"] in calls - around else None}


def _span(span: Record, resource: Record) -> Record:
    found = _values(span)
    named = {
        name: next((found[key] for key in keys if found.get(key) is not None), None)
        for name, keys in ATTRIBUTES.items()
    }
    return {
        **named,
        "trace_id": span.get("traceId"),
        "span_id": span.get("spanId"),
        "parent_id": span.get("parentSpanId"),
        "start_time": span.get("startTimeUnixNano"),
        "service": _values(resource.get("resource") or {}).get("service.name"),
    }


def _values(holder: Record) -> dict[str, Any]:
    """Attributes as a dict; a value is an object with its type as the key, an integer often a string in it."""
    pairs = ((pair["key"], pair.get("value") or {}) for pair in holder.get("attributes") or [])
    return {key: next(iter(value.values()), None) for key, value in pairs}


def _is_call(span: Record) -> bool:
    has_usage = span["input"] is not None or span["output"] is not None
    return has_usage and (span["operation"] is None or span["operation"] in CALLS)


def _above(span_id: str, parents: dict[str, str | None]) -> Iterator[str]:
    seen = {span_id}
    above = parents.get(span_id)
    while above and above in parents and above not in seen:
        yield above
        seen.add(above)
        above = parents[above]


prompt, output = first_count("input"), first_count("output")
read, written, reasoning = first_count("cache_read"), first_count("cache_write"), first_count("reasoning")
audio_in, audio_out, image_in = first_count("audio_in"), first_count("audio_out"), first_count("image_in")
uncached = rest(prompt.value, read.value, written.value, audio_in.value, image_in.value)
text_out = rest(output.value, audio_out.value)
tier = choice("service_tier", TIERS, "standard", "unknown_service_tier")
word = pl.col("provider").str.to_lowercase()
for _suffix in SDK_SUFFIXES:
    word = word.str.strip_suffix(_suffix)
provider, channel = seller(word)

OTEL_GENAI = Importer(
    name="otel_genai",
    description="OpenTelemetry traces with GenAI attributes, OTLP JSON",
    signatures=(frozenset({"resourceSpans", "resourceSpans[].scopeSpans[].spans[].spanId"}),),
    fields={
        name: name for name in (*ATTRIBUTES, "trace_id", "span_id", "parent_id", "start_time", "service", "is_call")
    },
    expand=_spans,
    is_usage=pl.col("is_call").is_not_null(),
    columns={
        "usage_at": epoch("start_time", per_second=1_000_000_000),
        "grain": pl.lit("request"),
        "provider": provider,
        "channel": channel,
        "region": pl.lit("global"),
        "model": first_text("response_model", "request_model"),
        "service_tier": tier,
        "input_uncached_tokens": uncached,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": written,
        "output_tokens": text_out,
        "of_which_reasoning_tokens": reasoning,
        "audio_input_tokens": audio_in,
        "image_input_tokens": image_in,
        "audio_output_tokens": audio_out,
        "requests": pl.lit(1, pl.Int64),
        "feature": text("service"),
        "conversation_id": text("conversation"),
        "call": pl.when(pl.col("response_id").str.len_chars() >= MIN_RANDOM)
        .then(first_text("response_id").value)
        .otherwise(pl.concat_str("trace_id", "span_id", separator="/")),
    },
    rules=(
        *(unreadable(reading) for reading in (prompt, output, first_text("response_id"))),
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
    response_id="call",
)
