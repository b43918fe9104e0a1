"""An older build file brought up to date without losing a row (docs/decisions/0030-schema-version.md).

The file states its schema version. What is not there yet, a table or a column that may be NULL, comes by itself;
everything else is a numbered file in sql/migrations. The macros of sql/core come with the tables. What rows mean, and
publishing, do not belong here.
"""

import filecmp
import hashlib
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path

import duckdb

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES, Table
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.connection import transaction
from pipelines.warehouse.published import WarehouseError

VERSION_TABLE = "raw.schema_version"
_LOG = logging.getLogger(__name__)
_GO_ON = "Nothing in it was changed. Keep it where it is, and go on with the version of the program that last wrote it"


class _NotCoveredError(Exception):
    """A table that cannot be made as declared without a migration that says how."""

    def __init__(self, table: Table, found: str) -> None:
        super().__init__(
            f"{table.qualified} is not as this program declares it ({found}), and no file in sql/migrations says what "
            "becomes of its rows; please report it"
        )


@dataclass(frozen=True)
class Migration:
    """One file of sql/migrations: it makes version `number` of the version before."""

    number: int
    file: Path


@cache
def migrations() -> tuple[Migration, ...]:
    """All migrations, in order. A file is named after its number: 0001_drop_ledger_layout.sql."""
    files = sorted((SQL_FOLDER / "migrations").glob("*.sql"))
    return tuple(Migration(int(file.stem.split("_")[0]), file) for file in files)


def is_current(connection: duckdb.DuckDBPyConnection) -> bool:
    """Does the file say that it agrees with this program? Asked each time that it is opened: one short query."""
    try:
        found = connection.execute(f"SELECT version, tables_hash FROM {VERSION_TABLE}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return found == [(_newest(), _tables_hash())]


def has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a file is more than a new one."""
    return bool(_tables_of(connection))


def _tables_of(connection: duckdb.DuckDBPyConnection) -> set[str]:
    query = "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = current_database()"
    return {name for (name,) in connection.execute(query).fetchall()}


def pending_migrations(connection: duckdb.DuckDBPyConnection) -> tuple[Migration, ...]:
    """The migrations that this file has not seen; none for a new one. WarehouseError if a newer program made it."""
    tables = _tables_of(connection)
    # Programs from before the first migration stated no version.
    version = 0 if tables else _newest()
    if VERSION_TABLE in tables:
        ((version,),) = connection.execute(f"SELECT max(version) FROM {VERSION_TABLE}").fetchall()
    if version > _newest():
        raise WarehouseError(
            f"{_file_of(connection)} has schema version {version}; this program knows versions up to {_newest()}. "
            f"{_GO_ON}, or update this one (`git pull`, `make install`)"
        )
    return tuple(migration for migration in migrations() if migration.number > version)


def put_aside(file: Path, pending: Sequence[Migration]) -> None:
    """Copy a closed build file beside it before it is migrated, and say so.

    A copy that is there already is never replaced; if it is the same, it will do. Raises WarehouseError.
    """
    for number in count(1):
        suffix = f".before-{pending[0].number:04}" + (f"-{number}" if number > 1 else "")
        copy = file.with_name(file.name + suffix)
        if not copy.exists():
            break
        if filecmp.cmp(file, copy, shallow=False):
            return
    try:
        with atomic_file(copy) as temporary:
            shutil.copyfile(file, temporary)
    except OSError as error:
        raise WarehouseError(
            f"{file} has to be copied to {copy} before it is brought up to date: {error.strerror}. {_GO_ON}, "
            "or make room and run again"
        ) from error
    _LOG.warning("%s is brought up to schema version %d; as it was until now, it is kept in %s", file, _newest(), copy)


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, pending: Sequence[Migration]) -> None:
    """Apply migrations, then make every table as declared, in one transaction.

    Raises WarehouseError, with the file as it was, if a migration fails or leaves a table that is not as declared.
    """
    file = _file_of(connection)
    try:
        with transaction(connection):
            for migration in pending:
                connection.execute(migration.file.read_text())
            _complete_tables(connection)
            connection.execute(_macros())
            connection.execute(f"DELETE FROM {VERSION_TABLE}")
            connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?, ?)", [_newest(), _tables_hash()])
    except (duckdb.Error, _NotCoveredError) as error:
        raise WarehouseError(f"{file} could not be brought up to date: {error}. {_GO_ON}") from error


def _complete_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create missing tables and add missing columns. _NotCoveredError where a table differs in any other way."""
    query = "SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
    query += "WHERE NOT internal AND database_name = current_database() ORDER BY column_index"
    existing: dict[str, list[ddl.ColumnShape]] = {}
    for table_name, *shape in connection.execute(query).fetchall():
        existing.setdefault(table_name, []).append(ddl.ColumnShape(*shape))
    for table in TABLES:
        shapes = existing.get(table.qualified)
        if shapes is None:
            _create(connection, table)
        elif shapes != ddl.shapes(table):
            _rebuild(connection, table, shapes)


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    for statement in ddl.statements(table):
        connection.execute(statement)


def _rebuild(connection: duckdb.DuckDBPyConnection, table: Table, shapes: Sequence[ddl.ColumnShape]) -> None:
    """Make a table anew as declared, with the rows that it has: NULL in new columns, the columns in declared order."""
    declared = {shape.name: shape.type for shape in ddl.shapes(table)}
    foreign = [shape for shape in shapes if declared.get(shape.name) != shape.type]
    if foreign:
        raise _NotCoveredError(table, "; ".join(f"column {shape.name} {shape.type}" for shape in foreign))
    fresh = replace(table, name=f"{table.name}__new")
    _create(connection, fresh)
    try:
        connection.execute(f"INSERT INTO {fresh.qualified} BY NAME SELECT * FROM {table.qualified}")
    except duckdb.ConstraintException as error:
        raise _NotCoveredError(table, str(error)) from error
    connection.execute(f"DROP TABLE {table.qualified}")
    connection.execute(f'ALTER TABLE {fresh.qualified} RENAME TO "{table.name}"')


def _file_of(connection: duckdb.DuckDBPyConnection) -> str:
    query = "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    return str(connection.execute(query).fetchall()[0][0])


def _newest() -> int:
    return migrations()[-1].number


@cache
def _tables_hash() -> str:
    """One text for all declared columns and macros: it changes with any of them."""
    statements = [*(statement for table in TABLES for statement in ddl.statements(table)), _macros()]
    return hashlib.sha256("\n".join(statements).encode()).hexdigest()[:16]


@cache
def _macros() -> str:
    """The statements of sql/core.

    A macro is bound when it is made, so those that return tables, of which some use the others, come last.
    """
    texts = [file.read_text() for file in sorted((SQL_FOLDER / "core").glob("*.sql"))]
    return "".join(sorted(texts, key=lambda text: " AS TABLE" in text))
