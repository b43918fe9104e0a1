"""Usage files -> checked rows, rejects and counts, in batches. No warehouse: the caller decides what is new.

Files are read one after the other; their pieces are made records and checked by a few threads beside that. Many small
files make one batch and a large one makes several, so that neither costs more than its bytes. Formats whose records
lean on each other are never cut.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.usage.bad_lines import BadLines, RejectBook
from pipelines.usage.batches import Batch, FileCount, UnknownCount
from pipelines.usage.check_pieces import CheckedPieces, check_pieces, engine
from pipelines.usage.contract import DECLARATIONS, with_grouping
from pipelines.usage.dedup import ALIKE_SCHEMA, latest_per_cost, number_alike, one_per_call
from pipelines.usage.file_content import Content
from pipelines.usage.file_faults import FILE_FAULTS, told
from pipelines.usage.file_format import FileFormat
from pipelines.usage.identity import given_account, import_id_of
from pipelines.usage.line_tables import whole_numbers
from pipelines.usage.records import read_pieces
from pipelines.warehouse.stored_rows import compact, joined

CHECK_FAULTS = (*FILE_FAULTS, duckdb.Error)
BATCH_ROWS = 800_000
"""Checked rows that are handed on at once."""
PIECE_BYTES = 64 << 20
"""Text that is checked at once."""
PIECE_ROWS = 100_000
"""Rows that are checked at once: a short line takes a hundred times its bytes."""
MAX_WHOLE_ROWS = 1_000_000
"""Of a file that may not be read in parts."""
WORKERS = min(4, os.cpu_count() or 1)
"""Pieces that are checked side by side."""


def read_files(
    files: dict[Path, FileFormat],
    is_known: Callable[[str], bool],
    as_of: datetime,
    on_file: Callable[[Path], None] = lambda path: None,
    accounts: Mapping[Path, str] | None = None,
) -> Iterator[Batch]:
    """Read files, those of one format after those of another.

    `accounts`: whose usage a file is, where it does not tell itself. `is_known` tells by its import_id, the sha256 of
    its content with that account, whether a file was imported before; such a file is complete at once. Rows and rejects
    carry the import_id, so that one content under two names is one import. `as_of` (naive UTC) is the time of the
    import.
    """
    with ThreadPoolExecutor(WORKERS) as workers:
        readers: dict[tuple[str, str], _Reader] = {}
        seen: set[str] = set()
        for path, found in sorted(files.items(), key=lambda item: (item[1].importer.name, item[1].form)):
            kind = (found.importer.name, found.form)
            if kind not in readers:
                readers[kind] = _Reader(found, workers, as_of)
            on_file(path)
            account = (accounts or {}).get(path, DEFAULT_ACCOUNT)
            yield from _read_file(readers[kind], path, account, seen, is_known)
        for reader in readers.values():
            reader.send()
            if reader.complete:
                yield reader.batch()


def _read_file(
    reader: "_Reader", path: Path, account: str, seen: set[str], is_known: Callable[[str], bool]
) -> Iterator[Batch]:
    count = FileCount(path, "", reader.found.importer.name, 0)
    bad = BadLines()
    for piece in _pieces(reader.found, count, account, seen, is_known):
        reader.add(_thinned(piece, bad, count) if reader.found.form == "json_lines" else piece, count)
        if sum(one.rows.height + one.rejects.height for one in reader.checked) >= BATCH_ROWS:
            yield reader.batch()
    reader.rejected.add(bad.told(count.import_id, count.name))
    reader.end(count)


def _thinned(piece: pa.Table, bad: BadLines, count: FileCount) -> pa.Table:
    """A piece without the bad lines that are too many to keep; they are counted."""
    with engine().cursor() as cursor:
        kept = bad.thinned(cursor, piece)
    count.reject_count += len(piece) - len(kept)
    return kept


def _pieces(
    found: FileFormat, count: FileCount, account: str, seen: set[str], is_known: Callable[[str], bool]
) -> Iterator[pa.Table]:
    """The pieces of a file that is new. What a worker says must not refuse it: that may be about another file."""
    try:
        content = Content(count.path)
        status = count.path.stat()
        count.import_id, count.size_bytes = import_id_of(content.sha256, account), status.st_size
        count.changed_at = datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat()
        if count.import_id in seen or is_known(count.import_id):
            count.reason, count.is_known = "this content was imported before", True
        else:
            seen.add(count.import_id)
            rows = 0
            for piece in read_pieces(count.path, found.form, found.importer, content):
                rows += len(piece)
                if rows > MAX_WHOLE_ROWS and found.importer.needs_whole_files:
                    raise ValueError(f"more than {MAX_WHOLE_ROWS} lines of a log that is read whole; split the file")
                yield piece
    except FILE_FAULTS as error:
        count.reason = f"{count.name}: {told(error)}"


@dataclass
class _Reader:
    """Files of one format on their way: pieces not sent yet, pieces with the workers, checked rows not handed on."""

    found: FileFormat
    workers: ThreadPoolExecutor
    as_of: datetime
    pieces: list[pa.Table] = field(default_factory=list)
    piece_bytes: int = 0
    piece_rows: int = 0
    sent: deque[tuple[Future[CheckedPieces], pa.Table]] = field(default_factory=deque)
    checked: list[CheckedPieces] = field(default_factory=list)
    counts: dict[str, FileCount] = field(default_factory=dict)
    complete: list[FileCount] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    """Files that were read to their end, by import_id."""
    rejected: RejectBook = field(default_factory=RejectBook)
    alike: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ALIKE_SCHEMA))
    """Of the rows so far, for `number_alike`."""

    def add(self, piece: pa.Table, count: FileCount) -> None:
        """Keep a piece of a file, and send pieces to the workers where they are many."""
        self.counts[count.import_id] = count
        # Files are read one after the other, so the newest is the last.
        number = len(self.counts) - 1
        self.pieces.append(piece.append_column("file_number", whole_numbers(np.full(len(piece), number, np.int64))))
        self.piece_bytes += piece.nbytes
        self.piece_rows += len(piece)
        if self._is_full() and not self.found.importer.needs_whole_files:
            self.send()

    def _is_full(self) -> bool:
        return self.piece_bytes >= PIECE_BYTES or self.piece_rows >= PIECE_ROWS

    def end(self, count: FileCount) -> None:
        """A file is read to its end, or refused: it is complete in the next batch."""
        self.complete.append(count)
        if self._is_full():
            self.send()

    def send(self) -> None:
        """Pieces -> checked rows, beside the reading of the next ones; few at once, because each takes memory."""
        if self.pieces:
            table = pa.concat_tables(self.pieces, promote_options="default")
            self.pieces, self.piece_bytes, self.piece_rows = [], 0, 0
            self.sent.append((self.workers.submit(check_pieces, table, self._files(), self.found, self.as_of), table))
        while len(self.sent) > WORKERS:
            self._receive()

    def _files(self) -> list[tuple[str, str, str | None, str]]:
        """What records carry of the file that they are of: FILE_SCHEMA."""
        return [
            (import_id, count.name, count.changed_at, given_account(import_id))
            for import_id, count in self.counts.items()
        ]

    def _receive(self) -> None:
        """Keep what the first worker has found. Where it failed, each file is checked alone."""
        future, table = self.sent.popleft()
        try:
            found = future.result()
        except CHECK_FAULTS:
            for number in pc.unique(table["file_number"]).to_pylist():
                self._receive_alone(number, table.filter(pc.equal(table["file_number"], number)))
        else:
            self._keep(found)

    def _receive_alone(self, number: int, pieces: pa.Table) -> None:
        count = list(self.counts.values())[number]
        try:
            found = check_pieces(pieces, self._files(), self.found, self.as_of)
        except CHECK_FAULTS as error:
            count.reason = f"{count.name}: {told(error)}"
        else:
            self._keep(found)

    def _keep(self, found: CheckedPieces) -> None:
        """Keep what a worker has found; pieces come in the order of the files."""
        if self.found.importer.numbers_alike:
            rows, self.alike = number_alike(found.rows, self.alike)
            found = replace(found, rows=rows)
        rejects = self.rejected.keep(found.rejects, found.more)
        self.checked.append(replace(found, rows=compact(found.rows), rejects=rejects))
        for import_id, rows, rejects, ignored, dated, encrypted, first, last in found.counts.iter_rows():
            count = self.counts[import_id]
            count.row_count += rows
            count.reject_count += rejects
            count.ignored_count += ignored
            count.dated_by_file_count += dated
            count.encrypted_count += encrypted
            if rows:
                count.widen(first, last)
        for import_id, path, rows, total, first, last in found.unknown.iter_rows():
            self.counts[import_id].add_unknown(path, UnknownCount(rows, total, first, last))

    def batch(self) -> Batch:
        """Hand on all rows of the pieces sent so far."""
        while self.sent:
            self._receive()
        importer = self.found.importer
        empty = pl.DataFrame(schema=polars_schema(DECLARATIONS[importer.table]))
        rows = joined((one.rows for one in self.checked), empty)
        if importer.table == "usage":
            rows = (importer.settle or one_per_call)(with_grouping(rows))
        else:
            rows = (importer.settle or latest_per_cost)(rows)
        ended = [count.import_id for count in self.complete]
        self.ended |= set(ended)
        rejects = pl.concat([self.rejected.told(self.ended), *(one.rejects for one in self.checked)])
        batch = Batch(importer.table, rows, rejects.sort("import_id", "source_line"), self.counts, self.complete)
        self.alike = self.alike.filter(~pl.col("file").cast(pl.String).is_in(ended))
        self.checked, self.complete = [], []
        return batch
