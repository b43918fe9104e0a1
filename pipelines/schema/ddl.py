"""DuckDB DDL and COMMENTs, derived from the declarations. No SQL is written by hand for a table's shape."""

from collections.abc import Iterator

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


def sql_type(column: dy.Column) -> str:
    """The DuckDB type of a column. Raises KeyError for a type that no table uses yet."""
    if isinstance(column, dy.Decimal):
        return f"DECIMAL({column.precision},{column.scale})"
    return _SIMPLE_TYPES[type(column)]


def comment(column: dy.Column) -> str:
    """Meaning and unit of a column, as people see them in the database."""
    unit = (column.metadata or {}).get("unit")
    return f"{column.description} [{unit}]" if unit else str(column.description)


def statements(table: Table) -> Iterator[str]:
    """What makes one table, where it is not there yet."""
    columns: dict[str, dy.Column] = table.declaration.columns()
    body = ", ".join(
        f'"{name}" {sql_type(column)}{"" if column.nullable else " NOT NULL"}' for name, column in columns.items()
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
