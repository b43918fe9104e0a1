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
  "search_context_cost_per_query": {"search_context_size_low": 0.01}},
"babbage-002": {"litellm_provider": "text-completion-openai", "input_cost_per_token": 4e-07},
"azure/gpt-5-mini": {"litellm_provider": "azure", "input_cost_per_token": 9e-07},
"openai/o9": {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
}"""


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
        ({"input_cost_per_token_ultrafast": 1e-06}, "no meter or service tier of openai for this key"),
        ({"cache_creation_input_token_cost": 1e-06}, "no meter or service tier of openai for this key"),
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


def test_a_prefix_stays_where_the_bare_id_is_another_entry():
    entry = {"litellm_provider": "openai", "input_cost_per_token": 1e-06}
    feed = {"o9": entry, "openai/o9": entry, "azure/o9": entry}
    parsed = parse(json.dumps(feed).encode())
    assert parsed.rows["model"].to_list() == ["o9", "openai/o9"]
    assert parsed.rejects["place"].to_list() == ["azure/o9"]


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
