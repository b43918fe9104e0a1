"""Exact rules for what an id means, with ids as providers write them."""

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.model_aliases import candidates
from pipelines.models.model_map import MAP_SCHEMA, POINTER_SCHEMA


def names(*rows):
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("provider", "channel", "region", "model"), pl.String()), orient="row"
    )


def mapping(*rows):
    return pl.DataFrame(rows, schema=MAP_SCHEMA, orient="row")


def pointers(*rows):
    return pl.DataFrame(rows, schema=POINTER_SCHEMA, orient="row")


def best_first(used, listed=(), mapped=(), moved=()):
    """Listed region, model and rule of every candidate, fees left out, with provider and channel where they change."""
    found = candidates(names(used), pointers(*moved), mapping(*mapped), names(*listed))
    found = found.filter(pl.col("rule") != "fee").sort("exactness")
    rows = []
    for row in found.iter_rows(named=True):
        where = (row["listed_provider"], row["listed_channel"])
        shown = () if where == used[:2] else where
        rows.append((*shown, row["listed_region"], row["listed_model"], row["rule"]))
    return rows


def test_the_id_itself_comes_before_its_undated_form():
    assert best_first(("openai", "api", "global", "gpt-5-mini-2025-08-07")) == [
        ("global", "gpt-5-mini-2025-08-07", "exact"),
        ("global", "gpt-5-mini", "dated"),
    ]


def test_a_snapshot_is_never_another_snapshot():
    models = [row[1] for row in best_first(("openai", "api", "global", "gpt-4o-2024-05-13"))]
    assert models == ["gpt-4o-2024-05-13", "gpt-4o"]


def test_the_name_counts_before_the_region():
    assert best_first(("anthropic", "api", "us", "claude-opus-4-6-20260205")) == [
        ("us", "claude-opus-4-6-20260205", "exact"),
        ("global", "claude-opus-4-6-20260205", "exact"),
        ("us", "claude-opus-4-6", "dated"),
        ("global", "claude-opus-4-6", "dated"),
    ]


@pytest.mark.parametrize(
    ("channel", "region", "listed_regions"),
    [
        ("bedrock", "us-east-1", ["us-east-1", "in-region"]),
        ("bedrock", "us-gov-west-1", ["us-gov-west-1", "in-region"]),
        ("bedrock", "us", ["us"]),
        ("bedrock", "global", ["global"]),
        ("vertex", "us-central1", ["us-central1", "non-global"]),
        ("vertex", "global", ["global"]),
        ("vertex", "non-global", ["non-global"]),
        ("azure", "eastus", ["eastus"]),
        ("azure", "global", ["global"]),
        ("openrouter", "eu", ["eu"]),
        ("api", "global", ["global"]),
    ],
)
def test_which_regions_price_a_region(channel, region, listed_regions):
    found = best_first(("anthropic", channel, region, "claude-x"))
    assert [row[0] for row in found] == listed_regions


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (("unknown", "api", "global", "openai/gpt-4o"), ("openai", "api", "global", "gpt-4o", "prefix")),
        (("openai", "api", "global", "openai/gpt-4o"), ("global", "gpt-4o", "prefix")),
        (("google", "api", "global", "models/gemini-2.5-pro"), ("global", "gemini-2.5-pro", "prefix")),
        (
            ("unknown", "api", "global", "gemini/gemini-2.5-pro"),
            ("google", "api", "global", "gemini-2.5-pro", "prefix"),
        ),
        (("openai", "api", "global", "azure/gpt-4o"), ("openai", "azure", "global", "gpt-4o", "prefix")),
        (("unknown", "azure", "global", "azure/eu/gpt-4o"), ("openai", "azure", "eu", "gpt-4o", "prefix")),
        (
            ("unknown", "api", "global", "openrouter/meta-llama/llama-3.3-70b-instruct:free"),
            ("meta", "openrouter", "global", "meta-llama/llama-3.3-70b-instruct:free", "prefix"),
        ),
        (
            ("openrouter", "api", "global", "x-ai/grok-4.3"),
            ("xai", "openrouter", "global", "x-ai/grok-4.3", "prefix"),
        ),
        (
            ("unknown", "api", "global", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic", "bedrock", "us", "claude-sonnet-4-5-20250929", "platform"),
        ),
        (
            ("bedrock", "api", "global", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("anthropic", "bedrock", "in-region", "claude-sonnet-4-5-20250929", "platform"),
        ),
        (
            ("unknown", "api", "global", "bedrock/eu-west-3/mistral.mistral-large-2402-v1:0"),
            ("mistral", "bedrock", "eu-west-3", "mistral-large-2402", "platform"),
        ),
        (
            ("unknown", "api", "global", "bedrock/converse/us.amazon.nova-pro-v1:0"),
            ("amazon", "bedrock", "us", "nova-pro", "platform"),
        ),
    ],
)
def test_what_a_router_or_platform_id_means_best(used, expected):
    assert next(row for row in best_first(used) if row[-1] != "exact") == expected


@pytest.mark.parametrize(
    "used",
    [
        ("groq", "api", "global", "openai/gpt-oss-120b"),
        ("together", "api", "global", "deepseek/deepseek-r1"),
        ("openai", "api", "global", "models/gpt-4o"),
        ("google", "api", "global", "models/text-embedding-004"),
        ("openai", "azure", "global", "bedrock/anthropic.claude-v2"),
        ("groq", "api", "global", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("openai", "api", "global", "my/gpt-4o"),
        ("openai", "api", "global", "gpt-4o/"),
        ("mistral", "openrouter", "global", "openai/gpt-4o"),
    ],
)
def test_a_prefix_that_contradicts_the_log_stays_part_of_the_id(used):
    assert best_first(used) == [(used[2], used[3], "exact")]


def test_vertex_writes_the_date_of_a_snapshot_with_an_at_sign():
    found = best_first(("anthropic", "vertex", "global", "claude-sonnet-4-5@20250929"))
    assert [row[1:] for row in found] == [
        ("claude-sonnet-4-5@20250929", "exact"),
        ("claude-sonnet-4-5-20250929", "dated"),
        ("claude-sonnet-4-5", "dated"),
    ]
    assert len(best_first(("anthropic", "vertex", "global", "claude-sonnet-4-5@latest"))) == 1


def test_a_fine_tune_is_listed_by_its_base_model_as_fine_tuned():
    found = best_first(("openai", "api", "global", "ft:gpt-4o-2024-08-06:acme::abc"))
    assert found[1:] == [("global", "ft:gpt-4o-2024-08-06", "fine_tune"), ("global", "ft:gpt-4o", "dated")]


def test_a_claude_with_a_dot_is_listed_with_dashes():
    assert best_first(("anthropic", "api", "global", "claude-sonnet-4.6"))[:2] == [
        ("global", "claude-sonnet-4.6", "exact"),
        ("global", "claude-sonnet-4-6", "dotted"),
    ]
    # Other makers' dots are their own.
    assert {row[-1] for row in best_first(("openai", "api", "global", "gpt-5.4"))} == {"exact"}


MAY, OCTOBER = datetime(2024, 5, 13), datetime(2024, 10, 2)
GPT_4O = ("gpt-4o", "openai", "api", "gpt-4o-2024-05-13", MAY, OCTOBER)


def spans(used, moved=(), mapped=()):
    found = candidates(names(used), pointers(*moved), mapping(*mapped))
    found = found.filter(pl.col("rule") != "fee").sort("exactness", "valid_from")
    return found.select("listed_model", "rule", "valid_from", "valid_to").rows()


def test_a_moving_name_is_what_it_pointed_to_at_the_time():
    assert spans(("openai", "api", "global", "gpt-4o"), [GPT_4O]) == [
        ("gpt-4o-2024-05-13", "pointer", MAY, OCTOBER),
        ("gpt-4o", "exact", None, None),
    ]


def test_a_snapshot_costs_what_its_name_costs_only_while_the_name_points_to_it():
    assert spans(("openai", "api", "global", "gpt-4o-2024-05-13"), [GPT_4O])[1:] == [("gpt-4o", "dated", MAY, OCTOBER)]
    assert spans(("openai", "api", "global", "gpt-4o-2024-08-06"), [GPT_4O])[1:] == [
        ("gpt-4o", "dated", None, MAY),
        ("gpt-4o", "dated", OCTOBER, None),
    ]


def test_what_a_name_points_to_may_be_listed_without_its_date():
    moved = ("claude-3-5-haiku-latest", "anthropic", "api", "claude-3-5-haiku-20241022", MAY, None)
    assert spans(("anthropic", "api", "global", "claude-3-5-haiku-latest"), [moved]) == [
        ("claude-3-5-haiku-20241022", "pointer", MAY, None),
        ("claude-3-5-haiku", "dated", MAY, None),
        ("claude-3-5-haiku-latest", "exact", None, None),
    ]


def test_pointers_of_the_api_say_nothing_about_other_channels():
    assert spans(("openai", "azure", "eastus", "gpt-4o"), [GPT_4O]) == [("gpt-4o", "exact", None, None)]


def test_a_mapping_replaces_the_id_while_it_holds():
    deployment = ("openai", "azure", "eastus", "gpt-4o")
    mapped = ("gpt-4o", None, None, None, "gpt-5-mini-2025-08-07", MAY, OCTOBER)
    assert spans(deployment, mapped=[mapped]) == [
        ("gpt-5-mini-2025-08-07", "mapped", MAY, OCTOBER),
        ("gpt-5-mini", "dated", MAY, OCTOBER),
        ("gpt-4o", "exact", None, MAY),
        ("gpt-4o", "exact", OCTOBER, None),
    ]


def test_an_opaque_arn_can_be_mapped_to_a_platform_id():
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    mapped = (arn, None, None, None, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", None, None)
    found = best_first(("unknown", "bedrock", "us-east-1", arn), mapped=[mapped])
    assert found[0] == ("anthropic", "bedrock", "us", "claude-sonnet-4-5-20250929", "mapped")
    assert best_first(("unknown", "bedrock", "us-east-1", arn)) == []


def test_fees_of_the_provider_come_last():
    found = candidates(names(("anthropic", "api", "us", "claude-x")), pointers(), mapping()).sort("exactness")
    assert found["listed_model"].to_list() == ["claude-x", "claude-x", "*", "*"]
    assert found["exactness"].to_list() == [0, 1, 2, 3]


ID = st.from_regex(
    r"(openai/|azure/eu/|bedrock/|openrouter/|us\.anthropic\.|ft:)?[a-z@.:-]{1,12}([-@]20250929)?(-v1:0|:a:b)?",
    fullmatch=True,
)


@given(
    ID,
    st.sampled_from(["openai", "anthropic", "unknown", "bedrock"]),
    st.sampled_from(["api", "bedrock", "vertex", "azure", "openrouter"]),
    st.sampled_from(["global", "us", "us-east-1"]),
    st.booleans(),
)
def test_exactness_is_one_number_per_pair_and_intervals_never_overlap(model, provider, channel, region, is_mapped):
    mapped = [(model, None, None, None, "gpt-4o", MAY, OCTOBER)] if is_mapped else []
    listed = names(("openai", channel, region, model), ("openai", "api", "global", "gpt-4o"))
    found = candidates(names((provider, channel, region, model)), pointers(GPT_4O), mapping(*mapped), listed)
    pair = ["listed_provider", "listed_channel", "listed_region", "listed_model"]
    numbers = found.select(*pair, "exactness").unique()
    assert numbers["exactness"].n_unique() == numbers.height == numbers.select(pair).unique().height
    assert numbers["exactness"].max() is None or numbers["exactness"].max() < 1_000
    ordered = found.sort(*pair, "valid_from").with_columns(
        after=pl.col("valid_to").shift(1).over(pair), is_first=pl.int_range(pl.len()).over(pair) == 0
    )
    overlapping = ~pl.col("is_first") & (pl.col("after").is_null() | (pl.col("after") > pl.col("valid_from")))
    assert ordered.filter(overlapping).is_empty()
