"""The price parsers on whole pages and feeds as they were published; counts and figures were read from the pages."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.feeds import litellm
from pipelines.sources.llm_prices import anthropic, openai
from pipelines.sources.parsed import Parsed

SHARED = Path(__file__).parents[2].parent / "shared"
PAGES = SHARED / "pages" / "llm_prices"
FEEDS = sorted((SHARED / "feeds" / "litellm").glob("*.json"))

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the captures in ../shared are absent")

Key = tuple[str, str, str, int]


def prices(parsed: Parsed) -> dict[Key, Decimal]:
    columns = parsed.rows.select("model", "meter", "service_tier", "context_from", "usd_per_unit").rows()
    return {row[:4]: row[4] for row in columns}


def assert_prices(parsed: Parsed, expected: dict[Key, str]) -> None:
    found = prices(parsed)
    assert {key: found.get(key) for key in expected} == {key: Decimal(usd) for key, usd in expected.items()}
    assert TokenPriceObservation.validate(parsed.rows).height == len(found)


def test_anthropic_html():
    parsed = anthropic.parse((PAGES / "anthropic_2026-04-26.html").read_bytes())
    # 13 models x 5 meters, 13 x 2 batch, 2 fast, 1 fee: the page holds 93 cells "$n / MTok".
    assert (parsed.rows.height, parsed.rejects.height) == (13 * 5 + 13 * 2 + 2 + 1, 0)
    expected = {
        ("claude-opus-4-7", "input_uncached", "standard", 0): "5",
        ("claude-opus-4-6", "cache_write_5m", "standard", 0): "6.25",
        ("claude-opus-4-5", "cache_write_1h", "standard", 0): "10",
        ("claude-opus-4-1", "output", "standard", 0): "75",
        ("claude-opus-4", "cache_read", "standard", 0): "1.50",
        ("claude-sonnet-4-6", "output", "standard", 0): "15",
        ("claude-3-7-sonnet", "cache_write_5m", "standard", 0): "3.75",
        ("claude-haiku-4-5", "cache_read", "standard", 0): "0.10",
        ("claude-3-5-haiku", "cache_write_1h", "standard", 0): "1.6",
        ("claude-3-opus", "input_uncached", "standard", 0): "15",
        ("claude-3-haiku", "cache_write_5m", "standard", 0): "0.30",
        ("claude-3-haiku", "input_uncached", "batch", 0): "0.125",
        ("claude-haiku-4-5", "output", "batch", 0): "2.50",
        ("claude-opus-4-6", "input_uncached", "fast", 0): "30",
        ("claude-opus-4-6", "output", "fast", 0): "150",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)


def test_anthropic_markdown():
    parsed = anthropic.parse((PAGES / "anthropic_2026-01-31.md").read_bytes())
    # 10 models x 5 meters, 10 x 2 batch, 2 models x 2 long context, 1 fee. The capture holds the page twice.
    assert (parsed.rows.height, parsed.rejects.height) == (10 * 5 + 10 * 2 + 4 + 1, 0)
    expected = {
        ("claude-opus-4-5", "input_uncached", "standard", 0): "5",
        ("claude-sonnet-4-5", "input_uncached", "standard", 0): "3",
        ("claude-sonnet-4-5", "input_uncached", "standard", 200_001): "6",
        ("claude-sonnet-4", "output", "standard", 200_001): "22.50",
        ("claude-3-5-haiku", "input_uncached", "standard", 0): "0.80",
        ("claude-3-haiku", "output", "batch", 0): "0.625",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)


def test_openai_html():
    parsed = openai.parse((PAGES / "openai_2026-04-27.html").read_bytes())
    # Cells with a price in the props: text 103 + 89 + 37 + 44, modalities 58 + 27 + 27, categories 55 + 6 + 15;
    # 26 long context cells in the rendered tables, 1 fee. Refused: two prices per million characters.
    assert parsed.rows.height == 103 + 89 + 37 + 44 + 58 + 27 + 27 + 55 + 6 + 15 + 26 + 1
    assert parsed.rejects["raw_text"].to_list() == ["$15.00 / 1M characters", "$30.00 / 1M characters"]
    expected = {
        ("gpt-5.5", "input_uncached", "standard", 0): "5",
        ("gpt-5.5", "output", "standard", 272_001): "45",
        ("gpt-5.5", "cache_read", "batch", 272_001): "0.5",
        ("gpt-5.5-pro", "input_uncached", "standard", 272_001): "60",
        ("gpt-5.4", "cache_read", "batch", 0): "0.13",
        ("gpt-5-mini", "cache_read", "standard", 0): "0.025",
        ("o4-mini", "cache_read", "flex", 0): "0.138",
        ("gpt-4o-2024-05-13", "output", "priority", 0): "26.25",
        ("gpt-4-32k", "output", "standard", 0): "120",
        ("babbage-002", "input_uncached", "batch", 0): "0.2",
        ("gpt-realtime-1.5", "audio_output", "standard", 0): "64",
        ("gpt-realtime-mini", "image_input", "standard", 0): "0.8",
        ("gpt-image-1.5", "cache_read", "batch", 0): "0.63",
        ("gpt-image-2", "image_output", "standard", 0): "30",
        ("gpt-5.1-codex-max", "output", "priority", 0): "20",
        ("o3-deep-research", "input_uncached", "batch", 0): "5",
        ("gpt-4o-mini-search-preview", "output", "standard", 0): "0.60",
        ("text-embedding-3-large", "input_uncached", "standard", 0): "0.13",
        ("omni-moderation-latest", "input_uncached", "standard", 0): "0",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.stem)
def test_litellm_on_every_date(path):
    parsed = litellm.parse(path.read_bytes())
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height > 100
    assert set(parsed.rows["provider"]) == {"openai", "anthropic"}
    assert set(parsed.rejects["reason"]) <= {
        "the feed prints 0 for unknown too",
        "no meter or service tier of openai for this key",
        "the key names a route to another platform, not a model",
    }


def test_litellm_prices_of_one_model():
    parsed = litellm.parse((SHARED / "feeds" / "litellm" / "2025-08-18.json").read_bytes())
    mini = parsed.rows.filter(pl.col("model") == "gpt-5-mini-2025-08-07")
    assert {row["meter"]: row["usd_per_unit"] for row in mini.to_dicts()} == {
        "input_uncached": Decimal("0.25"),
        "cache_read": Decimal("0.025"),
        "output": Decimal("2.00"),
    }
