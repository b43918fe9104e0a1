"""Ledger and archive against what names them: each file is there, and is what its hash says. Nothing is mended."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.doctor.finding import Finding
from pipelines.sources import archive
from pipelines.warehouse.ledger_catalog import LEDGER

ARCHIVE_CATALOG = "archive/fetches.jsonl"
LEDGER_CATALOG = "ledger/files.jsonl"
SHOWN = 5
"""Names of damaged files; the others are counted."""


def look_at_ledger(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Finding]:
    """The days in force by core.ledger_file and by the catalogue: there, and with the hash of their name."""
    named = {path for (path,) in connection.execute("SELECT path FROM core.ledger_file").fetchall()}
    lines, torn = catalogued(folder / LEDGER_CATALOG)
    # The last line of a day names the file in force.
    named |= set({line.get("usage_date"): line.get("path") for line in lines}.values()) - {None}
    missing, damaged = _sorted_out(folder, sorted(named))
    remedy = "put it back from a backup, or import the usage files of its day again into a new warehouse"
    yield from _bad("ledger", missing, "missing", remedy)
    yield from _bad("ledger", damaged, "not what its hash says", remedy)
    yield from _torn("ledger", LEDGER_CATALOG, torn)
    if not missing and not damaged:
        files = (file.relative_to(folder).as_posix() for file in (folder / LEDGER).glob("usage_date=*/*"))
        others = sum(file not in named for file in files)
        yield Finding("ledger", "files", f"all {len(named)} whole; {others} more that are not in force")


def look_at_archive(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[Finding]:
    """The bodies that raw.fetch and the catalogue name: there, and with the hash of their name."""
    query = 'SELECT DISTINCT archive_path FROM raw."fetch" WHERE archive_path IS NOT NULL'
    named = {path for (path,) in connection.execute(query).fetchall()}
    lines, torn = catalogued(folder / ARCHIVE_CATALOG)
    named |= {line.get("archive_path") for line in lines} - {None}
    missing: list[str] = []
    damaged: list[str] = []
    for path in sorted(named):
        try:
            archive.read(folder, path)
        except (archive.ArchiveError, OSError):
            (damaged if (folder / path).exists() else missing).append(path)
    remedy = "put it back from a backup; without it this page cannot be read again by a better parser"
    yield from _bad("archive", missing, "missing", remedy)
    yield from _bad("archive", damaged, "damaged", remedy)
    yield from _torn("archive", ARCHIVE_CATALOG, torn)
    if not missing and not damaged:
        yield Finding("archive", "bodies", f"all {len(named)} whole")


def catalogued(file: Path) -> tuple[list[dict[str, Any]], int]:
    """The lines of a catalogue, and how many cannot be read; none where there is no catalogue.

    The last one may be cut off by a kill, and then is not counted.
    """
    if not file.exists():
        return [], 0
    *texts, _ = file.read_bytes().split(b"\n")
    found, torn = [], 0
    for text in texts:
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if isinstance(line, dict):
            found.append(line)
        else:
            torn += 1
    return found, torn


def _sorted_out(folder: Path, paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those that are missing, and those whose content is not what their name says."""
    missing, damaged = [], []
    for path in paths:
        try:
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


def _torn(area: str, catalog: str, torn: int) -> Iterator[Finding]:
    if torn:
        remedy = f"keep {catalog} as it is and restore it from a backup; the lines that can be read still count"
        yield Finding(area, catalog, f"{torn} lines cannot be read", remedy)
