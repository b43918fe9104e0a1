"""What some days of the ledger hold, as pricing needs it: their files, the rows that count, the prices of their models.

Read only; costs are made of it, and stored, in `price_ledger`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.overlap import Counted
from pipelines.costs.plan_coverage import count_days
from pipelines.costs.pricing.lookup import split_offer
from pipelines.costs.pricing.price_sums import OWNERS, PLAN_ID
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.costs.reconciliation import models_to_price
from pipelines.costs.resolve_segments import segments_in_force
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import owners_in_force, plans_in_force
from pipelines.usage.contract import usage_frame
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table


def read_ledger(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]
) -> dict[date, pl.LazyFrame]:
    """The ledger's rows of those of some days that have any: see `ledger.scan`."""
    return {day: ledger.scan(file) for day, (file, _) in files_of(connection, warehouse, days).items()}


def files_of(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]
) -> dict[date, tuple[Path, int]]:
    """The files of those days that have any, with the number of their rows."""
    files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=list(days))
    rows = files.select("usage_date", "path", "row_count").iter_rows()
    return {day: (warehouse.folder / path, count) for day, path, count in rows}


def billed_at_list(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]) -> pl.DataFrame:
    """What some days' usage costs at list, but for what a plan covers; nothing is stored."""
    counted = count_usage(warehouse, read_ledger(connection, warehouse, days))
    segments = segments_of(connection, warehouse, counted, read_table(connection, "core.reported_cost", "false"))
    usage = {day: one.usage for day, one in counted.items()}
    by_plan = [PLAN_ID] if any(PLAN_ID in one.collect_schema() for one in usage.values()) else []
    costs = price_by_day(usage, segments, [*OWNERS, *by_plan])
    return costs.filter(pl.col(PLAN_ID).is_null())


def count_usage(warehouse: Warehouse, days: Mapping[date, pl.LazyFrame]) -> dict[date, Counted]:
    """What counts of some days' usage; with PLAN_ID on those that a plan covers."""
    return count_days(days, plans_in_force(warehouse.folder).rows, owners_in_force(warehouse.folder).rows)


def segments_of(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, counted: Mapping[date, Counted], reported: pl.DataFrame
) -> pl.DataFrame:
    """Price segments of the models of usage and of bills."""
    # One coded column is made unique much faster than four of texts.
    none = pl.LazyFrame(schema={"offer": pl.Categorical})
    offers = pl.concat([none, *(frame.select("offer") for one in counted.values() for frame in one.frames)]).unique()
    used = split_offer(offers.collect(engine="streaming")).select(MODEL_KEY).unique()
    return segments_in_force(connection, warehouse.folder, models_to_price(used, reported))


def in_texts(days: Iterable[pl.LazyFrame]) -> pl.LazyFrame:
    """Frames of some days as one, with all columns of core.usage and no codes."""
    texts = (usage.cast({pl.Categorical: pl.String}) for usage in days)
    rows = pl.concat([usage_frame([]).lazy(), *texts], how="diagonal")
    return rows.with_columns(pl.col("account_id").fill_null(DEFAULT_ACCOUNT))
