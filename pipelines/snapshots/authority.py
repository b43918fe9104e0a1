"""Which GPU rates are offers of their provider, and which only repeat them. Prices are not looked at."""

import polars as pl


def first_hand(rates: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Rates without those that an aggregator repeats of a provider that is read itself.

    A provider that no source of its own states is taken from the aggregator that comes first in the catalog.
    `rates`: rows with source and provider, in force at one moment. `sources`: rows of raw.source; a source that is not
    among them is no aggregator.
    """
    standing = sources.select("source", "rank", is_aggregator=pl.col("standing") == "aggregator")
    repeats = pl.col("is_aggregator").fill_null(value=False)
    is_read_itself = (~repeats).any().over("provider")
    is_first = pl.col("rank") == pl.col("rank").min().over("provider")
    told = rates.join(standing, on="source", how="left", maintain_order="left")
    return told.filter(~repeats | (~is_read_itself & is_first)).select(rates.columns)
