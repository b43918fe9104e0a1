"""Anthropic's usage report: disjoint meters, dimensions, long prompts, cut reports."""

import json
from datetime import datetime
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "anthropic_usage_report.json"
RESULT = {
    "uncached_input_tokens": 1500,
    "cache_read_input_tokens": 200,
    "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
    "output_tokens": 500,
    "server_tool_use": {"web_search_requests": 10},
    "model": "claude-opus-4-6",
}


def page(*results, start="2026-03-01T00:00:00Z", end="2026-03-02T00:00:00Z", has_more=False):
    bucket = {"starting_at": start, "ending_at": end, "results": list(results)}
    return json.dumps({"data": [bucket], "has_more": has_more, "next_page": None})


@pytest.fixture
def row_of(read):
    return lambda **fields: read(page({**RESULT, **fields})).row


@pytest.fixture
def rule_of(read):
    def rule(**fields):
        found = read(page({**RESULT, **fields}))
        assert found.usage.is_empty()
        return found.rules[0]

    return rule


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.rules) == ("anthropic_usage_report", 2, ["unknown_service_tier"])
    sums = {
        "input_uncached_tokens": 301500,
        "cache_read_tokens": 200,
        "cache_write_5m_tokens": 500,
        "cache_write_1h_tokens": 1000,
        "output_tokens": 570,
        "web_searches": 10,
    }
    assert {name: found.usage[name].sum() for name in sums} == sums
    columns = ["service_tier", "region", "prompt_tokens_from", "project_id", "api_key_id"]
    assert found.usage.select(columns).rows() == [
        ("standard", "global", 0, "wrkspc_a", "apikey_a"),
        ("batch", "us", 200_001, "wrkspc_a", "apikey_a"),
    ]


def test_meters_are_disjoint(row_of):
    """A prompt of 3,200 tokens; taken as a total like OpenAI's, 1,500 would lose 1,700 of them or go below zero."""
    row = row_of()
    prompt = ["input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
    assert [row[name] for name in prompt] == [1500, 200, 500, 1000]
    assert (row["output_tokens"], row["web_searches"], row["requests"]) == (500, 10, None)


def test_five_minutes_and_one_hour_are_not_mixed_up(row_of):
    """They cost 1.25 and 2 times the input; the report names the hour first."""
    row = row_of(cache_creation={"ephemeral_1h_input_tokens": 7})
    assert (row["cache_write_1h_tokens"], row["cache_write_5m_tokens"]) == (7, None)


def test_what_the_report_does_not_tell_is_null(row_of):
    row = row_of(cache_creation=None, server_tool_use=None, cache_read_input_tokens=None)
    names = ["cache_write_5m_tokens", "cache_write_1h_tokens", "web_searches", "cache_read_tokens"]
    owners = ["prompt_tokens_from", "project_id", "api_key_id", "user_id"]
    assert [row[name] for name in names + owners] == [None] * 8


@pytest.mark.parametrize(("window", "first"), [("0-200k", 0), ("200k-1M", 200_001), (None, None)])
def test_the_context_window_is_the_smallest_prompt(row_of, window, first):
    assert row_of(context_window=window)["prompt_tokens_from"] == first


@pytest.mark.parametrize(
    ("fields", "tier"),
    [
        ({}, "standard"),
        ({"service_tier": "batch"}, "batch"),
        ({"service_tier": "flex"}, "flex"),
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": "batch", "speed": "standard"}, "batch"),
    ],
)
def test_service_tiers(row_of, fields, tier):
    assert row_of(**fields)["service_tier"] == tier


@pytest.mark.parametrize(
    ("fields", "user"),
    [({"account_id": "user_a"}, "user_a"), ({"service_account_id": "svac_a"}, "svac_a"), ({}, None)],
)
def test_the_user_is_the_account_of_either_kind(row_of, fields, user):
    assert row_of(**fields)["user_id"] == user


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"model": None}, "no_model"),
        ({"uncached_input_tokens": None}, "no_token_counts"),
        ({"output_tokens": None}, "no_token_counts"),
        ({"output_tokens": "many"}, "not_a_count"),
        ({"cache_creation": {"ephemeral_5m_input_tokens": -1}}, "not_a_count"),
        ({"service_tier": "flex_discount"}, "unknown_service_tier"),
        ({"speed": "ludicrous"}, "unknown_service_tier"),
        ({"context_window": "1M-2M"}, "unknown_context_window"),
        ({"inference_geo": "eu"}, "unknown_region"),
        ({"account_id": "a\nb"}, "not_a_text"),
    ],
)
def test_what_cannot_be_right_is_refused(rule_of, fields, rule):
    assert rule_of(**fields) == rule


@pytest.mark.parametrize(
    ("start", "end", "rule"),
    [
        ("2026-03-01", "2026-03-02T00:00:00Z", "not_a_timestamp"),
        ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "bucket_ends_before_start"),
    ],
)
def test_bad_buckets_are_refused(read, start, end, rule):
    assert read(page(RESULT, start=start, end=end)).rules == [rule]


def test_buckets_of_a_minute(read):
    row = read(page(RESULT, start="2026-03-01T10:00:00Z", end="2026-03-01T10:01:00Z")).row
    assert (row["usage_at"], row["usage_until"]) == (datetime(2026, 3, 1, 10), datetime(2026, 3, 1, 10, 1))


@pytest.mark.parametrize(
    "other",
    [
        {"account_id": "x"},
        {"service_account_id": "x"},
        {"api_key_id": "x"},
        {"workspace_id": "x"},
        {"model": "claude-x"},
        {"service_tier": "standard"},
        {"context_window": "0-200k"},
        {"inference_geo": "global"},
        {"speed": "standard"},
    ],
)
def test_every_dimension_is_part_of_the_identity(read, other):
    assert read(page(RESULT, {**RESULT, **other})).usage["usage_id"].n_unique() == 2


def test_a_bucket_that_is_stated_again_is_one_row(read):
    """Late requests arrive: 500 and then 600 output tokens are 600, not 1,100."""
    assert read(page(RESULT) + "\n" + page({**RESULT, "output_tokens": 600})).row["output_tokens"] == 600


def test_a_report_that_goes_on_is_imported_and_told(read):
    found = read(page(RESULT, has_more=True))
    assert (found.row["output_tokens"], found.rules) == (500, ["report_is_cut"])
