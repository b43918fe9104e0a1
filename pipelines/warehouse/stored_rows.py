"""Rows of ledger files, read in chunks of bounded size: a day may hold far more than fits into memory.

Rows are numbered through all files of a reading, in the order of their paths. What rows mean does not belong here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import Usage
from pipelines.warehouse.ledger_catalog import check_file

USAGE_SCHEMA = polars_schema(Usage)
NO_ROWS = pl.DataFrame(schema=USAGE_SCHEMA)
CHUNK_ROWS = 125_000
"""Read at once: some 30 MB. Small files are read together, because many scans are ten times as slow as one."""


@dataclass(frozen=True)
class StoredFile:
    """One file of a reading; `first` is the number of its first row."""

    day: date
    file: Path
    names: frozenset[str]
    first: int
    row_count: int
    held: pl.DataFrame | None = None
    """Its rows, where all of a reading are few."""

    def holds(self, numbers: pl.Series) -> bool:
        """Whether one of these rows is in it."""
        return bool(((numbers >= self.first) & (numbers < self.first + self.row_count)).any())

    def chunks(self) -> Iterator["Chunk"]:
        """The chunks of this file alone."""
        for offset in range(0, self.row_count, CHUNK_ROWS):
            length = min(CHUNK_ROWS, self.row_count - offset)
            yield Chunk((self.file,), self.names, self.first + offset, offset, length, self.held)


@dataclass(frozen=True)
class Chunk:
    """Rows of one file from `offset` on, or all of several with the same columns."""

    files: tuple[Path, ...]
    names: frozenset[str]
    first: int
    offset: int
    row_count: int
    held: pl.DataFrame | None

    def read(self, columns: Sequence[str] = tuple(USAGE_SCHEMA)) -> pl.DataFrame:
        """Some columns, in the types of Usage: those that a file of an older program lacks are NULL."""
        return self._read(columns, self.row_count)

    def head(self, columns: Sequence[str]) -> tuple[Any, ...]:
        """Some columns of the first row."""
        return self._read(columns, 1).row(0)

    def _read(self, columns: Sequence[str], row_count: int) -> pl.DataFrame:
        if self.held is not None:
            return self.held[list(columns)].slice(self.offset, row_count)
        rows = pl.scan_parquet(list(self.files), hive_partitioning=False).slice(self.offset, row_count)
        return compact(whole(rows, self.names).select(columns).collect())

    def numbers_in(self, numbers: pl.Series) -> pl.Series:
        """Of numbers of rows those in this chunk, counted from its first."""
        return numbers.filter((numbers >= self.first) & (numbers < self.first + self.row_count)) - self.first


def stored_files(folder: Path, files: pl.DataFrame) -> list[StoredFile]:
    """Files (rows of core.ledger_file) with their rows numbered. Raises WarehouseError: one is missing or damaged."""
    found = []
    first = 0
    for day, path, count in files.sort("path").select("usage_date", "path", "row_count").iter_rows():
        check_file(folder / path)
        names = frozenset(pl.read_parquet_schema(folder / path))
        found.append(StoredFile(day, folder / path, names, first, count))
        first += count
    return _held(found) if first <= CHUNK_ROWS else found


def _held(files: Sequence[StoredFile]) -> list[StoredFile]:
    """The same files with their rows."""
    rows = joined(chunk.read() for chunk in chunks_of(files))
    return [replace(file, held=rows.slice(file.first, file.row_count)) for file in files]


def chunks_of(files: Sequence[StoredFile]) -> Iterator[Chunk]:
    """All rows of these files, small files together."""
    for names, alike in groupby(files, lambda file: file.names):
        together: list[StoredFile] = []
        for file in alike:
            if together and sum(one.row_count for one in together) + file.row_count > CHUNK_ROWS:
                yield from _joined(together, names)
                together = []
            together.append(file)
        yield from _joined(together, names)


def _joined(files: Sequence[StoredFile], names: frozenset[str]) -> Iterator[Chunk]:
    if len(files) == 1:
        yield from files[0].chunks()
    else:
        count = sum(one.row_count for one in files)
        held = [one.held for one in files if one.held is not None]
        yield Chunk(
            tuple(one.file for one in files), names, files[0].first, 0, count, pl.concat(held) if held else None
        )


def rows_at(files: Sequence[StoredFile], numbers: pl.Series) -> pl.DataFrame:
    """The rows with these numbers, in their order."""
    frames = []
    for chunk in chunks_of(files):
        inside = chunk.numbers_in(numbers)
        if inside.len():
            frames.append(chunk.read()[inside.sort()])
    return joined(frames)


def whole(rows: pl.LazyFrame, names: frozenset[str]) -> pl.LazyFrame:
    """Rows that have these columns, in the columns and types of Usage: DEFAULT_ACCOUNT is not written."""
    missing = {name: pl.lit(None) for name in USAGE_SCHEMA if name not in names}
    complete = rows.with_columns(**missing)
    cast = complete.select(pl.col(name).cast(kind) for name, kind in USAGE_SCHEMA.items())
    return cast.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))


def joined(frames: Iterable[pl.DataFrame], empty: pl.DataFrame = NO_ROWS) -> pl.DataFrame:
    """Frames as one, `empty` where none has rows. A frame without any would undo what `compact` has saved."""
    filled = [frame for frame in frames if frame.height]
    return pl.concat(filled) if filled else empty


def compact(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows; columns that are NULL or one text throughout take no memory, also in parts of the frame.

    They are most columns of most files, and more than half of the bytes.
    """
    constant = {column.name: column[0] for column in rows if rows.height and _is_constant(column)}
    return rows.with_columns(pl.lit(value, rows.schema[name]).alias(name) for name, value in constant.items())


def _is_constant(column: pl.Series) -> bool:
    nulls = column.null_count()
    if nulls == column.len():
        return True
    return column.dtype == pl.String and nulls == 0 and column[0] == column[-1] and bool((column == column[0]).all())
