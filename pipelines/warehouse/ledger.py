"""The ledger: usage rows as Parquet, one immutable file per UTC day, named after the hash of its content.

A day that changes gets a new file beside the old one, and core.ledger_file, kept by the caller, names the one
in force. So a reader sees the old day or the new one, never half of one. Prices and log formats do not belong here.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import OFFER
from pipelines.schema.usage import Usage
from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, LEDGER, check_file, is_whole, note_files, read_catalog
from pipelines.warehouse.object_store import bring_back

_LOG = logging.getLogger(__name__)
USAGE_SCHEMA = polars_schema(Usage)
ASIDE = f"{LEDGER}/aside"
"""Where files go that nothing names and that may hold rows which no other file has."""
REACH = timedelta(days=1)
"""How far apart two statements of one response may lie: a stream that crosses midnight is stamped on two days."""
REACH_OF_COPIES = timedelta(days=31)
"""How far apart an answer and its copy in a fork or a side log may be stamped: so long people go on with a session."""

EMPTY_COLUMNS = "empty_columns"
"""Key of the file's own metadata: names of the columns that are NULL throughout."""
ROW_GROUP = 250_000
"""Rows: most days are one group, which is added up faster and kept smaller than two."""
WRITERS = 4
CODED = (
    "offer",
    *OFFER,
    "grain",
    "format",
    "grouping",
    "account_id",
    "project_id",
    "api_key_id",
    "user_id",
    "feature",
    "import_id",
)
"""Columns of few different texts: stored as codes, which are grouped much faster than texts."""


Rule = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Identities:
    """By what statements of one row are found: those of older programs, and those of long ago."""

    identified: Rule = lambda rows: rows
    """Brings rows of any age under the usage_id of now."""
    found_by: pl.Expr = field(default_factory=lambda: pl.col("usage_id"))
    """What all statements of a row have alike, from usage_id alone."""
    is_copied: pl.Expr | None = None
    """New rows of which a copy may be stamped with another day in REACH_OF_COPIES, not only in REACH."""


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
        days |= _days_that_hold(folder, others, copies, how.found_by)
    nearby = known.filter(pl.col("usage_date").is_in(days))
    existing = read(folder, nearby)
    kept = existing.filter(~pl.col("import_id").is_in(superseded.import_ids)) if superseded else existing
    everything = how.identified(pl.concat([kept, usage.select(list(USAGE_SCHEMA))]))
    merged = dedup(everything)
    before, after = _by_day(existing), _by_day(merged)
    changed = [day for day in sorted(before | after) if not _is_same(before.get(day), after.get(day))]
    # Most of the time goes into compressing and into waiting for the disk, which threads do side by side.
    with ThreadPoolExecutor(WRITERS) as pool:
        files = list(pool.map(lambda day: _write_day(folder, day, after.get(day, existing.clear())), changed))
    written = pl.DataFrame(files, schema=FILE_SCHEMA)
    note_files(folder, written)
    for path in nearby.filter(pl.col("usage_date").is_in(changed))["path"]:
        # Its age counts from the day it is replaced: until the next publishing, readers are still sent to it.
        (folder / path).touch()
    ids = everything.select("usage_id", "import_id")
    stated = ids.tail(usage.height).unique("usage_id", keep="first", maintain_order=True)
    unknown = stated.join(ids.head(kept.height), on="usage_id", how="anti").join(merged, on="usage_id", how="semi")
    new_rows = unknown.group_by("import_id").agg(rows=pl.len().cast(pl.Int64))
    return LedgerChange(written, new_rows)


def rewrite(folder: Path, known: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Write each day anew with what `change` makes of its rows. Returns the files of the days that it changed.

    `known` is core.ledger_file. Old files stay for open readers until `sweep`. Raises WarehouseError if a known file
    is missing or damaged.
    """
    files = []
    for day, path in known.sort("usage_date").select("usage_date", "path").iter_rows():
        before = read(folder, known.filter(usage_date=day))
        after = change(before)
        if not _is_same(before, after):
            files.append(_write_day(folder, day, after.sort("usage_at", "usage_id")))
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
    frames = [_whole(pl.scan_parquet(alike, hive_partitioning=False), names) for names, alike in by_schema.items()]
    return pl.concat(frame.collect() for frame in frames)


def _whole(rows: pl.LazyFrame, names: frozenset[str]) -> pl.LazyFrame:
    """Rows that have these columns, in the columns and types of Usage: DEFAULT_ACCOUNT is not written."""
    missing = {name: pl.lit(None) for name in USAGE_SCHEMA if name not in names}
    whole = rows.with_columns(**missing)
    cast = whole.select(pl.col(name).cast(kind) for name, kind in USAGE_SCHEMA.items())
    return cast.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))


def _days_that_hold(folder: Path, files: pl.DataFrame, usage: pl.DataFrame, found_by: pl.Expr) -> set[date]:
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


def _by_day(usage: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = usage.sort("usage_at", "usage_id").partition_by("usage_date", maintain_order=True)
    return {part["usage_date"][0]: part for part in parts}


def _is_same(before: pl.DataFrame | None, after: pl.DataFrame | None) -> bool:
    return before is not None and after is not None and before.equals(after)


def _write_day(folder: Path, day: date, rows: pl.DataFrame) -> dict[str, object]:
    """Write one day's file; its name is the hash of its content."""
    buffer = BytesIO()
    rows = rows.with_columns(pl.col("account_id").replace(DEFAULT_ACCOUNT, None))
    empty = " ".join(column.name for column in rows if 0 < column.null_count() == rows.height)
    coded = rows.with_columns(pl.col(CODED).cast(pl.Categorical))
    coded.write_parquet(buffer, row_group_size=ROW_GROUP, metadata={EMPTY_COLUMNS: empty})
    content = buffer.getvalue()
    path = Path(LEDGER) / f"usage_date={day}" / f"{hashlib.sha256(content).hexdigest()}.parquet"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / path) as temporary:
        temporary.write_bytes(content)
    return {"usage_date": day, "path": path.as_posix(), "row_count": rows.height}
