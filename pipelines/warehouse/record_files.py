"""records/: what can be had neither from the bodies in the archive nor from the ledger, as files beside the database.

One Parquet file per table, named after its content, and records.json, which names those that belong together. So a
reader finds one state whole: the old one or the new one. Which other things a lost database comes back from is said in
`rebuild`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.warehouse.atomic_file import TEMPORARY, atomic_file
from pipelines.warehouse.migrate import VERSION_TABLE
from pipelines.warehouse.published import WarehouseError

RECORDS = "records"
NAMES = f"{RECORDS}/records.json"
RECORD_TABLES = (
    "raw.fetch",
    "raw.parse",
    "raw.source_reject",
    "raw.acceptance",
    "raw.silence",
    "core.token_price",
    "core.gpu_rate",
    "core.exchange_rate",
    "core.model_lifecycle",
    "core.price_hold",
    "core.usage_file",
    "core.usage_import",
    "core.usage_reject",
    "core.usage_restatement",
    "core.usage_unknown_count",
    "core.reported_cost",
    "core.contract_term",
    # What was decided on a day rests on what was known then.
    "main.source_health",
    "main.deprecation_risk",
    "main.notice_statistics",
    "main.break_even",
    "main.break_even_curve",
    "main.spend_forecast",
    "main.budget_status",
    "main.alert",
    "main.alert_event",
    "main.alert_message",
    "main.alert_notice",
    "main.alert_delivery",
)


@dataclass(frozen=True)
class Records:
    """A state: the schema version that its tables have, and its files by table."""

    version: int = 0
    by_table: dict[str, "Record"] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One file of the state in force; `content` is the hash of the rows, `sha256` that of the file."""

    table: str
    path: str
    row_count: int
    content: str
    sha256: str


def save_records(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Write the tables whose rows have changed since they were last written. Returns their names.

    Raises WarehouseError where they cannot be written; the state from before stays in force then.
    """
    known = _known(folder)
    ((version,),) = connection.execute(f"SELECT version FROM {VERSION_TABLE}").fetchall()
    (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    try:
        records = [_saved(connection, folder, table, known.by_table.get(table)) for table in RECORD_TABLES]
        changed = [record.table for record in records if record != known.by_table.get(record.table)]
        if changed or version != known.version:
            state = {"version": version, "tables": [asdict(record) for record in records]}
            with atomic_file(folder / NAMES) as temporary:
                temporary.write_text(json.dumps(state, indent=1))
            _sweep(folder, records)
    except OSError as error:
        raise WarehouseError(f"cannot write {folder / RECORDS}: {error.strerror or error}") from error
    return changed


def read_names(folder: Path) -> Records:
    """The state in force; nothing where none was ever written. Raises WarehouseError if it cannot be read."""
    file = folder / NAMES
    if not file.exists():
        return Records()
    try:
        state = json.loads(file.read_text())
        return Records(int(state["version"]), {row["table"]: Record(**row) for row in state["tables"]})
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise WarehouseError(f"{file} cannot be read: {error}") from error


def check_record(folder: Path, record: Record) -> Path:
    """The file of a record. Raises WarehouseError where it is missing or is not what was written."""
    file = folder / RECORDS / record.path
    if not file.is_file():
        raise WarehouseError(f"{file} is missing")
    if _sha256(file) != record.sha256:
        raise WarehouseError(f"{file} is damaged: it has another hash than {NAMES} says")
    return file


def _saved(connection: duckdb.DuckDBPyConnection, folder: Path, table: str, known: Record | None) -> Record:
    query = f"SELECT count(*), coalesce(bit_xor(hash(row_of)), 0)::VARCHAR FROM {table} AS row_of"
    ((row_count, rows_hash),) = connection.execute(query).fetchall()
    columns = ",".join(f"{shape.name} {shape.type}" for shape in ddl.shapes(TABLES_BY_NAME[table]))
    content = hashlib.sha256(f"{columns};{row_count};{rows_hash}".encode()).hexdigest()[:16]
    if known is not None and known.content == content and (folder / RECORDS / known.path).is_file():
        return known
    path = f"{table}.{content}.parquet"
    with atomic_file(folder / RECORDS / path) as temporary:
        target = ddl.literal(str(temporary))
        connection.execute(f"COPY (SELECT * FROM {table}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        sha256 = _sha256(temporary)
    return Record(table, path, row_count, content, sha256)


def _known(folder: Path) -> Records:
    """A list that cannot be read is written anew."""
    try:
        return read_names(folder)
    except WarehouseError:
        return Records()


def _sweep(folder: Path, records: list[Record]) -> None:
    """Delete what the new state does not name: it has replaced each of these, and is on the disk."""
    in_force = {record.path for record in records}
    for file in (folder / RECORDS).iterdir():
        is_ours = file.name.endswith((".parquet", TEMPORARY))
        if is_ours and file.name not in in_force:
            file.unlink(missing_ok=True)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
