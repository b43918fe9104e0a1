"""Rows are added once by their key, and replaced whole by a column."""

from datetime import datetime

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.holds import Acceptance
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append_new, read_table, replace_rows

MONDAY, TUESDAY = datetime(2026, 3, 2), datetime(2026, 3, 3)
KEY = ["source", "sha256"]


def rows(*stated):
    return pl.DataFrame(list(stated), schema=polars_schema(Acceptance), orient="row")


@pytest.fixture
def connection(tmp_path):
    with Warehouse(tmp_path).write() as opened:
        yield opened


def stored(connection):
    return read_table(connection, "raw.acceptance").sort("source", "sha256").rows()


def test_what_is_stored_stays_and_the_first_of_two_wins(connection):
    """The second column tells one page of a source from another."""
    first = rows(("a", "1", MONDAY), ("a", "1", TUESDAY), ("a", "2", MONDAY))
    assert append_new(connection, "raw.acceptance", first, KEY) == 2
    assert append_new(connection, "raw.acceptance", rows(("a", "1", TUESDAY), ("b", "1", TUESDAY)), KEY) == 1
    assert stored(connection) == [("a", "1", MONDAY), ("a", "2", MONDAY), ("b", "1", TUESDAY)]
    assert append_new(connection, "raw.acceptance", first.clear(), KEY) == 0


def test_the_rows_of_a_value_are_replaced_and_the_others_stay(connection):
    append_new(connection, "raw.acceptance", rows(("a", "1", MONDAY), ("a", "2", MONDAY), ("b", "1", MONDAY)), KEY)
    assert replace_rows(connection, "raw.acceptance", "source", ["a", "c"], rows(("a", "3", TUESDAY))) == 1
    assert stored(connection) == [("a", "3", TUESDAY), ("b", "1", MONDAY)]
