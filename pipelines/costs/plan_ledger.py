"""Plan fees in the warehouse: the days on which core.plan_fee is not what plans.csv and the rates say, and its rows."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.plan_fees import FEE_SCHEMA, plan_days, plan_fees
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.snapshots.user_inputs import plans_in_force
from pipelines.warehouse.rows import read_current, read_table, replace_dates

FEES = "core.plan_fee"


def changed_plan_days(connection: duckdb.DuckDBPyConnection, folder: Path, today: date) -> set[date]:
    """The days up to today whose stored fees are not those of the plans in force. `folder` is the warehouse's."""
    stored = read_table(connection, FEES)
    days = plan_days(plans_in_force(folder).rows, today) | set(stored["usage_date"])
    return _changed(stored, _fees(connection, folder, days))


def store_plan_fees(connection: duckdb.DuckDBPyConnection, folder: Path, days: Sequence[date]) -> list[date]:
    """Replace the fees of those of some days that have changed. Returns these days."""
    stored = read_table(connection, FEES, "usage_date IN (SELECT unnest($days))", days=list(days))
    fees = _fees(connection, folder, days)
    changed = sorted(_changed(stored, fees))
    replace_dates(connection, TABLES_BY_NAME[FEES], changed, fees.filter(pl.col("usage_date").is_in(changed)))
    return changed


def _changed(stored: pl.DataFrame, fees: pl.DataFrame) -> set[date]:
    columns = list(FEE_SCHEMA)
    gone = stored.join(fees, on=columns, how="anti", nulls_equal=True)
    new = fees.join(stored, on=columns, how="anti", nulls_equal=True)
    return {*gone["usage_date"], *new["usage_date"]}


def _fees(connection: duckdb.DuckDBPyConnection, folder: Path, days: Iterable[date]) -> pl.DataFrame:
    plans = plans_in_force(folder).rows
    if plans.is_empty():
        return pl.DataFrame(schema=FEE_SCHEMA)
    rates = read_current(connection, "core.exchange_rate").select("currency", "rate_on", "usd_per_currency")
    return plan_fees(plans, days, {(currency, day): rate for currency, day, rate in rates.iter_rows()})
