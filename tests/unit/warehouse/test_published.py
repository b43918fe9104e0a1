"""A file that is replaced while DuckDB opens it, as it does by name three times, is opened again."""

from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse import published
from pipelines.warehouse.published import OPENINGS, PublishedWarehouse, WarehouseError

CONNECT = duckdb.connect


def made(file: Path, word: str) -> Path:
    with CONNECT(str(file)) as connection:
        connection.execute(f"CREATE TABLE told AS SELECT '{word}' AS word")
    return file


@pytest.fixture
def warehouse(tmp_path):
    made(tmp_path / "costs.duckdb", "old")
    return PublishedWarehouse(tmp_path)


def replace_while_opened(monkeypatch, warehouse, times, *, is_failing):
    """The first openings meet a new file between header and tables; DuckDB then fails, or opens what it found."""
    left = list(range(times))

    def connect(path, **options):
        opened = CONNECT(path, **options)
        if left:
            number = left.pop()
            made(warehouse.folder / "new.duckdb", f"new {number}").replace(path)
            if is_failing:
                opened.close()
                raise duckdb.InternalException("Failed to load metadata pointer")
        return opened

    monkeypatch.setattr(published.duckdb, "connect", connect)


def word(warehouse):
    with warehouse.read() as connection:
        return connection.execute("SELECT word FROM told").fetchall()[0][0]


@pytest.mark.parametrize("is_failing", [True, False])
def test_an_opening_that_met_two_files_is_made_again(monkeypatch, warehouse, is_failing):
    replace_while_opened(monkeypatch, warehouse, 2, is_failing=is_failing)
    assert word(warehouse) == "new 0"


def test_a_file_that_does_not_open_is_told_at_once(warehouse):
    warehouse.published_file.write_bytes(b"x" * 20_000)
    with pytest.raises(duckdb.Error):
        word(warehouse)


def test_a_file_that_is_replaced_without_end_is_told(monkeypatch, warehouse):
    replace_while_opened(monkeypatch, warehouse, OPENINGS, is_failing=True)
    with pytest.raises(WarehouseError, match="replaced 20 times"):
        word(warehouse)
