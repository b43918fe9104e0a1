"""Perplexity's pricing page in both forms; figures are those of the page in 2026."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.meters import UNIT_SIZES
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.perplexity import parse
from pipelines.sources.parsed import ParseError

PAGES = Path(__file__).parents[3] / "pages" / "llm_prices"
HTML = (PAGES / "perplexity.html").read_bytes()
MARKDOWN = (PAGES / "perplexity.md").read_bytes()
BOT_WALL = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>Checking</h1></body></html>"


def prices(rows: pl.DataFrame) -> dict[tuple[str, str], tuple[Decimal, str]]:
    columns = rows.select("model", "meter", "usd_per_unit", "unit").rows()
    return {(model, meter): (usd, unit) for model, meter, usd, unit in columns}


def test_every_price_of_the_markdown_page():
    parsed = parse(MARKDOWN)
    assert prices(parsed.rows) == {
        ("sonar", "input_uncached"): (Decimal(1), "mtok"),
        ("sonar", "output"): (Decimal(1), "mtok"),
        ("sonar", "requests"): (Decimal(5), "thousand_calls"),
        ("sonar-pro", "input_uncached"): (Decimal(3), "mtok"),
        ("sonar-pro", "output"): (Decimal(15), "mtok"),
        ("sonar-pro", "requests"): (Decimal(6), "thousand_calls"),
        ("sonar-deep-research", "input_uncached"): (Decimal(2), "mtok"),
        ("sonar-deep-research", "output"): (Decimal(8), "mtok"),
        ("sonar-deep-research", "reasoning_output"): (Decimal(3), "mtok"),
        ("sonar-deep-research", "web_searches"): (Decimal(5), "thousand_calls"),
        ("pplx-embed-v1-0.6b", "input_uncached"): (Decimal("0.004"), "mtok"),
    }
    assert TokenPriceObservation.validate(parsed.rows)["provider"].unique().to_list() == ["perplexity"]


@pytest.mark.parametrize("body", [MARKDOWN, HTML])
def test_one_sonar_pro_request_costs_what_the_page_says(body):
    """1,000 tokens in, 500 out, low context: 0.003 + 0.0075 + 0.006."""
    priced = prices(parse(body).rows)
    usage = {"input_uncached": 1_000, "output": 500, "requests": 1}
    cost = sum(
        count * priced["sonar-pro", meter][0] / UNIT_SIZES[priced["sonar-pro", meter][1]]
        for meter, count in usage.items()
    )
    assert cost == Decimal("0.0165")


def test_what_no_meter_counts_is_refused_visibly():
    rejects = parse(MARKDOWN).rejects
    by_text = dict(rejects.select("raw_text", "reason").rows())
    size, tokens = "no meter for this search context size", "no meter for citation tokens"
    assert {text: reason for text, reason in by_text.items() if reason == size} == {
        "Medium Context Size: $8": size,
        "High Context Size: $12": size,
        "Medium Context Size: $10": size,
        "High Context Size: $14": size,
    }
    assert by_text["Citation Tokens ($/1M): $2"] == tokens
    # The Agent API's tools and Pro Search; the worked example is left out on purpose.
    assert rejects.filter(pl.col("reason") == "a price table of no known kind").height == 2
    assert rejects.height == 7


@pytest.mark.parametrize(
    ("old", "new", "lacking"),
    [
        (b"Low Context Size", b"Small Context Size", "no table of request fees"),
        (b"**Low**: (default)", b"**Low**:", "no statement that low is the default size"),
        (b"**1000 requests**", b"**request**", "no words 'for every 1000 requests'"),
        (b"Output Tokens", b"Tokens", "no token table"),
    ],
)
def test_a_page_without_the_fees_or_their_meaning_raises(old, new, lacking):
    with pytest.raises(ParseError, match=lacking):
        parse(MARKDOWN.replace(old, new))


def test_an_unknown_model_name_is_refused():
    parsed = parse(MARKDOWN.replace(b"**Sonar Pro**", b"**Sonar Max**"))
    assert "sonar-pro" not in parsed.rows["model"].to_list()
    assert parsed.rejects.filter(pl.col("reason") == "no model id is known for this name").height == 2


@pytest.mark.parametrize("cell", ["$NaN", "from $3", "$3 / 1M", "$1,5"])
def test_a_cell_that_is_not_exactly_a_price_is_refused(cell):
    parsed = parse(HTML.replace(b"<td>$3</td>", f"<td>{cell}</td>".encode()))
    assert ("sonar-pro", "input_uncached") not in prices(parsed.rows)
    assert f"Input Tokens ($/1M): {cell}" in parsed.rejects["raw_text"].to_list()


@pytest.mark.parametrize("body", [b"", b"\x00\xff", BOT_WALL, b"<div>" * 5000, MARKDOWN[:900]])
def test_other_bodies_raise(body):
    with pytest.raises(ParseError):
        parse(body)
