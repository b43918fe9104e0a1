"""The price history that ships with the program, as it lies on disk. Entering it in a warehouse is `seed_history`'s."""

from functools import cache
from pathlib import Path

import polars as pl

SHIPPED = Path(__file__).resolve().parent / "shipped"
EVIDENCE_FILE = SHIPPED / "token_price_evidence.csv"


@cache
def shipped_versions() -> pl.DataFrame:
    """Versions of core.token_price, of source PRICE_HISTORY, in the columns and types of that table."""
    return pl.read_parquet(SHIPPED / "token_price.parquet")


def shipped_pages() -> pl.DataFrame:
    """The address of the page or file that each shipped version rests on: fetch_id, url."""
    return pl.read_csv(EVIDENCE_FILE, columns=["fetch_id", "url"], infer_schema=False)
