"""Ledger and archive against what names them: each file is there, and is what its hash says. Nothing is mended."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import polars as pl

from pipelines.doctor.finding import Finding
from pipelines.sources.fetch_catalog import BODY_REMEDY, damaged_bodies, read_fetches
from pipelines.sources.fetch_catalog import CATALOG as ARCHIVE_CATALOG
from pipelines.warehouse.ledger_catalog import CATALOG as LEDGER_CATALOG
from pipelines.warehouse.ledger_catalog import LEDGER, read_catalog
from pipelines.warehouse.object_store import bring_back
from pipelines.warehouse.rows import read_table

SHOWN = 5
"""Names of damaged files; the others are counted."""


def look_at_ledger(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Finding]:
    """The days in force by core.ledger_file and by the catalogue: there, and with the hash of their name."""
    named = {path for (path,) in connection.execute("SELECT path FROM core.ledger_file").fetchall()}
    catalog = read_catalog(folder)
    # The last line of a day names the file in force.
    named |= {str(files[-1]["path"]) for files in catalog.by_day.values()}
    missing, damaged = _sorted_out(folder, sorted(named))
    remedy = "put it back from a backup, or import the usage files of its day again into a new warehouse"
    yield from _bad("ledger", missing, "missing", remedy)
    yield from _bad("ledger", damaged, "not what its hash says", remedy)
    yield from _torn("ledger", LEDGER_CATALOG, catalog.damaged)
    if not missing and not damaged:
        files = (file.relative_to(folder).as_posix() for file in (folder / LEDGER).glob("usage_date=*/*"))
        others = sum(file not in named for file in files)
        yield Finding("ledger", "files", f"all {len(named)} whole; {others} more that are not in force")


def look_at_archive(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Finding]:
    """The bodies that raw.fetch and the catalogue name: there, and with the hash of their name."""
    catalog = read_fetches(folder)
    known = read_table(connection, "raw.fetch")
    fetches = pl.concat([known, catalog.rows.join(known, on="fetch_id", how="anti")]).sort("fetched_at")
    found = damaged_bodies(folder, fetches)
    for body in found[:SHOWN]:
        page = f", page of {body.source} of {body.fetched_at:%Y-%m-%d}" if body.source else ""
        yield Finding("archive", body.path, f"{body.how}{page}", BODY_REMEDY)
    if len(found) > SHOWN:
        yield Finding("archive", f"{len(found) - SHOWN} more", "missing or damaged", BODY_REMEDY)
    yield from _torn("archive", ARCHIVE_CATALOG, catalog.damaged)
    if not found:
        yield Finding("archive", "bodies", f"all {fetches['archive_path'].drop_nulls().n_unique()} whole")


def _sorted_out(folder: Path, paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those that are missing, and those whose content is not what their name says."""
    missing, damaged = [], []
    for path in paths:
        try:
            if not (folder / path).exists():
                bring_back(folder, path)
            found = hashlib.sha256((folder / path).read_bytes()).hexdigest()
        except FileNotFoundError:
            missing.append(path)
        except OSError:
            damaged.append(path)
        else:
            if found != Path(path).stem:
                damaged.append(path)
    return missing, damaged


def _bad(area: str, paths: list[str], what: str, remedy: str) -> Iterator[Finding]:
    for path in paths[:SHOWN]:
        yield Finding(area, path, what, remedy)
    if len(paths) > SHOWN:
        yield Finding(area, f"{len(paths) - SHOWN} more", what, remedy)


def _torn(area: str, catalog: str, damaged: list[int]) -> Iterator[Finding]:
    if damaged:
        said = f"{len(damaged)} lines cannot be believed, the first is line {damaged[0]}"
        remedy = f"put {catalog} back from a backup if what they say is missed; the other lines still count"
        yield Finding(area, catalog, said, remedy)
