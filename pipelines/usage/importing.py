"""Usage files -> checked rows, rejects and counts, in batches. No database, no ledger: the caller decides what is new.

Many small files make one batch and a large one makes several, so that neither costs more than its bytes. Formats whose
records lean on each other are never cut. Files are read here; a few threads take the pieces apart and check them.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
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
WORKERS = min(4, os.cpu_count() or 1)
"""Pieces that are taken apart side by side."""
BATCH_ROWS = 1_000_000
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


@dataclass(frozen=True)
class _Taken:
    """What has become of some pieces: rows, rejects, and `counts` of each file in them."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    counts: pl.DataFrame
    """import_id, row_count, reject_count, ignored_count, first and last usage_date; rows counted before any choice."""


@dataclass
class _Reader:
    """Files of one format on their way: pieces not taken apart yet, pieces being so, checked rows not handed on yet."""

    found: Recognised
    workers: ThreadPoolExecutor
    as_of: datetime
    pieces: list[pa.Table] = field(default_factory=list)
    piece_bytes: int = 0
    waiting: deque[Future[_Taken]] = field(default_factory=deque)
    taken: list[_Taken] = field(default_factory=list)
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
        """Pieces -> checked rows, beside the reading of the next ones; few at once, because each takes memory."""
        if self.pieces:
            table = pa.concat_tables(self.pieces, promote_options="default")
            self.pieces, self.piece_bytes = [], 0
            names = [(import_id, printable(count.path)) for import_id, count in self.counts.items()]
            self.waiting.append(self.workers.submit(self._check, table, names))
        while len(self.waiting) > WORKERS:
            self._count(self.waiting.popleft().result())

    def _check(self, pieces: pa.Table, names: list[tuple[str, str]]) -> _Taken:
        """What a worker does. `names`: import_id and name of each file, by its number."""
        importer = self.found.importer
        with _engine().cursor() as cursor:
            records = records_of(cursor, pieces, self.found.form, importer)
        files = pl.DataFrame(names, schema={"import_id": pl.String, "file_name": pl.String}, orient="row")
        named = pl.concat([records.drop("file_number"), files[records["file_number"]]], how="horizontal")
        checked = check(importer.prepare(named) if importer.prepare else named, importer, self.as_of)
        # Most statements of one response stand close together, so most of the choice is made here, side by side.
        is_plain = importer.table == "usage" and importer.settle is None
        return _Taken(largest_per_usage(checked.good) if is_plain else checked.good, checked.rejects, _counts(checked))

    def _count(self, taken: _Taken) -> None:
        self.taken.append(taken)
        for import_id, rows, rejects, ignored, first, last in taken.counts.iter_rows():
            count = self.counts[import_id]
            count.row_count += rows
            count.reject_count += rejects
            count.ignored_count += ignored
            if rows:
                count.widen(first, last)

    def batch(self) -> Batch:
        """Hand on all rows of the pieces taken so far."""
        while self.waiting:
            self._count(self.waiting.popleft().result())
        importer, taken = self.found.importer, self.taken
        rows = pl.concat(
            [pl.DataFrame(schema=polars_schema(DECLARATIONS[importer.table])), *(one.rows for one in taken)]
        )
        if importer.table == "usage":
            rows = (importer.settle or largest_per_usage)(with_grouping(rows))
        else:
            rows = (importer.settle or latest_per_cost)(rows)
        rejects = pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *(one.rejects for one in taken)])
        batch = Batch(importer.table, rows, rejects.sort("import_id", "source_line"), self.complete)
        self.taken, self.complete = [], []
        return batch


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """The DuckDB of all workers. One thread in each query: they take pieces apart side by side."""
    return duckdb.connect(config={"threads": 1})


def _counts(checked: Checked) -> pl.DataFrame:
    rows = checked.good.group_by("import_id").agg(
        row_count=pl.len(), first=pl.col("usage_date").min(), last=pl.col("usage_date").max()
    )
    rejects = checked.rejects.group_by("import_id").agg(reject_count=pl.len())
    ignored = checked.ignored.select("import_id", ignored_count="lines")
    return (
        rows.join(rejects, on="import_id", how="full", coalesce=True)
        .join(ignored, on="import_id", how="full", coalesce=True)
        .select("import_id", pl.col("row_count", "reject_count", "ignored_count").fill_null(0), "first", "last")
    )


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
    with ThreadPoolExecutor(WORKERS) as workers:
        readers: dict[tuple[str, str], _Reader] = {}
        seen: set[str] = set()
        for path, found in sorted(files.items(), key=lambda item: (item[1].importer.name, item[1].form)):
            reader = readers.setdefault((found.importer.name, found.form), _Reader(found, workers, as_of))
            on_file(path)
            yield from _read_file(reader, path, seen, is_known)
        for reader in readers.values():
            reader.take_apart()
            if reader.complete:
                yield reader.batch()


def printable(path: Path) -> str:
    """The name of a file as text that can be stored and shown."""
    return path.name.encode("utf-8", errors="replace").decode()


def _read_file(reader: _Reader, path: Path, seen: set[str], is_known: Callable[[str], bool]) -> Iterator[Batch]:
    count = FileCount(path, "", reader.found.importer.name, 0)
    for piece in _pieces(reader.found, count, seen, is_known):
        reader.add(piece, count)
        if sum(one.rows.height + one.rejects.height for one in reader.taken) >= BATCH_ROWS:
            yield reader.batch()
    reader.complete.append(count)
    if reader.piece_bytes >= PIECE_BYTES:
        reader.take_apart()


def _pieces(found: Recognised, count: FileCount, seen: set[str], is_known: Callable[[str], bool]) -> Iterator[pa.Table]:
    """The pieces of a file that is new. What a worker says must not refuse it: that may be about another file."""
    try:
        content = Content(count.path)
        count.import_id, count.size_bytes = content.sha256, count.path.stat().st_size
        if content.sha256 in seen or is_known(content.sha256):
            count.reason, count.is_known = "this content was imported before", True
        else:
            seen.add(content.sha256)
            yield from read_pieces(count.path, found.form, found.importer, content)
    except (OSError, ValueError, pa.ArrowException) as error:
        count.reason = f"{printable(count.path)}: {error}"
