"""Dated tables and single figures of GPU rates -> versions of source GPU_RATE_HISTORY, and the evidence of each.

A rate holds from the day on which it was seen until the day on which its series says otherwise. Nobody knows how long
a last figure went on to hold: from the day after it was seen it is no longer listed, so it never counts as an offer
of today.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.schema.columns import instant, polars_schema, text
from pipelines.schema.gpu_rates import GpuRate, GpuRateObservation
from pipelines.schema.raw import Fetch
from pipelines.snapshots.book import GPU_RATES, Reading
from pipelines.snapshots.current import current
from pipelines.snapshots.versions import after_change, fold
from pipelines.sources.source import GPU_RATE_HISTORY

SINGLE_FIGURES = "points"
"""The series of figures that stand alone: what it does not print has not gone."""
_OFFER = ("provider", "tier", "sku")
_DAY = timedelta(days=1)


class DatedRate(GpuRateObservation):
    """One rate as a public text stated it on a day: a row of gpu_rates.csv."""

    series = text("the table that is printed again and again, or 'points' for a figure that stands alone")
    seen_on = instant("day on which the text stated it")
    url = text("public address of the text")


def gpu_rate_history(rates: pl.DataFrame) -> pl.DataFrame:
    """Versions of core.gpu_rate, bitemporal, from rows of DatedRate in any order."""
    versions = [_series_versions(rows) for rows in _series(rates)]
    empty = pl.DataFrame(schema=polars_schema(GpuRate))
    return pl.concat([empty, *versions]).sort(*GPU_RATES.key, "known_from", "valid_from")


def gpu_rate_evidence(rates: pl.DataFrame) -> pl.DataFrame:
    """Rows of raw.fetch, one per address and day of DatedRate, without a body in the archive."""
    places = rates.select("series", "seen_on", "url").unique().sort("seen_on", "series", "url")
    rows = [
        {
            "fetch_id": _fetch_id(series, seen_on, url),
            "source": GPU_RATE_HISTORY,
            "url": url,
            "fetched_at": seen_on,
            "origin": "shipped",
            "outcome": "new",
        }
        for series, seen_on, url in places.iter_rows()
    ]
    return pl.DataFrame(rows, schema=polars_schema(Fetch))


def _series(rates: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Rows whose absence from a later text means something: a whole table, or the figures of one offer."""
    is_single = pl.col("series") == SINGLE_FIGURES
    yield from rates.filter(is_single).partition_by(*_OFFER, maintain_order=True)
    yield from rates.filter(~is_single).partition_by("series", maintain_order=True)


def _series_versions(rates: pl.DataFrame) -> pl.DataFrame:
    versions = pl.DataFrame(schema=polars_schema(GpuRate))
    for table in rates.sort("seen_on").partition_by("seen_on", "url", maintain_order=True):
        series, seen_on, url = table.select("series", "seen_on", "url").row(0)
        reading = Reading(GPU_RATE_HISTORY, _fetch_id(series, seen_on, url), seen_on)
        versions = _folded(versions, table, reading)
    last: Any = rates.select(pl.max_horizontal(pl.col("seen_on").max(), pl.col("effective_from").max())).item()
    return _folded(versions, rates.clear(), Reading(GPU_RATE_HISTORY, "", last + _DAY))


def _folded(versions: pl.DataFrame, table: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The versions after one more text."""
    observed = table.select(GpuRateObservation.column_names())
    return after_change(GPU_RATES, versions, fold(GPU_RATES, current(versions), observed, reading))


def _fetch_id(series: str, seen_on: datetime, url: str) -> str:
    return hashlib.sha256(f"{GPU_RATE_HISTORY}\x1f{series}\x1f{seen_on:%Y-%m-%d}\x1f{url}".encode()).hexdigest()[:20]
