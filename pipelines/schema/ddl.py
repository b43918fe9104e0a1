"""DuckDB DDL and COMMENTs, derived from the declarations. No SQL is written by hand for a table's shape."""

from collections.abc import Iterator
from typing import NamedTuple

import dataframely as dy

from pipelines.schema.tables import Table

_SIMPLE_TYPES: dict[type[dy.Column], str] = {
    dy.String: "VARCHAR",
    dy.Int16: "SMALLINT",
    dy.Int64: "BIGINT",
    dy.Float64: "DOUBLE",
    dy.Bool: "BOOLEAN",
    dy.Date: "DATE",
    dy.Datetime: "TIMESTAMP",
}


class ColumnShape(NamedTuple):
    """A column as DuckDB's own catalog states it."""

    name: str
    type: str
    is_nullable: bool


def sql_type(column: dy.Column) -> str:
    """The DuckDB type of a column. Raises KeyError for a type that no table uses yet."""
    if isinstance(column, dy.Decimal):
        return f"DECIMAL({column.precision},{column.scale})"
    return _SIMPLE_TYPES[type(column)]


def comment(column: dy.Column) -> str:
    """Meaning and unit of a column, as people see them in the database."""
    unit = (column.metadata or {}).get("unit")
    return f"{column.description} [{unit}]" if unit else str(column.description)


def shapes(table: Table) -> list[ColumnShape]:
    """The columns of a table, in declared order."""
    columns: dict[str, dy.Column] = table.declaration.columns()
    return [ColumnShape(name, sql_type(column), column.nullable) for name, column in columns.items()]


def statements(table: Table) -> Iterator[str]:
    """What makes one table, where it is not there yet."""
    body = ", ".join(
        f'"{name}" {kind}{"" if is_nullable else " NOT NULL"}' for name, kind, is_nullable in shapes(table)
    )
    yield f"CREATE SCHEMA IF NOT EXISTS {table.schema}"
    yield f"CREATE TABLE IF NOT EXISTS {table.qualified} ({body})"


def comments(table: Table) -> Iterator[tuple[str, str]]:
    """What to comment on, as COMMENT ON names it, with the text: the table, then each column."""
    yield f"TABLE {table.qualified}", table.meaning
    for name, column in table.declaration.columns().items():
        yield f'COLUMN {table.qualified}."{name}"', comment(column)


def literal(text: str) -> str:
    """A string as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
