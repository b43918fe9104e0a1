"""Catalogues of JSON lines: whatever is half written or changed is told, and never believed."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.warehouse.append_only import append_lines, read_lines

ROWS = [{"name": "one", "at": datetime(2026, 7, 29, 8), "size": 3}, {"name": "zwei ü", "at": None, "size": None}]
READ = [{"name": "one", "at": "2026-07-29 08:00:00", "size": 3}, {"name": "zwei ü", "at": None, "size": None}]


def test_what_was_appended_is_read_in_its_order(tmp_path: Path) -> None:
    file = tmp_path / "new" / "lines.jsonl"
    assert read_lines(file).rows == []
    append_lines(file, ROWS[:1])
    append_lines(file, [])
    append_lines(file, ROWS[1:])
    assert read_lines(file).rows == READ
    assert file.stat().st_mode & 0o077 == 0, "for the owner alone"


@pytest.mark.parametrize("rest", [1, 20, 40])
def test_a_line_that_was_torn_is_told_and_the_next_is_read(tmp_path: Path, rest: int) -> None:
    file = tmp_path / "lines.jsonl"
    append_lines(file, ROWS)
    whole = file.read_bytes()
    first = whole.index(b"\n") + 1
    file.write_bytes(whole[: first + rest])
    assert (read_lines(file).rows, read_lines(file).damaged) == (READ[:1], [2])
    append_lines(file, ROWS[1:])
    assert (read_lines(file).rows, read_lines(file).damaged) == (READ, [2])


def test_a_last_line_that_lacks_nothing_but_its_end_counts(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    append_lines(file, ROWS)
    file.write_bytes(file.read_bytes()[:-1])
    append_lines(file, ROWS[:1])
    assert (read_lines(file).rows, read_lines(file).damaged) == ([*READ, READ[0]], [])


@given(st.data())
def test_a_single_bit_that_differs_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = tmp_path_factory.mktemp("bits") / "lines.jsonl"
    append_lines(file, ROWS)
    content = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(content) - 2))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(content)
    found = read_lines(file)
    assert all(row in READ for row in found.rows)
    assert found.damaged or found.rows == READ, "a blank may be written otherwise"
