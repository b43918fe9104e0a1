"""What becomes of a held price that moves again, or goes, before it had a second witness. Pure.

A later figure that is neither the held nor the old price proves that the old one has ended; if it lies near the held
one, or further the same way, it bears that out for the time between. A return to the old price proves a slip. A price
that goes without being taken back was the source's last word, unless it looks like a slipped point. What is held for a
reason no later day bears out.
"""

import polars as pl

from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.quarantine import price_key

SLIP = 10.0
"""A move by this factor or more is a point in the wrong place until somebody repeats it."""
MOVED_AGAIN, WENT = "a later day prints another price", "it went without being taken back"


def borne_out(
    book: Book, current: pl.DataFrame, observed: pl.DataFrame, open_holds: pl.DataFrame, reading: Reading
) -> pl.DataFrame:
    """Holds that the page of a later day bears out without printing their price, confirmed: rows of core.price_hold."""
    waiting = open_holds.filter(
        pl.col("reason").is_null(), pl.col("first_seen_at").dt.date() < pl.lit(reading.at.date())
    )
    if book.amount is None or waiting.is_empty():
        return open_holds.clear()
    is_now = pl.col("effective_from").is_null() | (pl.col("effective_from") <= reading.at)
    printed = observed.filter(is_now).select(price_key(book).alias("price_key"), now=pl.col(book.amount))
    printed = printed.unique("price_key", keep="last", maintain_order=True)
    before = in_force_at(current, reading.at).select(price_key(book).alias("price_key"), was=pl.col(book.amount))
    both = waiting.join(before, on="price_key").join(printed, on="price_key", how="left", maintain_order="left")
    low, high = (float(bound) for bound in book.bounds)
    held, was, now = (pl.col(name).cast(pl.Float64) for name in ("new_amount", "was", "now"))
    is_further = ((now >= held) & (held >= was)) | ((now <= held) & (held <= was))
    is_other = (now != held) & (now != was)
    moved_again = is_other & ((now / held).is_between(low, high) | is_further)
    is_gone = pl.col("now").is_null() & (held / was).is_between(1 / SLIP, SLIP, closed="none")
    return (
        both.with_columns(
            resolution=pl.when(moved_again).then(pl.lit(MOVED_AGAIN)).when(is_gone).then(pl.lit(WENT)),
            status=pl.lit("confirmed"),
            resolved_at=pl.lit(reading.at, pl.Datetime("us")),
        )
        .filter(pl.col("resolution").is_not_null())
        .select(open_holds.columns)
    )


def statement_of(book: Book, current: pl.DataFrame, holds: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The prices of confirmed holds as the rows that the source printed then, in the observation columns.

    What a hold does not say is as it was in force: a hold is about an amount.
    """
    columns = book.observation.column_names()
    before = in_force_at(current, reading.at).with_columns(price_key=price_key(book))
    rows = before.join(holds.select("price_key", "new_amount", "first_seen_at"), on="price_key")
    return rows.with_columns(
        pl.col("new_amount").alias(book.amount or ""),
        effective_from=pl.col("first_seen_at"),
        printed=pl.format("{} (held until a later day)", pl.col("new_amount").cast(pl.String)),
    ).select(columns)
