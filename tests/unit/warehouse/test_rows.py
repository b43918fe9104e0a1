"""Rows of declared tables: what is stored, replaced and told to differ."""

from datetime import date

import polars as pl
import pytest

from pipelines.schema.tables import TABLES, TABLES_BY_NAME
from pipelines.warehouse.rows import append, fingerprints, read_table, replace_dates, scalar
from tests.unit.warehouse.fetch_rows import COUNT_FETCHES, FETCH, add_fetch, rows_of


def test_a_row_that_breaks_a_rule_is_not_stored(warehouse):
    with pytest.raises(Exception, match="origin"), warehouse.write() as connection:
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"origin": "dreamt"}))
    with warehouse.write() as connection:
        assert scalar(connection, COUNT_FETCHES) == 0


def test_only_the_dates_named_are_replaced(warehouse):
    table = TABLES_BY_NAME["core.cost_fingerprint"]
    days = [date(2026, 3, day) for day in (1, 2, 3)]

    def frame(dates, text):
        return pl.DataFrame({"usage_date": dates, "fingerprint": [text] * len(dates)})

    with warehouse.write() as connection:
        assert replace_dates(connection, table, days, frame(days, "old")) == 3
        assert replace_dates(connection, table, days[:2], frame(days[:1], "new")) == 1
        assert replace_dates(connection, table, [], frame([], "none").clear()) == 0
        found = read_table(connection, table.qualified).sort("usage_date").rows()
    assert found == [(days[0], "new"), (days[2], "old")]


def test_fingerprints_tell_changed_from_unchanged(warehouse):
    add_fetch(warehouse, "one")
    before = fingerprints(warehouse)
    assert set(before) == {table.qualified for table in TABLES}
    assert before["raw.fetch"][0] == 1
    warehouse.publish()
    assert fingerprints(warehouse) == before
    with warehouse.write() as connection:
        connection.execute("UPDATE raw.fetch SET status = 503")
    after = fingerprints(warehouse)
    assert {name for name in after if after[name] != before[name]} == {"raw.fetch"}
    assert after["raw.fetch"][0] == 1
