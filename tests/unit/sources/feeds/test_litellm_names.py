"""What the keys of LiteLLM's price map name: keys as they stood in it from 2024 to 2026."""

import pytest

from pipelines.sources.feeds.litellm_names import SELLERS, named, seller_of
from pipelines.sources.feeds.makers import Named


@pytest.mark.parametrize(
    ("key", "seller", "expected"),
    [
        ("openai/o3", "openai", Named("openai", "o3")),
        ("ft:gpt-3.5-turbo", "openai", Named("openai", "ft:gpt-3.5-turbo")),
        ("gemini/gemini-2.5-pro", "gemini", Named("google", "gemini-2.5-pro")),
        ("gemini-2.5-pro", "vertex_ai-language-models", Named("google", "gemini-2.5-pro", "vertex")),
        (
            "vertex_ai/claude-sonnet-4-5@20250929",
            "vertex_ai-anthropic_models",
            Named("anthropic", "claude-sonnet-4-5@20250929", "vertex"),
        ),
        (
            "vertex_ai/meta/llama-4-scout-17b-16e-instruct-maas",
            "vertex_ai-llama_models",
            Named("meta", "llama-4-scout-17b-16e-instruct-maas", "vertex"),
        ),
        (
            "vertex_ai/google/gemma-4-26b-a4b-it-maas",
            "vertex_ai-openai_models",
            Named("google", "gemma-4-26b-a4b-it-maas", "vertex"),
        ),
        ("azure/gpt-4o", "azure", Named("openai", "gpt-4o", "azure")),
        ("azure/us/gpt-4.1", "azure", Named("openai", "gpt-4.1", "azure", "us")),
        ("azure/global-standard/gpt-4o-2024-08-06", "azure", Named("openai", "gpt-4o-2024-08-06", "azure")),
        ("azure/mistral-large-2402", "azure", Named("mistral", "mistral-large-2402", "azure")),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock_converse",
            Named("anthropic", "claude-sonnet-4-5-20250929", "bedrock", "us"),
        ),
        ("anthropic.claude-v2:1", "bedrock", Named("anthropic", "claude-2.1", "bedrock", "in-region")),
        (
            "bedrock/eu-central-1/anthropic.claude-v2:1",
            "bedrock",
            Named("anthropic", "claude-2.1", "bedrock", "eu-central-1"),
        ),
        ("global.amazon.nova-2-lite-v1:0", "bedrock_converse", Named("amazon", "nova-2-lite", "bedrock", "global")),
        (
            "openrouter/meta-llama/llama-3.3-70b-instruct",
            "openrouter",
            Named("meta", "meta-llama/llama-3.3-70b-instruct", "openrouter"),
        ),
        ("groq/openai/gpt-oss-120b", "groq", Named("groq", "openai/gpt-oss-120b")),
        ("together_ai/moonshotai/Kimi-K2-Instruct", "together_ai", Named("together", "moonshotai/Kimi-K2-Instruct")),
        (
            "fireworks_ai/accounts/fireworks/models/glm-4p7",
            "fireworks_ai",
            Named("fireworks", "accounts/fireworks/models/glm-4p7"),
        ),
        ("command-a-03-2025", "cohere_chat", Named("cohere", "command-a-03-2025")),
        ("amazon-nova/nova-pro-v1", "amazon_nova", Named("amazon", "nova-pro-v1")),
    ],
)
def test_whose_model_a_key_names_and_where(key, seller, expected):
    assert named(key, SELLERS[seller]) == expected


@pytest.mark.parametrize(
    ("key", "seller"),
    [
        ("low/1024-x-1024/gpt-image-1", "openai"),
        ("openai/hd/1024-x-1024/dall-e-3", "openai"),
        ("azure/gpt-3.5-turbo-instruct-0914", "text-completion-openai"),
        ("azure/hd/1024-x-1024/dall-e-3", "azure"),
        ("computer-use-preview", "azure"),
        ("bedrock/us-east-1/1-month-commitment/anthropic.claude-v1", "bedrock"),
        ("bedrock/*/1-month-commitment/cohere.command-text-v14", "bedrock"),
        ("bedrock/claude_platform/opus-5", "bedrock"),
        ("bedrock/us-east-1/us.anthropic.claude-v2", "bedrock"),
        ("1024-x-1024/50-steps/bedrock/amazon.nova-canvas-v1:0", "bedrock"),
        ("claude-sonnet-4-5-20250929-v1:0", "bedrock"),
        ("together-ai-41.1b-80b", "together_ai"),
        ("fireworks-ai-default", "fireworks_ai"),
        ("openrouter/auto", "openrouter"),
        ("vertex_ai/somebody/llama-3", "vertex_ai-llama_models"),
        ("gemini/", "gemini"),
    ],
)
def test_a_key_that_names_no_model(key, seller):
    assert named(key, SELLERS[seller]) is None


@pytest.mark.parametrize(
    ("key", "seller"),
    [
        ("gpt-4", "openai"),
        ("claude-2.1", "anthropic"),
        ("azure/gpt-4", "azure"),
        ("amazon.titan-text-lite-v1", "bedrock"),
        ("mistral/mistral-medium", "mistral"),
    ],
)
def test_the_first_maps_named_no_seller(key, seller):
    assert seller_of(key, None) == SELLERS[seller]
    assert seller_of(key, "aihubmix") is None


@pytest.mark.parametrize(
    "key", ["luminous-base", "fallback_generalizations", "palm/chat-bison", "1024-x-1024/dall-e-2"]
)
def test_other_sellers_are_left_out(key):
    assert seller_of(key, None) is None
    assert seller_of(key, ["openai"]) is None
