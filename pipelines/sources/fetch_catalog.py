"""The catalogue of fetches beside the bodies: archive/fetches.jsonl, one line per attempt, in the columns of raw.fetch.

It says of each body what the database says of it, so that the archive can be read when the database is lost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.sources.archive import ARCHIVE, ArchiveError, read
from pipelines.warehouse.append_only import append_lines, read_lines

CATALOG = f"{ARCHIVE}/fetches.jsonl"
FETCH_SCHEMA = polars_schema(Fetch)
BODY_REMEDY = (
    "put it back from a backup; without it the prices read from it stay, but no better parser can read it again"
)
SHIPPED = "shipped"
"""The origin of evidence that comes with the program: it is entered from there, and no fetch."""


@dataclass(frozen=True)
class FetchCatalog:
    """Rows of raw.fetch, each attempt once, and the numbers of lines that cannot be believed."""

    rows: pl.DataFrame
    damaged: list[int]


@dataclass(frozen=True)
class DamagedBody:
    """A body that cannot be believed; `source` and `fetched_at` of its page, None where nothing names it."""

    path: str
    source: str | None
    fetched_at: datetime | None
    how: str

    def told(self) -> str:
        """One line with the remedy."""
        page = f"page of {self.source} of {self.fetched_at:%Y-%m-%d}" if self.source else "a body that nothing names"
        return f"{self.path} ({page}) is {self.how}; {BODY_REMEDY}"


def note_fetches(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add attempts (columns of raw.fetch; what is left out is NULL). Call it before they enter the database.

    Raises OSError where they cannot be written.
    """
    append_lines(folder / CATALOG, [{name: row.get(name) for name in FETCH_SCHEMA} for row in rows])


def read_fetches(folder: Path) -> FetchCatalog:
    """What the catalogue says, in the order of fetching; nothing where there is none."""
    lines = read_lines(folder / CATALOG)
    rows = {row["fetch_id"]: _typed(row) for row in lines.rows}
    frame = pl.DataFrame(list(rows.values()), schema=FETCH_SCHEMA).sort("fetched_at", maintain_order=True)
    return FetchCatalog(frame, lines.damaged)


def complete_fetches(folder: Path, known: pl.DataFrame) -> int:
    """Begin the catalogue of a warehouse that has none with what its database says (raw.fetch). Returns how many."""
    fetched = known.filter(pl.col("origin") != SHIPPED).sort("fetched_at")
    if fetched.is_empty() or (folder / CATALOG).exists():
        return 0
    note_fetches(folder, fetched.iter_rows(named=True))
    return fetched.height


def damaged_bodies(folder: Path, fetches: pl.DataFrame) -> list[DamagedBody]:
    """Bodies that the catalogue names and that are missing or are not what their hash says, and damaged ones beside.

    `fetches`: rows of raw.fetch. Reads every body once.
    """
    named = fetches.drop_nulls("archive_path").group_by("archive_path", maintain_order=True)
    pages = named.agg(
        pl.col("source").unique(maintain_order=True).str.join(", "), pl.col("fetched_at", "sha256").last()
    )
    found = []
    for path, source, fetched_at, sha256 in pages.sort("fetched_at").iter_rows():
        how = _fault(folder, path) or (None if Path(path).stem == sha256 else "named after another hash")
        if how:
            found.append(DamagedBody(path, source, fetched_at, how))
    known = set(pages["archive_path"])
    others = sorted(file.relative_to(folder).as_posix() for file in (folder / ARCHIVE).glob("??/*.gz"))
    return found + [
        DamagedBody(path, None, None, how) for path in others if path not in known and (how := _fault(folder, path))
    ]


def _fault(folder: Path, path: str) -> str | None:
    try:
        read(folder, path)
    except ArchiveError as error:
        return str(error).removeprefix(f"{path}: ")
    return None


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in FETCH_SCHEMA} | {"fetched_at": datetime.fromisoformat(row["fetched_at"])}
