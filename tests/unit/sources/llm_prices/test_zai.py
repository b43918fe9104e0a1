"""Z.ai's price page; figures are those of the page in August and September 2026."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.zai import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "llm_prices" / "zai.md").read_bytes()


def prices(rows: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {
        (model, meter): str(usd.normalize())
        for model, meter, usd in rows.select("model", "meter", "usd_per_unit").rows()
    }


def test_every_price_of_the_page():
    parsed = parse(PAGE)
    assert {key: Decimal(usd) for key, usd in prices(parsed.rows).items()} == {
        ("glm-5.3-flash", "input_uncached"): Decimal("0.075"),
        ("glm-5.3-flash", "cache_read"): Decimal("0.015"),
        ("glm-5.3-flash", "output"): Decimal("0.25"),
        ("glm-5.3", "input_uncached"): Decimal("1.4"),
        ("glm-5.3", "cache_read"): Decimal("0.26"),
        ("glm-5.3", "output"): Decimal("4.4"),
        ("glm-5-turbo", "input_uncached"): Decimal("1.2"),
        ("glm-5-turbo", "cache_read"): Decimal("0.24"),
        ("glm-5-turbo", "output"): Decimal("4"),
        ("glm-4-32b-0414-128k", "input_uncached"): Decimal("0.1"),
        ("glm-4-32b-0414-128k", "output"): Decimal("0.1"),
        ("glm-4.7-flash", "input_uncached"): Decimal(0),
        ("glm-4.7-flash", "cache_read"): Decimal(0),
        ("glm-4.7-flash", "output"): Decimal(0),
        ("glm-ocr", "input_uncached"): Decimal("0.03"),
        ("glm-ocr", "output"): Decimal("0.03"),
        ("glm-4.6v-flashx", "input_uncached"): Decimal("0.04"),
        ("glm-4.6v-flashx", "cache_read"): Decimal("0.004"),
        ("glm-4.6v-flashx", "output"): Decimal("0.4"),
        ("*", "web_searches"): Decimal(10),
    }
    assert TokenPriceObservation.validate(parsed.rows)["provider"].unique().to_list() == ["zai"]
    assert parsed.rejects["place"].to_list() == ["Image Generation Models", "Audio Models"]


def test_the_struck_through_price_is_no_part_of_what_is_read():
    flash = parse(PAGE).rows.filter(model="glm-5.3-flash", meter="output")
    assert flash["printed"].to_list() == ["$0.25"]


@pytest.mark.parametrize("tag", ["del", "s", "DEL"])
def test_a_list_price_in_a_tag_is_no_price(tag):
    page = PAGE.replace(rb"~~\$0.15~~ ", rf"<{tag}>\$0.15</{tag}> ".encode())
    assert prices(parse(page).rows)["glm-5.3-flash", "input_uncached"] == "0.075"


def test_the_html_form_of_a_table():
    cells = ["GLM-4.6", '<del class="old">$0.6</del> $0.4', "$0.11", "Limited-time Free", "$2.2"]
    heads = ["Model", "Input", "Cached Input", "Cached Input Storage", "Output"]
    page = (
        "<!DOCTYPE html><html><body><p>Prices per 1M tokens.</p><table><thead><tr>"
        + "".join(f"<th>{head}</th>" for head in heads)
        + "</tr></thead><tbody><tr>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr></tbody></table></body></html>"
    )
    assert prices(parse(page.encode()).rows) == {
        ("glm-4.6", "input_uncached"): "0.4",
        ("glm-4.6", "cache_read"): "0.11",
        ("glm-4.6", "output"): "2.2",
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (rb"| \$1.2  |", rb"| \$1.2 \$1.1 |", "not exactly one price in USD"),
        (rb"| \$1.2  |", "| ¥1.2 |".encode(), "not exactly one price in USD"),
        (b"GLM-5-Turbo", b"CogView-4", "the name is not of the form of a model id"),
        (rb"\$0.24       | Limited-time Free", rb"\$0.24 | \$0.01", "no meter counts the storage of cached input"),
        (rb"\$0.01 / use", rb"\$0.01 / minute", "not the fee of a known tool per use"),
        (rb"| \$4.0  |", rb"| \$4.0  | x |", "the row does not fit the headers"),
    ],
)
def test_what_is_not_understood_is_refused(old, new, reason):
    assert reason in parse(PAGE.replace(old, new)).rejects["reason"].to_list()


def test_two_prices_of_one_model_are_both_refused():
    parsed = parse(PAGE.replace(rb"| GLM-5.3             | \$1.4 ", rb"| GLM-5.3             | \$9.9 "))
    assert ("glm-5.3", "input_uncached") not in prices(parsed.rows)
    assert parsed.rejects["reason"].str.starts_with("different prices for zai").sum() == 2


@pytest.mark.parametrize("body", [b"", b"<html>Just a moment...</html>", PAGE.replace(b"per 1M", b"per 1K")])
def test_another_page_raises(body):
    with pytest.raises(ParseError, match="does not say 'Prices per 1M tokens'"):
        parse(body)


def test_a_page_without_its_tables_raises():
    with pytest.raises(ParseError, match="no row"):
        parse(b"# Pricing\n\nPrices per 1M tokens.\n")
