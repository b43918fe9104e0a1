"""Prices agreed in another currency: a term for each rate, one without a value where none is stated."""

import re
from datetime import date
from decimal import Decimal

import pytest

from pipelines.models.user_csv import UserFileError
from pipelines.snapshots.contract_file import lacks_rates, parse_contract
from pipelines.snapshots.user_inputs import check_rates, contract_in_force
from pipelines.usage.rate_file import RATE_FILE
from tests.unit.costs.contract_rows import FILE, contract, terms, volume_contract
from tests.unit.usage.test_rate_file import HEADER, RANGES, rates

D = Decimal
EURO = "price,,anthropic,,claude-x,,output,11.20 EUR,,,{},{}"


def agreed(line, *lines, header=HEADER):
    found = parse_contract(FILE, contract(line).encode(), rates(*lines, header=header))
    return found.select("valid_from", "valid_to", "value", "usd_per_currency").rows()


def test_each_rate_of_its_days_makes_a_price_and_no_day_has_another_one():
    """11.20 EUR at 1.0842 are 12.14304 USD, and at 1.09 they are 12.208."""
    told = agreed(EURO.format("2026-03-01", ""), "2026-03-01,EUR,1.0842,ECB", "2026-03-02,EUR,1.09,ECB")
    assert told == [
        (date(2026, 3, 1), date(2026, 3, 2), D("12.14304"), D("1.0842")),
        (date(2026, 3, 2), date(2026, 3, 3), D("12.208"), D("1.09")),
        (date(2026, 3, 3), None, None, None),
    ]


def test_days_at_one_rate_are_one_term_and_its_price_is_rounded_once_half_up():
    """11.20 * 1.00000001 is 11.200000112."""
    days = ("2026-03-01,EUR,1.00000001,x,", "2026-03-02,EUR,1.00000001,x,2026-03-05")
    told = agreed(EURO.format("2026-03-01", "2026-03-05"), *days, header=RANGES)
    assert told == [(date(2026, 3, 1), date(2026, 3, 5), D("11.2"), D("1.00000001"))]


def test_what_it_was_agreed_in_stays_beside_it():
    (term,) = parse_contract(
        FILE, contract(EURO.format("2026-03-01", "2026-03-02")).encode(), rates("2026-03-01,EUR,1.1,x")
    ).iter_rows(named=True)
    assert (term["currency"], term["local_value"], term["value"]) == ("EUR", D("11.2"), D("12.32"))


def test_usd_may_be_written_out_and_is_the_same_term():
    plain, written, small = (terms(f"price,,,,claude-x,,output,{value},,,,") for value in ("12", "12 USD", "12 usd"))
    assert plain.equals(written)
    assert plain.equals(small)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("price,,,,claude-x,,output,€11,,,,", "value '€11' of a price is not in USD; write a code of ISO 4217 behind"),
        ("price,,,,claude-x,,output,eleven EUR,,,,", "value 'eleven EUR' of a price is not in USD; write a code"),
        ("commitment,,openai,,,,,€500,month,,2026-01-01,", "value '€500' of a commitment is not in USD; write a code"),
        ("tax,,,,,,,500 EUR,,,,", "value '500 EUR' of a tax is not in USD; write percent from 0 to 100"),
    ],
)
def test_what_cannot_be_converted_is_told(line, message):
    with pytest.raises(UserFileError, match=re.escape(f"line 2: {message}")):
        terms(line)


def test_bands_in_another_currency_are_of_one_scale_at_all_rates():
    band = "price,,,,claude-x,,output,{} EUR,,,2026-03-01,2026-03-03,graduated,{}"
    content = volume_contract(band.format(10, 0), band.format(8, 1000)).encode()
    found = parse_contract(FILE, content, rates("2026-03-01,EUR,1.1,x", "2026-03-02,EUR,1.2,x"))
    assert sorted(found["value"].to_list()) == [D("8.8"), D("9.6"), 11, 12]
    assert found["volume_scale"].n_unique() == 1


@pytest.mark.parametrize(
    ("today", "day"), [(date(2026, 3, 1), None), (date(2026, 3, 2), "2026-03-02"), (date(2026, 3, 9), "2026-03-02")]
)
def test_a_day_without_a_rate_is_told_with_line_and_remedy_once_it_has_come(today, day):
    content = contract("tax,,,,,,,19,,,,", EURO.format("2026-03-01", "")).encode()
    said = lacks_rates(FILE, content, rates("2026-03-01,EUR,1.1,x"), today)
    if day is None:
        assert said is None
    else:
        assert said.startswith(
            f"contract_prices.csv line 3: exchange_rates.csv has no rate of EUR for {day}; write a line"
        )


@pytest.mark.parametrize(
    ("line", "today", "day"),
    [
        ("commitment,,openai,,,,,500 EUR,month,,2026-03-01,", date(2026, 3, 1), None),
        ("commitment,,openai,,,,,500 EUR,month,,2026-03-01,", date(2026, 3, 2), "2026-03-02"),
        ("commitment,,openai,,,,,500 EUR,month,,2026-04-01,", date(2026, 3, 2), None),
        ("credit,,openai,,,,,500 EUR,,,2026-03-01,2026-03-02", date(2026, 3, 9), None),
        ("price,,,,claude-x,,output,11 EUR,,,,", date(2026, 3, 1), None),
        ("price,,,,claude-x,,output,11 EUR,,,,", date(2026, 3, 5), "2026-03-05"),
    ],
)
def test_the_first_day_without_a_rate_is_told_of_every_kind(line, today, day):
    said = lacks_rates(FILE, contract(line).encode(), rates("2026-03-01,EUR,1.1,x"), today)
    assert (said is None) if day is None else (f"no rate of EUR for {day};" in said)


def test_an_amount_has_its_bound_in_dollars_not_in_its_own_currency():
    """15 USD are a quarter of a million rupiah, and 10 USD a day of commitments 60 billion a year."""
    found = terms("price,,,,claude-x,,output,15000000 IDR,,,,", "credit,,,,,,,900000000000 IDR,,,,")
    assert found["local_value"].to_list() == [15_000_000, 900_000_000_000]
    with pytest.raises(UserFileError, match=r"line 2: 999999999999 IDR at 1\.5 USD are more than"):
        parse_contract(
            FILE, contract("price,,,,x,,output,999999999999 IDR,,,,").encode(), rates("2026-03-01,IDR,1.5,x")
        )


def test_files_of_a_folder_are_read_together(tmp_path):
    (tmp_path / FILE).write_text(contract(EURO.format("2026-03-01", "2026-03-03")))
    (tmp_path / RATE_FILE).write_text(f"{HEADER}\n2026-03-01,EUR,1.1,x\n")
    assert contract_in_force(tmp_path).rows["value"].to_list() == [D("12.32"), None]
    (problem,) = check_rates(tmp_path, date(2026, 3, 2))
    assert (problem.name, "line 2: exchange_rates.csv has no rate" in problem.text) == ("contract_prices.csv", True)
    assert check_rates(tmp_path, date(2026, 3, 1)) == []
