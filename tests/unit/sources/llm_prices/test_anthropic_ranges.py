"""Anthropic's tables of prices by prompt size in the forms of 2026-01 to 2026-03; figures are those of the pages."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.sources.llm_prices.anthropic import parse

MARKDOWN = (Path(__file__).parents[3] / "pages" / "llm_prices" / "anthropic.md").read_bytes().decode()
LONG = "### Long context pricing"
BY_MODEL = """
| Model | \u2264 200K input tokens | > 200K input tokens |
| --- | --- | --- |
| Claude Sonnet 4.5 / 4 | Input: $3 / MTok | Input: $6 / MTok |
|  | Output: $15 / MTok | Output: $22.50 / MTok |
"""
BY_COLUMN = """
| Model | <= 200k input tokens Input | <= 200k input tokens Output | > 200k input tokens Input | > 200k input tokens Output |
| --- | --- | --- | --- | --- |
| Claude Sonnet 4.5 / 4 | $3 / MTok | $15 / MTok | $6 / MTok | $22.50 / MTok |
"""  # noqa: E501 - a row of the page
MODELS = """# Pricing

## Model pricing

| Model | Base Input Tokens | 5m Cache Writes | 1h Cache Writes | Cache Hits & Refreshes | Output Tokens |
| --- | --- | --- | --- | --- | --- |
| Claude Opus 4.6 | $5 / MTok | $6.25 / MTok | $10 / MTok | $0.50 / MTok | $25 / MTok |
| Claude Sonnet 4.5 | $3 / MTok | $3.75 / MTok | $6 / MTok | $0.30 / MTok | $15 / MTok |
| Claude Sonnet 4 | $3 / MTok | $3.75 / MTok | $6 / MTok | $0.30 / MTok | $15 / MTok |
"""


def long_of(text: str, tier: str = "standard") -> dict[tuple[str, str], Decimal]:
    rows = parse(text.encode()).rows.filter(pl.col("context_from") == 200_001, service_tier=tier)
    return dict(zip(rows.select("model", "meter").iter_rows(), rows["usd_per_unit"], strict=True))


@pytest.mark.parametrize("table", [BY_MODEL, BY_COLUMN])
@pytest.mark.parametrize("heading", [LONG, "## Long context", "### 1M tokens"])
def test_long_prices_of_the_models_that_the_table_names(table, heading):
    text = f"{MODELS}\n{heading}\n{table}"
    assert long_of(text) == {
        ("claude-sonnet-4-5", "input_uncached"): Decimal(6),
        ("claude-sonnet-4-5", "output"): Decimal("22.50"),
        ("claude-sonnet-4", "input_uncached"): Decimal(6),
        ("claude-sonnet-4", "output"): Decimal("22.50"),
    }
    ends = parse(text.encode()).rows.filter(context_from=0, meter="output")
    assert dict(zip(ends["model"], ends["context_to"], strict=True)) == {
        "claude-opus-4-6": None,
        "claude-sonnet-4-5": 200_001,
        "claude-sonnet-4": 200_001,
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Input: $6 / MTok", "Output: $6 / MTok"),
        ("Input: $3 / MTok", "Input: $4 / MTok"),
        ("Claude Sonnet 4.5 / 4", "Claude Sonnet Next / 4"),
        ("> 200K input tokens", "above 200K input tokens"),
        ("> 200K input tokens", "> 400K input tokens"),
    ],
)
def test_what_cannot_be_read_leaves_no_base_price_open_to_long_prompts(old, new):
    parsed = parse(f"{MODELS}\n{LONG}\n{BY_MODEL.replace(old, new)}".encode())
    assert parsed.rejects.height
    base = parsed.rows.filter(model="claude-sonnet-4", context_from=0, meter="input_uncached")
    is_named_once = "400K" not in new
    assert base["context_to"].to_list() == ([200_001] if is_named_once else [None])
    assert ("claude-sonnet-4-5", "input_uncached") not in long_of(MODELS + LONG + BY_MODEL.replace(old, new))


def test_fast_mode_by_context_window():
    fast = """
### Fast mode pricing

Fast mode for Claude Opus 4.6 is faster. Prompt caching multipliers apply on top of fast mode pricing.

| Context window | Input | Output |
| --- | --- | --- |
| \u2264 200K input tokens | $30 / MTok | $150 / MTok |
| > 200K input tokens | $60 / MTok | $225 / MTok |
"""
    assert long_of(MODELS + fast, "fast") == {
        ("claude-opus-4-6", "input_uncached"): Decimal(60),
        ("claude-opus-4-6", "output"): Decimal(225),
        ("claude-opus-4-6", "cache_write_5m"): Decimal(75),
        ("claude-opus-4-6", "cache_write_1h"): Decimal(120),
        ("claude-opus-4-6", "cache_read"): Decimal(6),
    }
    short = parse((MODELS + fast).encode()).rows.filter(service_tier="fast", context_from=0)
    assert set(short["context_to"]) == {200_001}
    odd = parse((MODELS + fast.replace("> 200K input", "over 200K of input")).encode())
    assert odd.rows.filter(service_tier="fast").is_empty()
    assert odd.rejects.height


def test_a_column_that_is_added_does_not_hide_the_others():
    lines = MODELS.splitlines()
    added = "\n".join(
        f"{line} 24h Cache Writes |"
        if "Base Input" in line
        else f"{line} {'---' if '| ---' in line else '$9 / MTok'} |"
        if line.startswith("|")
        else line
        for line in lines
    )
    parsed, plain = parse(added.encode()), parse(MODELS.encode())
    assert parsed.rows.equals(plain.rows)
    assert "24h Cache Writes" in parsed.rejects["raw_text"].to_list()


def test_a_base_price_ends_where_the_row_of_its_long_prompts_is_refused() -> None:
    rows = parse((MODELS + f"\n{LONG}\n" + BY_MODEL.replace("$6 ", "$6O ").replace("$22.50", "$22.5O")).encode()).rows
    ends = dict(rows.filter(pl.col("meter") == "input_uncached").select("model", "context_to").unique().rows())
    assert ends == {"claude-opus-4-6": None, "claude-sonnet-4-5": 200_001, "claude-sonnet-4": 200_001}
