"""Price segments of the models in use: what was in force for each over time, under all names that may mean it.

Pricing usage by them is `pricing`'s. Imports no declaration of a table, so that a quote answers at once.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from pipelines.models.model_aliases import candidates
from pipelines.models.model_map import known_pointers
from pipelines.models.one_model import OneModel, one_model_on
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.resolve_prices import price_segments
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.sources.catalog import ranks
from pipelines.sources.source import PRICE_HISTORY


class Resolved(NamedTuple):
    """Price segments of the models asked for, and which of their ids mean one model."""

    segments: pl.DataFrame
    is_one_model: OneModel


def segments_in_force(
    connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, known_at: datetime | None = None
) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY), by what is known now or was known at a moment (naive UTC)."""
    return segments_of(_versions(connection, known_at), models, map_in_force(folder).rows)


def resolved_at(connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, at: datetime) -> Resolved:
    """The models (MODEL_KEY) by what was known at a moment, naive UTC, and what their ids meant then."""
    versions = _versions(connection, at)
    listed = versions.select(MODEL_KEY).unique()
    names = names_of(listed, models, map_in_force(folder).rows)
    return Resolved(segments_by_name(versions, names), one_model_on(names, listed, at))


def _versions(connection: duckdb.DuckDBPyConnection, known_at: datetime | None) -> pl.DataFrame:
    if known_at is None:
        versions = connection.sql("FROM core.token_price WHERE known_to IS NULL").pl()
    else:
        known = "FROM core.token_price WHERE holds_at(known_from, known_to, $at)"
        versions = connection.sql(known, params={"at": known_at}).pl()
    return pl.DataFrame(versions)


def segments_with_history(connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame) -> pl.DataFrame:
    """`segments_in_force` by what is known now; with the shipped history where the warehouse was never given it."""
    versions = connection.sql("FROM core.token_price WHERE known_to IS NULL").pl()
    if PRICE_HISTORY not in versions["source"]:
        versions = pl.concat(
            [versions, shipped_versions().filter(pl.col("known_to").is_null())], how="diagonal_relaxed"
        )
    return segments_of(versions, models, map_in_force(folder).rows)


def segments_of(versions: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY) out of versions known at one moment; `mapped`: the user's map."""
    return segments_by_name(versions, names_of(versions.select(MODEL_KEY).unique(), models, mapped))


def segments_by_name(versions: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Price segments of the models whose candidate names these are; of versions only those so named are needed."""
    order = ranks()
    return price_segments(versions, names, pl.DataFrame({"source": order.keys(), "rank": order.values()}))


def names_of(listed: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Candidate names of used models (MODEL_KEY) in price lists (MODEL_KEY)."""
    return candidates(models.select(MODEL_KEY).unique(), known_pointers(), mapped, listed)
