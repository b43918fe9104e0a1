"""privacy.csv, the user's word on what of people is kept: which column as it is, as a keyed hash, or not at all.

Reading and checking only; how columns are changed is said in `pseudonyms`.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from pipelines.usage.identity import OWNER_COLUMNS
from pipelines.warehouse.last_good import keep_last_good, last_good

PRIVACY_FILE = "privacy.csv"
"""Name of the user's settings below the warehouse folder."""
Treatment = Literal["keep", "hash", "drop"]
TREATMENTS = ("keep", "hash", "drop")
PERSONAL_COLUMNS = (*OWNER_COLUMNS, "path", "file_name")
"""Owners of usage and of bills, and where imported files lay."""
MAX_BYTES = 100_000

_HEADER = ["column", "treatment"]


class PrivacyError(ValueError):
    """The settings cannot be used: which file and line, what is wrong, what to write instead."""


def privacy_in_force(folder: Path) -> tuple[dict[str, Treatment], str | None]:
    """Columns that are not kept, with their treatment; and why the file as it is now does not count.

    Where it has a mistake, its last good state counts. Raises PrivacyError where it never had a good one: what is
    stored in clear or left out by mistake cannot be taken back. Changes nothing.
    """
    path = folder / PRIVACY_FILE
    try:
        return parse_privacy(path, privacy_content(path)), None
    except PrivacyError as error:
        kept = last_good(folder, PRIVACY_FILE)
        if kept is None:
            raise PrivacyError(f"{error}. Until then no usage file is imported") from error
        return parse_privacy(path, kept), f"{error}. Until then its last good state stays in force"


def keep_privacy(folder: Path) -> str | None:
    """Keep the settings for later if they are good. Returns what is wrong with them otherwise."""
    try:
        _, problem = privacy_in_force(folder)
    except PrivacyError as error:
        return str(error)
    if problem is None:
        keep_last_good(folder, PRIVACY_FILE, privacy_content(folder / PRIVACY_FILE) or None)
    return problem


def privacy_content(path: Path) -> bytes:
    """The bytes of the settings; none where the file is missing. Raises PrivacyError if it cannot be read."""
    if not path.exists():
        return b""
    if not path.is_file():  # to read a pipe may never end
        raise PrivacyError(f"{path} cannot be read: it is no file; make it a file that you may read")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PrivacyError(f"{path} cannot be read: {error.strerror}; make it a file that you may read") from error
    if len(content) > MAX_BYTES:
        raise PrivacyError(f"{path} is larger than {MAX_BYTES:,} bytes; write one line per column")
    return content or b"\n"


def parse_privacy(path: Path, content: bytes) -> dict[str, Treatment]:
    """Columns that are not kept, with their treatment; `path` is how messages name the file. No bytes are no file.

    Header: column,treatment. A column that is not named is kept. Raises PrivacyError.
    """
    found: dict[str, str] = {}
    if not content:
        return {}
    try:
        reader = csv.reader(content.decode("utf-8-sig").splitlines(), strict=True)
        header = [cell.strip() for cell in next(reader, [])]
        if header != _HEADER:
            raise PrivacyError(f"{path} line 1: the header is {','.join(header)!r}; write {','.join(_HEADER)}")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                _read_line(f"{path} line {reader.line_num}", [cell.strip() for cell in cells], found)
    except UnicodeDecodeError as error:
        raise PrivacyError(f"{path}: byte {error.start + 1} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise PrivacyError(f"{path} line {reader.line_num}: {error}; check the quotes of that line") from error
    return {column: cast(Treatment, treatment) for column, treatment in found.items() if treatment != "keep"}


def canonical(treatments: Mapping[str, Treatment]) -> bytes:
    """Settings as bytes that are the same whenever they mean the same."""
    return "\n".join(f"{column},{treatments[column]}" for column in sorted(treatments)).encode()


def _read_line(where: str, cells: list[str], found: dict[str, str]) -> None:
    if len(cells) != len(_HEADER):
        raise PrivacyError(f"{where}: {len(cells)} cells, the header has {len(_HEADER)}; write column,treatment")
    column, treatment = cells
    if column not in PERSONAL_COLUMNS:
        raise PrivacyError(f"{where}: there is no column {column!r}; write one of {', '.join(PERSONAL_COLUMNS)}")
    if treatment not in TREATMENTS:
        raise PrivacyError(f"{where}: treatment {treatment!r} is unknown; write one of {', '.join(TREATMENTS)}")
    if column in found:
        raise PrivacyError(f"{where}: {column} has a line already; delete one of the two")
    found[column] = treatment
