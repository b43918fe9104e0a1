"""Price segments: what was in force over time for one used model. A frame between steps, not a table.

`snapshots.resolve_prices` makes them, `costs.pricing` and `decisions` read them.
"""

import polars as pl

from pipelines.schema.offers import MODEL_KEY

SEGMENT_KEY = (*MODEL_KEY, "service_tier", "meter")
SEGMENT_SCHEMA = {
    **dict.fromkeys(SEGMENT_KEY, pl.String()),
    "segment_id": pl.Int64(),
    "valid_from": pl.Datetime("us"),
    "valid_to": pl.Datetime("us"),
    "context_from": pl.Int64(),
    "context_to": pl.Int64(),
    "time_window": pl.String(),
    "unit": pl.String(),
    "usd_per_unit": pl.Decimal(18, 6),
    "price_id": pl.String(),
    "source": pl.String(),
}
"""SEGMENT_KEY names the model as it is used, not as the price list names it."""
