"""Price segments of the models in use, by all that is known of names and of who is believed first. No database."""

import polars as pl

from pipelines.models.candidate_names import candidates
from pipelines.models.model_map import known_pointers
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.resolve_prices import price_segments
from pipelines.sources.catalog import ranks


def segments_of(versions: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Price segments of the models (MODEL_KEY) out of versions believed, by all that is known of names."""
    return segments_by_name(versions, names_of(versions.select(MODEL_KEY).unique(), models, mapped))


def segments_by_name(versions: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Price segments of the models whose candidate names these are; of versions only those so named are needed."""
    order = ranks()
    return price_segments(versions, names, pl.DataFrame({"source": order.keys(), "rank": order.values()}))


def names_of(listed: pl.DataFrame, models: pl.DataFrame, mapped: pl.DataFrame) -> pl.DataFrame:
    """Candidate names of used models (MODEL_KEY) in price lists (MODEL_KEY)."""
    return candidates(models.select(MODEL_KEY).unique(), known_pointers(), mapped, listed)
