"""privacy.csv, the user's word on what of people is kept: which column as it is, as a keyed hash, or not at all.

Reading and checking only; how columns are changed is said in `pseudonyms`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from pipelines.models.user_csv import UserFileError, csv_lines, file_content
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


PrivacyError = UserFileError


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
    return file_content(path, MAX_BYTES, "write one line per column")


def parse_privacy(path: Path, content: bytes) -> dict[str, Treatment]:
    """Columns that are not kept, with their treatment; `path` is how messages name the file. No bytes are no file.

    Header: column,treatment. A column that is not named is kept. Raises PrivacyError.
    """
    found: dict[str, str] = {}
    for line, cells in csv_lines(path, content, _HEADER, ()) if content else ():
        _read_line(f"{path} line {line}", cells["column"], cells["treatment"], found)
    return {column: cast(Treatment, treatment) for column, treatment in found.items() if treatment != "keep"}


def canonical(treatments: Mapping[str, Treatment]) -> bytes:
    """Settings as bytes that are the same whenever they mean the same."""
    return "\n".join(f"{column},{treatments[column]}" for column in sorted(treatments)).encode()


def _read_line(where: str, column: str, treatment: str, found: dict[str, str]) -> None:
    if column not in PERSONAL_COLUMNS:
        raise PrivacyError(f"{where}: there is no column {column!r}; write one of {', '.join(PERSONAL_COLUMNS)}")
    if treatment not in TREATMENTS:
        raise PrivacyError(f"{where}: treatment {treatment!r} is unknown; write one of {', '.join(TREATMENTS)}")
    if column in found:
        raise PrivacyError(f"{where}: {column} has a line already; delete one of the two")
    found[column] = treatment
