"""LiteLLM's price file: entries as they stood in it in 2025 and 2026."""

import json
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.feeds.litellm import parse
from pipelines.sources.parsed import ParseError

FEED = b"""{
"sample_spec": {"input_cost_per_token": 0.0, "litellm_provider": "openai"},
"gpt-5-mini": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-07, "cache_read_input_token_cost": 2.5e-08,
  "output_cost_per_token": 2e-06, "input_cost_per_token_flex": 1.25e-07, "input_cost_per_token_priority": 4.5e-07,
  "output_cost_per_token_batches": 1e-06, "max_tokens": 128000},
"gpt-5.5": {"litellm_provider": "openai", "input_cost_per_token": 5e-06,
  "input_cost_per_token_above_272k_tokens": 1e-05,
  "input_cost_per_token_above_272k_tokens_batches": 5e-06},
"gpt-realtime": {"litellm_provider": "openai", "input_cost_per_audio_token": 3.2e-05,
  "output_cost_per_image_token": 4e-05,
  "input_cost_per_image": 0.01, "input_cost_per_second": 0.006},
"claude-sonnet-4-5": {"litellm_provider": "anthropic", "cache_creation_input_token_cost": 3.75e-06,
  "cache_creation_input_token_cost_above_1hr": 6e-06,
  "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
  "search_context_cost_per_query": {"search_context_size_high": 0.01, "search_context_size_low": 0.01,
    "search_context_size_medium": 0.01}},
"babbage-002": {"litellm_provider": "text-completion-openai", "input_cost_per_token": 4e-07},
"aihubmix/gpt-5-mini": {"litellm_provider": "aihubmix", "input_cost_per_token": 9e-07},
"openai/o9": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
}"""
PERPLEXITY = {"search_context_size_low": 0.006, "search_context_size_medium": 0.01, "search_context_size_high": 0.014}
# As DeepSeek's entries stood in the map of 2026-11-17.
OFF_PEAK = {
    "input_cost_per_token": 6.6e-07,
    "windows": [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
    ],
}


def only(entry: dict[str, object]) -> bytes:
    good = {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
    return json.dumps({"good": good, "m": {"litellm_provider": "openai"} | entry}).encode()


def test_every_price_of_the_feed():
    parsed = parse(FEED)
    columns = ("provider", "model", "meter", "service_tier", "context_from", "context_to", "usd_per_unit")
    expected = [
        ("openai", "gpt-5-mini", "input_uncached", "standard", 0, None, "0.25"),
        ("openai", "gpt-5-mini", "cache_read", "standard", 0, None, "0.025"),
        ("openai", "gpt-5-mini", "output", "standard", 0, None, "2"),
        ("openai", "gpt-5-mini", "input_uncached", "flex", 0, None, "0.125"),
        ("openai", "gpt-5-mini", "input_uncached", "priority", 0, None, "0.45"),
        ("openai", "gpt-5-mini", "output", "batch", 0, None, "1"),
        ("openai", "gpt-5.5", "input_uncached", "standard", 0, 272_001, "5"),
        ("openai", "gpt-5.5", "input_uncached", "standard", 272_001, None, "10"),
        ("openai", "gpt-5.5", "input_uncached", "batch", 272_001, None, "5"),
        ("openai", "gpt-realtime", "audio_input", "standard", 0, None, "32"),
        ("openai", "gpt-realtime", "image_output", "standard", 0, None, "40"),
        ("anthropic", "claude-sonnet-4-5", "cache_write_5m", "standard", 0, None, "3.75"),
        ("anthropic", "claude-sonnet-4-5", "cache_write_1h", "standard", 0, 200_001, "6"),
        ("anthropic", "claude-sonnet-4-5", "cache_write_1h", "standard", 200_001, None, "12"),
        ("anthropic", "claude-sonnet-4-5", "web_searches", "standard", 0, None, "10"),
        ("openai", "babbage-002", "input_uncached", "standard", 0, None, "0.4"),
        ("openai", "o9", "input_uncached", "standard", 0, None, "1"),
    ]
    assert set(parsed.rows.select(columns).rows()) == {(*row[:6], Decimal(row[6])) for row in expected}
    assert parsed.rows.height == len(expected)
    assert parsed.rejects.height == 0
    assert TokenPriceObservation.validate(parsed.rows).height == len(expected)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"input_cost_per_token": 0}, "the feed prints 0 for unknown too"),
        ({"input_cost_per_token": 0.0}, "the feed prints 0 for unknown too"),
        ({"input_cost_per_token": float("nan")}, "not a finite number"),
        ({"input_cost_per_token": float("inf")}, "not a finite number"),
        ({"input_cost_per_token": 1e12}, "not a finite number"),
        ({"input_cost_per_token": "0.000001"}, "not a finite number"),
        ({"input_cost_per_token": True}, "not a finite number"),
        ({"input_cost_per_token": [[[[[{}]]]]]}, "not a finite number"),
        ({"input_cost_per_token": 1.2345678e-06}, "more than 6 decimals"),
        ({"input_cost_per_token_leisurely": 1e-06}, "no meter or service tier for this key"),
        ({"output_cost_per_token_above_272k_tokens_decisions": 1e-06}, "a price of another endpoint, /v1/decisions"),
        ({"output_cost_per_reasoning_token": 1e-06}, "reasoning is counted as output, at the price of output"),
        ({"tiered_pricing": [{"range": [0, 2e5]}, {"range": [3e5, 4e5]}]}, "ranges of prompt sizes that do not meet"),
        ({"tiered_pricing": {"range": [0, 2e5]}}, "ranges of prompt sizes that do not meet"),
        ({"input_cost_per_request": 0}, "the feed prints 0 for unknown too"),
        ({"search_context_cost_per_query": PERPLEXITY}, "the fee depends on the search context size"),
        (
            {"search_context_cost_per_query": {"search_context_size_low": 0.01}},
            "not one fee for each search context size",
        ),
        ({"search_context_cost_per_query": "free"}, "not one fee for each search context size"),
        ({"search_context_cost_per_query": dict.fromkeys(PERPLEXITY, None)}, "not a finite number"),
    ],
)
def test_what_is_no_price_is_refused_with_its_reason(entry, reason):
    parsed = parse(only(entry))
    assert parsed.rows["model"].to_list() == ["good"]
    assert parsed.rejects["reason"].to_list() == [reason]
    assert parsed.rejects["place"][0].startswith("m")


def test_a_negative_price_passes_to_the_row_rules_which_refuse_it():
    rows = parse(only({"output_cost_per_token": -1})).rows
    assert rows.filter(pl.col("model") == "m")["usd_per_unit"].to_list() == [Decimal(-1_000_000)]
    assert not TokenPriceObservation.is_valid(rows)


def parsed_entries(**entries: dict[str, object]) -> pl.DataFrame:
    return parse(json.dumps(entries).encode()).rows


def test_a_key_that_names_no_model_is_refused_with_its_prices():
    key = "bedrock/us-east-1/1-month-commitment/anthropic.claude-v1"
    good = {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
    parsed = parse(json.dumps({"good": good, key: good | {"litellm_provider": "bedrock"}}).encode())
    assert parsed.rows["model"].to_list() == ["good"]
    reason = "the key names a route, an image size or a size class, not a model"
    assert parsed.rejects.rows() == [(f"{key} input_cost_per_token", "input_cost_per_token: 0.000001", reason)]


@pytest.mark.parametrize(
    ("key", "seller", "is_estimate"),
    [
        ("gemini-1.5-pro-002", "vertex_ai-language-models", True),
        ("gemini-pro-vision", "vertex_ai-vision-models", True),
        ("textembedding-gecko@003", "vertex_ai-embedding-models", True),
        ("text-embedding-005", "vertex_ai-embedding-models", True),
        ("gemini-2.5-pro", "vertex_ai-language-models", False),
        ("gemini-embedding-001", "vertex_ai-embedding-models", False),
        ("gemini/gemini-1.5-pro", "gemini", False),
    ],
)
def test_vertex_models_that_are_billed_per_character_have_no_price_per_token(key, seller, is_estimate):
    good = {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
    parsed = parse(json.dumps({"good": good, key: good | {"litellm_provider": seller}}).encode())
    assert (parsed.rows.height, parsed.rejects.height) == ((1, 1) if is_estimate else (2, 0))
    assert (
        parsed.rejects["reason"].to_list() == ["billed per character; the price per token is an estimate"] * is_estimate
    )


def test_two_names_of_one_price_are_one_row():
    entry = {"cache_read_input_token_cost": 1e-08, "input_cost_per_token_cache_hit": 1e-08}
    rows = parsed_entries(m={"litellm_provider": "deepseek", **entry})
    assert rows.select("meter", "context_from", "context_to").rows() == [("cache_read", 0, None)]


def test_channel_and_region_of_a_key():
    rows = parse(b'{"azure/us/gpt-4.1": {"litellm_provider": "azure", "input_cost_per_token": 2.2e-06}}').rows
    found = rows.select("provider", "channel", "region", "model", "usd_per_unit").rows()
    assert found == [("openai", "azure", "us", "gpt-4.1", Decimal("2.2"))]


def test_two_keys_of_one_model_are_one_price_or_none():
    cheap = {"litellm_provider": "deepseek", "input_cost_per_token": 2.8e-07}
    dear = {"litellm_provider": "deepseek", "input_cost_per_token": 5.6e-07}
    feed = {"a": cheap, "deepseek/a": cheap, "b": cheap, "deepseek/b": dear}
    parsed = parse(json.dumps(feed).encode())
    assert parsed.rows.select("model", "usd_per_unit").rows() == [("a", Decimal("0.28"))]
    assert parsed.rejects["place"].to_list() == ["b input_cost_per_token", "deepseek/b input_cost_per_token"]


def test_xai_counts_the_boundary_itself_as_long():
    tiers = {"input_cost_per_token": 1.25e-06, "input_cost_per_token_above_200k_tokens": 2.5e-06}
    feed = {"xai/grok-4.3": {"litellm_provider": "xai"} | tiers, "gemini/g": {"litellm_provider": "gemini"} | tiers}
    ranges = parse(json.dumps(feed).encode()).rows.select("provider", "context_from", "context_to").rows()
    assert ranges == [("xai", 0, 200_000), ("xai", 200_000, None), ("google", 0, 200_001), ("google", 200_001, None)]


def test_perplexity_bills_the_search_with_the_request():
    feed = {
        "perplexity/sonar-pro": {"litellm_provider": "perplexity", "search_context_cost_per_query": PERPLEXITY},
        "perplexity/pplx-7b-online": {"litellm_provider": "perplexity", "input_cost_per_request": 0.005},
    }
    parsed = parse(json.dumps(feed).encode())
    assert parsed.rows.select("model", "meter", "unit", "usd_per_unit").rows() == [
        ("sonar-pro", "requests", "thousand_calls", Decimal(6)),
        ("pplx-7b-online", "requests", "thousand_calls", Decimal(5)),
    ]
    medium_and_high = '{"search_context_size_medium": 0.01, "search_context_size_high": 0.014}'
    assert parsed.rejects["raw_text"].to_list() == [medium_and_high]


def test_the_off_peak_price_is_the_price_and_the_base_price_that_of_the_other_hours():
    rows = parsed_entries(
        m={
            "litellm_provider": "deepseek",
            "input_cost_per_token": 1.32e-06,
            "cache_read_input_token_cost": 1e-08,
            "off_peak_pricing": OFF_PEAK,
        }
    )
    assert set(rows.select("meter", "time_window", "usd_per_unit").rows()) == {
        ("input_uncached", "always", Decimal("0.66")),
        ("input_uncached", "mon-fri 01:00-04:00,06:00-10:00", Decimal("1.32")),
        ("cache_read", "always", Decimal("0.01")),
    }


def test_prices_by_hours_that_cannot_be_told_are_refused_with_the_base_price():
    parsed = parse(only({"input_cost_per_token": 1e-06, "off_peak_pricing": {"windows": "at night"}}))
    assert parsed.rows["model"].to_list() == ["good"]
    assert parsed.rejects["place"].to_list() == ["m off_peak_pricing", "m input_cost_per_token"]


def test_zero_is_a_price_of_an_id_that_says_free():
    feed = {"openrouter/qwen/qwq-32b:free": {"litellm_provider": "openrouter", "input_cost_per_token": 0}}
    assert parse(json.dumps(feed).encode()).rows["usd_per_unit"].to_list() == [Decimal(0)]


def test_an_entry_that_is_no_object_is_refused():
    parsed = parse(b'{"x": 3, "m": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}}')
    assert parsed.rejects.rows() == [("x", "3", "no object of prices")]


@pytest.mark.parametrize(
    "body", [b"", FEED[:300], b"<html>Just a moment...</html>", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000]
)
def test_a_body_that_is_no_whole_json_raises(body):
    with pytest.raises(ParseError, match="not a whole JSON document"):
        parse(body)


@pytest.mark.parametrize(("body", "message"), [(b"[]", "got list"), (b"{}", "no row"), (b'{"m": {}}', "no row")])
def test_json_that_is_not_the_feed_raises(body, message):
    with pytest.raises(ParseError, match=message):
        parse(body)


@given(st.integers(min_value=1, max_value=2_000_000_000))
def test_a_price_per_token_is_exact_per_million(micro_usd_per_mtok):
    # A price of n micro-USD per million tokens is n * 10^-12 USD per token.
    body = f'{{"m": {{"litellm_provider": "openai", "input_cost_per_token": {micro_usd_per_mtok}e-12}}}}'.encode()
    assert parse(body).rows["usd_per_unit"].to_list() == [Decimal(micro_usd_per_mtok) / 1_000_000]


def test_what_was_sold_without_a_meter_tier_or_channel():
    ranges = [
        {"range": [0, 256000.0], "input_cost_per_token": 5e-08},
        {"range": [256000.0, 1000000.0], "input_cost_per_token": 2.5e-07},
    ]
    rows = parsed_entries(
        **{
            "gpt-6-astra": {"litellm_provider": "openai", "output_cost_per_token_above_272k_tokens_ultrafast": 9e-05},
            "rerank-v3.5": {"litellm_provider": "cohere", "mode": "rerank", "input_cost_per_query": 0.002},
            "perplexity/search": {"litellm_provider": "perplexity", "mode": "search", "input_cost_per_query": 0.005},
            "perplexity/sonar-deep-research": {
                "litellm_provider": "perplexity",
                "output_cost_per_token": 8e-06,
                "output_cost_per_reasoning_token": 3e-06,
            },
            "bedrock/claude_platform/claude-opus-5": {"litellm_provider": "bedrock", "input_cost_per_token": 5e-06},
            "dashscope/qwen-flash": {"litellm_provider": "dashscope", "tiered_pricing": ranges},
        }
    )
    columns = ("provider", "channel", "model", "meter", "service_tier", "context_from", "unit", "usd_per_unit")
    assert set(rows.select(columns).rows()) == {
        ("openai", "api", "gpt-6-astra", "output", "ultrafast", 272_001, "mtok", Decimal(90)),
        ("cohere", "api", "rerank-v3.5", "rerank_queries", "standard", 0, "thousand_calls", Decimal(2)),
        ("perplexity", "api", "search", "requests", "standard", 0, "thousand_calls", Decimal(5)),
        ("perplexity", "api", "sonar-deep-research", "output", "standard", 0, "mtok", Decimal(8)),
        ("perplexity", "api", "sonar-deep-research", "reasoning_output", "standard", 0, "mtok", Decimal(3)),
        ("anthropic", "claude_platform_aws", "claude-opus-5", "input_uncached", "standard", 0, "mtok", Decimal(5)),
        ("qwen", "api", "qwen-flash", "input_uncached", "standard", 0, "mtok", Decimal("0.05")),
        ("qwen", "api", "qwen-flash", "input_uncached", "standard", 256_001, "mtok", Decimal("0.25")),
    }
