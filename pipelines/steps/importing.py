"""Import usage files: known content once, rows into the ledger, refused lines into core.usage_reject."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.usage import ledger
from pipelines.usage.formats import UnknownFormat
from pipelines.usage.importing import ImportedFile, import_file
from pipelines.warehouse import Warehouse, append, read_table

IGNORED_IN_INBOX = (".", "README")


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file, as people are told about it."""

    file: Path
    outcome: str
    """imported, known or refused."""
    row_count: int = 0
    new_count: int = 0
    duplicate_count: int = 0
    reject_count: int = 0
    reason: str | None = None


def inbox_files(warehouse: Warehouse) -> list[Path]:
    """Files waiting in the inbox. They stay there: importing again changes nothing."""
    if not warehouse.inbox.is_dir():
        return []
    found = (path for path in sorted(warehouse.inbox.rglob("*")) if path.is_file())
    return [path for path in found if not path.name.startswith(IGNORED_IN_INBOX)]


def import_files(
    warehouse: Warehouse, files: Sequence[Path], as_of: datetime, format_name: str | None = None
) -> list[FileOutcome]:
    """Import files one by one; a file that cannot be read is an outcome, and the others go on."""
    return [_import_one(warehouse, file, as_of, format_name) for file in files]


def _import_one(warehouse: Warehouse, file: Path, as_of: datetime, format_name: str | None) -> FileOutcome:
    try:
        imported = import_file(file, as_of, format_name)
    except (UnknownFormat, OSError) as error:
        return FileOutcome(file, "refused", reason=str(error))
    with warehouse.write() as connection:
        return _store(connection, warehouse, file, imported)


def _store(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, file: Path, imported: ImportedFile
) -> FileOutcome:
    summary = imported.summary.row(0, named=True)
    if not read_table(connection, "core.usage_import", "import_id = $id", id=summary["import_id"]).is_empty():
        return FileOutcome(file, "known", reason="this content was imported before")
    change = ledger.write(warehouse.folder, read_table(connection, "core.ledger_file"), imported.usage)
    touched = change.files["usage_date"].to_list()
    connection.execute("DELETE FROM core.ledger_file WHERE usage_date IN (SELECT unnest($days))", {"days": touched})
    append(connection, "core.ledger_file", change.files)
    append(connection, "core.usage_reject", imported.rejects)
    duplicates = summary["duplicate_count"] + change.duplicate_rows
    append(connection, "core.usage_import", imported.summary.with_columns(duplicate_count=pl.lit(duplicates)))
    return FileOutcome(
        file, "imported", summary["row_count"], change.new_rows, duplicates, reject_count=summary["reject_count"]
    )
