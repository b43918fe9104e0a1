"""The price parsers on whole pages as they were published; counts and figures were read from the pages."""

import re
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices import anthropic, openai
from pipelines.sources.parsed import Parsed

SHARED = Path(__file__).parents[2].parent / "shared"
PAGES = SHARED / "pages" / "llm_prices"

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the captures in ../shared are absent")

Key = tuple[str, str, str, int]


def prices(parsed: Parsed, region: str = "global") -> dict[Key, Decimal]:
    rows = parsed.rows.filter(pl.col("region") == region)
    columns = rows.select("model", "meter", "service_tier", "context_from", "usd_per_unit").rows()
    assert len({row[:4] for row in columns}) == rows.height
    return {row[:4]: row[4] for row in columns}


def assert_prices(parsed: Parsed, expected: dict[Key, str], region: str = "global") -> None:
    found = prices(parsed, region)
    assert {key: found.get(key) for key in expected} == {key: Decimal(usd) for key, usd in expected.items()}
    assert TokenPriceObservation.validate(parsed.rows).height == parsed.rows.height


def cost(parsed: Parsed, model: str, service_tier: str, **tokens: int) -> Decimal:
    found = prices(parsed)
    return sum((found[model, meter, service_tier, 0] * count for meter, count in tokens.items()), Decimal()) / 1_000_000


def test_anthropic_html():
    parsed = anthropic.parse((PAGES / "anthropic_2026-04-26.html").read_bytes())
    # 13 models x 5 meters, 13 x 2 batch, 2 fast, 1 fee: the page holds 93 cells "$n / MTok". By rule: 3 cache meters
    # of 13 models in batch and of 1 in fast mode; 3 models from 4.6 on, US only: 5 meters in 2 tiers, and 1 in fast.
    printed, by_rule = 13 * 5 + 13 * 2 + 2 + 1, 13 * 3 + 3 + 3 * 5 * 2 + 5
    assert (parsed.rows.height, parsed.rejects.height) == (printed + by_rule, 0)
    assert parsed.rows.filter(pl.col("basis") == "printed").height == printed
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
        ("claude-opus-4-6", "cache_write_5m", "fast", 0): "37.5",
        ("claude-opus-4-6", "cache_write_1h", "fast", 0): "60",
        ("claude-opus-4-6", "cache_read", "fast", 0): "3",
        ("claude-haiku-4-5", "cache_write_5m", "batch", 0): "0.625",
        ("claude-opus-4-1", "cache_write_1h", "batch", 0): "15",
        ("claude-3-haiku", "cache_read", "batch", 0): "0.015",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)
    us_only = {
        ("claude-opus-4-7", "input_uncached", "standard", 0): "5.5",
        ("claude-sonnet-4-6", "cache_write_1h", "standard", 0): "6.6",
        ("claude-sonnet-4-6", "cache_read", "batch", 0): "0.165",
        ("claude-opus-4-7", "output", "batch", 0): "13.75",
        ("claude-opus-4-6", "output", "fast", 0): "165",
    }
    assert_prices(parsed, us_only, region="us")
    assert {key[0] for key in prices(parsed, "us")} == {"claude-opus-4-7", "claude-opus-4-6", "claude-sonnet-4-6"}


@pytest.mark.parametrize("name", ["anthropic_2026-04-26.html", "anthropic_2026-01-31.md"])
def test_anthropic_batch_and_cache_discounts_stack(name):
    parsed = anthropic.parse((PAGES / name).read_bytes())
    tokens = {"input_uncached": 1_000, "cache_read": 100_000, "output": 1_000}
    assert cost(parsed, "claude-sonnet-4-5", "batch", **tokens) == Decimal("0.024")


def test_anthropic_markdown():
    parsed = anthropic.parse((PAGES / "anthropic_2026-01-31.md").read_bytes())
    # 10 models x 5 meters, 10 x 2 batch, 2 models x 2 long context, 1 fee. The capture holds the page twice. By rule:
    # 3 cache meters of 10 models in batch; of 2 models with long context 3 cache meters, and all 5 in batch.
    printed, by_rule = 10 * 5 + 10 * 2 + 2 * 2 + 1, 10 * 3 + 2 * 3 + 2 * 5
    assert (parsed.rows.height, parsed.rejects.height) == (printed + by_rule, 0)
    assert parsed.rows.filter(pl.col("basis") == "printed").height == printed
    expected = {
        ("claude-opus-4-5", "input_uncached", "standard", 0): "5",
        ("claude-sonnet-4-5", "input_uncached", "standard", 0): "3",
        ("claude-sonnet-4-5", "input_uncached", "standard", 200_001): "6",
        ("claude-sonnet-4", "output", "standard", 200_001): "22.50",
        ("claude-3-5-haiku", "input_uncached", "standard", 0): "0.80",
        ("claude-3-haiku", "output", "batch", 0): "0.625",
        ("claude-3-opus", "cache_write_5m", "standard", 0): "18.75",
        ("claude-opus-4-1", "output", "batch", 0): "37.5",
        ("claude-haiku-4-5", "cache_read", "standard", 0): "0.1",
        ("claude-opus-4-5", "cache_read", "batch", 0): "0.25",
        ("claude-3-5-haiku", "cache_write_1h", "batch", 0): "0.8",
        ("claude-3-haiku", "cache_write_5m", "batch", 0): "0.15",
        ("claude-sonnet-4-5", "cache_write_5m", "standard", 200_001): "7.5",
        ("claude-sonnet-4", "cache_write_1h", "standard", 200_001): "12",
        ("claude-sonnet-4", "cache_read", "standard", 200_001): "0.6",
        ("claude-sonnet-4-5", "input_uncached", "batch", 200_001): "3",
        ("claude-sonnet-4", "output", "batch", 200_001): "11.25",
        ("claude-sonnet-4-5", "cache_write_5m", "batch", 200_001): "3.75",
        ("claude-sonnet-4-5", "cache_read", "batch", 200_001): "0.3",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)


def test_openai_html():
    parsed = openai.parse((PAGES / "openai_2026-04-27.html").read_bytes())
    # Cells with a price in the props: text 103 + 89 + 37 + 44, modalities 58 + 27 + 27, categories 55 + 6 + 15;
    # 26 long context cells in the rendered tables, 1 fee, fine-tuned 24 + 24. By rule: two regions for the prices of
    # the six models that the note names: 26 standard, 24 batch, 24 flex, 9 priority.
    printed = 103 + 89 + 37 + 44 + 58 + 27 + 27 + 55 + 6 + 15 + 26 + 1 + 24 + 24
    assert parsed.rows.height == printed + 2 * (26 + 24 + 24 + 9)
    assert parsed.rows.filter(pl.col("basis") == "printed").height == printed
    # Two prices per million characters, two search fees of unnamed models, two prices for shared data.
    assert parsed.rejects["raw_text"].str.slice(0, 39).to_list() == [
        "$15.00 / 1M characters",
        "$30.00 / 1M characters",
        "Web search preview (reasoning models, i",
        "Web search preview (non-reasoning model",
        "ft:o4-mini-2025-04-16\nwith data sharing",
        "ft:o4-mini-2025-04-16\nwith data sharing",
    ]
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
        ("gpt-4o-audio-preview", "audio_input", "standard", 0): "40",
        ("gpt-4o-audio-preview", "audio_output", "standard", 0): "80",
        ("gpt-realtime", "audio_cache_read", "standard", 0): "0.4",
        ("gpt-image-1", "image_output", "standard", 0): "40",
        ("gpt-image-1", "input_uncached", "standard", 0): "5",
        ("ft:gpt-4o-2024-08-06", "cache_read", "standard", 0): "1.875",
        ("ft:gpt-4o-2024-08-06", "input_uncached", "batch", 0): "2.225",
        ("ft:babbage-002", "output", "batch", 0): "0.9",
        ("*", "web_searches", "standard", 0): "10",
    }
    assert_prices(parsed, expected)


@pytest.mark.parametrize("region", ["us", "eu"])
def test_openai_regional_prices(region):
    parsed = openai.parse((PAGES / "openai_2026-04-27.html").read_bytes())
    expected = {
        ("gpt-5.5", "input_uncached", "standard", 0): "5.5",
        ("gpt-5.5", "output", "standard", 272_001): "49.5",
        ("gpt-5.4-nano", "cache_read", "standard", 0): "0.022",
        ("gpt-5.4-mini", "cache_read", "flex", 0): "0.04125",
        ("gpt-5.4-pro", "output", "batch", 272_001): "148.5",
        ("gpt-5.4", "output", "priority", 0): "33",
    }
    assert_prices(parsed, expected, region)
    named = {"gpt-5.5", "gpt-5.5-pro", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.4-pro"}
    assert {key[0] for key in prices(parsed, region)} == named


@pytest.mark.parametrize(
    ("model", "service_tier", "input_tokens", "output_tokens", "usd"),
    [
        ("gpt-4o", "batch", 1_000_000, 100_000, "1.75"),
        ("gpt-5", "flex", 1_000_000, 100_000, "1.125"),
        ("gpt-5", "priority", 1_000_000, 100_000, "4.5"),
        ("ft:gpt-4o-2024-08-06", "standard", 1_000_000, 1_000_000, "18.75"),
    ],
)
def test_openai_tiers_and_fine_tuned_models(model, service_tier, input_tokens, output_tokens, usd):
    parsed = openai.parse((PAGES / "openai_2026-04-27.html").read_bytes())
    tokens = {"input_uncached": input_tokens, "output": output_tokens}
    assert cost(parsed, model, service_tier, **tokens) == Decimal(usd)


@pytest.mark.parametrize(("name", "models"), [("openai_2026-04-03.md", 40), ("openai_2026-07-15.md", 45)])
def test_openai_components(name, models):
    body = (PAGES / name).read_bytes()
    parsed = openai.parse(body)
    # Each row of a component stands on a line of its own: its figures are counted by the digits between the commas.
    rows = re.findall(r'^ +\["[a-z][^"]*", (.+?)\],?$', body.decode(), re.MULTILINE)
    figures = sum(bool(re.fullmatch(r"[\d.]+", cell)) for row in rows for cell in row.split(", "))
    free = body.decode().count('"Free"')
    inline = 2  # computer-use-preview stands on the line of its group
    assert parsed.rows.filter(pl.col("basis") == "printed").height == figures + free + inline
    standard = parsed.rows.filter(pl.col("service_tier") == "standard", region="global", meter="output")
    assert standard.filter(pl.col("model").str.contains(r"^(?:gpt|o\d|davinci|babbage)")).height >= models
    assert parsed.rejects["place"].to_list()[:2] == ["Tools", "Specialized models"]
    expected = {
        ("gpt-5.4", "cache_read", "batch", 0): "0.13",
        ("gpt-4.1", "cache_read", "priority", 0): "0.875",
        ("o4-mini", "cache_read", "flex", 0): "0.138",
        ("o3-deep-research", "output", "standard", 0): "40",
        ("text-embedding-3-small", "input_uncached", "standard", 0): "0.02",
    }
    assert_prices(parsed, expected)
