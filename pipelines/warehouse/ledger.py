"""The ledger: usage rows as Parquet, one immutable file per UTC day, named after the hash of its content.

A day that changes gets a new file beside the old one, and core.ledger_file, kept by the caller, names the one
in force. So a reader sees the old day or the new one, never half of one. Prices and log formats do not belong here.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.warehouse.atomic_file import TEMPORARY
from pipelines.warehouse.day_file import EMPTY_COLUMNS, of_frame, write_day
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, LEDGER, check_file, is_whole, note_files, read_catalog
from pipelines.warehouse.merge_rows import Merge, is_same
from pipelines.warehouse.related_rows import Identities, Rule, days_that_hold, related_rows
from pipelines.warehouse.stored_rows import USAGE_SCHEMA, stored_files, whole

_LOG = logging.getLogger(__name__)
ASIDE = f"{LEDGER}/aside"
"""Where files go that nothing names and that may hold rows which no other file has."""
REACH = timedelta(days=1)
"""How far apart two statements of one response may lie: a stream that crosses midnight is stamped on two days."""
REACH_OF_COPIES = timedelta(days=31)
"""How far apart an answer and its copy in a fork or a side log may be stamped: so long people go on with a session."""

WRITERS = 4


@dataclass(frozen=True)
class Superseded:
    """Imports whose rows another reading of the same files takes the place of, and the days that may hold them."""

    import_ids: Sequence[str]
    days: Sequence[date]


@dataclass(frozen=True)
class LedgerChange:
    """`files` is the new state of the days that changed, in the columns of LedgerFile; the rest is as it was.

    `new_rows`: import_id, rows whose usage_id the ledger did not know.
    """

    files: pl.DataFrame
    new_rows: pl.DataFrame


def write(
    folder: Path,
    known: pl.DataFrame,
    usage: pl.DataFrame,
    dedup: Rule,
    identities: Identities | None = None,
    superseded: Superseded | None = None,
) -> LedgerChange:
    """Merge usage into the ledger below `folder`. `known` is core.ledger_file; `usage` has the columns of Usage.

    `dedup` leaves one row per usage_id, the older one where they are equal, so importing again changes nothing. A day
    whose rows did not change keeps its file and is not in `files`. Other statements of a row are looked for on the days
    in REACH, and where `identities` says so in REACH_OF_COPIES. The rows of `superseded` imports are left out.
    Old files stay for open readers until `sweep`. Raises WarehouseError if a known file is missing or damaged.
    """
    how = identities or Identities()
    days = set(_days_in_reach(usage["usage_date"].unique().to_list()))
    days |= set(superseded.days) if superseded else set()
    if how.is_copied is not None and (copies := usage.filter(how.is_copied)).height:
        near = _days_in_reach(copies["usage_date"].unique().to_list(), REACH_OF_COPIES)
        others = known.filter(pl.col("usage_date").is_in(near) & ~pl.col("usage_date").is_in(days))
        days |= days_that_hold(folder, others, copies, how.found_by)
    nearby = known.filter(pl.col("usage_date").is_in(days))
    files = stored_files(folder, nearby)
    related = related_rows(files, usage, how, superseded.import_ids if superseded else ())
    merge = Merge(files, usage.select(list(USAGE_SCHEMA)), related, dedup, how)
    # Most of the time goes into compressing and into waiting for the disk, which threads do side by side.
    with ThreadPoolExecutor(WRITERS) as pool:
        rows = list(pool.map(lambda day: write_day(folder, merge.of_day(day)), merge.changed))
    written = pl.DataFrame(rows, schema=FILE_SCHEMA).filter(~pl.col("path").is_in(nearby["path"].implode()))
    note_files(folder, written)
    for path in nearby.filter(pl.col("usage_date").is_in(written["usage_date"].implode()))["path"]:
        # Its age counts from the day it is replaced: until the next publishing, readers are still sent to it.
        (folder / path).touch()
    return LedgerChange(written, merge.new_rows)


def rewrite(folder: Path, known: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Write each day anew with what `change` makes of its rows. Returns the files of the days that it changed.

    `known` is core.ledger_file. Old files stay for open readers until `sweep`. Raises WarehouseError if a known file
    is missing or damaged.
    """
    files = []
    for day, path in known.sort("usage_date").select("usage_date", "path").iter_rows():
        before = read(folder, known.filter(usage_date=day))
        after = change(before)
        if not is_same(before, after):
            files.append(write_day(folder, of_frame(day, after)))
            (folder / path).touch()
    written = pl.DataFrame(files, schema=FILE_SCHEMA)
    note_files(folder, written)
    return written


def read(folder: Path, files: pl.DataFrame) -> pl.DataFrame:
    """The rows of these ledger files (rows of LedgerFile), in the columns of Usage.

    Columns that a file of an older program lacks are NULL. Raises WarehouseError if one is missing or damaged.
    """
    paths = [folder / path for path in files["path"].sort()]
    if not paths:
        return pl.DataFrame(schema=USAGE_SCHEMA)
    for path in paths:
        check_file(path)
    by_schema: dict[frozenset[str], list[Path]] = {}
    for path in paths:
        by_schema.setdefault(frozenset(pl.read_parquet_schema(path)), []).append(path)
    # One scan of many files: many scans are ten times as slow.
    frames = [whole(pl.scan_parquet(alike, hive_partitioning=False), names) for names, alike in by_schema.items()]
    return pl.concat(frame.collect() for frame in frames)


def scan(file: Path) -> pl.LazyFrame:
    """The rows of one day's file, texts coded (CODED). Columns that are NULL throughout are left out: see `pricing`.

    An account_id that is NULL, or left out, is DEFAULT_ACCOUNT.

    Raises WarehouseError if the file is missing or damaged.
    """
    check_file(file)
    empty = pl.read_parquet_metadata(file).get(EMPTY_COLUMNS, "")
    return pl.scan_parquet(file, hive_partitioning=False).drop(empty.split())


def sweep(folder: Path, known: pl.DataFrame, keep_newer_than: datetime) -> list[Path]:
    """Remove ledger files that others have replaced and that are older than a moment (UTC), and half written ones.

    The age protects files that a running import has written and not yet named. Deleted is what the catalogue names as
    replaced, by a file that is there and whole, and what holds no row that others lack; whatever else no known row
    names is moved to ASIDE, and the log says so. Returns what is no longer where it was.
    """
    in_force = {folder / path: day for day, path in known.select("usage_date", "path").iter_rows()}
    limit = keep_newer_than.replace(tzinfo=UTC).timestamp()
    candidates = (path for path in (folder / LEDGER).glob("usage_date=*/*") if path not in in_force)
    removed = sorted(path for path in candidates if path.stat().st_mtime < limit)
    superseded = {folder / path for path in read_catalog(folder).superseded} if removed else set()
    for path in removed:
        if path.suffix == TEMPORARY or _is_needless(folder, known, path, is_superseded=path in superseded):
            path.unlink()
        else:
            _put_aside(folder, path)
    return removed


def _is_needless(folder: Path, known: pl.DataFrame, path: Path, *, is_superseded: bool) -> bool:
    """Whether the files in force hold all that a file does, because they were made from it or by their rows."""
    day = date.fromisoformat(path.parent.name.removeprefix("usage_date="))
    heirs = known.filter(pl.col("usage_date").is_in(_days_in_reach([day])))
    if not all(is_whole(folder / heir) for heir in heirs["path"]):
        return False
    if is_superseded:
        return day in heirs["usage_date"]
    if not is_whole(path):
        return False
    ids = pl.read_parquet(path, columns=["usage_id"], hive_partitioning=False)
    return ids.join(read(folder, heirs), on="usage_id", how="anti").is_empty()


def _put_aside(folder: Path, path: Path) -> None:
    target = folder / ASIDE / path.parent.name / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    _LOG.warning("%s is in no catalogue and may hold rows that no other file has; it is kept as %s", path, target)


def _days_in_reach(days: Iterable[date], reach: timedelta = REACH) -> list[date]:
    steps = [timedelta(number) for number in range(-reach.days, reach.days + 1)]
    return sorted({day + step for day in days for step in steps})
