"""AI21's pricing page; figures are those of the page in October 2026, the markup is composed."""

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.llm_prices.ai21 import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "llm_prices" / "ai21.html").read_bytes()
PRICES = {
    ("jamba-mini", "input_uncached"): Decimal("0.2"),
    ("jamba-mini", "output"): Decimal("0.4"),
    ("jamba-large", "input_uncached"): Decimal("2"),
    ("jamba-large", "output"): Decimal("8"),
}


def prices(body: bytes) -> dict[tuple[str, str], Decimal]:
    rows = TokenPriceObservation.validate(parse(body).rows)
    return {(model, meter): usd for model, meter, usd in rows.select("model", "meter", "usd_per_unit").rows()}


def test_every_price_of_the_page():
    assert prices(PAGE) == PRICES
    assert parse(PAGE).rejects.is_empty()


def test_a_page_that_shows_its_prices_twice():
    assert prices(PAGE.replace(b"</body>", PAGE + b"</body>")) == PRICES


def test_prices_in_headings():
    assert prices(PAGE.replace(b"<span>", b"<h4>").replace(b"</span>", b"</h4>")) == PRICES


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        (b"Jamba Mini", b"Jamba 3B", ["$0.2 / 1M input tokens", "$0.4 / 1M output tokens"]),
        (
            b"<div>$2 / 1M input",
            b"<h3>Enterprise</h3><div>$2 / 1M input",
            ["$2 / 1M input tokens", "$8 / 1M output tokens"],
        ),
        (b"$2 / 1M input tokens", b"$2 / 1K input tokens", ["$2 / 1K input tokens"]),
        (b"$2 / 1M input tokens", b"$2 / 1M tokens", ["$2 / 1M tokens"]),
        (b"$2 / 1M input", b"$2.2.2 / 1M input", ["$2.2.2 / 1M input tokens"]),
        (b"$2 / 1M input", b"$2-$99 / 1M input", ["$2-$99 / 1M input tokens $8 / 1M output tokens"]),
        (b"$2 / 1M input", b"$0,125 / 1M input", ["$0,125 / 1M input tokens"]),
    ],
)
def test_what_is_not_understood_is_refused(old, new, refused):
    assert parse(PAGE.replace(old, new)).rejects["raw_text"].to_list() == refused


@pytest.mark.parametrize("body", [b"", b"<html>Just a moment...</html>", PAGE.replace(b"Jamba ", b"Mamba ")])
def test_another_page_raises(body):
    with pytest.raises(ParseError, match="no row"):
        parse(body)


@pytest.mark.parametrize(
    "hidden",
    [
        "<s>$9 / 1M input tokens</s>",
        "<span hidden>$9 / 1M input tokens</span>",
        '<span class="line-through">$9 / 1M input tokens</span>',
        '<p style="display:none">$9 / 1M input tokens</p>',
        "<!-- $9 / 1M input tokens -->",
    ],
)
def test_what_is_struck_or_hidden_beside_a_price_is_none(hidden):
    marked = PAGE.replace(b"<body>", f"<body><h3>Jamba Mini</h3>{hidden}".encode())
    assert marked != PAGE
    assert prices(marked) == PRICES
