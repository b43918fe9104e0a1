"""Store the lines of bills and cost reports in core.reported_cost. What they mean is decided elsewhere."""

from datetime import date

import duckdb
import polars as pl

from pipelines.usage.reported_costs import restate
from pipelines.warehouse.rows import append, read_table


def store_reported_costs(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> list[date]:
    """Merge imported lines (columns of ReportedCost) into the known ones. Returns the days whose lines changed.

    Call it inside the transaction of the import. Storing the same lines again changes nothing.
    """
    ids = rows["cost_id"].unique().to_list()
    known = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    change = restate(known, rows)
    connection.execute(
        "DELETE FROM core.reported_cost WHERE cost_id IN (SELECT unnest($ids))",
        {"ids": change.rows["cost_id"].to_list()},
    )
    append(connection, "core.reported_cost", change.rows)
    return change.dates
