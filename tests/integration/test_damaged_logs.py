"""Usage files under other names, from other systems, broken or of no known kind: nothing is lost or counted twice."""

import gzip
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

USAGE_FILES = Path(__file__).parents[1] / "usage_files"
NOW = datetime(2026, 11, 24)


def imported_counts(warehouse: Warehouse) -> list[tuple[object, ...]]:
    with warehouse.write() as connection:
        query = "SELECT file_name, line_count, row_count, reject_count, ignored_count FROM core.usage_import"
        return connection.execute(query + " ORDER BY file_name").fetchall()


def test_one_content_under_any_name_is_imported_once(warehouse: Warehouse, tmp_path: Path) -> None:
    content = (USAGE_FILES / "openai_export.csv").read_bytes()
    files = [tmp_path / name for name in ("one.csv", "two.csv", "three.csv.gz")]
    for file in files[:2]:
        file.write_bytes(content)
    files[2].write_bytes(gzip.compress(content))
    outcomes = import_files(warehouse, files, NOW)
    assert [outcome.outcome for outcome in outcomes] == ["imported", "known", "known"]
    assert imported_counts(warehouse) == [("one.csv", 9, 4, 4, 1)]


@pytest.mark.parametrize("change", ["bom", "crlf"])
def test_a_log_that_went_through_windows_adds_nothing_new(warehouse: Warehouse, tmp_path: Path, change: str) -> None:
    content = (USAGE_FILES / "openai_export.csv").read_bytes()
    (tmp_path / "plain.csv").write_bytes(content)
    changed = b"\xef\xbb\xbf" + content if change == "bom" else content.replace(b"\n", b"\r\n")
    (tmp_path / "windows.csv").write_bytes(changed)
    plain, windows = import_files(warehouse, [tmp_path / "plain.csv", tmp_path / "windows.csv"], NOW)
    assert (plain.new_count, windows.new_count, windows.duplicate_count) == (4, 0, 4)
    assert imported_counts(warehouse) == [("plain.csv", 9, 4, 4, 1), ("windows.csv", 9, 4, 4, 1)]


def test_broken_lines_are_rejects_and_the_others_count(warehouse: Warehouse, tmp_path: Path) -> None:
    """A JSON line cut off, a byte that is no UTF-8, and one line of 64 MB, which may be a picture in a message."""
    (whole, *_) = [line for line in (USAGE_FILES / "claude_session.jsonl").read_bytes().split(b"\n") if b'"m2"' in line]
    file = tmp_path / "session.jsonl"
    giant = b'{"type": "user", "message": "' + b"x" * 64_000_000 + b'"}'
    file.write_bytes(b"\n".join([whole, whole[:90], b"\xff\xfe" + whole, giant, whole.replace(b"m2", b"m9")]) + b"\n")
    (outcome,) = import_files(warehouse, [file], NOW)
    assert (outcome.outcome, outcome.new_count, outcome.reject_count) == ("imported", 2, 3)
    with warehouse.write() as connection:
        rejects = read_table(connection, "core.usage_reject").sort("source_line")
    assert rejects.select("source_line", "rule").rows() == [
        (2, "invalid_json"),
        (3, "invalid_utf8"),
        (4, "line_too_long"),
    ]
    assert rejects["raw_text"].str.len_bytes().max() <= 500
    assert imported_counts(warehouse) == [("session.jsonl", 5, 2, 3, 0)]


def test_a_file_of_no_known_format_is_refused_and_the_next_one_goes_on(warehouse: Warehouse, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("day,tokens\n2026-03-01,5\n")
    refused, missing, good = import_files(
        warehouse, [wrong, tmp_path / "missing.csv", USAGE_FILES / "openai_export.csv"], NOW
    )
    assert (refused.outcome, missing.outcome, good.outcome) == ("not_recognised", "refused", "imported")
    assert "a table with a header of 2 names" in str(refused.reason)
    assert [name for name, *_ in imported_counts(warehouse)] == ["openai_export.csv"]
