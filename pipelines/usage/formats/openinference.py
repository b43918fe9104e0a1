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
    "total": (COUNT + "total",),
    "reasoning": (COUNT + "completion_details.reasoning",),
    "audio_in": (INSIDE + "audio",),
    "audio_out": (COUNT + "completion_details.audio",),
}
"""What is read of a span -> its attributes."""
SCOPES = ("openinference.", "@arizeai/openinference")
"""What the names of its instrumentations begin with, in Python and in JavaScript."""
CALLS = frozenset({"LLM", "EMBEDDING"})
