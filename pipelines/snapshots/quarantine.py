"""Which prices enter at once, and which are held until a second source, a later day or a person confirms them.

Real cuts of 80 % happen, and so do pages with a slipped digit: the old price stays in force until there are two
witnesses, then the new one is valid from the moment it was first seen.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.holds import PriceHold
from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.doubted_rows import NOTHING_BESIDE, Beside
from pipelines.snapshots.kin_rules import kin_doubts
from pipelines.snapshots.page_rules import doubts
from pipelines.snapshots.size_rules import size_doubts
from pipelines.snapshots.traded_prices import traded
from pipelines.snapshots.witnesses import other_amounts, witnessed

HOLD_SCHEMA: dict[str, pl.DataType] = polars_schema(PriceHold)


@dataclass(frozen=True)
class Quarantine:
    """What of a source's rows enters, and the holds that this opens or resolves."""

    observed: pl.DataFrame
    """All rows; a held one carries the facts that stay in force, a confirmed one its first sight as its start."""
    holds: pl.DataFrame
    """Rows of core.price_hold that are new or whose status changed."""
    held_count: int
    open_keys: pl.DataFrame
    """price_key of what is held back for a reason."""


def price_key(book: Book) -> pl.Expr:
    """The identifying columns of a price in one string, as in `core.price_hold.price_key`."""
    return pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in book.key], separator="|")


def key_parts(book: Book) -> list[pl.Expr]:
    """The columns that `price_key` joined, as text."""
    parts = pl.col("price_key").str.split("|")
    return [parts.list.get(position).alias(name) for position, name in enumerate(book.key)]


def movements(book: Book, current: pl.DataFrame, observed: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Observed rows beside the amount in force: adds price_key, old_amount (NULL for a new price) and `ratio`.

    Ratio is new / old as a float, infinite for a price that was 0; NULL for a new price or an announced future one.
    """
    amount = book.amount
    if amount is None:
        raise ValueError(f"{book.table} states no amounts")
    in_force = in_force_at(current, at).select(price_key(book).alias("price_key"), pl.col(amount).alias("old_amount"))
    is_now = pl.col("effective_from").is_null() | (pl.col("effective_from") <= at)
    old, new = pl.col("old_amount").cast(pl.Float64), pl.col(amount).cast(pl.Float64)
    ratio = pl.when(is_now & (old != new)).then(new / old).when(is_now & (old == new)).then(1.0)
    return (
        observed.with_columns(price_key(book).alias("price_key"))
        .join(in_force, on="price_key", how="left")
        .with_columns(ratio=ratio)
    )


def quarantine(
    book: Book,
    current: pl.DataFrame,
    observed: pl.DataFrame,
    open_holds: pl.DataFrame,
    witnesses: pl.DataFrame,
    reading: Reading,
    beside: Beside = NOTHING_BESIDE,
) -> Quarantine:
    """Decide row by row. `current` and `open_holds` are this source's, `witnesses` other sources' prices in force."""
    if book.amount is None:
        return Quarantine(observed, pl.DataFrame(schema=HOLD_SCHEMA), 0, pl.DataFrame(schema={"price_key": pl.String}))
    at = reading.at
    low, high = (float(bound) for bound in book.bounds)
    moved = movements(book, current, observed, at)
    if beside.refused is not None:
        beside = replace(beside, refused=movements(book, current, beside.refused, at))
    moved = _with_doubts(book, current, moved, open_holds, witnesses, reading, beside)
    is_far = pl.col("ratio").is_not_null() & ~pl.col("ratio").is_between(low, high)
    moved = moved.with_columns(is_beyond=is_far | pl.col("reason").is_not_null())
    holds = _matched_holds(book, moved, open_holds, reading)
    holds = _resolved(holds, witnessed(book, moved, witnesses, reading), reading)
    still_open = holds.filter(pl.col("status") == "open")
    entering = _entering_rows(book, moved, current, holds, at)
    before = open_holds.select("hold_id", was_open=pl.lit(value=True))
    changed = holds.join(before, on="hold_id", how="left").filter(
        pl.col("was_open").is_null() | (pl.col("status") != "open")
    )
    doubted = still_open.filter(pl.col("reason").is_not_null()).select("price_key")
    return Quarantine(entering.select(observed.columns), changed.select(HOLD_SCHEMA.keys()), still_open.height, doubted)


def _with_doubts(
    book: Book,
    current: pl.DataFrame,
    moved: pl.DataFrame,
    open_holds: pl.DataFrame,
    witnesses: pl.DataFrame,
    reading: Reading,
    beside: Beside,
) -> pl.DataFrame:
    """Adds `reason`, why a row is not believed on the page's word, and sets old_amount to what it is held against.

    What waits for a reason goes on waiting for it. A person who approved the page has none of these doubts.
    """
    if reading.is_approved:
        return moved.with_columns(reason=pl.lit(None, pl.String))
    in_force = in_force_at(current, reading.at).filter("is_listed").with_columns(price_key=price_key(book))
    later = _announced(current, reading.at).with_columns(price_key=price_key(book))
    stood = in_force if beside.unread is None else pl.concat([in_force, beside.unread], how="diagonal")
    if beside.kept is not None:
        beside = replace(beside, kept=beside.kept.with_columns(price_key=price_key(book)))
    found = pl.concat(
        [
            doubts(book, in_force, moved, other_amounts(book, moved, witnesses), later, beside),
            size_doubts(book, moved, witnesses),
            kin_doubts(book, moved, witnesses),
            traded(book, stood, moved, witnesses, reading),
        ]
    ).unique("price_key", keep="first", maintain_order=True)
    waiting = open_holds.filter(pl.col("reason").is_not_null()).select(
        "price_key", pl.col("new_amount").alias(book.amount or ""), waits="reason"
    )
    rows = moved.join(found, on="price_key", how="left", maintain_order="left").join(
        waiting, on=["price_key", book.amount or ""], how="left", maintain_order="left"
    )
    return rows.with_columns(
        reason=pl.coalesce("reason", "waits"),
        old_amount=pl.when(pl.coalesce("reason", "waits").is_not_null())
        .then(pl.coalesce("old_amount", "against", book.amount or ""))
        .otherwise("old_amount"),
    ).drop("waits", "against")


def _announced(current: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The listed versions that begin later."""
    return current.filter(pl.col("valid_from") > at, "is_listed")


def _matched_holds(book: Book, moved: pl.DataFrame, open_holds: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Holds for every row beyond its bounds: known ones, new ones, and known ones that the page no longer backs."""
    now = pl.lit(reading.at, pl.Datetime("us"))
    beyond = moved.filter("is_beyond").select(
        "price_key",
        "old_amount",
        "currency",
        "reason",
        new_amount=pl.col(book.amount or ""),
        is_backed=pl.lit(value=True),
    )
    beyond = beyond.unique(["price_key", "new_amount"], keep="first", maintain_order=True)
    known = open_holds.join(
        beyond.select("price_key", "new_amount", "is_backed"), on=["price_key", "new_amount"], how="left"
    )
    known = known.with_columns(
        status=pl.when("is_backed").then("status").otherwise(pl.lit("withdrawn")),
        resolved_at=pl.when(pl.col("is_backed").is_null()).then(now).otherwise("resolved_at"),
        resolution=pl.when(pl.col("is_backed").is_null())
        .then(pl.lit("the source no longer prints it"))
        .otherwise("resolution"),
    )
    fresh = beyond.join(open_holds, on=["price_key", "new_amount"], how="anti").with_columns(
        book=pl.lit(book.table),
        source=pl.lit(reading.source),
        first_seen_at=now,
        fetch_id=pl.lit(reading.fetch_id),
        status=pl.lit("open"),
        resolved_at=pl.lit(None, pl.Datetime("us")),
        resolution=pl.lit(None, pl.String),
        hold_id=pl.concat_str("price_key", pl.col("new_amount").cast(pl.String), separator="|").map_elements(
            lambda text: _hold_id(book.table, reading, text), return_dtype=pl.String
        ),
    )
    columns = list(HOLD_SCHEMA)
    return pl.concat([known.select(columns), fresh.select(columns)])


def _hold_id(table: str, reading: Reading, text: str) -> str:
    return hashlib.sha256("\x1f".join((table, reading.source, text, reading.at.isoformat())).encode()).hexdigest()[:20]


def _resolved(holds: pl.DataFrame, witnessed: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Close the holds that have their second witness."""
    now = pl.lit(reading.at, pl.Datetime("us"))
    holds = holds.join(witnessed, on=["price_key", "new_amount"], how="left")
    is_open = pl.col("status") == "open"
    reason = (
        pl.when(is_open & pl.lit(reading.is_approved))
        .then(pl.lit("accepted by a person"))
        .when(is_open & pl.col("witness").is_not_null())
        .then(pl.format("{} prints the same price", "witness"))
        .when(is_open & pl.col("reason").is_null() & (pl.col("first_seen_at").dt.date() < pl.lit(reading.at.date())))
        .then(pl.lit("printed again on a later day"))
    )
    holds = holds.with_columns(ended_by=reason)
    is_resolved = pl.col("ended_by").is_not_null()
    return holds.with_columns(
        status=pl.when(is_resolved)
        .then(pl.lit("accepted" if reading.is_approved else "confirmed"))
        .otherwise("status"),
        resolved_at=pl.when(is_resolved).then(now).otherwise("resolved_at"),
        resolution=pl.coalesce("ended_by", "resolution"),
    ).drop("witness", "ended_by")


def _entering_rows(
    book: Book, moved: pl.DataFrame, current: pl.DataFrame, holds: pl.DataFrame, at: datetime
) -> pl.DataFrame:
    """Held rows get the facts in force back, or stay out where none are; confirmed ones start at their first sight.

    Of a held price of a later day what was announced before stays.
    """
    backed = holds.filter(pl.col("status") != "withdrawn").select("price_key", "new_amount", "status", "first_seen_at")
    rows = moved.join(
        backed, left_on=["price_key", book.amount or ""], right_on=["price_key", "new_amount"], how="left"
    )
    in_force = in_force_at(current, at).select(
        price_key(book).alias("price_key"), *(pl.col(name).alias(f"in_force_{name}") for name in book.facts)
    )
    rows = rows.join(in_force, on="price_key", how="left")
    is_held = pl.col("status").fill_null("") == "open"
    is_later = (pl.col("effective_from") > at).fill_null(value=False)
    later = _announced(current, at).with_columns(price_key=price_key(book))
    kept = later.join(rows.filter(is_held & is_later), on="price_key", how="semi").with_columns(
        effective_from=pl.col("valid_from")
    )
    # What a page printed until a day does not come back because what holds since then is held.
    held_now = rows.filter(is_held & ~is_later).select("price_key").unique()
    displaced = rows.filter(~is_held & ~is_later).join(held_now, on="price_key", how="semi")
    rows = rows.join(displaced.select("price_key", book.amount or ""), on=["price_key", book.amount or ""], how="anti")
    rows = rows.filter(~is_held | (pl.col(f"in_force_{book.amount}").is_not_null() & ~is_later))
    entering = rows.with_columns(
        *(pl.when(is_held).then(f"in_force_{name}").otherwise(name).alias(name) for name in book.facts),
        effective_from=pl.when(pl.col("status").is_in(["confirmed", "accepted"]))
        .then(pl.coalesce("effective_from", "first_seen_at"))
        .when(~is_held)
        .then("effective_from"),
    )
    return pl.concat([entering, kept.select(name for name in kept.columns if name in entering.columns)], how="diagonal")
