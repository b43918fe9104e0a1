"""The catalogue of fetches says what the database says, and is there before it."""

from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.sources.fetch_catalog import CATALOG, FETCH_SCHEMA, complete_fetches, note_fetches, read_fetches

ROW = {
    "fetch_id": "f1",
    "source": "openai_pricing",
    "url": "https://example.com/prices",
    "fetched_at": datetime(2026, 7, 29, 8, 0, 0, 250),
    "origin": "live",
    "outcome": "new",
    "status": 200,
    "sha256": "ab" * 32,
    "archive_path": f"archive/ab/{'ab' * 32}.gz",
    "size_bytes": 10,
    "etag": '"v1"',
}


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([{**ROW, **row} for row in rows], schema=FETCH_SCHEMA)


def test_it_gives_back_the_columns_of_the_table(tmp_path: Path) -> None:
    failed = {**ROW, "fetch_id": "f2", "outcome": "failed", "sha256": None, "error": "no answer"}
    note_fetches(tmp_path, [ROW, failed])
    read = read_fetches(tmp_path)
    assert read.rows.equals(frame({}, failed))
    assert read.damaged == []


def test_an_attempt_that_was_noted_twice_is_one(tmp_path: Path) -> None:
    note_fetches(tmp_path, [ROW])
    note_fetches(tmp_path, [ROW])
    assert read_fetches(tmp_path).rows.equals(frame({}))


def test_nothing_was_fetched(tmp_path: Path) -> None:
    assert read_fetches(tmp_path).rows.is_empty()


def test_a_warehouse_from_before_begins_its_catalogue_with_what_it_knows(tmp_path: Path) -> None:
    known = frame({}, {"fetch_id": "s", "origin": "shipped"})
    assert complete_fetches(tmp_path, known) == 1
    assert read_fetches(tmp_path).rows.equals(frame({}))
    before = (tmp_path / CATALOG).read_bytes()
    assert complete_fetches(tmp_path, known) == 0
    assert (tmp_path / CATALOG).read_bytes() == before
