"""What the reader calls inconsistent: without this, a test that finds nothing says nothing."""

import duckdb
import pytest

from pipelines.warehouse.database import Warehouse
from tools.crash_test.programs import look


@pytest.fixture
def published(tmp_path):
    """The tables of an empty warehouse, to be written to."""
    warehouse = Warehouse(tmp_path)
    with warehouse.write():
        pass
    warehouse.publish()
    with duckdb.connect(str(warehouse.published_file)) as connection:
        yield connection


def test_a_whole_state_has_no_problem(published):
    assert look(published, [0, 0, 0]) == ([], [0, 0, 0])


def test_a_day_that_is_priced_and_not_in_the_ledger_is_a_problem(published):
    published.execute("INSERT INTO core.cost_fingerprint VALUES ('2026-03-01', 'a')")
    (problem,), _ = look(published, [0, 0, 0])
    assert "core.cost_fingerprint is 1" in problem


def test_a_state_older_than_one_that_was_seen_is_a_problem(published):
    (problem,), _ = look(published, [0, 3, 0])
    assert problem == "SELECT count(*) FROM raw.fetch was 3, is 0"
