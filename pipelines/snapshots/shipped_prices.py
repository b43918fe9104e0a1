"""The price history that ships with the program, as it lies on disk. Entering it in a warehouse is `seed_history`'s."""

from functools import cache
from pathlib import Path

import polars as pl

SHIPPED = Path(__file__).resolve().parent / "shipped"
PRICE_FILE = SHIPPED / "token_price.parquet"
EVIDENCE_FILE = SHIPPED / "token_price_evidence.csv"


@cache
def shipped_versions() -> pl.DataFrame:
    """Versions of core.token_price, of source PRICE_HISTORY, in the columns and types of that table."""
    return pl.read_parquet(PRICE_FILE)


def shipped_pages() -> dict[str, str]:
    """fetch_id -> the address of the page or file that shipped versions rest on."""
    return dict(pl.read_csv(EVIDENCE_FILE, columns=["fetch_id", "url"], infer_schema=False).iter_rows())
