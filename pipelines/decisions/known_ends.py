"""Ends of models as they were known on a day, read from the warehouse. What follows from them is decided elsewhere."""

from datetime import date

import duckdb
import polars as pl

from pipelines.decisions.deprecation_risk import one_end_per_model
from pipelines.snapshots.current import end_of_day
from pipelines.warehouse.rows import read_known_at, read_table


def known_ends(connection: duckdb.DuckDBPyConnection, day: date) -> pl.DataFrame:
    """What the best source of each model says about its end, as known on a day. A source not in the catalog is last."""
    ranks = read_table(connection, "raw.source").select("source", "rank")
    known = read_known_at(connection, "core.model_lifecycle", end_of_day(day)).join(ranks, on="source", how="left")
    return one_end_per_model(known.with_columns(pl.col("rank").fill_null(pl.lit(ranks.height + 1))))
