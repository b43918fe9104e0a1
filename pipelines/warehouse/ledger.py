"""The ledger: usage rows as Parquet, one immutable file per UTC day, named after the hash of its content.

A day that changes gets a new file beside the old one, and core.ledger_file, kept by the caller, names the one
in force. So a reader sees the old day or the new one, never half of one. Prices and log formats do not belong here.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import OFFER
from pipelines.schema.usage import Usage
from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, LEDGER, check_file, is_whole, note_files, read_catalog

_LOG = logging.getLogger(__name__)
USAGE_SCHEMA = polars_schema(Usage)
ASIDE = f"{LEDGER}/aside"
"""Where files go that nothing names and that may hold rows which no other file has."""
REACH = timedelta(days=1)
"""How far apart two statements of one response may lie: a stream that crosses midnight is stamped on two days."""

EMPTY_COLUMNS = "empty_columns"
"""Key of the file's own metadata: names of the columns that are NULL throughout."""
ROW_GROUP = 250_000
"""Rows: most days are one group, which is added up faster and kept smaller than two."""
WRITERS = 4
CODED = ("offer", *OFFER, "grain", "format", "grouping", "project_id", "api_key_id", "user_id", "feature", "import_id")
"""Columns of few different texts: stored as codes, which are grouped much faster than texts."""


@dataclass(frozen=True)
class LedgerChange:
    """`files` is the new state of the days that changed, in the columns of LedgerFile; the rest is as it was.

    `new_rows`: import_id, rows whose usage_id the ledger did not know.
    """

    files: pl.DataFrame
    new_rows: pl.DataFrame


def write(
    folder: Path, known: pl.DataFrame, usage: pl.DataFrame, dedup: Callable[[pl.DataFrame], pl.DataFrame]
) -> LedgerChange:
    """Merge usage into the ledger below `folder`. `known` is core.ledger_file; `usage` has the columns of Usage.

    `dedup` leaves one row per usage_id, the older one where they are equal, so importing again changes nothing. A day
    whose rows did not change keeps its file and is not in `files`.
    Old files stay for open readers until `sweep`. Raises WarehouseError if a known file is missing or damaged.
    """
    days = _days_in_reach(usage["usage_date"].unique().to_list())
    nearby = known.filter(pl.col("usage_date").is_in(days))
    existing = read(folder, nearby)
    rows = usage.select(list(USAGE_SCHEMA))
    merged = dedup(pl.concat([existing, rows]))
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
    stated = usage.select("usage_id", "import_id").unique("usage_id", keep="first", maintain_order=True)
    unknown = stated.join(existing, on="usage_id", how="anti")
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

    Raises WarehouseError if one is missing or damaged.
    """
    paths = [folder / path for path in files["path"].sort()]
    if not paths:
        return pl.DataFrame(schema=USAGE_SCHEMA)
    for path in paths:
        check_file(path)
    return pl.scan_parquet(paths, hive_partitioning=False).cast(USAGE_SCHEMA).collect()


def scan(file: Path) -> pl.LazyFrame:
    """The rows of one day's file, texts coded (CODED). Columns that are NULL throughout are left out: see `pricing`.

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


def _days_in_reach(days: Iterable[date]) -> list[date]:
    return sorted({day + step for day in days for step in (-REACH, timedelta(0), REACH)})


def _by_day(usage: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = usage.sort("usage_at", "usage_id").partition_by("usage_date", maintain_order=True)
    return {part["usage_date"][0]: part for part in parts}


def _is_same(before: pl.DataFrame | None, after: pl.DataFrame | None) -> bool:
    return before is not None and after is not None and before.equals(after)


def _write_day(folder: Path, day: date, rows: pl.DataFrame) -> dict[str, object]:
    """Write one day's file; its name is the hash of its content."""
    buffer = BytesIO()
    empty = " ".join(column.name for column in rows if 0 < column.null_count() == rows.height)
    coded = rows.with_columns(pl.col(CODED).cast(pl.Categorical))
    coded.write_parquet(buffer, row_group_size=ROW_GROUP, metadata={EMPTY_COLUMNS: empty})
    content = buffer.getvalue()
    path = Path(LEDGER) / f"usage_date={day}" / f"{hashlib.sha256(content).hexdigest()}.parquet"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / path) as temporary:
        temporary.write_bytes(content)
    return {"usage_date": day, "path": path.as_posix(), "row_count": rows.height}
