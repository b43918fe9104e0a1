"""Usage files -> checked rows, rejects and counts, in batches. No database, no ledger: the caller decides what is new.

Many small files make one batch and a large one makes several, so that neither costs more than its bytes. Formats whose
records lean on each other are never cut.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.schema.columns import polars_schema
from pipelines.usage.contract import (
    DECLARATIONS,
    REJECT_SCHEMA,
    Checked,
    check,
    largest_per_usage,
    latest_per_cost,
    with_grouping,
)
from pipelines.usage.formats import Recognised, UnknownFormat, recognise
from pipelines.usage.reading import Content, whole_numbers
from pipelines.usage.records import read_pieces, records_of

PIECE_BYTES = 64 << 20
"""Text that is taken apart at once."""
BATCH_ROWS = 2_000_000
"""Checked rows that are handed on at once."""


@dataclass
class FileCount:
    """What was read of one file: line_count = row_count + reject_count + ignored_count."""

    path: Path
    import_id: str
    format: str
    size_bytes: int
    row_count: int = 0
    reject_count: int = 0
    ignored_count: int = 0
    new_count: int = 0
    """Rows that the ledger did not know; for the caller to fill in."""
    first_usage_date: date | None = None
    last_usage_date: date | None = None
    is_known: bool = False
    reason: str | None = None
    """Why the file was not imported, where it was not."""

    def widen(self, first: date, last: date) -> None:
        """Make the span of usage dates hold these."""
        self.first_usage_date = min(self.first_usage_date or first, first)
        self.last_usage_date = max(self.last_usage_date or last, last)

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
    complete: list[FileCount]


@dataclass
class _Reader:
    """Files of one format on their way: pieces not taken apart yet, checked rows not handed on yet."""

    found: Recognised
    connection: duckdb.DuckDBPyConnection
    as_of: datetime
    pieces: list[pa.Table] = field(default_factory=list)
    piece_bytes: int = 0
    checked: list[Checked] = field(default_factory=list)
    counts: dict[str, FileCount] = field(default_factory=dict)
    complete: list[FileCount] = field(default_factory=list)

    def add(self, piece: pa.Table, count: FileCount) -> None:
        """Keep a piece of a file, and take pieces apart where they are many."""
        self.counts[count.import_id] = count
        # Files are read one after the other, so the newest is the last.
        number = len(self.counts) - 1
        self.pieces.append(piece.append_column("file_number", whole_numbers(np.full(len(piece), number, np.int64))))
        self.piece_bytes += piece.nbytes
        if self.piece_bytes >= PIECE_BYTES and not self.found.importer.needs_whole_files:
            self.take_apart()

    def take_apart(self) -> None:
        """Pieces -> checked rows."""
        if not self.pieces:
            return
        importer = self.found.importer
        table = pa.concat_tables(self.pieces, promote_options="default")
        records = self._named(records_of(self.connection, table, self.found.form, importer))
        self.pieces, self.piece_bytes = [], 0
        checked = check(importer.prepare(records) if importer.prepare else records, importer, self.as_of)
        self.checked.append(checked)
        for rows, name in ((checked.good, "row_count"), (checked.rejects, "reject_count")):
            for import_id, count in rows.group_by("import_id").len().iter_rows():
                setattr(self.counts[import_id], name, getattr(self.counts[import_id], name) + count)
        for import_id, count in checked.ignored.iter_rows():
            self.counts[import_id].ignored_count += count
        spans = checked.good.group_by("import_id").agg(
            first=pl.col("usage_date").min(), last=pl.col("usage_date").max()
        )
        for import_id, first, last in spans.iter_rows():
            self.counts[import_id].widen(first, last)

    def _named(self, records: pl.DataFrame) -> pl.DataFrame:
        """Records with their file's import_id and name instead of its number."""
        names = {
            "import_id": pl.Series(list(self.counts), dtype=pl.String),
            "file_name": pl.Series([printable(count.path) for count in self.counts.values()], dtype=pl.String),
        }
        return records.with_columns(
            pl.lit(texts).gather(pl.col("file_number")).alias(name) for name, texts in names.items()
        ).drop("file_number")

    def batch(self) -> Batch:
        """Hand on what is checked."""
        importer, checked = self.found.importer, self.checked
        rows = pl.concat([polars_frame(importer.table), *(one.good for one in checked)])
        if importer.table == "usage":
            rows = (importer.settle or largest_per_usage)(with_grouping(rows))
        else:
            rows = (importer.settle or latest_per_cost)(rows)
        rejects = pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *(one.rejects for one in checked)])
        batch = Batch(importer.table, rows, rejects.sort("import_id", "source_line"), self.complete)
        self.checked, self.complete = [], []
        return batch


def recognised_files(
    paths: Sequence[Path], format_name: str | None = None
) -> tuple[dict[Path, Recognised], dict[Path, str]]:
    """What each file is, and why the others cannot be imported."""
    known: dict[Path, Recognised] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            known[path] = recognise(path, printable(path), format_name)
        except (UnknownFormat, OSError) as error:
            refused[path] = str(error)
    return known, refused


def read_batches(
    files: dict[Path, Recognised],
    is_known: Callable[[str], bool],
    as_of: datetime,
    on_file: Callable[[Path], None] = lambda path: None,
) -> Iterator[Batch]:
    """Read files, those of one format after those of another.

    `is_known` tells by the sha256 of its content whether a file was imported before; such a file is complete at once.
    Rows and rejects carry that sha256 as import_id, so that one content under two names is one import. `as_of` (naive
    UTC) is the time of the import.
    """
    with duckdb.connect() as connection:
        readers: dict[tuple[str, str], _Reader] = {}
        seen: set[str] = set()
        for path, found in sorted(files.items(), key=lambda item: (item[1].importer.name, item[1].form)):
            reader = readers.setdefault((found.importer.name, found.form), _Reader(found, connection, as_of))
            on_file(path)
            yield from _read_file(reader, path, seen, is_known)
        for reader in readers.values():
            reader.take_apart()
            if reader.complete:
                yield reader.batch()


def polars_frame(table: str) -> pl.DataFrame:
    """No rows, in the columns of a table."""
    return pl.DataFrame(schema=polars_schema(DECLARATIONS[table]))


def printable(path: Path) -> str:
    """The name of a file as text that can be stored and shown."""
    return path.name.encode("utf-8", errors="replace").decode()


def _read_file(reader: _Reader, path: Path, seen: set[str], is_known: Callable[[str], bool]) -> Iterator[Batch]:
    count = FileCount(path, "", reader.found.importer.name, 0)
    try:
        content = Content(path)
        count.import_id, count.size_bytes = content.sha256, path.stat().st_size
        if content.sha256 in seen or is_known(content.sha256):
            count.reason, count.is_known = "this content was imported before", True
        else:
            seen.add(content.sha256)
            for piece in read_pieces(path, reader.found.form, reader.found.importer, content):
                reader.add(piece, count)
                if sum(one.good.height + one.rejects.height for one in reader.checked) >= BATCH_ROWS:
                    yield reader.batch()
    except (OSError, ValueError, pa.ArrowException) as error:
        count.reason = f"{printable(path)}: {error}"
    reader.complete.append(count)
    if reader.piece_bytes >= PIECE_BYTES:
        reader.take_apart()
