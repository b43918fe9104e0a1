"""Reference rates through the real steps: fetched, checked, versioned, and used for a rate in euro."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.marts.mart_rows import built

PAGES = Path(__file__).parents[2] / "pages"
ECB = (PAGES / "exchange_rates" / "ecb.xml").read_text()
MORE = "".join(f"<Cube currency='X{letter}X' rate='2'/>" for letter in "ABCDEFGHIJKLMNOPQ")
"""The real file has thirty currencies, and a file of few is refused."""
FRIDAY, MONDAY = datetime(2024, 6, 28, 18), datetime(2024, 7, 1, 18)


def promote(warehouse, key, body, at, **differences):
    source = replace(SOURCES_BY_KEY[key], **differences)
    record_body(warehouse, source, body.encode(), at)
    return promote_latest(warehouse, source, at)


def ecb(usd="1.0705", day="2024-06-28"):
    full = ECB.replace("<Cube currency='JPY'", f"{MORE}<Cube currency='JPY'")
    return full.replace("1.0705", usd).replace("2024-06-28", day)


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    assert promote(made, "ecb_exchange_rates", ecb(), FRIDAY).outcome == "promoted"
    return made


def euros(warehouse):
    with warehouse.write() as connection:
        return read_table(connection, "core.exchange_rate", "currency = 'EUR' AND known_to IS NULL").sort("valid_from")


def test_each_day_is_a_version_that_holds_until_the_next(warehouse):
    """Over the weekend Friday's rate holds; the same figure on Monday is a rate of Monday all the same."""
    assert promote(warehouse, "ecb_exchange_rates", ecb(day="2024-07-01"), MONDAY).outcome == "promoted"
    assert euros(warehouse).select("rate_on", "usd_per_currency", "valid_from", "valid_to").rows() == [
        (date(2024, 6, 28), Decimal("1.0705"), datetime(2024, 6, 28), datetime(2024, 7, 1)),
        (date(2024, 7, 1), Decimal("1.0705"), datetime(2024, 7, 1), None),
    ]


def test_the_same_file_again_changes_nothing(warehouse):
    before = euros(warehouse)
    promote(warehouse, "ecb_exchange_rates", ecb(), MONDAY)
    assert euros(warehouse).equals(before)


def test_a_file_of_few_currencies_is_refused_and_the_rate_before_stays(warehouse):
    refused = promote(warehouse, "ecb_exchange_rates", ECB.replace("2024-06-28", "2024-07-01"), MONDAY)
    assert refused.outcome == "refused"
    assert euros(warehouse)["rate_on"].to_list() == [date(2024, 6, 28)]


def test_a_rate_in_euro_is_shown_in_dollars_and_kept_as_printed(warehouse):
    """Every rate of the page times 1.0705."""
    page = (PAGES / "gpu_rates" / "scaleway.json").read_text()
    promoted = promote(warehouse, "scaleway_rates", f"[{page}]", MONDAY, min_rows=1)
    assert promoted.outcome == "promoted"
    with warehouse.write() as connection:
        stored = read_table(connection, "core.gpu_rate")
    assert stored.height > 0
    assert stored["usd_per_gpu_hour"].null_count() == stored.height
    columns = ("usd_per_gpu_hour", "local_per_gpu_hour", "fx_rate_on")
    for usd, eur, rate_on in built(warehouse, "gpu_rate_current", *columns):
        assert usd == round(eur * Decimal("1.0705"), 6)
        assert rate_on == date(2024, 6, 28)
