"""A new build file from what lies beside the lost one: records, the two catalogues, the last published file.

Only what cannot be derived is put in. Loading bodies that came after the records, pricing and marts come after it, and
are done elsewhere. Nothing is deleted: the old file is moved aside.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema import ddl
from pipelines.warehouse.connection import attached, transaction, wal_of
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import LASTING, read_through
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, is_whole, read_catalog
from pipelines.warehouse.migrate import VERSION_TABLE, bring_up_to_date, pending_migrations
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.record_files import RECORD_TABLES, Records, check_record, read_names
from pipelines.warehouse.rows import append

_IMPORTS_OF_A_DAY = (
    "SELECT import_id, file_name FROM core.usage_import WHERE $day BETWEEN first_usage_date AND last_usage_date"
)


@dataclass
class Rebuilt:
    """What became of a lost database."""

    origins: dict[str, str] = field(default_factory=dict)
    """Table -> where its rows came from."""
    losses: list[str] = field(default_factory=list)
    """What did not come back, one line each."""
    aside: Path | None = None
    """Where the old file is now."""


@dataclass(frozen=True)
class _Origin:
    """Somewhere that tables may be read from: `version` of their columns, and the relation that a table is there."""

    name: str
    version: int
    relations: dict[str, str]


def rebuild_database(warehouse: Warehouse, fetches: pl.DataFrame, damaged_lines: list[int]) -> Rebuilt:
    """Put a new build file in the place of a lost or damaged one. `fetches`: the catalogue's rows of raw.fetch.

    Of a build file that is whole the records are written first. Raises WarehouseError where nothing can be made.
    """
    rebuilt = Rebuilt()
    if damaged_lines:
        rebuilt.losses.append(f"archive/fetches.jsonl: lines that cannot be believed: {damaged_lines}")
    _save_what_is_whole(warehouse, rebuilt)
    with warehouse.locked():
        fresh = warehouse.folder / f".build.duckdb.{os.getpid()}.tmp"
        fresh.unlink(missing_ok=True)
        with attached(fresh) as connection:
            with _origins(connection, warehouse, rebuilt) as origins:
                version = _fill(connection, origins, rebuilt)
            _add_version(connection, version)
            bring_up_to_date(connection, pending_migrations(connection))
            with transaction(connection):
                _add_fetches(connection, fetches)
                _add_ledger(connection, warehouse, rebuilt)
            connection.execute("CHECKPOINT")
        read_through(fresh)
        rebuilt.aside = _move_aside(warehouse.build_file)
        fresh.replace(warehouse.build_file)
    return rebuilt


def _save_what_is_whole(warehouse: Warehouse, rebuilt: Rebuilt) -> None:
    """The build file knows more than the records, where it can be read and has not lost any row of theirs."""
    if not warehouse.build_file.exists():
        return
    try:
        counts = read_through(warehouse.build_file)
        known = read_names(warehouse.folder).by_table
        if all(
            counts.get(name, 0) >= record.row_count for name, record in known.items() if LASTING.get(name) == "true"
        ):
            warehouse.save_records()
    except (WarehouseError, duckdb.Error) as error:
        rebuilt.losses.append(f"what {warehouse.build_file.name} had beyond records/: {error}")


@contextmanager
def _origins(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, rebuilt: Rebuilt) -> Iterator[list[_Origin]]:
    """Where tables can be read from, best first."""
    found = [_recorded(warehouse, rebuilt)]
    names = []
    for number, file in enumerate((warehouse.published_file, warehouse.previous_file)):
        try:
            lasting = read_through(file) if file.exists() else {}
        except WarehouseError as error:
            rebuilt.losses.append(str(error))
            continue
        if lasting:
            names.append(f"published_{number}")
            connection.execute(f"ATTACH {ddl.literal(str(file))} AS {names[-1]} (READ_ONLY)")
            found.append(_published(connection, file, names[-1]))
    try:
        yield [origin for origin in found if origin.relations]
    finally:
        for name in names:
            connection.execute(f"DETACH {name}")


def _recorded(warehouse: Warehouse, rebuilt: Rebuilt) -> _Origin:
    try:
        records = read_names(warehouse.folder)
    except WarehouseError as error:
        rebuilt.losses.append(str(error))
        records = Records()
    relations = {}
    for table, record in records.by_table.items():
        try:
            file = check_record(warehouse.folder, record)
        except WarehouseError as error:
            rebuilt.losses.append(str(error))
        else:
            relations[table] = f"read_parquet({ddl.literal(str(file))}, hive_partitioning = false)"
    return _Origin("records/", records.version, relations)


def _published(connection: duckdb.DuckDBPyConnection, file: Path, name: str) -> _Origin:
    query = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = $name"
    tables = {table for (table,) in connection.execute(query, {"name": name}).fetchall()}
    version = 0
    if VERSION_TABLE in tables:
        ((version,),) = connection.execute(f"SELECT max(version) FROM {name}.{VERSION_TABLE}").fetchall()
    wanted = [*RECORD_TABLES, "core.ledger_file"]
    return _Origin(file.name, version, {table: f"{name}.{table}" for table in wanted if table in tables})


def _fill(connection: duckdb.DuckDBPyConnection, origins: list[_Origin], rebuilt: Rebuilt) -> int | None:
    """Make the tables of the first origin that has each. Returns their schema version, None where there is no table.

    Tables of another version than the first's do not go together with it.
    """
    if not origins:
        rebuilt.losses.append(
            "approvals, alerts and their deliveries, bills, imports and what was decided on past days: neither "
            "records/ nor a published file is there"
        )
        return None
    version = origins[0].version
    for table in [*RECORD_TABLES, "core.ledger_file"]:
        origin = next((one for one in origins if table in one.relations and one.version == version), None)
        if origin is None:
            if any(table in one.relations for one in origins):  # a table that no program knew yet is no loss
                rebuilt.losses.append(f"{table}: the one copy of it has another schema version than the rest")
            continue
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
        connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {origin.relations[table]}")
        rebuilt.origins[table] = origin.name
    return version


def _add_version(connection: duckdb.DuckDBPyConnection, version: int | None) -> None:
    """Say what the tables are, so that those of an older program are brought up to date like any."""
    if version is None:
        return
    connection.execute("CREATE SCHEMA IF NOT EXISTS raw")
    connection.execute(f"CREATE TABLE {VERSION_TABLE} AS SELECT {version}::BIGINT AS version, 'rebuilt' AS tables_hash")


def _add_fetches(connection: duckdb.DuckDBPyConnection, fetches: pl.DataFrame) -> None:
    """Attempts that came after the records were written."""
    known = connection.sql("SELECT fetch_id FROM raw.fetch").pl()
    append(connection, "raw.fetch", fetches.join(known, on="fetch_id", how="anti", maintain_order="left"))


def _add_ledger(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, rebuilt: Rebuilt) -> None:
    """The newest whole file of each day. Where that is not the newest, the files it came from count as not imported."""
    catalog = read_catalog(warehouse.folder)
    if catalog.damaged:
        rebuilt.losses.append(f"ledger/files.jsonl: lines that cannot be believed: {catalog.damaged}")
    named = dict(connection.execute("SELECT usage_date, path FROM core.ledger_file").fetchall())
    paths = _in_no_catalog(warehouse.folder, named)
    for day, files in catalog.by_day.items():
        paths.setdefault(day, []).extend(str(file["path"]) for file in files)
    rows = []
    for day, known in sorted(paths.items()):
        whole = next((path for path in reversed(known) if is_whole(warehouse.folder / path)), None)
        if whole is not None:
            rows.append({"usage_date": day, "path": whole, "row_count": _rows_in(warehouse.folder / whole)})
        if whole != known[-1]:
            rebuilt.losses.append(_forget_imports(connection, day, known[-1], whole))
    connection.execute("DELETE FROM core.ledger_file")
    append(connection, "core.ledger_file", pl.DataFrame(rows, schema=FILE_SCHEMA))


def _in_no_catalog(folder: Path, named: dict[date, str]) -> dict[date, list[str]]:
    """Files of each day, the best last: a day that is merged never has fewer rows than before.

    `named`: those that a published file names; one that is not there comes last, so that it is missed.
    """
    found: dict[date, list[str]] = {}
    for file in folder.glob("ledger/usage_date=*/*.parquet"):
        day = date.fromisoformat(file.parent.name.removeprefix("usage_date="))
        found.setdefault(day, []).append(file.relative_to(folder).as_posix())
    for day, files in found.items():
        files.sort(key=lambda path: (_rows_in(folder / path), path == named.get(day)))
    for day, path in named.items():
        files = found.setdefault(day, [])
        if path not in files:
            files.append(path)
    return found


def _forget_imports(connection: duckdb.DuckDBPyConnection, day: date, damaged: str, whole: str | None) -> str:
    """Let the files that a damaged day came from be imported again. Returns what is lost until then."""
    imports = connection.execute(_IMPORTS_OF_A_DAY, {"day": day}).fetchall()
    ids = {"ids": [import_id for import_id, _ in imports]}
    for table in ("core.usage_import", "core.usage_file"):
        connection.execute(f"DELETE FROM {table} WHERE import_id IN (SELECT unnest($ids))", ids)
    kept = f"the rows of {whole} are in force" if whole else "no row of it is left"
    names = ", ".join(sorted({name for _, name in imports})) or "the files of that day"
    return f"usage of {day}: {damaged} is missing or damaged, {kept}; import again: {names}"


def _rows_in(file: Path) -> int:
    """Rows of a ledger file; of one that is damaged, none."""
    if not is_whole(file):
        return 0
    return int(pl.scan_parquet(file, hive_partitioning=False).select(pl.len()).collect().item())


def _move_aside(file: Path) -> Path | None:
    """Give a file, and the log that belongs to it, a name that no other has."""
    log = wal_of(file)
    if not file.exists() and not log.exists():
        return None
    aside = next(path for n in count(1) if not (path := file.with_name(f"{file.name}.lost-{n}")).exists())
    if log.exists():
        log.rename(wal_of(aside))
    if file.exists():
        file.rename(aside)
    return aside
