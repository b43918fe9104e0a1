"""Every price in force at a moment, of the best source that states it: the book that other tools are handed."""

from datetime import datetime

import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.schema.offers import MODEL_KEY
from pipelines.sources.catalog import ranks
from pipelines.warehouse.published import PublishedWarehouse

KEY = (*MODEL_KEY, "service_tier", "meter", "context_from", "time_window")


def price_book(warehouse: PublishedWarehouse, at: datetime, known_at: datetime | None = None) -> pl.DataFrame:
    """Versions in force `at` a moment, one for each KEY: columns of core.token_price. Naive UTC.

    Of a warehouse that has published nothing, or was never given the shipped history, with that history.
    """
    with quoted_prices(warehouse, known_at) as prices:
        versions = prices.versions(prices.listed()["model"].unique().to_list())
    holds = (pl.col("valid_from") <= at) & (pl.col("valid_to").is_null() | (pl.col("valid_to") > at))
    rank = pl.col("source").replace_strict(ranks(), default=len(ranks()), return_dtype=pl.Int64())
    best = versions.filter(holds).with_columns(rank=rank).sort("rank", "valid_from", descending=[False, True])
    return best.unique(KEY, keep="first", maintain_order=True).drop("rank").sort(KEY)
