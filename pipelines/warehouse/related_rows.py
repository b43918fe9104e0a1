"""Which rows of the ledger and of an import have to be looked at together: those that share a key.

Nearly all rows of a large day are alone, and need not be in memory to be merged. By what rows are related is for the
caller to say; what becomes of those that are, too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.warehouse.object_store import bring_back
from pipelines.warehouse.stored_rows import CHUNK_ROWS, StoredFile, chunks_of

KEY_SCHEMA = {"row": pl.UInt32(), "key": pl.UInt64(), "is_old": pl.Boolean()}
ID_COLUMNS = ("usage_id", "format_usage_id", "span_id", "spans_above", "import_id")
"""What keys are made of."""

Rule = Callable[[pl.DataFrame], pl.DataFrame]


def _by_ids(rows: pl.DataFrame) -> pl.DataFrame:
    numbered = rows.with_row_index("row").with_columns(is_old=pl.lit(value=False))
    keys = (numbered.select("row", "is_old", key=name).drop_nulls() for name in ("usage_id", "format_usage_id"))
    return pl.concat(keys).select("row", pl.col("key").hash(), "is_old").unique()


@dataclass(frozen=True)
class Identities:
    """By what statements of one row are found: those of older programs, and those of long ago."""

    identified: Rule = lambda rows: rows
    """Brings rows of any age under the usage_id of now."""
    found_by: pl.Expr = field(default_factory=lambda: pl.col("usage_id"))
    """What all statements of a row have alike, from usage_id alone."""
    is_copied: pl.Expr | None = None
    """New rows of which a copy may be stamped with another day in REACH_OF_COPIES, not only in REACH."""
    keys: Rule = _by_ids
    """Rows (ID_COLUMNS) -> KEY_SCHEMA, one or more of each row, by its position. Rows that share no key with another
    are left as they are by `identified` and dedup, but for those that `is_old` says are of an older program."""
    read_twice: Callable[[pl.Series], pl.Series] = lambda import_ids: import_ids.clear()
    """Of import_ids those whose rows are all looked at, as one content has two of them."""


@dataclass(frozen=True)
class Related:
    """Numbers of rows: the stored ones (of `stored_files`) and the new ones that are related to any other; and the
    stored ones that go because their import is superseded.
    """

    stored: pl.Series
    new: pl.Series
    superseded: pl.Series


def related_rows(
    files: Sequence[StoredFile], usage: pl.DataFrame, how: Identities, superseded: Sequence[str] = ()
) -> Related:
    """The rows related to new ones, and those related to these, and so on. Only ids are read, a chunk at a time."""
    new = pl.concat([pl.DataFrame(schema=KEY_SCHEMA), *_keys_of(usage, how)])
    wanted = new["key"].unique()
    gone = _of_imports(files, superseded)
    twice = _read_twice(files, usage, how)
    while True:
        # A larger ledger is read once more for each step from row to row, which are few.
        stored = pl.concat([pl.DataFrame(schema=KEY_SCHEMA), *_that_hold(files, wanted, gone, twice, how)])
        reached = pl.concat([wanted, stored["key"]]).unique()
        if reached.len() == wanted.len():
            break
        wanted = reached
    is_met = pl.col("key").is_duplicated() | pl.col("key").is_in(stored["key"].unique().implode()) | pl.col("is_old")
    met = new.filter(is_met)["row"]
    if twice.len():
        met = pl.concat([met, _positions(usage, pl.col("import_id").is_in(twice.implode()))])
    return Related(stored["row"].unique().sort(), met.unique().sort(), gone)


def _keys_of(usage: pl.DataFrame, how: Identities) -> Iterable[pl.DataFrame]:
    for first in range(0, usage.height, CHUNK_ROWS):
        keys = how.keys(usage.slice(first, CHUNK_ROWS).select(ID_COLUMNS))
        yield keys.with_columns(row=(pl.col("row") + first).cast(pl.UInt32))


def _that_hold(
    files: Sequence[StoredFile], wanted: pl.Series, gone: pl.Series, twice: pl.Series, how: Identities
) -> Iterable[pl.DataFrame]:
    """Of each chunk all keys of the rows that have one of these."""
    for chunk in chunks_of(files):
        ids = chunk.read(ID_COLUMNS)
        keys = how.keys(ids)
        met = keys.filter(pl.col("key").is_in(wanted.implode()) | pl.col("is_old"))["row"]
        if twice.len():
            met = pl.concat([met, _positions(ids, pl.col("import_id").is_in(twice.implode()))])
        met = met.filter(~met.is_in(chunk.numbers_in(gone).cast(met.dtype).implode()))
        if met.len():
            held = keys.filter(pl.col("row").is_in(met.unique().implode()))
            yield held.with_columns(row=(pl.col("row") + chunk.first).cast(pl.UInt32))


def _of_imports(files: Sequence[StoredFile], import_ids: Sequence[str]) -> pl.Series:
    """The numbers of the rows of some imports."""
    found = [pl.Series([], dtype=pl.UInt32)]
    if import_ids:
        is_of_one = pl.col("import_id").is_in(list(import_ids))
        found += [_positions(chunk.read(["import_id"]), is_of_one) + chunk.first for chunk in chunks_of(files)]
    return pl.concat(found)


def _read_twice(files: Sequence[StoredFile], usage: pl.DataFrame, how: Identities) -> pl.Series:
    ids = [chunk.read(["import_id"])["import_id"].unique() for chunk in chunks_of(files)]
    return how.read_twice(pl.concat([usage["import_id"].unique(), *ids]).unique())


def _positions(rows: pl.DataFrame, condition: pl.Expr) -> pl.Series:
    return rows.select(row=pl.int_range(pl.len(), dtype=pl.UInt32).filter(condition))["row"]


def days_that_hold(folder: Path, files: pl.DataFrame, usage: pl.DataFrame, found_by: pl.Expr) -> set[date]:
    """Days of these files on which one of these rows was stated before. Only their ids are read."""
    ids = ["usage_id", "format_usage_id"]
    found = usage.select(found_by.alias("found_by"))["found_by"]
    given = pl.concat([usage["usage_id"], found, usage["format_usage_id"].drop_nulls()]).unique().implode()
    paths = [folder / path for path in files["path"] if (folder / path).exists() or bring_back(folder, path)]
    held: set[date] = set()
    # Files of an older program have usage_id alone. One scan of many files is ten times as fast as many scans.
    is_whole_schema = {path: ids[1] in pl.read_parquet_schema(path) for path in paths}
    for names in (ids, ids[:1]):
        alike = [path for path, is_whole_one in is_whole_schema.items() if is_whole_one == (len(names) > 1)]
        if not alike:
            continue
        stated = [name.is_in(given).fill_null(value=False) for name in (found_by, *map(pl.col, names))]
        rows = pl.scan_parquet(alike, hive_partitioning=False).select("usage_date", *names)
        days = rows.filter(pl.any_horizontal(stated)).select(pl.col("usage_date").unique())
        held.update(days.collect(engine="streaming")["usage_date"])
    return held
