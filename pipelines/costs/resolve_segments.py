"""Price segments of the models in use: what was in force for each over time, under all names that may mean it.

Pricing usage by them is `pricing`'s. Imports no declaration of a table, so that a quote answers at once.
"""

from collections.abc import Mapping
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
from pipelines.sources.catalog import SOURCES_BY_KEY, ranks
from pipelines.sources.source import PRICE_HISTORY

Readings = Mapping[str, datetime]
"""Source -> when it was last read with success."""
_ORDER_SCHEMA = {"source": pl.String(), "rank": pl.Int64(), "standing": pl.String(), "read_at": pl.Datetime("us")}


class Resolved(NamedTuple):
    """Price segments of the models asked for, and which of their ids mean one model."""

    segments: pl.DataFrame
    is_one_model: OneModel


def segments_in_force(
    connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, known_at: datetime | None = None
) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY), by what is known now or was known at a moment (naive UTC)."""
    read_at = last_readings(connection, known_at)
    return segments_of(_versions(connection, known_at), models, map_in_force(folder).rows, read_at)


def resolved_at(connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, at: datetime) -> Resolved:
    """The models (MODEL_KEY) by what was known at a moment, naive UTC, and what their ids meant then."""
    versions = _versions(connection, at)
    listed = versions.select(MODEL_KEY).unique()
    names = names_of(listed, models, map_in_force(folder).rows)
    segments = segments_by_name(versions, names, last_readings(connection, at))
    return Resolved(segments, one_model_on(names, listed, at))


def _versions(connection: duckdb.DuckDBPyConnection, known_at: datetime | None) -> pl.DataFrame:
    if known_at is None:
        versions = connection.sql("FROM core.token_price WHERE known_to IS NULL").pl()
    else:
        known = "FROM core.token_price WHERE holds_at(known_from, known_to, $at)"
        versions = connection.sql(known, params={"at": known_at}).pl()
    return pl.DataFrame(versions)


def segments_with_history(connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame) -> pl.DataFrame:
    """`segments_in_force` by what is known now; with the shipped history where the warehouse was never given it."""
    versions = _versions(connection, None)
    if PRICE_HISTORY not in versions["source"]:
        versions = pl.concat(
            [versions, shipped_versions().filter(pl.col("known_to").is_null())], how="diagonal_relaxed"
        )
    return segments_of(versions, models, map_in_force(folder).rows, last_readings(connection, None))


def segments_of(
    versions: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame, read_at: Readings | None = None
) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY) out of versions known at one moment; `mapped`: the user's map."""
    return segments_by_name(versions, names_of(versions.select(MODEL_KEY).unique(), models, mapped), read_at)


def segments_by_name(versions: pl.DataFrame, names: pl.DataFrame, read_at: Readings | None = None) -> pl.DataFrame:
    """Price segments of the models whose candidate names these are; of versions only those so named are needed."""
    return price_segments(versions, names, source_order(read_at or {}))


def source_order(read_at: Readings) -> pl.DataFrame:
    """Columns source, rank, standing (NULL: shipped history), read_at (NULL: not known)."""
    rows = [
        (key, rank, SOURCES_BY_KEY[key].standing if key in SOURCES_BY_KEY else None, read_at.get(key))
        for key, rank in ranks().items()
    ]
    return pl.DataFrame(rows, schema=_ORDER_SCHEMA, orient="row")


def last_readings(connection: duckdb.DuckDBPyConnection, known_at: datetime | None) -> Readings:
    """When each source was last read with success, by what was known at a moment (naive UTC) or is known now."""
    query = (
        "SELECT source, max(fetched_at) FROM raw.parse WHERE outcome = 'promoted' "
        "AND coalesce(fetched_at <= $at, true) GROUP BY source"
    )
    return dict(connection.execute(query, {"at": known_at}).fetchall())


def names_of(listed: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Candidate names of used models (MODEL_KEY) in price lists (MODEL_KEY)."""
    return candidates(models.select(MODEL_KEY).unique(), known_pointers(), mapped, listed)
