"""CSV files that a user writes by hand: bytes -> lines of known columns, each mistake told with file, line and remedy.

What the columns mean is for the module of each file.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

MAX_BYTES = 10_000_000
TIMES = ("valid_from", "valid_to")
"""Columns that a header may have beside the others."""
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_SEPARATORS = {";": "semicolons", "\t": "tabs"}
Moment = TypeVar("Moment", date, datetime)


class UserFileError(ValueError):
    """The file cannot be used: which file and line, what is wrong, what to write instead."""


def file_content(path: Path, max_bytes: int = MAX_BYTES, remedy: str = "keep only the lines of ids in use") -> bytes:
    """The bytes of a user's file; none where it is missing. Raises UserFileError if it cannot be read.

    `remedy` is told of a file of more than `max_bytes`.
    """
    if not path.exists():
        return b""
    if not path.is_file():  # to read a pipe may never end
        raise UserFileError(f"{path} cannot be read: it is no file; make it a file that you may read")
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise UserFileError(f"{path} cannot be read: {error.strerror}; make it a file that you may read") from error
    if len(content) > max_bytes:
        raise UserFileError(f"{path} is larger than {max_bytes:,} bytes; {remedy}")
    return content or b"\n"


def csv_lines(
    path: Path, content: bytes, columns: Sequence[str], optional: Sequence[str] = TIMES, last: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells by column, blank lines left out.

    The header is `columns`, with or without `optional`, which may be followed by `last`.
    """
    headers = [list(columns)]
    for more in (optional, last):
        if more:
            headers.append([*headers[-1], *more])
    try:
        reader = csv.reader(_lines(content.decode("utf-8-sig")), strict=True)
        header = [name.strip() for name in next(reader, [])]
        if header not in headers:
            written = " or ".join(",".join(names) for names in headers)
            raise UserFileError(
                f"{path} line 1: the header is {','.join(header)!r}{_wrong_header(header, headers)}; write {written}, "
                "separated by commas"
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise UserFileError(
                    f"{path} line {reader.line_num}: {len(cells)} cells, the header has {len(header)}; "
                    'write empty cells as ",,"'
                )
            yield reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except UnicodeDecodeError as error:
        raise UserFileError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise UserFileError(f"{path} line {reader.line_num}: {error}; check the quotes of that line") from error


def _lines(text: str) -> list[str]:
    """Lines of a file: other signs that may end one, such as a form feed, may as well stand in a cell."""
    lines = _LINE_ENDS.split(text)
    return lines if lines[-1] else lines[:-1]


def _wrong_header(header: list[str], headers: list[list[str]]) -> str:
    """What is wrong with it, where that can be told in few words."""
    separator = next((name for sign, name in _SEPARATORS.items() if sign in "".join(header)), None)
    if len(header) == 1 and separator:
        return f", its cells separated by {separator}"
    wanted = max(headers, key=lambda names: len(set(names) & set(header)))
    missing = [name for name in wanted if name not in header]
    other = list(dict.fromkeys(name or "an empty one" for name in header if name not in headers[-1]))
    told = [f"{', '.join(names)} {word}" for names, word in ((missing, "missing"), (other, "unknown")) if names]
    return f" ({'; '.join(told)})" if told and len(missing) < len(wanted) else ""


def interval(where: str, cells: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    """TIMES of a line, naive UTC; None is unbounded. Raises UserFileError, also where the end is not after it."""
    valid_from, valid_to = (_instant(where, name, cells.get(name, "")) for name in TIMES)
    if valid_from and valid_to and valid_from >= valid_to:
        raise UserFileError(f"{where}: valid_to must be after valid_from; it is the first moment that is not meant")
    return valid_from, valid_to


def share_time(one: tuple[Moment | None, Moment | None], other: tuple[Moment | None, Moment | None]) -> bool:
    """Whether two intervals have a moment in common: None is unbounded, the end is the first moment not meant."""
    ends = ((one[0], other[1]), (other[0], one[1]))
    return all(begin is None or end is None or begin < end for begin, end in ends)


def _instant(where: str, name: str, text: str) -> datetime | None:
    """Naive UTC; a time without an offset is UTC."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserFileError(f"{where}: {name} {text!r} is no date; write it as 2026-01-31") from error
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
