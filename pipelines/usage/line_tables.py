"""The bytes of a usage file -> tables of numbered lines. Knows UTF-8; nothing of log formats.

Lines of any length or number are read in bounded memory. What cannot be read becomes a line with a fault, so that it
can be shown, never an exception.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.usage.file_content import MAX_LINE_BYTES, UTF8_BOM, Content

CHUNK_BYTES = 32 << 20
DECODED_BYTES = 16 << 10
"""Decoded at once where some of it is no UTF-8."""
HEAD_BYTES = 320
SHORT_BYTES = 80
"""Lines up to this length are looked at for being blank; a longer one would need eighty blanks."""
LINE_SCHEMA = pa.schema(
    {"source_line": pa.int64(), "text": pa.large_string(), "fault": pa.large_string(), "detail": pa.large_string()}
)
"""`text` is the line, or of a line with a fault its first characters, escaped where they are not UTF-8."""
_IS_TEXT = np.array([not bytes([byte]).isspace() for byte in range(256)])


@dataclass
class _Lines:
    """Where a file is: the number of the next line, the bytes after the last line end, and how many were dropped."""

    number: int = 1
    rest: bytes = b""
    dropped: int = 0


def line_tables(content: Content) -> Iterator[pa.Table]:
    """Lines in file order in tables of LINE_SCHEMA, blank ones left out but counted in the numbers."""
    state = _Lines()
    for piece in content.pieces(CHUNK_BYTES):
        yield from _whole_lines(state, piece)
    yield from _last_line(state, content.damage)


def _whole_lines(state: _Lines, data: bytes) -> Iterator[pa.Table]:
    """The lines that end within `data`; what follows the last line end waits in `state`."""
    end = data.rfind(b"\n") + 1
    if state.dropped and end:
        first = data.index(b"\n") + 1
        yield _too_long(state, first - 1)
        data, end = data[first:], end - first
    if state.dropped:
        state.dropped += len(data)
        return
    if end:
        yield _table(state, state.rest + data[:end])
        state.rest = data[end:]
    else:
        state.rest += data
    if len(state.rest) > MAX_LINE_BYTES:
        state.dropped = len(state.rest) - HEAD_BYTES
        state.rest = state.rest[:HEAD_BYTES]


def _last_line(state: _Lines, damage: str) -> Iterator[pa.Table]:
    if damage:
        yield _fault(state, "file_truncated", damage, state.rest)
    elif state.dropped:
        yield _too_long(state, 0)
    elif state.rest:
        yield _table(state, state.rest)


def _table(state: _Lines, data: bytes) -> pa.Table:
    """Whole lines as a table. A text keeps its line end."""
    if state.number == 1:
        data = data.removeprefix(UTF8_BOM)
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    if not len(ends) or ends[-1] != len(data):
        ends = np.append(ends, len(data))
    numbers = np.arange(state.number, state.number + len(ends), dtype=np.int64)
    state.number += len(ends)
    return text_table(numbers, data, ends, MAX_LINE_BYTES)


def text_table(numbers: np.ndarray, data: bytes, ends: np.ndarray, max_bytes: int) -> pa.Table:
    """Texts that stand one behind the other in `data` as a table of LINE_SCHEMA, without copying them one by one.

    Those of more than `max_bytes` and those that are no UTF-8 get a fault; blank ones are left out.
    """
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    sizes = np.diff(offsets)
    lines = pa.LargeStringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    nothing = pa.nulls(len(ends), pa.large_string())
    table = pa.Table.from_arrays([whole_numbers(numbers), lines, nothing, nothing], schema=LINE_SCHEMA)
    bad = {int(index) for index in np.flatnonzero(sizes > max_bytes)}
    if not _is_utf8(lines):
        bad |= _not_utf8(data, offsets)
    is_kept = ~_is_blank(data, offsets, sizes)
    bad = {index for index in bad if is_kept[index]}
    if not bad and is_kept.all():
        return table
    is_kept[sorted(bad)] = False
    good = table.take(whole_numbers(np.flatnonzero(is_kept)))
    rows = [_row(int(numbers[index]), data[offsets[index] : offsets[index + 1]], max_bytes) for index in sorted(bad)]
    return pa.concat_tables([good, _table_of(rows)]).sort_by("source_line")


def _is_blank(data: bytes, offsets: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which texts are blank, of all at once: millions of line ends are a small file when they are compressed."""
    is_blank: np.ndarray = sizes == 0
    if len(data) and (sizes <= SHORT_BYTES).any():
        holds = np.flatnonzero(sizes)
        has_text = np.logical_or.reduceat(_IS_TEXT[np.frombuffer(data, np.uint8)], offsets[holds])
        is_blank[holds] = ~has_text & (sizes[holds] <= SHORT_BYTES)
    return is_blank


def whole_numbers(values: np.ndarray) -> pa.Array:
    """Numbers as an Arrow array. `pa.array` would do, but it imports pandas."""
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def _is_utf8(lines: pa.LargeStringArray) -> bool:
    """Whether all lines are UTF-8. Arrow looks twenty times faster than Python decodes, but does not say where."""
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _not_utf8(data: bytes, offsets: np.ndarray) -> set[int]:
    """Which lines are no UTF-8. Goes on behind each of them, so the whole is decoded once."""
    found: set[int] = set()
    view, start = memoryview(data), 0
    while start < len(data):
        # An error holds a copy of what was to be decoded, so that is never the whole.
        window = view[start : start + DECODED_BYTES]
        try:
            _, used = codecs.utf_8_decode(window, "strict", start + len(window) == len(data))
        except UnicodeDecodeError as error:
            index = int(np.searchsorted(offsets, start + error.start, side="right")) - 1
            found.add(index)
            start = int(offsets[index + 1])
        else:
            start += used
    return found


def _row(number: int, raw: bytes, max_bytes: int) -> tuple[int, str, str | None, str | None]:
    """A line with its fault, if it has one."""
    size = len(raw.rstrip(b"\r\n"))
    if size > max_bytes:
        return number, head_of(raw), "line_too_long", f"{size} bytes, the limit is {max_bytes}"
    try:
        return number, raw.decode(), None, None
    except UnicodeDecodeError as error:
        return number, head_of(raw.rstrip(b"\r\n")), "invalid_utf8", f"byte {error.start + 1}: {error.reason}"


def _table_of(rows: list[tuple[int, str, str | None, str | None]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(LINE_SCHEMA.names, row, strict=True)) for row in rows], schema=LINE_SCHEMA)


def _too_long(state: _Lines, more: int) -> pa.Table:
    size = len(state.rest) + state.dropped + more
    table = _fault(state, "line_too_long", f"{size} bytes, the limit is {MAX_LINE_BYTES}", state.rest)
    state.rest, state.dropped = b"", 0
    return table


def _fault(state: _Lines, fault: str, detail: str, raw: bytes) -> pa.Table:
    state.number += 1
    return _table_of([(state.number - 1, head_of(raw), fault, detail)])


def head_of(raw: bytes) -> str:
    """The first bytes as text that is safe to print: bytes that are not UTF-8 are escaped."""
    return raw[:HEAD_BYTES].decode("utf-8", errors="backslashreplace")[:HEAD_BYTES]
