"""What is counted, and the units that it is priced in: names only, so that it costs nothing to import.

The columns that hold counts and prices are declared in `usage` and `token_prices`.
"""

TOKEN_METERS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "output",
    "audio_input",
    "audio_cache_read",
    "audio_output",
    "image_input",
    "image_cache_read",
    "image_output",
    "reasoning_output",
)
FEE_METERS = ("requests", "web_searches", "rerank_queries")
METERS = TOKEN_METERS + FEE_METERS
PROMPT_METERS = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "audio_input",
    "audio_cache_read",
    "image_input",
    "image_cache_read",
)
UNIT_SIZES = {"mtok": 1_000_000, "thousand_calls": 1_000}
"""How many tokens or calls one priced unit holds: cost = quantity * usd_per_unit / unit size."""


def quantity_column(meter: str) -> str:
    """The usage column that counts a meter: tokens for token meters, the plain name for fees."""
    return meter if meter in FEE_METERS else f"{meter}_tokens"


QUANTITY_COLUMNS = {meter: quantity_column(meter) for meter in METERS}
