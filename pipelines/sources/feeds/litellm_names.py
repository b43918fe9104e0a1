"""Whose model a key of LiteLLM's price map names, on which channel and in which region. Exact tables; no prices.

LiteLLM puts its own routing prefix before the seller's id: "gemini/gemini-2.5-pro", "azure/us/gpt-4o",
"bedrock/us-east-1/anthropic.claude-v2". Sellers that are not in the tables are left out on purpose.
"""

import re
from dataclasses import dataclass

from pipelines.models.model_ids import platform_id
from pipelines.sources.feeds.makers import Named, on_bedrock, on_openrouter


@dataclass(frozen=True)
class Seller:
    """Where one `litellm_provider` sells, and how its keys begin.

    `needs_prefix`: only a key with the prefix is an id, and what follows may hold slashes ("meta-llama/Llama-3-8b").
    """

    provider: str
    prefix: str
    channel: str = "api"
    needs_prefix: bool = False


SELLERS = {
    "openai": Seller("openai", "openai/"),
    "text-completion-openai": Seller("openai", "openai/"),
    "anthropic": Seller("anthropic", "anthropic/"),
    "gemini": Seller("google", "gemini/"),
    "mistral": Seller("mistral", "mistral/"),
    "cohere": Seller("cohere", "cohere/"),
    "cohere_chat": Seller("cohere", "cohere/"),
    "groq": Seller("groq", "groq/", needs_prefix=True),
    "deepseek": Seller("deepseek", "deepseek/"),
    "xai": Seller("xai", "xai/"),
    "perplexity": Seller("perplexity", "perplexity/", needs_prefix=True),
    "together_ai": Seller("together", "together_ai/", needs_prefix=True),
    "fireworks_ai": Seller("fireworks", "fireworks_ai/", needs_prefix=True),
    "fireworks_ai-embedding-models": Seller("fireworks", "fireworks_ai/", needs_prefix=True),
    "moonshot": Seller("moonshot", "moonshot/"),
    "zai": Seller("zai", "zai/"),
    "deepinfra": Seller("deepinfra", "deepinfra/", needs_prefix=True),
    "ai21": Seller("ai21", "ai21/"),
    "dashscope": Seller("qwen", "dashscope/", needs_prefix=True),
    "minimax": Seller("minimax", "minimax/"),
    "meta": Seller("meta", "meta/"),
    "meta_llama": Seller("meta", "meta_llama/"),
    "amazon_nova": Seller("amazon", "amazon-nova/"),
    "azure": Seller("openai", "azure/", "azure", needs_prefix=True),
    "azure_text": Seller("openai", "azure/", "azure", needs_prefix=True),
    "bedrock": Seller("", "bedrock/", "bedrock"),
    "bedrock_converse": Seller("", "bedrock/", "bedrock"),
    "openrouter": Seller("", "openrouter/", "openrouter", needs_prefix=True),
} | {
    name: Seller(maker, "vertex_ai/", "vertex")
    for name, maker in {
        "vertex_ai": "google",
        "vertex_ai-language-models": "google",
        "vertex_ai-vision-models": "google",
        "vertex_ai-embedding-models": "google",
        "vertex_ai-anthropic_models": "anthropic",
        "vertex_ai-mistral_models": "mistral",
        "vertex_ai-llama_models": "meta",
        "vertex_ai-ai21_models": "ai21",
        "vertex_ai-deepseek_models": "deepseek",
        "vertex_ai-qwen_models": "qwen",
        "vertex_ai-zai_models": "zai",
        "vertex_ai-minimax_models": "minimax",
        "vertex_ai-moonshot_models": "moonshot",
        "vertex_ai-openai_models": "openai",
    }.items()
}
"""By `litellm_provider`; on Bedrock and OpenRouter the id itself names the maker. PaLM was billed per character."""
VERTEX_PUBLISHERS = {
    "anthropic": "anthropic",
    "deepseek-ai": "deepseek",
    "google": "google",
    "meta": "meta",
    "minimaxai": "minimax",
    "mistralai": "mistral",
    "moonshotai": "moonshot",
    "openai": "openai",
    "qwen": "qwen",
    "xai": "xai",
    "zai-org": "zai",
}
AZURE_REGIONS = {
    "apac": "apac",
    "eu": "eu",
    "global": "global",
    "global-standard": "global",
    "us": "us",
    "us-gov": "us-gov",
}
AZURE_OTHER_MAKERS = {"command-r-plus": "cohere", "mistral-large-2402": "mistral", "mistral-large-latest": "mistral"}
EARLY_ROUTES = {
    "azure": "azure",
    "bedrock": "bedrock",
    "deepinfra": "deepinfra",
    "mistral": "mistral",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
}
EARLY_IDS = {
    model: seller
    for seller, models in {
        "openai": (
            "gpt-4 gpt-4-0314 gpt-4-0613 gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 gpt-4-1106-preview gpt-4-0125-preview "
            "gpt-4-vision-preview gpt-4-1106-vision-preview gpt-3.5-turbo gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 "
            "gpt-3.5-turbo-1106 gpt-3.5-turbo-16k gpt-3.5-turbo-16k-0613 ft:gpt-3.5-turbo text-embedding-3-large "
            "text-embedding-3-small text-embedding-ada-002 text-embedding-ada-002-v2 babbage-002 davinci-002 "
            "gpt-3.5-turbo-instruct"
        ),
        "anthropic": "claude-instant-1 claude-instant-1.2 claude-2 claude-2.1",
        "cohere": "command command-light command-nightly command-medium-beta command-xlarge-beta",
        "ai21": "j2-ultra j2-mid j2-light",
    }.items()
    for model in models.split()
}
"""The seller of what the map held before it said so itself; what it held of Vertex was billed per character."""
BY_CHARACTER = re.compile(
    r"gemini-(?:1\.[05](?:-.+)?|(?:pro|flash|ultra)(?:-vision|-experimental)?)"
    r"|textembedding-gecko.*|text-(?:multilingual-)?embedding-.+|multimodalembedding.*",
    re.ASCII,
)
"""Vertex models that Google bills per character; the map's prices per token of them are guesses, or per character."""
_ON_CLAUDE_PLATFORM = re.compile(r"claude_platform/(claude-[a-z0-9-]+)", re.ASCII)
NO_MODEL = "the key names a route, an image size or a size class, not a model"


def seller_of(key: str, litellm_provider: object) -> Seller | None:
    """Who sells an entry, or None for a seller that is left out. Entries of early 2024 name no provider."""
    if litellm_provider is None:
        route = key.partition("/")[0]
        litellm_provider = "bedrock" if platform_id(key) else EARLY_IDS.get(key) or EARLY_ROUTES.get(route)
    return SELLERS.get(litellm_provider) if isinstance(litellm_provider, str) else None


def named(key: str, seller: Seller) -> Named | None:
    """What the key of an entry of this seller names; None where it names no model as used in requests."""
    bare = key.removeprefix(seller.prefix)
    if not bare or (seller.needs_prefix and bare == key):
        return None
    if seller.channel == "bedrock":
        aws_billed = _ON_CLAUDE_PLATFORM.fullmatch(bare)
        return Named("anthropic", aws_billed[1], "claude_platform_aws") if aws_billed else on_bedrock(bare)
    if seller.channel == "vertex":
        return _on_vertex(bare, seller.provider)
    if seller.channel == "azure":
        return _on_azure(bare)
    if seller.channel == "openrouter":
        return on_openrouter(bare)
    return Named(seller.provider, bare) if seller.needs_prefix or "/" not in bare else None


def _on_azure(bare: str) -> Named | None:
    region, slash, model = bare.rpartition("/")
    if slash and region not in AZURE_REGIONS:
        return None
    return Named(AZURE_OTHER_MAKERS.get(model, "openai"), model, "azure", AZURE_REGIONS.get(region, "global"))


def _on_vertex(bare: str, maker: str) -> Named | None:
    publisher, slash, model = bare.rpartition("/")
    if not slash:
        return Named(maker, model, "vertex")
    return Named(VERTEX_PUBLISHERS[publisher], model, "vertex") if publisher in VERTEX_PUBLISHERS else None
