"""Whatever stands on a page, its rows and rejects can be stored: a value that no column can hold costs its row."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.raw import SourceReject
from pipelines.sources.llm_prices import groq
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, price_or_none

HEADINGLESS = b"""
| AI Model | Speed Factor | Price (Per Hour Transcribed) |
|---|---|---|
| Whisper | 217x | $0.111 |

| Model | Uncached Input Tokens (Per M Tokens) | Cached Input Tokens (Per M Tokens) | Output Tokens (Per M Tokens) |
|---|---|---|---|
| openai/gpt-oss-20b | $0.10 | $0.05 | $0.50 |
"""


def stored(parsed: Parsed) -> pl.DataFrame:
    """Its rejects as they are stored, validated."""
    rows = parsed.rejects.with_columns(fetch_id=pl.lit("f"), source=pl.lit("s"))
    return SourceReject.validate(rows.select(SourceReject.column_names()))


def with_model(*models, usd=Decimal(1)):
    return [Price("place", "p", model, "output", usd, "$1") for model in models]


def test_a_row_without_heading_is_one_reject():
    parsed = groq.parse(HEADINGLESS)
    assert parsed.rows.height == 3
    assert stored(parsed).select("place", "reason").rows() == [
        ("somewhere on the page", "a price table of no known kind")
    ]


@pytest.mark.parametrize("text", ["", "\ud83d", "x" * 5_000, "\u20ac" * 400, "a\ud800b"])
def test_any_text_makes_a_reject_that_can_be_stored(text):
    collector = new_collector()
    collector.reject(text, text, text)
    (row,) = stored(parsed_prices(with_model("m"), collector)).rows(named=True)
    assert row["place"]
    assert row["reason"]
    assert len(row["raw_text"].encode()) <= 500


@pytest.mark.parametrize(
    "odd",
    [
        with_model("half \ud800 a character"),
        with_model("too small", usd=Decimal("1e-400")),
        with_model("too many decimals", usd=Decimal("1." + "0" * 50)),
        with_model("too large", usd=Decimal("1e60")),
    ],
    ids=["text", "1e-400", "decimals", "1e60"],
)
def test_a_value_that_no_column_can_hold_costs_its_row_only(odd):
    collector = new_collector()
    for price in [*with_model("good"), *odd]:
        collector.add(**{name: value for name, value in vars(price).items() if name != "place"}, currency="USD")
    parsed = collector.parsed()
    assert parsed.rows["model"].to_list()[:1] == ["good"]
    assert parsed.rows.height + stored(parsed).height == 2


def test_a_page_of_such_values_only_yields_nothing():
    collector = new_collector()
    collector.add(model="\ud800")
    with pytest.raises(ParseError, match="the page yields no row"):
        collector.parsed()


@pytest.mark.parametrize(("text", "usd"), [("0.2", "0.2"), ("0", "0"), ("10", "10"), ("02", None), ("00.2", None)])
def test_a_figure_that_lost_its_point_is_no_price(text, usd):
    assert price_or_none(text) == (None if usd is None else Decimal(usd))
