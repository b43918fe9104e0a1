"""Models in use x price lists: the price segments in force for them, and core.model_alias, what their ids mean.

Pricing usage by these segments is not here, nor are the rules of ids, which are in `pipelines.models`.
"""

from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.models.model_aliases import candidates, resolved_aliases
from pipelines.models.model_map import MAP_FILE, known_pointers, read_model_map
from pipelines.schema.price_segments import MODEL_KEY
from pipelines.snapshots.resolve_prices import price_segments
from pipelines.sources.catalog import ranks
from pipelines.warehouse.database import Warehouse, append, read_table


def segments_in_force(
    connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, known_at: datetime | None = None
) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY), by what is known now or was known at a moment."""
    if known_at is None:
        versions = read_table(connection, "core.token_price", "known_to IS NULL")
    else:
        versions = read_table(
            connection, "core.token_price", "known_from <= $at AND (known_to IS NULL OR known_to > $at)", at=known_at
        )
    return segments_of(versions, models, read_model_map(folder / MAP_FILE))


def segments_of(versions: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY) out of versions known at one moment, by all names that may mean them."""
    names = names_of(versions.select(MODEL_KEY).unique(), models, mapped)
    order = ranks()
    return price_segments(versions, names, pl.DataFrame({"source": order.keys(), "rank": order.values()}))


def names_of(listed: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Candidate names of used models (MODEL_KEY) in price lists (MODEL_KEY)."""
    return candidates(models.select(MODEL_KEY).unique(), known_pointers(), mapped, listed)


def name_models(warehouse: Warehouse) -> int:
    """Replace core.model_alias: ids that were used and moving names. Returns how many rows it has."""
    mapped = read_model_map(warehouse.folder / MAP_FILE)
    key = ", ".join(MODEL_KEY)
    with warehouse.write() as connection:
        used = connection.sql(f"SELECT DISTINCT {key} FROM core.usage_cost").pl()
        listed = connection.sql(f"SELECT DISTINCT {key} FROM core.token_price WHERE known_to IS NULL").pl()
        moving = known_pointers().select("provider", "channel", pl.lit("global").alias("region"), model="alias")
        ids = pl.concat([used.cast(pl.String), moving]).unique()
        connection.execute("DELETE FROM core.model_alias")
        return append(connection, "core.model_alias", resolved_aliases(ids, listed, names_of(listed, ids, mapped)))
