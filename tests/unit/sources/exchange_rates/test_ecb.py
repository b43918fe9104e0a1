"""The ECB's file: real structure and figures of 2024-06-28, four currencies of thirty."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.schema.exchange_rates import ExchangeRateObservation
from pipelines.sources.exchange_rates.ecb import parse
from pipelines.sources.parsed import ParseError

PAGE = (Path(__file__).parents[3] / "pages" / "exchange_rates" / "ecb.xml").read_text()


def test_every_currency_in_dollars():
    """1.0705 / 171.94 = 0.00622600907, 1.0705 / 0.84638 = 1.26479831754, 1.0705 / 17487.21 = 0.0000612161689."""
    parsed = parse(PAGE.encode())
    ExchangeRateObservation.validate(parsed.rows)
    assert parsed.rows.select("currency", "usd_per_currency").rows() == [
        ("EUR", Decimal("1.0705")),
        ("JPY", Decimal("0.0062260091")),
        ("GBP", Decimal("1.2647983175")),
        ("IDR", Decimal("0.0000612162")),
    ]
    assert set(parsed.rows["rate_on"]) == {date(2024, 6, 28)}
    assert set(parsed.rows["effective_from"]) == {datetime(2024, 6, 28)}
    assert parsed.rows["printed"].to_list()[:2] == ["1 EUR = 1.0705 USD", "1 EUR = 1.0705 USD = 171.94 JPY"]


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1,5", "Infinity"])
def test_a_rate_that_is_none_is_refused_alone(rate):
    parsed = parse(PAGE.replace("171.94", rate).encode())
    assert parsed.rows["currency"].to_list() == ["EUR", "GBP", "IDR"]
    assert parsed.rejects.select("place", "raw_text").rows() == [("JPY", rate)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Maintenance</body></html>",
        PAGE[:-40],
        PAGE.replace("'USD'", "'USX'"),
        PAGE.replace("1.0705", "NaN"),
        PAGE.replace("'JPY'", "'GBP'"),
        PAGE.replace("2024-06-28", "yesterday"),
        PAGE.replace("<Cube time=", "<Cube time='2024-06-27'><Cube currency='USD' rate='1.07'/></Cube><Cube time="),
    ],
)
def test_a_body_that_is_not_the_file_of_one_day_is_an_error(body):
    with pytest.raises(ParseError):
        parse(body.encode())


def test_a_file_that_declares_entities_is_an_error():
    bomb = '<!DOCTYPE x [<!ENTITY usd "1.0705">]>' + PAGE.split("\n", 1)[1].replace("'1.0705'", "'&usd;9'")
    with pytest.raises(ParseError):
        parse(bomb.encode())
