"""The published file against the build file: equal after publishing, and each difference found."""

import os
from datetime import datetime

import duckdb
import pytest

from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.check_published import check_published, compare_published
from pipelines.warehouse.database import Warehouse


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    made.publish()
    return made


def failed(warehouse):
    return {each.expectation.name: each.observed for each in check_published(warehouse) if not each.is_met}


def change_published(warehouse, statement):
    with duckdb.connect(str(warehouse.published_file)) as connection:
        connection.execute(statement)


def test_a_published_file_is_its_build_file(warehouse):
    assert [each.is_met for each in check_published(warehouse)] == [True, True]
    rows = compare_published(warehouse)
    assert rows.filter(table="raw.source")["published_rows"].item() > 50


def test_a_row_that_is_missing_from_the_published_file(warehouse):
    change_published(warehouse, "DELETE FROM raw.source WHERE source = 'litellm'")
    found = failed(warehouse)
    assert set(found) == {"row_counts_equal_the_build", "rows_equal_the_build"}
    assert found["row_counts_equal_the_build"].startswith("1 unexpected: raw.source (")


def test_a_value_that_differs(warehouse):
    change_published(warehouse, "UPDATE raw.source SET url = 'https://example.org' WHERE source = 'litellm'")
    assert set(failed(warehouse)) == {"rows_equal_the_build"}


def test_nothing_is_compared_once_another_run_has_written(warehouse):
    with warehouse.write() as connection:
        connection.execute("UPDATE raw.source SET url = 'https://example.org' WHERE source = 'litellm'")
    later = warehouse.published_file.stat().st_mtime_ns + 1_000_000
    os.utime(warehouse.build_file, ns=(later, later))
    assert check_published(warehouse) == []


@pytest.mark.parametrize("content", [None, b"no database"])
def test_a_published_file_that_cannot_be_read_fails_the_checks(warehouse, content):
    warehouse.published_file.unlink()
    if content is not None:
        warehouse.published_file.write_bytes(content)
    results = check_published(warehouse)
    assert [(each.is_met, each.is_broken) for each in results] == [(False, True)] * 2
    assert "costs.duckdb" in results[0].observed
