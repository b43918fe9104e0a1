"""What the attributes of a span of a model call mean, by each convention that names them. Which spans count, and what
of a count is inside another, is `otel_genai`'s.

Known are the names of the GenAI convention, those before v1.37 (gen_ai.system, prompt_tokens), OpenLLMetry's,
pydantic-ai's and the AI SDK's (ai.usage.*). Content (gen_ai.input.messages, ...) is never read.
"""

import json
from typing import Any

from pipelines.usage.formats import openinference
from pipelines.usage.importer import Record, UsageObject

USAGE = "gen_ai.usage."
AI, AI_IN, AI_OUT = "ai.usage.", "ai.usage.inputTokenDetails.", "ai.usage.outputTokenDetails."
DETAILS = USAGE + "details."
ATTRIBUTES = {
    "operation": ("gen_ai.operation.name", "llm.request.type"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "ai.model.provider"),
    "response_model": ("gen_ai.response.model", "ai.response.model"),
    "request_model": ("gen_ai.request.model", "ai.model.id"),
    "response_id": ("gen_ai.response.id", "ai.response.id"),
    "conversation": ("gen_ai.conversation.id",),
    "organization": ("organization.id",),
    "service_tier": (
        *(f"{maker}.response.service_tier" for maker in ("openai", "gen_ai.openai", "gen_ai", "anthropic")),
        "ai.response.serviceTier",
    ),
    "asked_tier": tuple(f"{maker}.request.service_tier" for maker in ("openai", "gen_ai.openai", "gen_ai")),
    "input": (USAGE + "input_tokens", USAGE + "prompt_tokens", AI + "inputTokens", AI + "promptTokens"),
    "output": (USAGE + "output_tokens", USAGE + "completion_tokens", AI + "outputTokens", AI + "completionTokens"),
    "cache_read": (
        USAGE + "cache_read.input_tokens",
        USAGE + "cache_read_input_tokens",
        DETAILS + "cache_read_tokens",
        DETAILS + "cache_read_input_tokens",
        AI_IN + "cacheReadTokens",
        AI + "cachedInputTokens",
    ),
    "cache_write": (
        USAGE + "cache_creation.input_tokens",
        USAGE + "cache_creation_input_tokens",
        USAGE + "cache_write.input_tokens",
        DETAILS + "cache_write_tokens",
        DETAILS + "cache_creation_input_tokens",
        AI_IN + "cacheWriteTokens",
    ),
    "no_cache": (AI_IN + "noCacheTokens",),
    "reasoning": (
        USAGE + "reasoning.output_tokens",
        USAGE + "reasoning_tokens",
        DETAILS + "reasoning_tokens",
        AI_OUT + "reasoningTokens",
        AI + "reasoningTokens",
    ),
    "total": (USAGE + "total_tokens", "llm.usage.total_tokens", AI + "totalTokens"),
    "audio_in": (USAGE + "audio.input_tokens",),
    "audio_out": (USAGE + "audio.output_tokens",),
    "image_in": (USAGE + "image.input_tokens",),
}
"""What is read of a span -> its attributes, the one of the convention first."""
CALLS = frozenset({"chat", "text_completion", "generate_content", "embeddings", "completion", "embedding"})
"""Operations that ask a model; invoke_agent, invoke_workflow and execute_tool are around them."""
# Spans of OpenInference say the same in names of their own.
ATTRIBUTES = {name: (*keys, *openinference.NAMES.get(name, ())) for name, keys in ATTRIBUTES.items()}
CALLS |= openinference.CALLS


COUNTING = (USAGE, AI, "llm.usage.", openinference.COUNT)
"""What the names of attributes begin with that count."""
USAGE_OBJECT = UsageObject(
    text="usage",
    counted={
        key: f"{name} of this format" for name, keys in ATTRIBUTES.items() for key in keys if key.startswith(COUNTING)
    },
    part_of={
        **dict.fromkeys((AI_OUT + "textTokens", DETAILS + "output_tokens"), "the output"),
        DETAILS + "input_tokens": "the input",
        **{DETAILS + f"{kind}_prediction_tokens": "the output" for kind in ("accepted", "rejected")},
    },
    ignored=dict.fromkeys((USAGE + "cost", "gen_ai.usage.total_cost", "llm.usage.cost"), "an estimate"),
)
BESIDE = {
    "cache_write": ("cacheCreationInputTokens",),
    "service_tier": ("serviceTier", "service_tier", "trafficType"),
}
"""Text -> its names in `ai.response.providerMetadata`, in the provider's object or in the usage of it."""


def read_attributes(found: Record) -> Record:
    """The texts that ATTRIBUTES names, the first that is stated of each."""
    named = {
        name: next((found[key] for key in keys if found.get(key) is not None), None)
        for name, keys in ATTRIBUTES.items()
    }
    beside = _said_beside(found.get("ai.response.providerMetadata"))
    return named | {name: value for name, value in beside.items() if named[name] is None}


def _said_beside(metadata: object) -> Record:
    """What the AI SDK states only among what a provider says beside the usage: cache writes, and the tier."""
    if not isinstance(metadata, str):
        return {}
    try:
        said = [one for one in json.loads(metadata).values() if isinstance(one, dict)]
    except (ValueError, AttributeError, RecursionError):  # cut off, or none of ours to read
        return {}
    found: Record = {}
    for one in said:
        usages = [one.get(name) for name in ("usage", "usageMetadata")]
        places = [one, *(usage for usage in usages if isinstance(usage, dict))]
        stated = ((name, place.get(key)) for name, keys in BESIDE.items() for key in keys for place in places)
        found |= {name: value for name, value in stated if value is not None}
    return found


def attributes(holder: Record) -> dict[str, Any]:
    """Attributes as a dict; a value is an object with its type as the key, an integer often a string in it."""
    pairs = ((pair["key"], pair.get("value") or {}) for pair in holder.get("attributes") or [])
    return {key: next(iter(value.values()), None) for key, value in pairs}


def counts_of(found: Record) -> Record:
    """The attributes that count."""
    return {name: value for name, value in found.items() if name.startswith(COUNTING)}
