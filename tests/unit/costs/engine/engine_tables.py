"""The tables that follow from the ledger, priced by either engine."""

from polars.testing import assert_frame_equal

from pipelines.costs.price_ledger import price_days
from pipelines.warehouse.rows import read_table
from tests.unit.costs.test_price_ledger import MARCH

TABLES = ("core.usage_cost", "main.usage_overlap", "core.cost_comparison", "main.cost_by_owner", "main.hidden_cost")


def tables_of(warehouse):
    with warehouse.write() as connection:
        return {table: read_table(connection, table) for table in TABLES}


def priced(warehouse, environ):
    """All tables that follow from the ledger, priced anew."""
    with warehouse.write() as connection:
        connection.execute("DELETE FROM core.cost_fingerprint")
    assert price_days(warehouse, [MARCH], environ) == 1
    return tables_of(warehouse)


def assert_same(found, expected):
    for table, rows in expected.items():
        assert_frame_equal(found[table], rows, check_row_order=False)
