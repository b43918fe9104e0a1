"""Counts and meters as columns, for formats in which many places say a count and many counts make a meter.

Made anew in every expression that needs them they take most of a second, whatever the number of rows. What a format
counts does not belong here.
"""

from collections.abc import Mapping

import polars as pl

from pipelines.usage.importer import Reading


def with_meters(records: pl.DataFrame, counts: Mapping[str, Reading], meters: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Add what `count_of` and `meter` stand for. `counts`: from the texts of records; `meters`: from the counts."""
    read = {f"count_{name}": reading.value for name, reading in counts.items()}
    made = {f"meter_{name}": one for name, one in meters.items()}
    return records.lazy().with_columns(**read).with_columns(**made).collect(engine="in-memory")


def count_of(name: str) -> pl.Expr:
    """A count of a record, as `with_meters` has read it."""
    return pl.col(f"count_{name}")


def meter(name: str) -> pl.Expr:
    """A meter of a record, as `with_meters` has made it."""
    return pl.col(f"meter_{name}")
