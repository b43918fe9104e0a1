"""New rows of a page beside what other sources state for the same things: a first page has nothing else. Pure."""

import polars as pl

from pipelines.snapshots.book import GPU_RATES, Book
from pipelines.snapshots.doubted_rows import DOUBT_SCHEMA, MOST, SMALLEST_PAGE, doubted

SAME_MODEL, MOST_OF_SELLERS = (0.3, 3.4), 5.0
"""Between which factors two sources of one model differ; and up to which one a seller of a card and all others."""


def first_doubts(book: Book, moved: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """New rows that are far from what other sources state, the whole page if most are, or if most has no price."""
    new = moved.filter(pl.col("old_amount").is_null())
    free = new.filter(pl.col(book.amount or "") == 0)
    found = []
    if free.height >= SMALLEST_PAGE and free.height >= MOST * new.height:
        found.append(doubted(new, "most prices of the page are zero"))
    known = _beside(book, new, others)
    middle = known["factor"].median()
    # Of sellers each may be far from the rest, but not the middle of all that one sells.
    is_far = middle is not None and not SAME_MODEL[0] <= float(str(middle)) <= SAME_MODEL[1]
    if is_far or known.filter("is_usual").height < MOST * known.height:
        told = new.join(known.select("price_key", against="amount"), on="price_key", how="left")
        told = told.with_columns(old_amount=pl.col("against"))
        found.append(doubted(told, "most prices of the page are far from what other sources state"))
    far = known.filter(~pl.col("is_usual")).with_columns(old_amount=pl.col("amount"))
    found.append(doubted(far, "far from what other sources state"))
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *found])


def _beside(book: Book, new: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """New rows with the amount and the factor to what others state, and whether that is usual (`is_usual`).

    A model's price is set beside the nearest one of it; a card's beside the middle of all sellers, who differ more.
    """
    amounts = others.with_columns(amount=pl.col("amount").cast(pl.Float64))
    own, (low, high) = pl.col(book.amount or "").cast(pl.Float64), SAME_MODEL
    is_usual = pl.col("factor").is_between(low, high)
    if book.table == GPU_RATES.table:
        amounts = amounts.group_by("price_key").agg(pl.col("amount").median(), pl.col("least").first())
        is_usual = pl.col("factor").is_between("least", MOST_OF_SELLERS)
    compared = new.join(amounts, on="price_key").with_columns(factor=own / pl.col("amount"))
    nearest = compared.sort(pl.col("factor").log().abs(), nulls_last=True).unique("price_key", keep="first")
    return nearest.with_columns(is_usual=is_usual)
