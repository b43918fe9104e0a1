"""What the usage of some imports costs at the prices in force now: for the restatement of files read again."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.pricing.lookup import split_offer
from pipelines.costs.pricing.price_usage import price_usage
from pipelines.costs.resolve_segments import segments_in_force
from pipelines.schema.offers import MODEL_KEY


def usd_by_import(connection: duckdb.DuckDBPyConnection, folder: Path, usage: pl.DataFrame) -> Mapping[str, Decimal]:
    """USD by import_id of rows in the columns of core.usage; of an import without any price, nothing.

    Overlap with other reports is not looked at: it depends on all usage of a day.
    """
    used = split_offer(usage.select("offer").unique()).select(MODEL_KEY).unique()
    segments = segments_in_force(connection, folder, used)
    costs = price_usage(usage.with_columns(project_id=pl.col("import_id")).lazy(), segments, ("project_id",))
    sums = costs.group_by("project_id").agg(usd=pl.col("cost_usd").sum(), is_priced=pl.col("cost_usd").count() > 0)
    return dict(sums.filter("is_priced").select("project_id", "usd").iter_rows())
