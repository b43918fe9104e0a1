"""The parsers of third parties' price feeds on whole files of many dates.

Counts were made by a script of its own from the JSON: cells above 0 with a known meter, by key without its prefix.
"""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.feeds import genai_prices, litellm, llm_prices
from pipelines.sources.parsed import Parsed

FEEDS = Path(__file__).parents[2].parent / "shared" / "feeds"

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the captures in ../shared are absent")

# Rows by channel: api, azure, openrouter, vertex. What Bedrock's ids mean is not this feed's to say.
COUNTS = {
    "litellm/2024-11-28": (411, 63, 96, 46),
    "litellm/2025-04-19": (678, 204, 115, 83),
    "litellm/2025-06-19": (809, 255, 115, 140),
    "litellm/2025-08-18": (975, 290, 144, 190),
    "litellm/2025-10-11": (1261, 293, 190, 246),
    "litellm/2026-01-29": (1959, 466, 263, 321),
    "litellm/2026-04-26": (2205, 564, 245, 372),
    "litellm/2026-07-30": (2482, 750, 261, 474),
    # 1,611 less 15 with more than six decimals and 6 of one model whose hours are no one window.
    "litellm/2026-09-29": (3958, 1571, 1590, 711),
    "litellm/2026-11-17": (4350, 1870, 0, 987),
    "tokencost/2024-01-31": (113, 24, 32, 0),
    "tokencost/2024-05-22": (189, 38, 70, 6),
    "tokencost/2024-10-17": (374, 60, 90, 30),
    "tokencost/2025-06-09": (783, 249, 115, 130),
    "tokencost/2025-06-24": (821, 258, 130, 150),
}
COUNTED = ~(
    pl.col("meter").is_in(["rerank_queries", "reasoning_output"])
    | (pl.col("service_tier") == "ultrafast")
    | ((pl.col("provider") == "qwen") & (pl.col("channel") == "api"))
    | ((pl.col("meter") == "requests") & pl.col("model").str.contains("search"))
)
"""Rows as they were counted by hand; those of Alibaba, of rerank, of search APIs and of the fastest tier are not."""
REASONS = {
    "a price of another endpoint, /v1/decisions",
    "no meter counts writes of audio to a cache",
    "ranges of prompt sizes that do not meet",
    "reasoning is counted as output, at the price of output",
    "usage does not tell an explicit cache from an implicit one",
    "billed per character; the price per token is an estimate",
    "more than 6 decimals",
    "no meter or service tier for this key",
    "the fee depends on the search context size",
    "the feed prints 0 for unknown too",
    "the hours outside its off-peak hours are no one window",
    "the key names a route, an image size or a size class, not a model",
    "usage does not tell that the context was larger",
}


def litellm_of(name: str) -> Parsed:
    return litellm.parse((FEEDS / f"{name}.json").read_bytes())


def usd(parsed: Parsed, **key: str) -> dict[tuple[str, int], Decimal]:
    """Amounts by meter and smallest prompt of one model."""
    rows = parsed.rows.filter(**key)
    found = {row[:2]: row[2] for row in rows.select("meter", "context_from", "usd_per_unit").rows()}
    assert len(found) == rows.height
    return found


@pytest.mark.parametrize("name", COUNTS)
def test_litellm_and_its_copy_on_every_date(name):
    parsed = litellm_of(name)
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height
    found = Counter(parsed.rows.filter(COUNTED)["channel"])
    assert tuple(found[channel] for channel in ("api", "azure", "openrouter", "vertex")) == COUNTS[name]
    assert found["bedrock"] > 50
    conflicts = pl.col("reason").str.starts_with("different prices for")
    assert set(parsed.rejects.filter(~conflicts)["reason"]) <= REASONS
    assert parsed.rejects.filter(conflicts).height < 30


def test_rows_that_had_no_meter_tier_or_channel():
    """Counted in the file itself: fields of the names below, of sellers that are read."""
    entries = json.loads((FEEDS / "litellm" / "2026-11-17.json").read_text())
    rows = litellm_of("litellm/2026-11-17").rows
    fastest = sum(name.endswith("_ultrafast") for entry in entries.values() for name in entry)
    mantle = sum(name.endswith("_ultrafast") for key, entry in entries.items() if "mantle" in key for name in entry)
    assert rows.filter(service_tier="ultrafast").height == fastest - mantle
    on_aws = [entry for key, entry in entries.items() if "claude_platform/" in key]
    assert rows.filter(channel="claude_platform_aws")["model"].n_unique() == len(on_aws) == 14
    assert rows.filter(channel="claude_platform_aws").height == 148
    assert rows.filter(meter="reasoning_output").select("model", "usd_per_unit").rows() == [
        ("sonar-deep-research", Decimal(3))
    ]


@pytest.mark.parametrize(
    ("name", "model", "expected"),
    [
        ("tokencost/2024-01-31", "gpt-4", {"input_uncached": "30", "output": "60"}),
        ("tokencost/2024-01-31", "claude-2.1", {"input_uncached": "8", "output": "24"}),
        ("tokencost/2024-05-22", "mistral-large-2402", {"input_uncached": "8", "output": "24"}),
        ("tokencost/2025-06-24", "o3", {"input_uncached": "2", "cache_read": "0.5", "output": "8"}),
        (
            "litellm/2025-08-18",
            "gpt-5-mini-2025-08-07",
            {"input_uncached": "0.25", "cache_read": "0.025", "output": "2"},
        ),
        ("litellm/2026-11-17", "sonar-pro", {"input_uncached": "3", "output": "15", "requests": "6"}),
    ],
)
def test_one_model_of_litellm(name, model, expected):
    found = usd(litellm_of(name), model=model, channel="api", service_tier="standard")
    assert found == {(meter, 0): Decimal(amount) for meter, amount in expected.items()}


def test_litellm_prices_by_hour_by_region_and_by_prompt():
    parsed = litellm_of("litellm/2026-11-17")
    deepseek = parsed.rows.filter(provider="deepseek", model="deepseek-v4-pro", meter="output")
    assert set(deepseek.select("time_window", "usd_per_unit").rows()) == {
        ("always", Decimal("1.98")),
        ("mon-fri 01:00-04:00,06:00-10:00", Decimal("3.96")),
    }
    azure = {"channel": "azure", "model": "gpt-5.5-2026-04-24", "service_tier": "batch", "meter": "output"}
    assert usd(parsed, region="us", **azure) == {("output", 0): Decimal("16.5"), ("output", 272_001): Decimal("24.75")}
    grok = usd(parsed, provider="xai", channel="api", model="grok-4.3", service_tier="batch", meter="input_uncached")
    assert grok == {("input_uncached", 0): Decimal(1), ("input_uncached", 200_000): Decimal(2)}
    haiku = usd(parsed, channel="bedrock", region="us", model="claude-haiku-4-5-20251001", service_tier="standard")
    assert haiku["input_uncached", 0] == Decimal("1.1")


def test_genai_prices():
    parsed = genai_prices.parse((FEEDS / "genai-prices" / "data_v2.json").read_bytes())
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height == 3812
    assert Counter(parsed.rejects["reason"]) == {
        "no id as used in requests, or of an unknown maker": 184,
        "more than 6 decimals": 7,
        "no meter for this key": 6,
        "no price, and the id does not say that it is free": 6,
    }
    opus = parsed.rows.filter(channel="api", model="claude-opus-4-6", meter="input_uncached", context_from=200_001)
    starts = opus.select(pl.col("effective_from").cast(pl.String).str.slice(0, 10), "usd_per_unit").rows()
    assert starts == [(None, Decimal(10)), ("2026-03-13", Decimal(5))]
    chat = parsed.rows.filter(channel="api", model="deepseek-chat", meter="output")
    assert set(chat.select("time_window", "usd_per_unit").rows()) == {
        ("always", Decimal("0.55")),
        ("mon-sun 00:30-16:30", Decimal("1.1")),
    }
    assert usd(parsed, model="sonar-pro", channel="api")["requests", 0] == Decimal(14)


def test_llm_prices_of_every_vendor():
    files = sorted((FEEDS / "llm-prices").glob("*.json"))
    parsed = [llm_prices.parse(path.read_bytes()) for path in files]
    rejects = Counter(reason for one in parsed for reason in one.rejects["reason"])
    assert rejects.pop("a price of long prompts, not a model") == 27
    # grok-4-fast stands there twice, once for prompts up to 128k and once for all.
    assert list(rejects.values()) == [2, 2, 2]
    assert sum(one.rows.height for one in parsed) == 306 - 6
    assert all(TokenPriceObservation.validate(one.rows).height for one in parsed)
    # The site publishes the same records in one list.
    records = [
        {"vendor": vendor["vendor"], "id": model["id"], "name": model["name"], **record}
        for vendor in (json.loads(path.read_bytes()) for path in files)
        for model in vendor["models"]
        for record in model["price_history"]
    ]
    whole = llm_prices.parse(json.dumps({"prices": records}).encode())
    assert whole.rows.height == 306 - 6
    luna = whole.rows.filter(model="gpt-5.6-luna", meter="output")
    starts = luna.select(pl.col("effective_from").cast(pl.String).str.slice(0, 10), "usd_per_unit").rows()
    assert starts == [(None, Decimal(6)), ("2026-07-30", Decimal("1.2"))]
