"""The DuckDB file: build, publish, read. Knows tables and files, nothing of what the rows mean.

One process that has a DuckDB file open for writing locks out every other, so the pipeline works on a private
`build.duckdb` and people read `costs.duckdb`, a copy that is replaced whole (docs/decisions/0003-publish-by-copy.md).
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from filelock import FileLock, Timeout

from pipelines.schema import ddl
from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES, TABLES_BY_NAME, Table
from pipelines.schema.usage import Usage

SQL_FOLDER = Path(__file__).resolve().parents[2] / "sql"
LOCK_TIMEOUT_SECONDS = 600.0
_NUMBERS = count()
"""Of attached files: two threads may have two warehouses open."""


class WarehouseError(RuntimeError):
    """The warehouse cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Warehouse:
    """One warehouse folder. Every command works on any of them."""

    folder: Path
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS

    @property
    def build_file(self) -> Path:
        """The pipeline's own file; never open it elsewhere."""
        return self.folder / "build.duckdb"

    @property
    def published_file(self) -> Path:
        """The file that people query."""
        return self.folder / "costs.duckdb"

    @property
    def inbox(self) -> Path:
        """Where usage files are dropped."""
        return self.folder / "inbox"

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The build file in one transaction, this process alone. Commits at the end, rolls back on an error."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(), _connection(self.build_file) as connection, _transaction(connection):
            yield connection

    def publish(self) -> Path:
        """Replace the published file by a copy of the build file. Readers keep the version that they have open."""
        with self._locked():
            with _connection(self.build_file) as connection:
                with _transaction(connection):
                    _comment_tables(connection)
                    _create_views(connection, self.folder)
                connection.execute("CHECKPOINT")
            temporary = self.published_file.with_name(f".{self.published_file.name}.{os.getpid()}.tmp")
            try:
                shutil.copyfile(self.build_file, temporary)
                _sync(temporary)
                temporary.replace(self.published_file)
            except OSError as error:
                temporary.unlink(missing_ok=True)
                raise WarehouseError(
                    f"cannot publish {self.published_file}: {error.strerror}; the version from before stays in place"
                ) from error
            _sync(self.folder)
        return self.published_file

    def sweep(self) -> int:
        """Remove temporary files that a killed run left behind. Returns how many."""
        if not self.folder.is_dir():
            return 0
        with self._locked():
            strays = list(self.folder.glob(".costs.duckdb.*.tmp"))
            for stray in strays:
                stray.unlink()
        return len(strays)

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published file, read only."""
        if not self.published_file.exists():
            raise WarehouseError(f"{self.published_file} does not exist yet; `costs run` or `costs demo` makes it")
        with duckdb.connect(str(self.published_file), read_only=True) as connection:
            yield connection

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Keep other runs of the command line out; a killed process lets go by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked(".run.lock"):
            yield

    @contextmanager
    def _locked(self, name: str = ".build.lock") -> Iterator[None]:
        lock = FileLock(self.folder / name, timeout=self.lock_timeout_seconds)
        try:
            with lock:
                yield
        except Timeout as error:
            raise WarehouseError(
                f"another run has held {self.folder} for {self.lock_timeout_seconds:.0f} s; "
                "wait for it to end, or look in the Dagster UI for one that hangs"
            ) from error


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """The one DuckDB of this process. It has no file of its own; to start one takes ten times as long as to attach."""
    return duckdb.connect()


@contextmanager
def _connection(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A file attached as the default database; detached at the end, which moves the log into it and unlocks it."""
    name = f"build_{next(_NUMBERS)}"
    with _engine().cursor() as connection:
        try:
            connection.execute(f"ATTACH {ddl.literal(str(file))} AS {name}")
        except duckdb.IOException as error:
            raise WarehouseError(f"cannot open {file}: {error}") from error
        try:
            connection.execute(f"USE {name}")
            yield connection
        finally:
            connection.execute("USE memory")
            # On a full disk the log cannot be moved into the file; what is committed stays in the log.
            with suppress(duckdb.IOException):
                connection.execute(f"DETACH {name}")


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A transaction on all tables. Commits at the end, rolls back on an error."""
    statements, version = _macros()
    has_macros = _macro_version(connection) == version
    connection.begin()
    try:
        _create_tables(connection)
        if not has_macros:
            connection.execute(statements)
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; a table whose columns differ from its declaration is an error, never altered."""
    query = "SELECT schema_name || '.' || table_name, column_name FROM duckdb_columns() "
    query += "WHERE NOT internal AND database_name = current_database() ORDER BY column_index"
    existing: dict[str, list[str]] = {}
    for table_name, column_name in connection.execute(query).fetchall():
        existing.setdefault(table_name, []).append(column_name)
    for table in TABLES:
        columns = existing.get(table.qualified)
        if columns is None:
            for statement in ddl.statements(table):
                connection.execute(statement)
        elif columns != table.declaration.column_names():
            raise WarehouseError(
                f"{table.qualified} was made by another version of the program; "
                "move build.duckdb aside and run again: it is built anew from archive/ and inbox/"
            )


def _comment_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Say what tables and columns mean, where that is missing or was worded differently."""
    query = """
        SELECT 'TABLE ' || schema_name || '.' || table_name, comment FROM duckdb_tables()
        WHERE database_name = current_database()
        UNION ALL
        SELECT 'COLUMN ' || schema_name || '.' || table_name || '."' || column_name || '"', comment
        FROM duckdb_columns() WHERE database_name = current_database()
    """
    present = set(connection.execute(query).fetchall())
    for table in TABLES:
        for target, text in ddl.comments(table):
            if (target, text) not in present:
                connection.execute(f"COMMENT ON {target} IS {ddl.literal(text)}")


def _create_views(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The view on the ledger. It names each file, so a reader sees one state of the ledger."""
    paths = [path for (path,) in connection.execute("SELECT path FROM core.ledger_file ORDER BY path").fetchall()]
    if paths:
        listed = ", ".join(ddl.literal(str((folder / path).resolve())) for path in paths)
        body = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
    else:
        casts = (f'NULL::{ddl.sql_type(column)} AS "{name}"' for name, column in Usage.columns().items())
        body = f"SELECT {', '.join(casts)} WHERE false"
    connection.execute(f"CREATE OR REPLACE VIEW core.usage AS {body}")
    connection.execute(f"COMMENT ON VIEW core.usage IS {ddl.literal((Usage.__doc__ or '').strip())}")
    for name, column in Usage.columns().items():
        connection.execute(f'COMMENT ON COLUMN core.usage."{name}" IS {ddl.literal(ddl.comment(column))}')


def _macro_version(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Of which text the macros of the file are; None where it has none. Never in a transaction: it would be aborted."""
    try:
        return str(scalar(connection, "SELECT macro_version()"))
    except duckdb.CatalogException:
        return None


@cache
def _macros() -> tuple[str, str]:
    """The statements of sql/core, and a hash of them, which the last one gives to SQL.

    A macro is bound when it is made, so those that return tables, of which some use the others, come last.
    """
    texts = [file.read_text() for file in sorted((SQL_FOLDER / "core").glob("*.sql"))]
    statements = "".join(sorted(texts, key=lambda text: " AS TABLE" in text))
    version = hashlib.sha256(statements.encode()).hexdigest()[:20]
    return f"{statements} CREATE OR REPLACE MACRO macro_version() AS '{version}'", version


def read_table(connection: duckdb.DuckDBPyConnection, name: str, where: str = "true", **values: object) -> pl.DataFrame:
    """Rows of a declared table in its declared types. `where` may use $name parameters."""
    table = TABLES_BY_NAME[name]
    query = f"SELECT * FROM {table.qualified} WHERE {where}"
    frame: pl.DataFrame = connection.sql(query, params=values or None).pl()
    return frame.cast(polars_schema(table.declaration))


def append(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> int:
    """Add rows to a declared table, after its row rules. Returns how many."""
    table = TABLES_BY_NAME[name]
    if frame.is_empty():
        return 0
    rows = table.declaration.validate(frame.select(table.declaration.column_names()), cast=True)
    connection.register("rows_to_append", rows)
    connection.execute(f"INSERT INTO {table.qualified} BY NAME SELECT * FROM rows_to_append")
    connection.unregister("rows_to_append")
    return int(rows.height)


def append_new(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame, key: Sequence[str]) -> int:
    """Add the rows whose `key` columns are not in the table yet, each once; the first wins. Returns how many."""
    stated = frame.unique(key, keep="first", maintain_order=True)
    connection.register("stated", stated.select(key))
    columns = ", ".join(key)
    query = f"SELECT {columns} FROM {TABLES_BY_NAME[name].qualified} SEMI JOIN stated USING ({columns})"
    known = connection.sql(query).pl().cast(stated.select(key).schema)
    connection.unregister("stated")
    return append(connection, name, stated.join(known, on=list(key), how="anti", maintain_order="left"))


def replace_rows(
    connection: duckdb.DuckDBPyConnection, name: str, column: str, values: Sequence[object], frame: pl.DataFrame
) -> int:
    """Replace the rows that have one of the values in a column. Returns how many are added."""
    table = TABLES_BY_NAME[name].qualified
    connection.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT unnest($values))", {"values": list(values)})
    return append(connection, name, frame)


def replace_dates(
    connection: duckdb.DuckDBPyConnection, table: Table, dates: Sequence[date], frame: pl.DataFrame
) -> int:
    """Replace the rows of some dates of a table by date. Returns how many rows these dates have now."""
    return replace_rows(connection, table.qualified, table.date_column or "", dates, frame)


def _sync(path: Path) -> None:
    """Force a file or a folder entry onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def scalar(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> Any:
    """The one value of a query, or None. Fetches all rows: an open result would block the connection."""
    rows = connection.execute(query, dict(parameters or {})).fetchall()
    return rows[0][0] if rows else None


def fingerprints(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Row count and content hash of every table of the build file, to tell whether a run changed anything."""
    found = {}
    with warehouse.write() as connection:
        for table in TABLES:
            query = f"SELECT count(*), coalesce(bit_xor(hash(row_of)), 0) FROM {table.qualified} AS row_of"
            found[table.qualified] = connection.execute(query).fetchall()[0]
    return found
