"""The catalogue of the ledger: which file of a day is in force, and which it has replaced."""

from datetime import date

import polars as pl

from pipelines.warehouse.ledger_catalog import CATALOG, FILE_SCHEMA, complete_catalog, note_files, read_catalog

DAY, NEXT = date(2026, 3, 21), date(2026, 3, 22)


def files(*rows):
    return pl.DataFrame(rows, schema=FILE_SCHEMA, orient="row")


def test_the_last_line_of_a_day_is_in_force(tmp_path):
    assert read_catalog(tmp_path).by_day == {}
    note_files(tmp_path, files((DAY, "a", 1), (NEXT, "x", 1)))
    note_files(tmp_path, files((DAY, "b", 2)))
    found = read_catalog(tmp_path)
    assert {day: rows[-1]["path"] for day, rows in found.by_day.items()} == {DAY: "b", NEXT: "x"}
    assert found.superseded == {"a"}


def test_a_day_that_is_again_what_it_was_is_not_replaced_by_itself(tmp_path):
    for path in ("a", "b", "a"):
        note_files(tmp_path, files((DAY, path, 1)))
    assert read_catalog(tmp_path).superseded == {"b"}


def test_a_ledger_from_before_begins_its_catalogue_once(tmp_path):
    known = files((NEXT, "x", 1), (DAY, "a", 1))
    assert complete_catalog(tmp_path, known.clear()) == 0
    assert not (tmp_path / CATALOG).exists()
    assert complete_catalog(tmp_path, known) == 2
    assert complete_catalog(tmp_path, known) == 0
    assert read_catalog(tmp_path).superseded == set()
    assert list(read_catalog(tmp_path).by_day) == [DAY, NEXT]
