"""xAI's pricing page; figures are those of the page in 2026 (and of grok-4-0709 in 2025)."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.xai import model_and_context, parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "llm_prices" / "xai.md").read_bytes()
METERS = ("input_uncached", "cache_read", "output")
STANDARD = {
    ("grok-4.7", 0): ("2.00", "0.50", "6.00"),
    ("grok-4.7", 200_000): ("4.00", "1.00", "12.00"),
    ("grok-4.3", 0): ("1.25", "0.20", "2.50"),
    ("grok-4.3", 200_000): ("2.50", "0.40", "5.00"),
    ("grok-4-0709", 0): ("3.00", "0.75", "15.00"),
}


def prices(rows: pl.DataFrame, tier: str, region: str = "global") -> dict[tuple[str, int], tuple[Decimal, ...]]:
    rows = rows.filter(pl.col("service_tier") == tier, pl.col("region") == region, pl.col("unit") == "mtok")
    found = {(row["model"], row["context_from"], row["meter"]): row["usd_per_unit"] for row in rows.to_dicts()}
    keys = {(model, start) for model, start, _ in found}
    return {key: tuple(found[(*key, meter)] for meter in METERS) for key in keys}


def decimals(table: dict[tuple[str, int], tuple[str, ...]]) -> dict[tuple[str, int], tuple[Decimal, ...]]:
    return {key: tuple(Decimal(usd) for usd in figures) for key, figures in table.items()}


def test_every_price_of_the_page():
    parsed = parse(PAGE)
    assert prices(parsed.rows, "standard") == decimals(STANDARD)
    batch = STANDARD | {("grok-4.3", 0): ("1", "0.16", "2"), ("grok-4.3", 200_000): ("2", "0.32", "4")}
    assert prices(parsed.rows, "batch") == decimals(batch)
    priority = {
        ("grok-4.7", 0): ("4", "1", "12"),
        ("grok-4.7", 200_000): ("8", "2", "24"),
        ("grok-4.3", 0): ("2.5", "0.4", "5"),
        ("grok-4.3", 200_000): ("5", "0.8", "10"),
        ("grok-4-0709", 0): ("6", "1.5", "30"),
    }
    assert prices(parsed.rows, "priority") == decimals(priority)
    us = {
        ("grok-4.7", 0): ("2.20", "0.55", "6.60"),
        ("grok-4.7", 200_000): ("4.40", "1.10", "13.20"),
        ("grok-4-0709", 0): ("3.3", "0.825", "16.5"),
    }
    assert prices(parsed.rows, "standard", "us") == decimals(us)
    assert TokenPriceObservation.validate(parsed.rows).height == 15 * 3 + 9 + 1


def test_derived_rows_name_the_rule_and_the_printed_price():
    rows = parse(PAGE).rows.filter(pl.col("meter") == "cache_read", pl.col("context_from") == 0)
    printed = {(r["model"], r["service_tier"], r["region"]): (r["basis"], r["printed"]) for r in rows.to_dicts()}
    assert printed["grok-4.3", "batch", "global"] == ("derived", "20% off standard rates: $0.20")
    assert printed["grok-4.7", "batch", "global"] == ("derived", "no batch discount: $0.50")
    assert printed["grok-4.7", "priority", "global"] == ("derived", "2x standard rates: $0.50")
    assert printed["grok-4.7", "standard", "us"] == ("derived", "1.1x standard rates: $0.50")
    assert printed["grok-4.7", "standard", "global"] == ("printed", "$0.50")


def test_the_boundary_belongs_to_the_long_context():
    rows = parse(PAGE).rows.filter(pl.col("model") == "grok-4.7")
    assert set(rows.select("context_from", "context_to").rows()) == {(0, 200_000), (200_000, None)}
    assert model_and_context("grok-4-0709") == ("grok-4-0709", 0, None)


def test_the_search_fee_and_the_fees_without_a_meter():
    parsed = parse(PAGE)
    fee = parsed.rows.filter(pl.col("meter") == "web_searches").row(0, named=True)
    assert (fee["model"], fee["usd_per_unit"], fee["unit"]) == ("*", 5, "thousand_calls")
    expected = ("Tool Invocation Costs: File Attachments", "$10", "no meter for calls of this tool")
    assert parsed.rejects.rows() == [expected]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "grok-4.7 (> 200k prompt tokens)",
        "grok-4.7 (\u2265 200k tokens)",
        "Grok 4.7",
        "grok-4.7 (< 200k prompt tokens) (new)",
        "gpt-5",
    ],
)
def test_other_names_are_refused(name):
    assert model_and_context(name) is None


@pytest.mark.parametrize(
    ("right", "wrong", "gone", "reason"),
    [
        (
            "all token types \u2014 input tokens",
            "input tokens",
            "batch",
            "does not say which tokens the discount is for",
        ),
        ("**2x** standard rates", "**2x** global rates", "priority", "no multiplier of standard rates"),
        ("The 2x multiplier applies", "The 3x multiplier applies", "priority", "no multiplier of standard rates"),
        ("including long-context rates", "up to 200k", "us", "no multiplier of standard rates"),
        ("`grok-4.7` and `grok-4-0709` only", "most models", "us", "does not name the models"),
    ],
)
def test_a_rule_that_is_not_stated_in_full_gives_no_price(right, wrong, gone, reason):
    assert right in PAGE.decode()
    parsed = parse(PAGE.decode().replace(right, wrong).encode())
    assert gone not in {*parsed.rows["service_tier"], *parsed.rows["region"]}
    assert any(reason in text for text in parsed.rejects["reason"])


def test_models_without_a_discount_have_a_batch_price_only_if_the_page_says_so():
    rows = parse(PAGE.replace(b"Models not listed above have no batch discount.", b"")).rows
    assert set(rows.filter(pl.col("service_tier") == "batch")["model"]) == {"grok-4.3"}


def test_each_discount_holds_for_the_models_below_it():
    lists = b"- grok-4.3\n\n**50% off standard rates**\n\n* grok-4-0709"
    batch = prices(parse(PAGE.replace(b"- grok-4.3", lists)).rows, "batch")
    assert batch["grok-4.3", 0][0] == 1
    assert batch["grok-4-0709", 0] == (Decimal("1.5"), Decimal("0.375"), Decimal("7.5"))


@pytest.mark.parametrize(
    ("lists", "reason"),
    [
        ("- grok-4.3\n\n**50% off standard rates**\n\n- grok-4.3", "one model under several discounts: [20, 50]"),
        ("- grok-4.3 (until May)", "not a model under a known discount"),
        ("- grok-4-0709\n\n**Half off**\n\n- grok-4.3", "not a model under a known discount"),
    ],
)
def test_a_list_that_is_not_read_in_full_leaves_nobody_without_a_discount(lists, reason):
    parsed = parse(PAGE.replace(b"- grok-4.3", lists.encode()))
    batch = prices(parsed.rows, "batch")
    assert not {("grok-4.3", 0), ("grok-4.7", 0)} & set(batch)
    assert reason in parsed.rejects["reason"].to_list()


def test_rules_for_models_without_a_price_are_told():
    parsed = parse(PAGE.replace(b"- grok-4.3\n", b"- grok-4.3\n- grok-9\n"))
    assert ("Batch API Pricing", "grok-9", "a rule for a model without a price") in parsed.rejects.rows()


@pytest.mark.parametrize("cell", ["NaN", "free", "$1.25 to $2", "-1e9", "$1,5"])
def test_a_cell_that_is_not_exactly_a_price_is_refused(cell):
    parsed = parse(PAGE.replace(b"$1.25", cell.encode()))
    assert parsed.rejects.filter(pl.col("reason") == "not exactly a price")["raw_text"].to_list() == [cell]
    assert parsed.rows.filter(pl.col("model") == "grok-4.3", pl.col("context_from") == 0)["meter"].n_unique() == 2


def test_a_price_table_of_no_known_kind_is_refused_whole():
    table = b"\n### Imagine API Pricing\n\n| Model | Price |\n|---|---|\n| grok-imagine-image | $0.02 |\n"
    parsed = parse(PAGE + table)
    assert parsed.rows.equals(parse(PAGE).rows)
    assert "a price table of no known kind" in parsed.rejects["reason"].to_list()


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<html></html>", b"| " * 5000, PAGE[:100]])
def test_other_bodies_raise(body):
    with pytest.raises(ParseError):
        parse(body)


def test_renamed_headers_raise_and_are_named():
    with pytest.raises(ParseError, match=r"found: Model \| Context \| Input / 1K tokens"):
        parse(PAGE.replace(b"Input / 1M tokens", b"Input / 1K tokens"))


READER = """### Chat API

| Model | Context | Input | Output |  |
| --- | --- | --- | --- | --- |
| grok-4.3 | 1M | $1.25 | $2.50 |  |

{}

| Tool | Description | Cost / 1k Calls | Tool Name |
| --- | --- | --- | --- |
| [Web Search](https://x) | Search | $5 / 1k calls | `web_search` |
"""


def test_a_table_of_early_2026_is_per_million_tokens_only_if_the_page_says_so():
    rows = parse(READER.format("Prices shown per million tokens").encode()).rows
    assert {(meter, f"{usd.normalize():f}") for meter, usd in rows.select("meter", "usd_per_unit").rows()} == {
        ("input_uncached", "1.25"),
        ("output", "2.5"),
        ("web_searches", "5"),
    }
    with pytest.raises(ParseError):
        parse(READER.format("").encode())
