"""Plain and gzip files, byte-order mark, CRLF, broken text, and lines without end."""

import gzip
import hashlib
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from pipelines.usage.file_content import KEPT_BYTES, MAX_LINE_BYTES, Content
from pipelines.usage.line_tables import line_tables, text_table


@dataclass(frozen=True)
class Line:
    """One line as the tests compare it."""

    number: int
    text: str
    rule: str | None = None
    detail: str | None = None


def lines_of(path):
    return [
        Line(number, text if rule else text.removesuffix("\n").removesuffix("\r"), rule, detail)
        for table in line_tables(Content(path))
        for number, text, rule, detail in zip(*table.to_pydict().values(), strict=True)
    ]


@pytest.fixture
def read(tmp_path):
    def written(content):
        path = tmp_path / "log"
        path.write_bytes(content)
        return lines_of(path)

    return written


@pytest.mark.parametrize(
    "content",
    [
        b"a\nb\n",
        b"a\nb",
        b"a\r\nb\r\n",
        b"\xef\xbb\xbfa\nb\n",
        gzip.compress(b"a\nb\n", mtime=0),
        gzip.compress(b"\xef\xbb\xbfa\r\nb", mtime=0),
        zstd.compress(b"a\nb\n"),
    ],
)
def test_the_same_two_lines_in_every_wrapping(read, content):
    assert read(content) == [Line(1, "a"), Line(2, "b")]


def test_blank_lines_are_left_out_but_counted_in_the_numbers(read):
    assert read(b"\n\na\n \r\nb\n") == [Line(3, "a"), Line(5, "b")]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)])
def test_an_empty_file_has_no_lines(read, content):
    assert read(content) == []


def test_only_the_line_with_broken_text_is_broken(read):
    first, broken, last = read(b"a\nb\xff\nc\n")
    assert (first, last) == (Line(1, "a"), Line(3, "c"))
    assert (broken.number, broken.rule, broken.text) == (2, "invalid_utf8", "b\\xff")


def test_other_line_separators_do_not_end_a_line(read):
    assert read("a\u2028b\x0cc\rd\n".encode()) == [Line(1, "a\u2028b\x0cc\rd")]


@pytest.mark.parametrize("line_end", [b"\n", b""])
def test_a_line_over_the_limit_is_skipped_with_its_number(read, line_end):
    lines = read(b"a\n" + b"x" * (40 << 20) + line_end + (b"b\n" if line_end else b""))
    assert lines[0] == Line(1, "a")
    assert (lines[1].number, lines[1].rule) == (2, "line_too_long")
    assert lines[1].detail == f"{40 << 20} bytes, the limit is {MAX_LINE_BYTES}"
    assert lines[2:] == ([Line(3, "b")] if line_end else [])


def test_a_line_of_the_limit_is_read(read):
    (line,) = read(b"x" * MAX_LINE_BYTES + b"\n")
    assert len(line.text) == MAX_LINE_BYTES


def test_a_decompression_bomb_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as bomb:
        for _ in range(200):
            bomb.write(b"\0" * (1 << 20))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        (line,) = lines_of(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (line.rule, line.detail) == ("line_too_long", f"{200 << 20} bytes, the limit is {MAX_LINE_BYTES}")
    assert peak < 3 * KEPT_BYTES


@pytest.mark.parametrize("cut", [8, 300])
def test_a_truncated_gzip_keeps_the_lines_read_so_far(read, cut):
    noise = [hashlib.sha256(bytes([number])).hexdigest() for number in range(100)]
    *kept, broken = read(gzip.compress("\n".join(noise).encode(), mtime=0)[:-cut])
    assert [line.text for line in kept] == noise[: len(kept)]
    assert len(kept) > 80
    assert (broken.number, broken.rule) == (len(kept) + 1, "file_truncated")


def test_damage_inside_a_gzip_file_is_reported(read):
    content = bytearray(gzip.compress(b"a\nb\n", mtime=0))
    content[-8] ^= 0xFF
    assert [line.rule for line in read(bytes(content)) if line.rule] == ["file_truncated"]


def test_the_hash_names_the_content_not_the_file(tmp_path):
    plain, zipped = tmp_path / "a.jsonl", tmp_path / "b.gz"
    plain.write_bytes(b"a\nb\n")
    zipped.write_bytes(gzip.compress(b"a\nb\n", mtime=0))
    assert {Content(path).sha256 for path in (plain, zipped)} == {hashlib.sha256(b"a\nb\n").hexdigest()}


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\ufeff", codec="utf-8"), min_size=1)))
def test_lines_come_back_as_they_were_written(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("lines") / "log"
    path.write_bytes("\n".join(texts).encode())
    expected = [(number, text) for number, text in enumerate(texts, 1) if text.encode().strip()]
    assert [(line.number, line.text) for line in lines_of(path)] == expected


def test_lines_that_are_no_utf8_are_found_wherever_they_stand(monkeypatch):
    """Letters of two, three and four bytes lie across the ends of what is decoded at once."""
    monkeypatch.setattr("pipelines.usage.line_tables.DECODED_BYTES", 5)
    lines = [
        "é€😀".encode() + b"\n",
        b"ok\n",
        b"\xff\n",
        "€€€".encode() + b"\n",
        b"\xc3\n",
        "😀😀".encode(),
        b"\xe2\x82",
    ]
    ends = np.cumsum([len(line) for line in lines])
    table = text_table(np.arange(1, 8), b"".join(lines), ends, 1000)
    faults = dict(zip(table["source_line"].to_pylist(), table["fault"].to_pylist(), strict=True))
    assert [line for line, fault in faults.items() if fault == "invalid_utf8"] == [3, 5, 7]
    assert [line for line, fault in faults.items() if fault is None] == [1, 2, 4, 6]
