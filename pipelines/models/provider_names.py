"""Which providers make models, and the prefixes that routers write before a model. Exact tables only.

What an id of a model means does not belong here, see `books.name_forms`; other words for sellers: `seller_names`.
"""

from pipelines.models.seller_names import UNKNOWN, provider_named

__all__ = ["MAKER_PROVIDERS", "ROUTER_PREFIXES", "SINGLE_SNAPSHOT_PROVIDERS", "UNKNOWN", "provider_named"]

_MAKERS = (
    *("openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "perplexity", "moonshot", "zai"),
    *("ai21", "amazon", "meta", "qwen"),
)
SINGLE_SNAPSHOT_PROVIDERS = ("anthropic",)
"""Providers whose undated ids always mean the one dated snapshot of that name."""
MAKER_PROVIDERS = frozenset(_MAKERS)
"""Who sells models of their own. Where hosts list the same id too, an id without a provider is the maker's."""

_ROUTED_PROVIDERS = (
    *("openai", "anthropic", "google", "gemini", "mistral", "cohere", "cohere_chat", "groq", "deepseek", "xai"),
    *("perplexity", "together_ai", "fireworks_ai", "moonshot", "zai", "deepinfra", "ai21", "minimax", "meta_llama"),
    *("nvidia_nim", "text-completion-openai", "azure", "azure_ai", "bedrock", "bedrock_converse", "vertex_ai"),
)
ROUTER_PREFIXES = {name: provider_named(name) for name in _ROUTED_PROVIDERS} | {"models": ("google", None)}
"""What stands before the first slash of "gemini/gemini-2.5-pro" or "models/gemini-2.5-pro" -> provider, channel."""
