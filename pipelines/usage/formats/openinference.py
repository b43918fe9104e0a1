"""OpenInference's names (Arize's instrumentations) for what `otel_genai` reads of a span. Data only.

By its semantic conventions prompt holds what was read from and written to the cache, completion reasoning. Spans of
kind LLM and EMBEDDING ask a model; CHAIN, AGENT and the others are around them.
"""

COUNT, INSIDE = "llm.token_count.", "llm.token_count.prompt_details."
NAMES = {
    "operation": ("openinference.span.kind",),
    "provider": ("llm.provider", "llm.system"),
    "response_model": ("llm.model_name", "embedding.model_name"),
    "conversation": ("session.id",),
    "input": (COUNT + "prompt",),
    "output": (COUNT + "completion",),
    "cache_read": (INSIDE + "cache_read",),
    "cache_write": (INSIDE + "cache_write",),
    "reasoning": (COUNT + "completion_details.reasoning",),
    "audio_in": (INSIDE + "audio",),
    "audio_out": (COUNT + "completion_details.audio",),
}
"""What is read of a span -> its attributes."""
CALLS = frozenset({"LLM", "EMBEDDING"})
