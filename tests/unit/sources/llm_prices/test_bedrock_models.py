"""Names of the price list and the ids that requests use; ids as Bedrock's model table prints them."""

import pytest

from pipelines.models.model_ids import platform_id
from pipelines.sources.llm_prices.bedrock_models import IDS, model_of


@pytest.mark.parametrize(
    ("name", "bedrock_id"),
    [
        ("Nova Micro", "amazon.nova-micro-v1:0"),
        ("Nova Premier", "amazon.nova-premier-v1:0"),
        ("Nova 2.0 Lite", "us.amazon.nova-2-lite-v1:0"),
        ("Llama 3 8B", "meta.llama3-8b-instruct-v1:0"),
        ("Llama 3.1 70B Instruct", "meta.llama3-1-70b-instruct-v1:0"),
        ("Llama 3.3 70B", "meta.llama3-3-70b-instruct-v1:0"),
        ("Llama 4 Maverick 17B", "meta.llama4-maverick-17b-instruct-v1:0"),
        ("R1", "us.deepseek.r1-v1:0"),
        ("Mistral Large 2407", "mistral.mistral-large-2407-v1:0"),
        ("Pixtral Large 25.02", "us.mistral.pixtral-large-2502-v1:0"),
        ("Qwen3 32B", "qwen.qwen3-32b-v1:0"),
        ("Claude Opus 4.6 (Amazon Bedrock Edition)", "anthropic.claude-opus-4-6-v1"),
        ("Claude Sonnet 5.5 (Amazon Bedrock Edition)", "global.anthropic.claude-sonnet-5-5"),
        ("Claude 3.5 Sonnet v2", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("Claude 2.1", "anthropic.claude-v2:1"),
        ("OpenAI GPT-6 Astra (Amazon Bedrock Edition)", "us.openai.gpt-6-astra"),
        ("xai.grok-4.3", "xai.grok-4.3"),
    ],
)
def test_a_name_is_the_model_that_requests_name(name: str, bedrock_id: str):
    found, wanted = model_of(name), platform_id(bedrock_id)
    assert found is not None
    assert wanted is not None
    assert (found.provider, found.model) == (wanted.provider, wanted.model)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Claude Sonnet 4.5 (Amazon Bedrock Edition)", "claude-sonnet-4-5"),
        ("Claude 3.7 Sonnet", "claude-3-7-sonnet"),
        ("Claude 4 Sonnet", "claude-sonnet-4"),
        ("Claude 3 Haiku", "claude-3-haiku"),
    ],
)
def test_a_name_without_snapshot_is_an_id_without_date(name: str, model: str):
    found = model_of(name)
    assert found is not None
    assert (found.provider, found.model) == ("anthropic", model)


@pytest.mark.parametrize("name", ["", "Amazon Bedrock", "Nova", "nova lite", "Llama 3.1", "GPT-6", "Claude", "Titan X"])
def test_other_names_are_not_guessed(name: str):
    assert model_of(name) is None


def test_every_id_of_the_table_is_one():
    assert [name for name, bedrock_id in IDS.items() if platform_id(bedrock_id) is None] == []
