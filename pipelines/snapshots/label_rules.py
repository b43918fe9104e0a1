"""A page that moves one label of its keys: rows that are old ones under another region, tier, card or size. Pure."""

import polars as pl

from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import DOUBT_SCHEMA, SEVERAL, SMALLEST_PAGE, doubted

LABEL_MOVES = "moves for several keys at once"
LABELS = {
    TOKEN_PRICES.table: ("context_from", "time_window", "region", "channel", "service_tier", "meter"),
    GPU_RATES.table: ("memory_gb", "gpu_count", "region", "pricing", "tier", "gpu_fraction", "gpu", "variant"),
}
"""Columns of a key that a page may move for all its rows at once; a model or a sku is renamed one by one."""


def label_doubts(book: Book, current: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """New keys that are old ones but for one label, of several models or skus at once."""
    new, gone = moved.filter(pl.col("old_amount").is_null()), current.join(moved, on="price_key", how="anti")
    found = []
    for column in LABELS[book.table]:
        others = [name for name in book.key if name != column]
        pairs = new.join(
            gone.select(*others, was=book.amount or "").unique(others), on=others, how="inner", nulls_equal=True
        ).with_columns(old_amount=pl.col("was"), thing=pl.col("model" if "model" in others else "sku"))
        is_all = pairs.height == moved.height >= SEVERAL
        if pairs["thing"].n_unique() >= SEVERAL or pairs.height >= SMALLEST_PAGE or is_all:
            found.append(doubted(pairs, f"the {column} {LABEL_MOVES}"))
    if book.table == GPU_RATES.table:
        found += _renamed_cards(book, new, gone, moved)
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), *found])


def _renamed_cards(book: Book, new: pl.DataFrame, gone: pl.DataFrame, moved: pl.DataFrame) -> list[pl.DataFrame]:
    """Rates of one card that are those of another: taken over by a new key, whose sku names the card, or exchanged."""
    amount = book.amount or ""
    offer = [name for name in book.key if name not in {"gpu", "sku", "variant", "memory_gb"}]
    was = gone.select(*offer, amount, gpu_before="gpu")
    taken = new.join(was, on=[*offer, amount], nulls_equal=True).filter(pl.col("gpu") != pl.col("gpu_before"))
    both = moved.filter(pl.col("old_amount") != pl.col(amount)).select(*offer, "price_key", "gpu", "old_amount", amount)
    pairs = both.join(both, left_on=[*offer, amount], right_on=[*offer, "old_amount"], nulls_equal=True)
    back = pairs.filter(pl.col("gpu") != pl.col("gpu_right"), pl.col(f"{amount}_right") == pl.col("old_amount"))
    rows = [taken.with_columns(old_amount=pl.col(amount)), back]
    alike = [each.unique("price_key", keep="first", maintain_order=True) for each in rows]
    # One card at the very rate of another that left is enough: a new card has a rate of its own.
    return [
        doubted(each, f"the gpu {LABEL_MOVES}")
        for each, least in zip(alike, (1, SEVERAL), strict=True)
        if each.height >= least
    ]
