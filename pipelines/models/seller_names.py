"""What logs, routers and people call a seller of models -> provider and channel as price lists name them.

Exact words only. What an id of a model says about its seller is in `model_ids`.
"""

UNKNOWN = "unknown"
"""The provider of usage whose log does not tell."""
OTHER_NAMES: dict[str, tuple[str | None, str | None]] = {
    "azure": ("openai", "azure"),
    "azure_openai": ("openai", "azure"),
    "azure-openai": ("openai", "azure"),
    "azure.ai.openai": ("openai", "azure"),
    "az.ai.openai": ("openai", "azure"),
    "azure_ai": (None, "azure"),
    "azure.ai.inference": (None, "azure"),
    "az.ai.inference": (None, "azure"),
    "bedrock": (None, "bedrock"),
    "bedrock_converse": (None, "bedrock"),
    "aws": (None, "bedrock"),
    "aws.bedrock": (None, "bedrock"),
    "aws_bedrock": (None, "bedrock"),
    "amazon-bedrock": (None, "bedrock"),
    "amazon_bedrock": (None, "bedrock"),
    "vertex": (None, "vertex"),
    "vertex_ai": (None, "vertex"),
    "vertexai": (None, "vertex"),
    "google-vertex": (None, "vertex"),
    "google_vertexai": (None, "vertex"),
    "gcp.vertex_ai": (None, "vertex"),
    "openrouter": (None, "openrouter"),
    "gemini": ("google", None),
    "google_genai": ("google", None),
    "gcp.gemini": ("google", None),
    "gcp.gen_ai": ("google", None),
    "text-completion-openai": ("openai", None),
    "mistralai": ("mistral", None),
    "mistral_ai": ("mistral", None),
    "cohere_chat": ("cohere", None),
    "x-ai": ("xai", None),
    "x_ai": ("xai", None),
    "together_ai": ("together", None),
    "togetherai": ("together", None),
    "fireworks_ai": ("fireworks", None),
    "fireworks-ai": ("fireworks", None),
    "moonshotai": ("moonshot", None),
    "z-ai": ("zai", None),
    "z_ai": ("zai", None),
    "meta-llama": ("meta", None),
    "meta_llama": ("meta", None),
    "nvidia_nim": ("nvidia", None),
    "aion-labs": ("aion", None),
    "bytedance-research": ("bytedance", None),
    "bytedance-seed": ("bytedance", None),
    "ibm-granite": ("ibm", None),
}
"""LiteLLM's custom_llm_provider, OpenTelemetry's gen_ai.provider.name and gen_ai.system, OpenRouter's prefixes."""


def provider_named(text: str) -> tuple[str | None, str | None]:
    """Provider and channel that a person or a log means: "aws" is (None, "bedrock"), "gemini" is ("google", None).

    None is what the word does not tell. A word that is no other name stands for itself, in lower case.
    """
    name = text.strip().lower()
    return OTHER_NAMES.get(name, (name or None, None))
