"""core.model_alias: what every id in use means, written out so that people can look it up and correct it."""

import polars as pl

from pipelines.costs.resolve_segments import names_of
from pipelines.models.model_aliases import resolved_aliases
from pipelines.models.model_map import known_pointers
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append


def name_models(warehouse: Warehouse) -> int:
    """Replace core.model_alias: ids that were used and moving names. Returns how many rows it has."""
    mapped = map_in_force(warehouse.folder).rows
    key = ", ".join(MODEL_KEY)
    with warehouse.write() as connection:
        used = connection.sql(f"SELECT DISTINCT {key} FROM core.usage_cost").pl()
        listed = connection.sql(f"SELECT DISTINCT {key} FROM core.token_price WHERE known_to IS NULL").pl()
        moving = known_pointers().select("provider", "channel", pl.lit("global").alias("region"), model="alias")
        ids = pl.concat([used.cast(pl.String), moving]).unique()
        connection.execute("DELETE FROM core.model_alias")
        return append(connection, "core.model_alias", resolved_aliases(ids, listed, names_of(listed, ids, mapped)))
