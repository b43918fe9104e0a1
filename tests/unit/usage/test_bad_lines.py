"""What is bad in one file is bounded by file and reason, over all of its pieces, and nothing is lost in silence."""

import duckdb
import polars as pl
import pytest

from pipelines.usage.bad_lines import BadLines, RejectBook
from pipelines.usage.line_tables import LINE_SCHEMA
from pipelines.usage.rejects import MORE_SCHEMA, PLACE, REJECT_SCHEMA, first_of_each_reason


@pytest.fixture(autouse=True)
def few(monkeypatch):
    for place in ("bad_lines", "rejects"):
        monkeypatch.setattr(f"pipelines.usage.{place}.MAX_REJECTS", 3)


def piece(first, *texts):
    rows = {"source_line": range(first, first + len(texts)), "text": texts}
    frame = pl.DataFrame(rows | dict.fromkeys(("fault", "detail"), [None] * len(texts)))
    return frame.to_arrow().cast(LINE_SCHEMA)


def test_good_lines_stay_wherever_they_stand():
    bad, connection = BadLines(), duckdb.connect()
    first = bad.thinned(connection, piece(1, "{", "[]", '{"a":1}\n', "x"))
    then = bad.thinned(connection, piece(5, "{", "", ' {"b":2}', "null", "3"))
    assert first["source_line"].to_pylist() == [1, 2, 3, 4]
    assert then["source_line"].to_pylist() == [7]
    (told,) = bad.told("i", "f").to_dicts()
    assert told == {"import_id": "i", "file_name": "f", "rule": "invalid_json", "first": 5, "last": 9, "more": 4}


def test_a_piece_that_is_mostly_good_is_left_as_it_is():
    bad = BadLines()
    whole = piece(1, *["{}"] * 5, *["x"] * 5)
    assert bad.thinned(duckdb.connect(), whole) is whole
    assert bad.told("i", "f").is_empty()


def rejects(*rows):
    schema = dict.fromkeys(("import_id", "rule"), pl.String()) | {"source_line": pl.Int64()}
    named = pl.DataFrame(rows, schema, orient="row").with_columns(file_name="import_id", detail=pl.lit("d"))
    return named.with_columns(raw_text=pl.lit("")).select(REJECT_SCHEMA.keys()).cast(pl.Schema(REJECT_SCHEMA))


NOTHING = pl.DataFrame(schema=MORE_SCHEMA)


def test_each_reason_of_each_file_has_its_own_bound_over_all_pieces():
    book = RejectBook()
    first = book.keep(rejects(("a", "bad", 1), ("a", "bad", 2), ("b", "bad", 1)), NOTHING)
    more = pl.DataFrame([("a", "a", "bad", 20, 29, 10)], MORE_SCHEMA, orient="row")
    then = book.keep(rejects(*(("a", "bad", line) for line in (3, 4, 5)), ("a", "other", 6), ("b", "bad", 2)), more)
    assert first.height == 3
    kept = then.select("import_id", "rule", "source_line").rows()
    assert kept == [("a", "bad", 3), ("a", "other", 6), ("b", "bad", 2)]
    assert book.told(["b"]).is_empty()
    (told,) = book.told(["a"]).to_dicts()
    assert (told["source_line"], told["rule"]) == (4, "too_many_rejects")
    assert told["detail"] == "bad: 12 more, lines 4 to 29: counted, not kept"
    assert book.told(["a"]).is_empty(), "it is told once"


def test_of_one_piece_the_first_of_each_reason_are_kept():
    place = pl.DataFrame({"import_id": "i", "file_name": "f", "source_line": range(1, 9)}).select(PLACE)
    reasons = pl.Series(["x"] * 5 + ["y"] * 3)
    kept, more = first_of_each_reason(place, place, reasons)
    assert kept["source_line"].to_list() == [1, 2, 3, 6, 7, 8]
    assert more.rows() == [("i", "f", "x", 4, 5, 2)]
