"""Rows of declared tables: read, append, replace by date, compare. Knows types and row rules, not what rows mean."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES_BY_NAME, Table
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import fingerprints_of


def read_table(connection: duckdb.DuckDBPyConnection, name: str, where: str = "true", **values: object) -> pl.DataFrame:
    """Rows of a declared table in its declared types. `where` may use $name parameters."""
    table = TABLES_BY_NAME[name]
    query = f"SELECT * FROM {table.qualified} WHERE {where}"
    frame: pl.DataFrame = connection.sql(query, params=values or None).pl()
    return frame.cast(polars_schema(table.declaration))


def read_current(
    connection: duckdb.DuckDBPyConnection, table: str, where: str = "true", **values: object
) -> pl.DataFrame:
    """The versions of a table that are believed now. `where` may use $name parameters."""
    return read_table(connection, table, f"known_to IS NULL AND ({where})", **values)


def read_known_at(connection: duckdb.DuckDBPyConnection, table: str, moment: datetime | None) -> pl.DataFrame:
    """The versions of a table that were believed at a moment; None means now."""
    if moment is None:
        return read_current(connection, table)
    return read_table(connection, table, "holds_at(known_from, known_to, $moment)", moment=moment)


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


def scalar(connection: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None) -> Any:
    """The one value of a query, or None. Fetches all rows: an open result would block the connection."""
    rows = connection.execute(query, dict(parameters or {})).fetchall()
    return rows[0][0] if rows else None


def fingerprints(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Row count and content hash of every table of the build file, to tell whether a run changed anything."""
    with warehouse.write() as connection:
        return fingerprints_of(connection)
