"""Marts that SQL says well: each file in sql/marts is one table; what it reads is taken from the statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.schema.tables import TABLES_BY_NAME, Table
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import scalar


@dataclass(frozen=True)
class Mart:
    """One SQL file: the table it fills, the statement, and the tables that it reads."""

    table: Table
    statement: str
    inputs: tuple[str, ...]


def read_mart(file: Path) -> Mart:
    """A mart from its file. Raises KeyError if the file is not named after a declared table."""
    statement = file.read_text()
    tree = sqlglot.parse_one(statement, dialect="duckdb")
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db and table.name not in own}
    return Mart(TABLES_BY_NAME[f"main.{file.stem}"], statement, tuple(sorted(read)))


@cache
def marts() -> tuple[Mart, ...]:
    """All marts in sql/marts, each behind those that it reads."""
    by_name = {mart.table.qualified: mart for mart in map(read_mart, sorted((SQL_FOLDER / "marts").glob("*.sql")))}
    order = TopologicalSorter({name: mart.inputs for name, mart in by_name.items()}).static_order()
    return tuple(by_name[name] for name in order if name in by_name)


def build_mart(warehouse: Warehouse, mart: Mart, dates: Sequence[date]) -> int:
    """Compute a mart for some dates, or whole if it has no date. Returns how many rows these dates have now."""
    with warehouse.write() as connection:
        return fill(connection, mart, dates)


def fill(connection: duckdb.DuckDBPyConnection, mart: Mart, dates: Sequence[date]) -> int:
    """Replace the rows of some dates by what the statement returns for them."""
    name, column = mart.table.qualified, mart.table.date_column
    parameters = {"dates": list(dates)} if column else {}
    where = f"WHERE {column} IN (SELECT unnest($dates))" if column else ""
    connection.execute(f"DELETE FROM {name} {where}", parameters)
    connection.execute(f"INSERT INTO {name} BY NAME {mart.statement}", parameters)
    return int(scalar(connection, f"SELECT count(*) FROM {name} {where}", parameters))
