"""CSV and TSV text with a header -> frames of records: one column of text per field, and the line of each record.

Polars parses. Here is told where records begin and how many cells each has, so that a bad one costs itself alone and
every other keeps the number of its line. Text whose quotes stand where they should not is left to the reader of the
standard library, which goes row by row and takes ten times as long.
"""

import csv
import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import polars as pl

from pipelines.usage.file_content import MAX_LINE_BYTES, UTF8_BOM, Content

DELIMITERS = "\t,;"
COLUMN_MARK = "?"
"""Before the name of a column that no field names."""
FAULT_SCHEMA = {"source_line": pl.Int64(), "fault": pl.String(), "detail": pl.String(), "text": pl.String()}
PIECE_BYTES = 8 << 20
"""Text that is parsed at once: a row of a table is a tenth as long as a line of a log."""
BATCH_RECORDS = 100_000
_LINE_END = re.compile(rb"\r\n|\n|\r")
_QUOTE, _NEWLINE, _RETURN = b'"\n\r'
csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True)
class _Layout:
    """What the header says."""

    delimiter: str
    width: int
    places: dict[str, int]
    """Field -> its column. A field that the header lacks is NULL throughout."""
    schema: dict[str, pl.DataType]


@dataclass(frozen=True)
class _Records:
    """Whole records at the start of a text: where each begins and ends, its cells, and the lines before it."""

    starts: np.ndarray
    ends: np.ndarray
    cells: np.ndarray
    lines: np.ndarray


def read_delimited(
    content: Content, fields: Mapping[str, str], is_unknown: Callable[[str], bool] = lambda name: False
) -> Iterator[pl.DataFrame]:
    """Records in file order, each frame with `source_line`, the `fields`, and `fault`, `detail`, `text`.

    Columns that no field names are read too where `is_unknown` says so, as COLUMN_MARK and their name.

    Cells may hold line ends in quotes; a record counts by its first line, the header's being 1. Raises ValueError for a
    header that is none, or that names a field twice.
    """
    pieces = content.pieces(PIECE_BYTES)
    first = next(pieces, b"").removeprefix(UTF8_BOM)
    end = _LINE_END.search(first)
    header, rest = (first[: end.start()], first[end.end() :]) if end else (first, b"")
    layout, line = _layout(header.decode(errors="replace"), fields, is_unknown), 2
    # The line end makes a record of what stands behind the last one.
    unread = chain((rest,), pieces, (b"\n",))
    rest = b""
    for piece in unread:
        text = rest + piece
        records = _records(text, ord(layout.delimiter))
        if records is None:
            line = yield from _row_by_row(chain((text,), unread), line, layout)
            break
        yield _parsed(text, records, line, layout)
        whole = int(records.ends[-1]) if len(records.ends) else 0
        line, rest = line + text.count(b"\n", 0, whole), text[whole:]
    else:
        if rest:  # A quote never closes.
            line = yield from _row_by_row((rest,), line, layout)
    if content.damage:
        damage = _fault(line, "file_truncated", content.damage)
        yield _frame(layout, pl.DataFrame([damage], schema=FAULT_SCHEMA))


def delimiter_of(header: str) -> str:
    """The separator that the header has most of."""
    return max(DELIMITERS, key=header.count)


def cells_of(line: str, delimiter: str) -> list[str]:
    """Cells of a header line. Raises ValueError where it is no such line."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _layout(header_line: str, fields: Mapping[str, str], is_unknown: Callable[[str], bool]) -> _Layout:
    delimiter = delimiter_of(header_line)
    header = cells_of(header_line, delimiter)
    twice = [column for column in fields.values() if header.count(column) > 1]
    if twice:
        raise ValueError(f"the header names {twice[0]} more than once")
    places = {name: header.index(column) for name, column in fields.items() if column in header}
    more = {COLUMN_MARK + name: header.index(name) for name in header if is_unknown(name)}
    schema = FAULT_SCHEMA | dict.fromkeys((*fields, *more), pl.String())
    return _Layout(delimiter, len(header), places | more, schema)


def _records(text: bytes, delimiter: int) -> _Records | None:
    """The whole records at the start of a text that begins with one; None if it is for the slow reader."""
    data = np.frombuffer(text, np.uint8)
    is_end, is_separator, is_quote = data == _NEWLINE, data == delimiter, data == _QUOTE
    line_ends, quotes = np.flatnonzero(is_end), np.flatnonzero(is_quote)
    # One at the very end may be half of a line end.
    bare_returns = text.count(b"\r", 0, len(text) - 1) - text.count(b"\r\n")
    if bare_returns or not _is_orderly(data, quotes, delimiter):
        return None
    if len(quotes):
        is_outside = ~np.logical_xor.accumulate(is_quote)
        is_end &= is_outside
        is_separator &= is_outside
    ends = np.flatnonzero(is_end) + 1
    sizes = np.diff(ends, prepend=0, append=len(data))
    if sizes.max() > MAX_LINE_BYTES:
        return None
    starts = ends - sizes[:-1]
    cells = np.diff(np.searchsorted(np.flatnonzero(is_separator), ends), prepend=0) + 1
    return _Records(starts, ends, cells, np.searchsorted(line_ends, starts))


def _is_orderly(data: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether quotes open behind a separator and close before one. Inside, two quotes are one: they close and open."""
    opening, closing = quotes[::2], quotes[1::2]
    before = data[opening[opening > 0] - 1]
    after = data[closing[closing < len(data) - 1] + 1]
    opens = np.isin(before, [delimiter, _NEWLINE, _QUOTE]).all()
    return bool(opens and np.isin(after, [delimiter, _NEWLINE, _RETURN, _QUOTE]).all())


def _parsed(text: bytes, records: _Records, line: int, layout: _Layout) -> pl.DataFrame:
    """Records by polars, but for those of another width than the header's; empty lines are left out."""
    size = records.ends - records.starts
    first = np.frombuffer(text, np.uint8)[records.starts]
    is_blank = (size == 1) | ((size == 2) & (first == _RETURN))
    is_good = ~is_blank & (records.cells == layout.width)
    table = pl.read_csv(
        _taken(text, records, is_good),
        has_header=False,
        schema={f"column_{column}": pl.String for column in range(layout.width)},
        columns=sorted({f"column_{column}" for column in layout.places.values()}),
        separator=layout.delimiter,
        empty_string_is_null=False,
        encoding="utf8-lossy",
        raise_if_empty=False,
        missing_columns="raise",
        extra_columns="raise",
    )
    good = pl.DataFrame({name: table[f"column_{column}"] for name, column in layout.places.items()})
    numbers = pl.Series("source_line", records.lines[is_good] + line, pl.Int64)
    bad = np.flatnonzero(~is_blank & ~is_good)
    faults = [_wrong_count(line + int(records.lines[i]), int(records.cells[i]), layout.width) for i in bad]
    return _frame(layout, good.with_columns(numbers), pl.DataFrame(faults, schema=FAULT_SCHEMA))


def _taken(text: bytes, records: _Records, is_taken: np.ndarray) -> bytes:
    """The text of some of the records."""
    edges = np.flatnonzero(np.diff(is_taken, prepend=False, append=False))
    return b"".join(text[records.starts[a] : records.ends[b - 1]] for a, b in zip(edges[::2], edges[1::2], strict=True))


def _row_by_row(pieces: Iterable[bytes], line: int, layout: _Layout) -> Generator[pl.DataFrame, None, int]:
    """The rest of a file. `line`: the number of its first line. Returns the one behind its last."""
    stream = io.TextIOWrapper(io.BufferedReader(_Stream(iter(pieces))), errors="replace", newline="")
    reader = csv.reader(stream, delimiter=layout.delimiter, strict=True)
    numbered = _numbered_rows(reader, line, layout.width)
    while rows := list(islice(numbered, BATCH_RECORDS)):
        good = [(number, *map(cells.__getitem__, layout.places.values())) for number, cells, _ in rows if cells]
        schema = {"source_line": pl.Int64(), **dict.fromkeys(layout.places, pl.String())}
        faults = pl.DataFrame([fault for _, _, fault in rows if fault], schema=FAULT_SCHEMA)
        yield _frame(layout, pl.DataFrame(good, schema=schema, orient="row"), faults)
    return int(reader.line_num) + line


def _numbered_rows(reader: Any, line: int, width: int) -> Iterator[tuple[int, list[str] | None, dict[str, Any] | None]]:
    """Line number with the cells, or with what is wrong with them; empty lines are left out."""
    while True:
        number = reader.line_num + line
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, None, _fault(number, "invalid_csv", str(error))
            continue
        if len(cells) == width:
            yield number, cells, None
        elif cells:
            yield number, None, _wrong_count(number, len(cells), width)


def _frame(layout: _Layout, *parts: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=layout.schema), *parts], how="diagonal")


def _wrong_count(number: int, cells: int, width: int) -> dict[str, Any]:
    return _fault(number, "wrong_column_count", f"{cells} cells, the header has {width}")


def _fault(number: int, fault: str, detail: str) -> dict[str, Any]:
    return {"source_line": number, "fault": fault, "detail": detail, "text": ""}


class _Stream(io.RawIOBase):
    """Pieces of bytes as a raw stream, which the text reader of the standard library asks for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer from the next piece that is not empty; nothing at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
