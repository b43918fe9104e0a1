"""The user's rates of exchange: which day has which, and what is told of a line that cannot be used."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.models.user_csv import UserFileError
from pipelines.usage.rate_file import lacking, parse_rates, rate_on, rates_in_force
from pipelines.warehouse.last_good import keep_last_good

FILE = Path("exchange_rates.csv")
HEADER = "date,currency,usd_per_unit,source"
RANGES = f"{HEADER},valid_to"


def rates(*lines, header=HEADER):
    return parse_rates(FILE, "\n".join((header, *lines, "")).encode())


def test_a_rate_holds_on_its_date_and_on_no_other():
    found = rates("2026-03-10,EUR,1.0842,ECB", "2026-03-11,EUR,1.09,ECB")
    assert rate_on(found, "EUR", date(2026, 3, 10)).usd == Decimal("1.0842")
    assert rate_on(found, "EUR", date(2026, 3, 11)).usd == Decimal("1.09")
    for day in (date(2026, 3, 9), date(2026, 3, 12)):
        assert rate_on(found, "EUR", day) is None
    assert rate_on(found, "GBP", date(2026, 3, 10)) is None


def test_a_rate_may_be_stated_up_to_a_day():
    found = rates("2026-01-01,EUR,1.1,contract,2026-04-01", "2026-04-01,EUR,1.2,contract,", header=RANGES)
    assert rate_on(found, "EUR", date(2026, 3, 31)).usd == Decimal("1.1")
    assert rate_on(found, "EUR", date(2026, 4, 1)).usd == Decimal("1.2")
    assert rate_on(found, "EUR", date(2026, 4, 2)) is None


def test_no_file_states_no_rate():
    assert parse_rates(FILE, b"") == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-03-10,EUR,1.1,x", "line 3: line 2 has a rate of EUR for 2026-03-10, too; delete one of the two"),
        ("10.03.2026,EUR,1.1,x", "line 3: date '10.03.2026' is no day; write it as 2026-01-31"),
        ("2026-03-10,eur,1.1,x", "line 3: line 2 has a rate of EUR for 2026-03-10, too"),
        ("2026-03-11,euro,1.1,x", "line 3: currency 'euro' is no other currency; write a code of ISO 4217 such as EUR"),
        ("2026-03-11,USD,1,x", "line 3: currency 'USD' is no other currency"),
        ('2026-03-11,EUR,"1,1",x', "line 3: usd_per_unit '1,1' is no rate; write what one unit is worth in USD, such"),
        (
            "2026-03-11,JPY,149.3,x",
            "line 3: usd_per_unit '149.3' is more than any currency is worth; write what one unit is worth in USD, "
            "such as 0.006698",
        ),
        ("2026-03-11,EUR,0,x", "line 3: usd_per_unit '0' is no rate"),
        ("2026-03-11,EUR,-1,x", "line 3: usd_per_unit '-1' is no rate"),
        ("2026-03-11,EUR,1.00000000001,x", "line 3: usd_per_unit '1.00000000001' is no rate"),
        ("2026-03-11,EUR,1.1,", "line 3: source ''; write where the rate is from"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_with_its_remedy(line, message):
    with pytest.raises(UserFileError, match=re.escape(f"exchange_rates.csv {message}")):
        rates("2026-03-10,EUR,1.1,x", line)


def test_a_range_ends_after_it_begins():
    with pytest.raises(UserFileError, match="line 2: valid_to must be after date"):
        rates("2026-03-10,EUR,1.1,x,2026-03-10", header=RANGES)


def test_a_mistake_leaves_the_last_good_rates_in_force(tmp_path):
    (tmp_path / "exchange_rates.csv").write_text("nonsense\n")
    assert rates_in_force(tmp_path) == {}
    keep_last_good(tmp_path, "exchange_rates.csv", f"{HEADER}\n2026-03-10,EUR,1.1,x\n".encode())
    assert rate_on(rates_in_force(tmp_path), "EUR", date(2026, 3, 10)).usd == Decimal("1.1")


def test_what_is_lacking_names_file_day_and_line_to_write():
    said = lacking("EUR", date(2026, 3, 10))
    assert said.startswith("exchange_rates.csv has no rate of EUR for 2026-03-10; write a line 2026-03-10,EUR,")
