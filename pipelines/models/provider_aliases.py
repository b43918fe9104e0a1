"""What logs, routers and people call a provider -> provider and channel as price lists name them; who makes models.

Exact words only. What an id of a model says about its provider is in `model_ids`, who lists an id in `id_variants`.
"""

UNKNOWN = "unknown"
"""The provider of usage whose log does not tell."""
OPENROUTER_MAKERS = {
    "aion-labs": "aion",
    "bytedance-research": "bytedance",
    "bytedance-seed": "bytedance",
    "ibm-granite": "ibm",
    "meta-llama": "meta",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
    "x-ai": "xai",
    "z-ai": "zai",
}
"""By the prefix of OpenRouter's ids where it differs from the provider's name here; other prefixes are the name."""

PROVIDER_ALIASES: dict[str, tuple[str | None, str | None]] = {
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
    "mistral_ai": ("mistral", None),
    "cohere_chat": ("cohere", None),
    "x_ai": ("xai", None),
    "together_ai": ("together", None),
    "togetherai": ("together", None),
    "fireworks_ai": ("fireworks", None),
    "fireworks-ai": ("fireworks", None),
    "z_ai": ("zai", None),
    "meta_llama": ("meta", None),
    "nvidia_nim": ("nvidia", None),
    "dashscope": ("qwen", None),
    "alibaba": ("qwen", None),
    "alibaba_cloud": ("qwen", None),
} | {prefix: (maker, None) for prefix, maker in OPENROUTER_MAKERS.items()}
"""LiteLLM's custom_llm_provider, OpenTelemetry's gen_ai.provider.name and gen_ai.system, OpenRouter's prefixes."""
MAKER_PROVIDERS = frozenset(
    (
        *("openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "perplexity", "moonshot", "zai"),
        *("ai21", "amazon", "meta", "qwen"),
    )
)
"""Who makes models of their own. Where hosts list the same id too, an id without a provider is the maker's."""
HOSTING_MAKERS = frozenset({"qwen"})
"""Makers that sell other makers' models under their ids too: Alibaba Cloud lists deepseek-v4-pro and glm-5.2."""

_ROUTED_PROVIDERS = (
    *("openai", "anthropic", "google", "gemini", "mistral", "cohere", "cohere_chat", "groq", "deepseek", "xai"),
    *("perplexity", "together_ai", "fireworks_ai", "moonshot", "zai", "deepinfra", "ai21", "minimax", "meta_llama"),
    *("nvidia_nim", "text-completion-openai", "azure", "azure_ai", "bedrock", "bedrock_converse", "vertex_ai"),
)


def provider_named(text: str) -> tuple[str | None, str | None]:
    """Provider and channel that a person or a log means: "aws" is (None, "bedrock"), "gemini" is ("google", None).

    None is what the word does not tell. A word that is no other name stands for itself, in lower case.
    """
    name = text.strip().lower()
    return PROVIDER_ALIASES.get(name, (name or None, None))


def openrouter_maker(prefix: str) -> str:
    """The provider in the prefix of an OpenRouter id: "meta-llama" is meta, most prefixes are the provider's name.

    A tilde marks OpenRouter's own alias: "~openai/gpt-latest".
    """
    name = prefix.removeprefix("~")
    return OPENROUTER_MAKERS.get(name, name)


ROUTER_PREFIXES = {name: provider_named(name) for name in _ROUTED_PROVIDERS} | {"models": ("google", None)}
"""What stands before the first slash of "gemini/gemini-2.5-pro" or "models/gemini-2.5-pro" -> provider, channel."""
