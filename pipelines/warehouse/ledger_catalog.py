"""The catalogue of the ledger: ledger/files.jsonl, one line per file that was written, only ever appended to.

The last line of a day names the file in force, the lines before it what that has replaced. It is written before the
database names the file, so that the ledger can be read when the database is lost. The rows are no business of it.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import LedgerFile
from pipelines.warehouse.append_only import append_lines, read_lines
from pipelines.warehouse.object_store import bring_back
from pipelines.warehouse.published import REBUILD, WarehouseError

LEDGER = "ledger"
CATALOG = f"{LEDGER}/files.jsonl"
FILE_SCHEMA = polars_schema(LedgerFile)


@dataclass(frozen=True)
class LedgerCatalog:
    """Files by day, the newest last, in the columns of core.ledger_file; and the numbers of damaged lines."""

    by_day: dict[date, list[dict[str, object]]] = field(default_factory=dict)
    damaged: list[int] = field(default_factory=list)

    @property
    def superseded(self) -> set[str]:
        """Paths of files that another one of their day has replaced."""
        replaced = {str(row["path"]) for rows in self.by_day.values() for row in rows[:-1]}
        return replaced - {str(rows[-1]["path"]) for rows in self.by_day.values()}


def note_files(folder: Path, files: pl.DataFrame) -> None:
    """Add files (rows of core.ledger_file) that are on the disk: each is in force for its day from now on."""
    append_lines(folder / CATALOG, files.select(FILE_SCHEMA.keys()).iter_rows(named=True))


def read_catalog(folder: Path) -> LedgerCatalog:
    """What the catalogue says; nothing where there is none."""
    lines = read_lines(folder / CATALOG)
    found = LedgerCatalog(damaged=lines.damaged)
    for row in lines.rows:
        day = date.fromisoformat(row["usage_date"])
        found.by_day.setdefault(day, []).append({name: row[name] for name in FILE_SCHEMA} | {"usage_date": day})
    return found


def complete_catalog(folder: Path, known: pl.DataFrame) -> int:
    """Begin the catalogue of a warehouse that has none with what its database says. Returns how many files."""
    if known.is_empty() or (folder / CATALOG).exists():
        return 0
    note_files(folder, known.sort("usage_date"))
    return known.height


def lost_days(folder: Path) -> list[str]:
    """Days of which the catalogue names a file that is missing or damaged, with the remedy."""
    last = [(day, str(files[-1]["path"])) for day, files in read_catalog(folder).by_day.items()]
    files = pl.DataFrame([(day, path) for day, path in last], schema=["usage_date", "path"], orient="row")
    return list(damaged_files(folder, files).values()) if last else []


def is_whole(file: Path) -> bool:
    """Whether a file holds what its name, the hash of its content, says; one that is missing comes from the store."""
    folder = file.parents[2]
    if not file.is_file() and not bring_back(folder, file.relative_to(folder).as_posix()):
        return False
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.stem


def check_file(file: Path) -> None:
    """Raise WarehouseError, with what to do, where a ledger file is missing or is not what was written."""
    if is_whole(file):
        return
    how = "damaged: its content is not what its name, a hash, says" if file.exists() else "missing"
    remedy = REBUILD.format(folder=file.parents[2])
    raise WarehouseError(
        f"{file} is {how}. Put it back from a backup; or {remedy}, with what is left of its day, and the files that "
        "it came from can be imported again"
    )


def damaged_files(folder: Path, files: pl.DataFrame) -> dict[date, str]:
    """Of files in force (rows of core.ledger_file), the days whose file cannot be used, with the reason."""
    found = {}
    for day, path in files.sort("usage_date").select("usage_date", "path").iter_rows():
        try:
            check_file(folder / path)
        except WarehouseError as error:
            found[day] = str(error)
    return found
