"""What people, logs and routers call providers and channels."""

import pytest

from pipelines.models.provider_aliases import openrouter_maker, provider_named


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("openai", ("openai", None)),
        ("OpenAI ", ("openai", None)),
        ("bedrock", (None, "bedrock")),
        ("aws", (None, "bedrock")),
        ("amazon-bedrock", (None, "bedrock")),
        ("amazon", ("amazon", None)),
        ("azure", ("openai", "azure")),
        ("azure_openai", ("openai", "azure")),
        ("vertex", (None, "vertex")),
        ("vertex_ai", (None, "vertex")),
        ("openrouter", (None, "openrouter")),
        ("gemini", ("google", None)),
        ("x-ai", ("xai", None)),
        ("together_ai", ("together", None)),
        ("fireworks_ai", ("fireworks", None)),
        ("moonshotai", ("moonshot", None)),
        ("my-openai", ("my-openai", None)),
        ("", (None, None)),
    ],
)
def test_a_word_means_a_provider_a_channel_or_itself(text, meant):
    assert provider_named(text) == meant


@pytest.mark.parametrize(
    ("prefix", "maker"),
    [("meta-llama", "meta"), ("x-ai", "xai"), ("z-ai", "zai"), ("~openai", "openai"), ("nousresearch", "nousresearch")],
)
def test_the_maker_of_an_openrouter_id(prefix, maker):
    assert openrouter_maker(prefix) == maker
