"""Bills in another currency: in USD at the rate that is stated for their day, and refused with the remedy without."""

from datetime import datetime
from decimal import Decimal

import pytest

from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.usage.formats.test_api_answers import focus, table

NOW = datetime(2026, 6, 1)
HEADER = "date,currency,usd_per_unit,source\n"


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path / "warehouse")
    made.folder.mkdir()
    return made


def rates(warehouse, *lines):
    (warehouse.folder / "exchange_rates.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))


def bill(tmp_path, *rows):
    file = tmp_path / "bill.csv"
    file.write_text(table(*rows))
    return file


def stored(warehouse, name):
    with warehouse.write() as connection:
        return read_table(connection, name)


def lines(warehouse):
    names = ("amount_usd", "printed_amount", "currency", "usd_per_currency")
    return stored(warehouse, "core.reported_cost").select(names).sort("amount_usd").rows()


def test_a_line_is_converted_at_the_rate_of_its_day(warehouse, tmp_path):
    """1.23 EUR at 1.0842 are 1.333566 USD; a credit of 0.1 EUR gives 0.10842; what is in USD stays."""
    rates(warehouse, "2026-05-01,EUR,1.0842,ECB")
    credit = focus(BilledCost="-0.1", BillingCurrency="EUR", ChargeCategory="Credit")
    file = bill(tmp_path, focus(BilledCost="1.23", BillingCurrency="EUR"), credit, focus())
    (outcome,) = import_files(warehouse, [file], NOW)
    assert (outcome.outcome, outcome.row_count, outcome.reject_count) == ("imported", 3, 0)
    rate = Decimal("1.0842")
    assert lines(warehouse) == [
        (Decimal("-0.10842"), "-0.1", "EUR", rate),
        (Decimal("1.25"), "1.25", "USD", None),
        (Decimal("1.333566"), "1.23", "EUR", rate),
    ]


def test_a_line_without_a_rate_is_refused_with_its_remedy_and_read_again_once_there_is_one(warehouse, tmp_path):
    rates(warehouse, "2026-04-30,EUR,1.08,ECB")
    file = bill(tmp_path, focus(), focus(BilledCost="2", BillingCurrency="EUR"))
    (outcome,) = import_files(warehouse, [file], NOW)
    assert (outcome.row_count, outcome.reject_count) == (1, 1)
    assert [amount for amount, *_ in lines(warehouse)] == [Decimal("1.25")]
    (reject,) = stored(warehouse, "core.usage_reject").iter_rows(named=True)
    assert (reject["file_name"], reject["source_line"], reject["rule"]) == ("bill.csv", 3, "no_exchange_rate")
    assert reject["detail"].startswith(
        "exchange_rates.csv has no rate of EUR for 2026-05-01; write a line 2026-05-01,EUR,"
    )
    rates(warehouse, "2026-05-01,EUR,1.1,ECB")
    (outcome,) = import_files(warehouse, [file], NOW)
    assert (outcome.row_count, outcome.reject_count) == (2, 0)
    assert [amount for amount, *_ in lines(warehouse)] == [Decimal("1.25"), Decimal("2.2")]
    assert stored(warehouse, "core.usage_reject").is_empty()
    assert import_files(warehouse, [file], NOW)[0].outcome == "known"


def test_a_line_is_held_against_the_bound_in_dollars_not_in_its_own_currency(warehouse, tmp_path):
    """45,000,000 JPY at 0.0067 are 301,500 USD; 20 billion KRW at 0.0007 are 14 million, more than a line can be."""
    rates(warehouse, "2026-05-01,JPY,0.0067,ECB", "2026-05-01,KRW,0.0007,ECB")
    yen, won = (focus(BilledCost=printed, BillingCurrency=code) for printed, code in
                (("45000000", "JPY"), ("20000000000", "KRW")))  # fmt: skip
    file = bill(tmp_path, yen, won, focus(BilledCost="12000000"), focus(BilledCost="-10000000"))
    (outcome,) = import_files(warehouse, [file], NOW)
    assert (outcome.row_count, outcome.reject_count) == (2, 2)
    assert [amount for amount, *_ in lines(warehouse)] == [Decimal(-10_000_000), Decimal(301_500)]
    refused = stored(warehouse, "core.usage_reject").sort("source_line").select("source_line", "rule", "detail").rows()
    large = "is more than 10,000,000 USD, which no line of a bill is; look at the file"
    remedy = ", put the rate in exchange_rates.csv right if that is wrong, and costs usage reread"
    assert refused == [
        (3, "amount_too_large", f"20000000000 KRW at 0.0007 USD {large}{remedy}"),
        (4, "amount_too_large", f"12000000 USD {large}"),
    ]
    assert import_files(warehouse, [file], NOW)[0].outcome == "known"
