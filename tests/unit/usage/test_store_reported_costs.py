"""Reported costs are stored once, restated by a later report, and a touched day is built again."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.costs.reported_rows import DAY, START, line, reported

FIRST = line("1.50", cost_id="a")
NEXT_DAY = line(
    "2.00",
    cost_id="b",
    usage_date=DAY + timedelta(days=1),
    starts_at=START + timedelta(days=1),
    ends_at=START + timedelta(days=2),
)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def store(warehouse, *lines):
    with warehouse.write() as connection:
        return store_reported_costs(connection, reported(*lines))


def stored(warehouse):
    with warehouse.write() as connection:
        return (
            read_table(connection, "core.reported_cost", "true ORDER BY cost_id").select("cost_id", "amount_usd").rows()
        )


def test_lines_are_stored_once(warehouse):
    assert store(warehouse, FIRST, NEXT_DAY) == [DAY, DAY + timedelta(days=1)]
    assert store(warehouse, FIRST, NEXT_DAY) == []
    assert stored(warehouse) == [("a", Decimal("1.5")), ("b", Decimal(2))]


def test_a_later_report_replaces_its_line_only(warehouse):
    store(warehouse, FIRST, NEXT_DAY)
    assert store(warehouse, FIRST | {"amount_usd": Decimal("1.6"), "printed_amount": "1.60"}) == [DAY]
    assert stored(warehouse) == [("a", Decimal("1.6")), ("b", Decimal(2))]


def test_nothing_imported_changes_nothing(warehouse):
    store(warehouse, FIRST)
    assert store(warehouse) == []
    assert stored(warehouse) == [("a", Decimal("1.5"))]
