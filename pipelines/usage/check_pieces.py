"""Pieces of usage files -> checked rows, rejects and counts, in batches: a few threads, beside the reading of files.

Which files there are, and reading them, is `usage.importing`'s.
"""

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from pipelines.schema.columns import polars_schema
from pipelines.usage.contract import DECLARATIONS, REJECT_SCHEMA, Checked, check, with_grouping
from pipelines.usage.dedup import ALIKE_SCHEMA, largest_per_usage, latest_per_cost, number_alike
from pipelines.usage.file_content import whole_numbers
from pipelines.usage.recognise import Recognised
from pipelines.usage.records import records_of

PIECE_BYTES = 64 << 20
"""Text that is taken apart at once."""
WORKERS = min(4, os.cpu_count() or 1)
"""Pieces that are taken apart side by side."""


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
    counts: dict[str, FileCount]
    """By import_id: the files that its rows are of, and others."""
    complete: list[FileCount]


@dataclass(frozen=True)
class _Taken:
    """What has become of some pieces: rows, rejects, and `counts` of each file in them."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    counts: pl.DataFrame
    """import_id, row_count, reject_count, ignored_count, first and last usage_date; rows counted before any choice."""


@dataclass
class Reader:
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
    alike: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ALIKE_SCHEMA))
    """Of the rows so far, for `number_alike`."""

    def add(self, piece: pa.Table, count: FileCount) -> None:
        """Keep a piece of a file, and take pieces apart where they are many."""
        self.counts[count.import_id] = count
        # Files are read one after the other, so the newest is the last.
        number = len(self.counts) - 1
        self.pieces.append(piece.append_column("file_number", whole_numbers(np.full(len(piece), number, np.int64))))
        self.piece_bytes += piece.nbytes
        if self.piece_bytes >= PIECE_BYTES and not self.found.importer.needs_whole_files:
            self.take_apart()

    def end(self, count: FileCount) -> None:
        """A file is read to its end, or refused: it is complete in the next batch."""
        self.complete.append(count)
        if self.piece_bytes >= PIECE_BYTES:
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
        is_plain = importer.table == "usage" and importer.settle is None and not importer.numbers_alike
        return _Taken(largest_per_usage(checked.good) if is_plain else checked.good, checked.rejects, _counts(checked))

    def _count(self, taken: _Taken) -> None:
        """Keep what a worker has found; pieces come in the order of the files."""
        if self.found.importer.numbers_alike:
            rows, self.alike = number_alike(taken.rows, self.alike)
            taken = replace(taken, rows=rows)
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
        batch = Batch(importer.table, rows, rejects.sort("import_id", "source_line"), self.counts, self.complete)
        ended = [count.import_id for count in self.complete]
        self.alike = self.alike.filter(~pl.col("file").cast(pl.String).is_in(ended))
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


def printable(path: Path) -> str:
    """The name of a file as text that can be stored and shown."""
    return path.name.encode("utf-8", errors="replace").decode()
