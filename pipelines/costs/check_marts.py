"""Check the cost tables of some days against the ledger, the bills and the days before them.

What is expected stands in `schema.mart_expectations`, what is measured in sql/checks. Nothing is changed here, and what
a failed check means is for the caller.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.mart_expectations import MART_CHECKS, MartCheck
from pipelines.schema.validation import CheckResult, broken, validate_rows
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.publish import usage_query


def check_marts(
    warehouse: Warehouse, days: Sequence[date], checks: Sequence[MartCheck] = MART_CHECKS
) -> list[CheckResult]:
    """Run the checks on the build file's rows of some days; results come in the order of their expectations.

    A statement that cannot run, such as on a ledger file that is gone, fails its own checks and no others.
    """
    found: list[CheckResult] = []
    for check in checks:
        try:
            # A transaction each: an error ends the one that it happens in.
            with warehouse.write() as connection:
                rows = measure(connection, warehouse.folder, check, days)
        except duckdb.Error as error:
            found += broken(check.expectations, error)
        else:
            found += validate_rows(rows, check.statement, check.expectations, check.key)
    return found


def measure(
    connection: duckdb.DuckDBPyConnection, folder: Path, check: MartCheck, days: Sequence[date]
) -> pl.DataFrame:
    """The rows of a check's statement for some days. Raises duckdb.Error where it cannot run."""
    statement = (SQL_FOLDER / "checks" / f"{check.statement}.sql").read_text()
    if check.reads_ledger:
        _view_ledger(connection, folder, days)
    rows: pl.DataFrame = connection.sql(statement, params={"dates": list(days)} | check.parameters).pl()
    return rows


def _view_ledger(connection: duckdb.DuckDBPyConnection, folder: Path, days: Sequence[date]) -> None:
    """The ledger's rows of some days as the view `ledger`: core.usage is what it was when it was last published."""
    query = "SELECT path FROM core.ledger_file WHERE usage_date IN (SELECT unnest($days)) ORDER BY path"
    paths = [path for (path,) in connection.execute(query, {"days": list(days)}).fetchall()]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW ledger AS {usage_query(folder, paths)}")
