"""Price segments: what was in force over time for one used model. A frame between steps, not a table.

`books.token_prices` makes them, `usage.pricing` and `economics` read them.
"""

import polars as pl

SEGMENT_KEY = ("provider", "channel", "region", "model", "service_tier", "meter")
SEGMENT_SCHEMA = {
    **dict.fromkeys(SEGMENT_KEY, pl.String()),
    "segment_id": pl.Int64(),
    "valid_from": pl.Datetime("us"),
    "valid_to": pl.Datetime("us"),
    "context_from": pl.Int64(),
    "context_to": pl.Int64(),
    "unit": pl.String(),
    "usd_per_unit": pl.Decimal(18, 6),
    "price_id": pl.String(),
    "source": pl.String(),
}
