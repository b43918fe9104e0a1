"""CSV and TSV text: each record with its line, whatever its quotes, and a bad one costs itself alone."""

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.usage import delimited
from pipelines.usage.delimited import read_delimited
from pipelines.usage.file_content import MAX_LINE_BYTES, Content

FIELDS = {"first": "a", "last": "c", "missing": "z"}
HEADER = b"a,b,c\n"


def records(path, content, fields=FIELDS):
    path.write_bytes(content)
    found = [row for frame in read_delimited(Content(path), fields) for row in frame.iter_rows(named=True)]
    return sorted((row["source_line"], row["fault"] or tuple(row[name] for name in fields)) for row in found)


def in_pieces(size, tmp_path_factory, content):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "PIECE_BYTES", size)
        patch.setattr("pipelines.usage.file_content.READ_BYTES", size)
        return records(tmp_path_factory.mktemp("csv") / "log", content)


@pytest.fixture
def read(tmp_path):
    return lambda content, fields=FIELDS: records(tmp_path / "log", content, fields)


@pytest.mark.parametrize(
    "rows",
    [
        b"1,2,3\n4,5,6\n",
        b"1,2,3\n4,5,6",
        b"1,2,3\r\n4,5,6\r\n",
        b"1,2,3\r4,5,6\r",
        b'"1","2","3"\n"4","5","6"\n',
        b'"1","2","3"\r\n"4","5","6"\r\n',
    ],
)
def test_the_same_two_records_in_every_wrapping(read, rows):
    assert read(HEADER + rows) == [(2, ("1", "3", None)), (3, ("4", "6", None))]
    assert read(b"\xef\xbb\xbf" + HEADER.replace(b"\n", b"\r\n") + rows) == read(HEADER + rows)


@pytest.mark.parametrize("delimiter", [b"\t", b",", b";"])
def test_the_separator_that_the_header_has_most_of_separates(read, delimiter):
    others = b"\t,;".replace(delimiter, b"")
    text = b"a|b|c\n1|x" + others + b"|3\n"
    assert read(text.replace(b"|", delimiter)) == [(2, ("1", "3", None))]


def test_cells_hold_separators_quotes_and_line_ends(read):
    rows = b'"1\n2",x,"3,""4"""\n\n5,x,6\n'
    assert read(HEADER + rows) == [(2, ("1\n2", '3,"4"', None)), (5, ("5", "6", None))]


def test_an_empty_cell_is_a_text_and_a_missing_column_is_none(read):
    assert read(HEADER + b',"",\n') == [(2, ("", "", None))]


def test_records_of_another_width_cost_themselves_alone(read):
    rows = b"1,2,3\n1,2\n1,2,3,4\n \n5,6,7\n"
    wrong = "wrong_column_count"
    assert read(HEADER + rows) == [
        (2, ("1", "3", None)), (3, wrong), (4, wrong), (5, wrong), (6, ("5", "7", None)),
    ]  # fmt: skip


@pytest.mark.parametrize("odd", [b'x"y,2,3', b'"x"y,2,3', b' "x",2,3'])
def test_odd_quotes_do_not_swallow_their_neighbours(read, odd):
    found = read(HEADER + b"1,2,3\n" + odd + b"\n4,5,6\n")
    assert (found[0], found[-1]) == ((2, ("1", "3", None)), (4, ("4", "6", None)))


def test_a_quote_that_never_closes_is_told(read):
    assert read(HEADER + b'1,2,3\n4,"5,6\n7,8,9\n') == [(2, ("1", "3", None)), (3, "invalid_csv")]


def test_a_record_over_the_limit_is_told(read):
    found = read(HEADER + b"1,2,3\n" + b"x" * (MAX_LINE_BYTES + 1) + b",2,3\n4,5,6\n")
    assert found[:2] == [(2, ("1", "3", None)), (3, "invalid_csv")]


def test_text_that_is_not_utf8_is_kept_as_far_as_it_is(read):
    assert read(HEADER + b"caf\xe9,2,3\n4,5,6\n") == [(2, ("caf\ufffd", "3", None)), (3, ("4", "6", None))]


def test_a_truncated_file_keeps_its_records_and_says_so(read):
    whole = gzip.compress(HEADER + b"".join(b"%d,x,y\n" % number for number in range(20_000)), mtime=0)
    found = read(whole[: len(whole) // 2])
    assert found[0] == (2, ("0", "y", None))
    assert found[-1] == (len(found) + 1, "file_truncated")


def test_a_header_that_names_a_field_twice_is_refused(read):
    with pytest.raises(ValueError, match="names a more than once"):
        read(b"a,b,a\n1,2,3\n")


@pytest.mark.parametrize("content", [b"", HEADER, HEADER.rstrip(), HEADER + b"\n\n"])
def test_without_records_there_are_none(read, content):
    assert read(content) == []


CELLS = st.text(st.sampled_from('ab ,;"\n\té'), max_size=4)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=12)


@given(
    rows=TABLES,
    dialect=st.sampled_from([("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
    piece=st.integers(14, 40),  # the header is in the first
)
def test_what_was_written_is_read_in_pieces_of_any_size(tmp_path_factory, rows, dialect, piece):
    """The standard library writes; the line of a record is one behind all line ends before it."""
    end, quoting = dialect
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator=end, quoting=quoting)
    expected = []
    writer.writerow(["a", "b", "c"])
    for row in rows:
        line = stream.getvalue().count("\n") + 1
        writer.writerow(row)
        expected.append((line, (row[0], row[2], None) if len(row) == 3 else "wrong_column_count"))
    assert in_pieces(piece, tmp_path_factory, stream.getvalue().encode()) == sorted(expected)


@given(
    text=st.lists(st.sampled_from(['"', ",", "\n", "\r", "\r\n", "x", " "]), max_size=20).map("".join),
    piece=st.integers(8, 16),
)
def test_any_text_is_read_as_the_standard_library_reads_it(tmp_path_factory, text, piece):
    expected = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            expected.append((line, "invalid_csv"))
            continue
        if cells:
            expected.append((line, (cells[0], cells[2], None) if len(cells) == 3 else "wrong_column_count"))
    assert in_pieces(piece, tmp_path_factory, HEADER + text.encode()) == sorted(expected)


def test_a_line_end_that_a_piece_cuts_in_two_is_one(tmp_path_factory, monkeypatch):
    """And not the bare carriage return for which the rest would be read row by row."""
    monkeypatch.setattr(delimited, "_row_by_row", None)
    rows = b"1,2,3\r\n" * 20
    for piece in range(8, 16):
        assert len(in_pieces(piece, tmp_path_factory, b"a,b,c\r\n" + rows)) == 20
