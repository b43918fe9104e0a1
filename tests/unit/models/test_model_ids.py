"""Ids as providers, AWS and Google write them in their documentation and logs."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.model_ids import (
    BEDROCK_MAKERS,
    PlatformId,
    lifecycle_ids,
    platform_id,
    snapshot_parts,
    undated,
)

SONNET = "claude-sonnet-4-5-20250929"
ARN = "arn:aws:bedrock:us-east-1"


@pytest.mark.parametrize(
    ("text", "provider", "model", "region"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", SONNET, "us"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", SONNET, "global"),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", SONNET, "us-gov"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", SONNET, None),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "anthropic", "claude-3-5-sonnet-20241022", None),
        ("anthropic.claude-opus-4-6-v1", "anthropic", "claude-opus-4-6", None),
        ("anthropic.claude-v2:1", "anthropic", "claude-2.1", None),
        ("anthropic.claude-instant-v1", "anthropic", "claude-instant-1.2", None),
        ("amazon.nova-pro-v1:0:300k", "amazon", "nova-pro", None),
        ("meta.llama3-1-70b-instruct-v1:0", "meta", "llama3-1-70b-instruct", None),
        ("mistral.mixtral-8x7b-instruct-v0:1", "mistral", "mixtral-8x7b-instruct", None),
        ("in.moonshotai.kimi-k3", "moonshot", "kimi-k3", "in"),
        (f"{ARN}::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic", SONNET, "us-east-1"),
        (f"{ARN}:123456789012:inference-profile/us.anthropic.{SONNET}-v1:0", "anthropic", SONNET, "us"),
    ],
)
def test_a_bedrock_id_names_maker_model_and_region(text, provider, model, region):
    assert platform_id(text) == PlatformId("bedrock", provider, model, region)


@pytest.mark.parametrize(
    ("text", "provider", "model", "region"),
    [
        ("publishers/google/models/gemini-2.5-pro", "google", "gemini-2.5-pro", None),
        (
            "projects/p-1/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929",
            "anthropic",
            "claude-sonnet-4-5@20250929",
            "us-east5",
        ),
    ],
)
def test_a_vertex_path_names_maker_model_and_region(text, provider, model, region):
    assert platform_id(text) == PlatformId("vertex", provider, model, region)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpt-4o",
        "claude-sonnet-4-5",
        "anthropic.",
        ".anthropic.claude-v2",
        "mars.anthropic.claude-v2",
        "us.us.anthropic.claude-v2",
        "Anthropic.claude-v2",
        "anthropic.claude-v2\n",
        "anthropic.claude v2",
        "my-anthropic.claude-v2",
        "anthropic-claude-v2",
        "unknownmaker.model-v1:0",
        f"{ARN}:123456789012:application-inference-profile/abc123",
        f"{ARN}:123456789012:provisioned-model/anthropic.claude-v2",
        f"{ARN}:123456789012:custom-model/amazon.titan/abc",
        f"{ARN}::foundation-model/",
        "arn:aws:s3:::foundation-model/anthropic.claude-v2",
        "publishers/nobody/models/x",
        "publishers/google/models/",
        "publishers/google/models/a/b",
    ],
)
def test_any_other_text_is_no_platform_id(text):
    assert platform_id(text) is None


WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)


@given(WORD, st.sampled_from(sorted(BEDROCK_MAKERS)))
def test_a_maker_inside_an_id_is_not_its_maker(word, maker):
    assert platform_id(f"{word}{maker}") is None
    assert platform_id(f"{maker}{word}") is None
    assert platform_id(f"{word}/{maker}.model-v1:0") is None
    assert platform_id(f"agent_{maker}.model-v1:0") is None


@given(st.text(max_size=60).filter(lambda text: "." not in text and "/" not in text))
def test_random_ids_are_no_platform_ids(text):
    assert platform_id(text) is None


def models(*pairs):
    return pl.DataFrame(list(pairs), schema={"provider": pl.String, "model": pl.String}, orient="row")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet"),
        ("gpt-4-0613", "gpt-4-0613"),
        ("gpt-3.5-turbo-1106", "gpt-3.5-turbo-1106"),
        ("gpt-4o-2024-08-06-preview", "gpt-4o-2024-08-06-preview"),
        ("gpt-4o-2024", "gpt-4o-2024"),
        ("claude-opus-4-6", "claude-opus-4-6"),
        ("model20250514", "model20250514"),
    ],
)
def test_only_a_whole_date_at_the_end_names_a_snapshot(model, name):
    assert pl.DataFrame({"model": [model]}).select(undated(pl.col("model"))).item() == name


@pytest.mark.parametrize(
    ("model", "channel", "parts"),
    [
        ("gpt-5-mini-2025-08-07", "api", ("gpt-5-mini", "2025-08-07")),
        ("claude-opus-4-1-20250805", "vertex", ("claude-opus-4-1", "20250805")),
        ("claude-opus-4-1@20250805", "vertex", ("claude-opus-4-1", "20250805")),
        ("claude-opus-4-1@20250805", "api", None),
        ("gpt-4-0613", "api", None),
        ("-20250805", "api", None),
    ],
)
def test_name_and_date_of_a_snapshot(model, channel, parts):
    assert snapshot_parts(model, channel) == parts


def lifecycle(used, *listed):
    rows = lifecycle_ids(models(used), models(*listed)).select("model_id", "canonical_model", "rule").rows()
    assert all(model_id == used[1] for model_id, *_ in rows)
    return [row[1:] for row in rows]


def test_the_end_of_a_listed_id_is_its_own():
    listed = [("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-4o")]
    assert lifecycle(("openai", "gpt-4o-2024-08-06"), *listed) == [("gpt-4o-2024-08-06", "exact")]
    assert lifecycle(("openai", "gpt-4o"), *listed) == [("gpt-4o", "exact")]


def test_a_snapshot_ends_with_its_model():
    assert lifecycle(("openai", "gpt-4o-2024-08-06"), ("openai", "gpt-4o")) == [("gpt-4o", "dated")]


def test_the_end_of_one_snapshot_is_not_the_end_of_the_name():
    assert lifecycle(("openai", "gpt-4o"), ("openai", "gpt-4o-2024-05-13")) == []


def test_an_anthropic_name_ends_with_its_only_snapshot():
    sonnet = ("anthropic", "claude-sonnet-4-20250514")
    assert lifecycle(("anthropic", "claude-sonnet-4"), sonnet) == [("claude-sonnet-4-20250514", "snapshot")]
    two = [("anthropic", "claude-3-5-sonnet-20240620"), ("anthropic", "claude-3-5-sonnet-20241022")]
    assert lifecycle(("anthropic", "claude-3-5-sonnet"), *two) == [], "which of the two is meant is not known"


def test_neither_other_providers_nor_prefixes_match():
    assert lifecycle(("azure", "gpt-4o"), ("openai", "gpt-4o")) == []
    assert lifecycle(("openai", "gpt-4o-mini"), ("openai", "gpt-4o")) == []
    assert lifecycle(("openai", "gpt-4"), ("openai", "gpt-4o")) == []
