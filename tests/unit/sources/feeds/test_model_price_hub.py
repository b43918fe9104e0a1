"""Snapshots of model-price-hub in both forms; entries and figures are those of 2026-08-16 and 2026-08-18."""

import json
from datetime import datetime
from decimal import Decimal

import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.feeds.model_price_hub import parse
from pipelines.sources.parsed import Parsed, ParseError

GROK = {
    "provider": "xai", "channel": "official", "model": "grok-4", "region": "intl", "currency": "USD",
    "input_per_1m": 3.0, "output_per_1m": 15.0, "cached_input_per_1m": None, "cache_write_per_1m": None,
}  # fmt: skip
TERMS = {
    "service_tier": "standard", "modality": "text", "billing_unit": "token", "cache_state": None,
    "context_range": None, "time_window": None, "effective_from": None, "effective_to": None,
}  # fmt: skip
OFF_PEAK = [
    {"start": "00:00", "end": "01:00"}, {"start": "04:00", "end": "06:00"}, {"start": "10:00", "end": "24:00"},
]  # fmt: skip
PEAK = [{"start": "01:00", "end": "04:00"}, {"start": "06:00", "end": "10:00"}]


def snapshot(*entries: object) -> Parsed:
    return parse(json.dumps({"data_date": "2026-08-18", "entries": entries}).encode())


def entry(**changes: object) -> dict[str, object]:
    return {**GROK, **TERMS, **changes}


def scheduled(label: str, windows: object, usd: float, **changes: object) -> dict[str, object]:
    hours = {"label": label, "timezone": "UTC", "windows": windows, "effective_from": None, **changes}
    names = {"provider": "deepseek", "model": "deepseek-v4-pro", "service_tier": "scheduled"}
    return entry(**names, input_per_1m=usd, output_per_1m=None, time_window=hours)


def test_the_form_without_terms():
    rows = TokenPriceObservation.validate(snapshot(GROK).rows)
    columns = ("provider", "channel", "region", "model", "meter", "service_tier", "usd_per_unit", "printed")
    who = ("xai", "api", "global", "grok-4")
    assert rows.select(columns).rows() == [
        (*who, "input_uncached", "standard", Decimal(3), "input_per_1m: 3.0"),
        (*who, "output", "standard", Decimal(15), "output_per_1m: 15.0"),
    ]


@pytest.mark.parametrize(
    ("channel", "provider", "model", "who"),
    [
        ("official", "aliyun", "qwen3-max", ("qwen", "api", "global", "qwen3-max")),
        ("vertex", "google", "gemini-2.5-pro", ("google", "vertex", "global", "gemini-2.5-pro")),
        ("openrouter", "aliyun", "qwen3-8b", ("qwen", "openrouter", "global", "qwen/qwen3-8b")),
        ("openrouter", "mistral", "mistral-saba", ("mistral", "openrouter", "global", "mistralai/mistral-saba")),
        ("bedrock", "anthropic", "eu.anthropic.claude-opus-4-6-v1", ("anthropic", "bedrock", "eu", "claude-opus-4-6")),
    ],
)
def test_who_sells_what(channel, provider, model, who):
    rows = snapshot(entry(channel=channel, provider=provider, model=model)).rows
    assert rows.select("provider", "channel", "region", "model").unique().rows() == [who]


def test_peak_hours_override_the_price_of_all_hours():
    rows = snapshot(scheduled("off-peak", OFF_PEAK, 0.66), scheduled("peak", PEAK, 1.32)).rows
    assert rows.select("time_window", "service_tier", "usd_per_unit").rows() == [
        ("always", "standard", Decimal("0.66")),
        ("mon-sun 01:00-04:00,06:00-10:00", "standard", Decimal("1.32")),
    ]


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([scheduled("peak", PEAK, 1.32)], "not one peak and one off-peak price"),
        ([scheduled("off-peak", OFF_PEAK, 0.66)], "not one peak and one off-peak price"),
        ([scheduled("off-peak", OFF_PEAK, 0.66), scheduled("peak", [{"start": "9"}], 1)], "unreadable hours"),
        ([scheduled("off-peak", OFF_PEAK, 0.66), scheduled("peak", [["01:00", "04:00"]], 1)], "unreadable hours"),
        ([scheduled("off-peak", OFF_PEAK, 0.66), scheduled("peak", [], 1)], "unreadable hours"),
        (
            [scheduled("off-peak", OFF_PEAK, 0.66), scheduled("peak", PEAK, 1, timezone="Asia/Shanghai")],
            "hours that are not in UTC",
        ),
        ([entry(service_tier="scheduled")], "scheduled without hours, or hours without a schedule"),
    ],
)
def test_hours_that_are_not_understood_are_refused(entries, reason):
    assert reason in snapshot(GROK, *entries).rejects["reason"].to_list()


def test_long_context_ends_the_range_of_the_others():
    gemini = {"provider": "google", "model": "gemini-2.5-pro", "output_per_1m": None}
    gpt = {"provider": "openai", "model": "gpt-5.6-sol", "output_per_1m": None}
    rows = snapshot(
        entry(**gemini, input_per_1m=1.25, context_range="0-200k"),
        entry(**gemini, input_per_1m=2.5, context_range=">200k"),
        entry(**gpt, input_per_1m=5.0),
        entry(**gpt, input_per_1m=10.0, context_range="long"),
        entry(**gpt, input_per_1m=2.5, service_tier="batch"),
        entry(input_per_1m=1, output_per_1m=None, context_range="128k-256k"),
    ).rows
    assert rows.select("model", "service_tier", "context_from", "context_to", "usd_per_unit").rows() == [
        ("gemini-2.5-pro", "standard", 0, 200_001, Decimal("1.25")),
        ("gemini-2.5-pro", "standard", 200_001, None, Decimal("2.5")),
        ("gpt-5.6-sol", "standard", 0, 272_001, Decimal(5)),
        ("gpt-5.6-sol", "standard", 272_001, None, Decimal(10)),
        ("gpt-5.6-sol", "batch", 0, 272_001, Decimal("2.5")),
        ("grok-4", "standard", 128_001, 256_001, Decimal(1)),
    ]


@pytest.mark.parametrize(
    ("changes", "meters"),
    [
        ({"cached_input_per_1m": 1, "cache_write_per_1m": 2}, ["cache_read", "cache_write_5m"]),
        ({"cache_state": "write_5m", "cache_write_per_1m": 2}, ["cache_write_5m"]),
        ({"cache_state": "write_1h", "cache_write_per_1m": 2}, ["cache_write_1h"]),
        ({"modality": "audio", "input_per_1m": 3, "output_per_1m": 4}, ["audio_input", "audio_output"]),
        ({"modality": "image", "input_per_1m": 3, "cached_input_per_1m": 4}, ["image_input", "image_cache_read"]),
    ],
)
def test_meters(changes, meters):
    assert snapshot(entry(**{"input_per_1m": None, "output_per_1m": None} | changes)).rows["meter"].to_list() == meters


def test_a_start_is_naive_utc():
    rows = snapshot(entry(effective_from="2026-08-17T00:00:00+08:00")).rows
    assert rows["effective_from"].unique().to_list() == [datetime(2026, 8, 16, 16)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": "azure"}, "the hub drops the region and the maker of Azure's prices"),
        ({"channel": "bedrock", "model": "anthropic.claude-opus-5"}, "the hub drops the region of Bedrock ids"),
        ({"channel": "bedrock", "model": "claude-sonnet-4-5-20250929-v1:0"}, "the hub drops the region of Bedrock ids"),
        ({"channel": "openrouter", "provider": "zhipu"}, "unknown prefix of this maker on OpenRouter: zhipu"),
        ({"provider": "acme"}, "unknown provider: acme"),
        ({"region": "eu"}, "unknown region: eu"),
        ({"region": None}, "unknown region: None"),
        ({"model": "gemini-2.5-flash-image-🍌"}, "not an id of a model"),
        ({"model": "gemini-developer-api-pricing"}, "not an id of a model"),
        ({"model": ["grok-4"]}, "not an id of a model"),
        ({"service_tier": "turbo"}, "unknown service tier: turbo"),
        ({"service_tier": ["standard"]}, "unknown service tier"),
        ({"modality": "video"}, "unknown modality: video"),
        ({"cache_state": "hit"}, "unknown cache state: hit"),
        ({"billing_unit": "image"}, "not billed per token"),
        ({"context_range": "long"}, "unknown context range: long"),
        ({"context_range": "32-200k"}, "unknown context range: 32-200k"),
        ({"context_range": "200k-128k"}, "unknown context range: 200k-128k"),
        ({"time_window": {"label": "peak"}}, "not one peak and one off-peak price"),
        ({"effective_from": "soon"}, "no start with its time zone"),
        ({"effective_from": "0001-01-01T00:00:00+08:00"}, "no start with its time zone"),
        ({"effective_from": "2026-08-17T00:00:00"}, "no start with its time zone"),
        ({"output_per_1m": 0}, "not a price above 0"),
        ({"output_per_1m": "15"}, "not a price above 0"),
        ({"modality": "audio", "cache_write_per_1m": 1}, "no meter for this price"),
    ],
)
def test_what_is_not_understood_is_refused(changes, reason):
    refused = snapshot(entry(model="grok-3"), entry(**changes)).rejects
    assert refused["reason"].str.starts_with(reason).to_list() == [True]


def test_other_currencies_and_channels_are_left_out():
    parsed = snapshot(GROK, entry(currency="CNY"), entry(channel="ppio"))
    assert (parsed.rows.height, parsed.rejects.height) == (2, 0)


def test_two_prices_for_the_same_are_both_refused():
    with pytest.raises(ParseError, match="different prices"):
        snapshot(entry(output_per_1m=None), entry(output_per_1m=None, input_per_1m=4))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "got list"),
        (b"{}", "no list under 'entries'"),
        (b'{"entries": []}', "no row"),
        (b'{"entries": [3]}', "no object of prices"),
        (b'{"entries": [{"provider": "xai"', "not a whole JSON"),
    ],
)
def test_a_body_that_is_not_a_snapshot_raises(body, message):
    with pytest.raises(ParseError, match=message):
        parse(body)
