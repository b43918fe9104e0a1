"""What a term of the contract may say: names and types only, so that it costs nothing to import.

The tables are declared in `contract`.
"""

import polars as pl

PRICE_KINDS = ("price", "discount")
"""Kinds of terms that change what usage costs; the others are charges beside it."""
TERM_KINDS = (*PRICE_KINDS, "commitment", "credit", "marketplace", "tax")
COMMITMENT_PERIODS = ("month", "term")
VOLUME_PERIODS = ("month", "quarter", "year", "term")
"""In which time a band of volume counts: calendar months, quarters or years, or all days of the line."""
VOLUME_KINDS = ("graduated", "all_units")
"""Where a line holds from a quantity of the period on: for what is above it, or for all of the period once reached."""
TERM_SCOPE = ("account_id", "provider", "channel", "model", "service_tier", "meter")
"""Which usage a term is about; NULL is any."""
TERM_SCHEMA = {
    **dict.fromkeys(("term_id", "kind", *TERM_SCOPE), pl.String()),
    "value": pl.Decimal(18, 6),
    **dict.fromkeys(("per", "note"), pl.String()),
    **dict.fromkeys(("valid_from", "valid_to"), pl.Date()),
    "basis": pl.String(),
    "volume": pl.String(),
    "from_quantity": pl.Int64(),
    "currency": pl.String(),
    "local_value": pl.Decimal(18, 6),
    "usd_per_currency": pl.Decimal(18, 10),
    "volume_currency": pl.String(),
    "volume_scale": pl.String(),
}
"""A term before it is a version."""
