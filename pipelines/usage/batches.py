"""What comes of reading usage files: checked rows in batches, and counts of each file. Data only."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

MAX_PATHS = 50
"""Of one file: a hostile one has as many as records."""
OTHER_PATHS = "(other places)"


@dataclass(frozen=True)
class UnknownCount:
    """A number in usage objects of one file that no meter counts: its rows, sum and days."""

    row_count: int
    total: float
    first_usage_date: date
    last_usage_date: date

    def __add__(self, other: "UnknownCount") -> "UnknownCount":
        """Both together."""
        return UnknownCount(
            self.row_count + other.row_count,
            self.total + other.total,
            min(self.first_usage_date, other.first_usage_date),
            max(self.last_usage_date, other.last_usage_date),
        )


@dataclass
class FileCount:
    """What was read of one file: line_count = row_count + reject_count + ignored_count."""

    path: Path
    import_id: str
    format: str
    size_bytes: int
    changed_at: str | None = None
    """When the file was last changed, an ISO time in UTC: the time of records that state none."""
    row_count: int = 0
    reject_count: int = 0
    ignored_count: int = 0
    dated_by_file_count: int = 0
    """Rows whose record states no time, so that they have the file's."""
    encrypted_count: int = 0
    """Rows named by an id that a proxy has encrypted, so that no other log of the call has it."""
    new_count: int = 0
    """Rows that the ledger did not know; for the caller to fill in."""
    first_usage_date: date | None = None
    last_usage_date: date | None = None
    is_known: bool = False
    is_empty: bool = False
    """Whether nothing was read of it, though it could be."""
    reason: str | None = None
    """Why the file was not imported, where it was not."""

    unknown: dict[str, UnknownCount] = field(default_factory=dict)
    """By path, at most MAX_PATHS and one of the rest."""

    def add_unknown(self, path: str, found: UnknownCount) -> None:
        """Count more of an unknown number."""
        place = path if path in self.unknown or len(self.unknown) < MAX_PATHS else OTHER_PATHS
        before = self.unknown.get(place)
        self.unknown[place] = before + found if before else found

    def widen(self, first: date, last: date) -> None:
        """Make the span of usage dates hold these."""
        self.first_usage_date = min(self.first_usage_date or first, first)
        self.last_usage_date = max(self.last_usage_date or last, last)

    @property
    def name(self) -> str:
        """The name of the file as text that can be stored and shown."""
        return printable(self.path)

    @property
    def line_count(self) -> int:
        """Lines that state something: blank ones do not count."""
        return self.row_count + self.reject_count + self.ignored_count


@dataclass(frozen=True)
class Batch:
    """Checked rows in the columns of `table`, one per id. `complete`: the files that end in it."""

    table: str
    rows: pl.DataFrame
    rejects: pl.DataFrame
    counts: dict[str, FileCount]
    """By import_id: the files that its rows are of, and others."""
    complete: list[FileCount]


def printable(path: Path) -> str:
    """The name of a file as text that can be stored and shown."""
    return path.name.encode("utf-8", errors="replace").decode()
