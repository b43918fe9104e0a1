"""Rows of a page that are not believed on its word alone: their frame, and when rows are enough to say so. Pure.

Which rows they are: `page_rules.py`, `first_page_rules.py`, `label_rules.py`, `order_rules.py`, `size_rules.py`,
`kin_rules.py`, `traded_prices.py`.
"""

from dataclasses import dataclass

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Book

DOUBT_SCHEMA = {"price_key": pl.String(), "reason": pl.String(), "against": pl.Decimal(18, 6)}
MOST = 0.5
SMALLEST_PAGE = 4
"""Of fewer prices no rule about most of a page says anything."""
SEVERAL = 2
"""Models that move one way at once before it is the page's doing."""
MODEL = {TOKEN_PRICES.table: ("provider", "channel", "model"), GPU_RATES.table: ("provider", "gpu")}


@dataclass(frozen=True)
class Beside:
    """What does not enter with a page's rows, and is still part of what they are seen beside."""

    refused: pl.DataFrame | None = None
    """Rows that break a rule of their table."""
    kept: pl.DataFrame | None = None
    """Listed versions that the page lacks and that have hardly ended: it may have their prices under another label."""
    unread: pl.DataFrame | None = None
    """These, and listed versions that what is refused of the page may have been: another row may have their prices."""


NOTHING_BESIDE = Beside()


def model_of(book: Book) -> pl.Expr:
    """One text per model: an id with its date and one without are the same."""
    names = [undated(pl.col(name)) if name == "model" else pl.col(name) for name in MODEL[book.table]]
    return pl.concat_str(names, separator="|")


def doubted(rows: pl.DataFrame, reason: str | pl.Expr) -> pl.DataFrame:
    """Rows as DOUBT_SCHEMA says, for one reason or one in words by row."""
    reason = pl.lit(reason) if isinstance(reason, str) else reason
    against = pl.col("old_amount").cast(DOUBT_SCHEMA["against"])
    return rows.select("price_key", reason=reason, against=against)
