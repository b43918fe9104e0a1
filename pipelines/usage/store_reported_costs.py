"""Lines of bills into the warehouse: what restates known lines takes their place.

Which lines those are is `reported_costs`' and `identity`'s to say.
"""

from datetime import date

import duckdb
import polars as pl

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.usage.identity import restated_by, whole_pseudonym, without_restated
from pipelines.usage.reported_costs import restate
from pipelines.warehouse.rows import append, read_table


def store_reported_costs(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> list[date]:
    """Merge imported lines (columns of ReportedCost) into the known ones. Returns the days whose lines changed.

    Call it inside the transaction of the import. Storing the same lines again changes nothing. A line without an
    account_id is of DEFAULT_ACCOUNT.
    """
    rows = rows.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))
    _rename_pseudonyms(connection, rows)
    ids = rows["cost_id"].unique().to_list()
    known = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    rows = without_restated(rows, _of_accounts(connection, rows))
    change = restate(known, rows)
    _forget_restated(connection, rows.filter(pl.col("account_id") != DEFAULT_ACCOUNT))
    connection.execute(
        "DELETE FROM core.reported_cost WHERE cost_id IN (SELECT unnest($ids))",
        {"ids": change.rows["cost_id"].to_list()},
    )
    append(connection, "core.reported_cost", change.rows)
    return change.dates


def _rename_pseudonyms(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Give known lines the pseudonym that these rows have, where a program of before made another one of their id."""
    renamed = rows.select(whole=whole_pseudonym("cost_id"), now="cost_id").drop_nulls().unique("whole")
    for whole, now in renamed.iter_rows():
        names = {"whole": whole, "now": now}
        connection.execute("UPDATE core.reported_cost SET cost_id = $now WHERE cost_id = $whole", names)


def _of_accounts(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> pl.DataFrame:
    """Known lines of stated accounts, of the days of the rows that state none."""
    days = rows.filter(pl.col("account_id") == DEFAULT_ACCOUNT)["usage_date"].unique().to_list()
    where = "account_id <> $none AND usage_date IN (SELECT unnest($days::DATE[]))"
    return read_table(connection, "core.reported_cost", where, none=DEFAULT_ACCOUNT, days=days)


def _forget_restated(connection: duckdb.DuckDBPyConnection, stated: pl.DataFrame) -> None:
    """Remove lines of no account that come again with the account of theirs."""
    ids = restated_by(stated)
    connection.execute(
        "DELETE FROM core.reported_cost WHERE account_id = $none "
        "AND (import_id IN (SELECT unnest($contents::VARCHAR[])) OR cost_id IN (SELECT unnest($ids::VARCHAR[])))",
        {"none": DEFAULT_ACCOUNT, "contents": ids["import_id"].to_list(), "ids": ids["cost_id"].to_list()},
    )
