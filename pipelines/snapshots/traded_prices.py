"""Prices that stand with another label than before: two that trade places, or a row or column that has slipped. Pure.

What was before is what the source printed or, of a price that it never printed, what other sources state. One price
moves to what its neighbour had by chance; two that change places, or most of what moves, seldom do. Feeds are left
alone: each of their prices stands under its model's id, and they mend their own exchanges.
"""

from collections.abc import Iterator

import polars as pl

from pipelines.snapshots.book import TOKEN_PRICES, Book, Reading
from pipelines.snapshots.doubted_rows import DOUBT_SCHEMA, MOST, SEVERAL, doubted, model_of
from pipelines.snapshots.label_rules import LABELS
from pipelines.sources.catalog import SOURCES_BY_KEY

STATED_BY = ("provider", "model", "meter", "service_tier", "context_from", "time_window")
"""By these what other sources state is set beside a row that its own source never printed."""
THINGS = ("model", "gpu")
GOES_WITH = {"gpu": ("sku", "variant"), "model": ("context_from",)}
"""Columns that go with a label: a row of a page is of one model and often of one size of prompts."""
COLUMN_OF_A_TABLE = ("provider", "channel", "meter", "service_tier", "pricing", "tier", "region")
"""What the prices of one column have in common."""
SLIPPED = 3
"""Prices that are those of others before it is a slip; of fewer, all that move."""


def is_keyed(source: str) -> bool:
    """Whether each price of a source stands under its model's id, not in a table whose rows and columns can slip."""
    found = SOURCES_BY_KEY.get(source)
    return found is not None and found.standing == "aggregator"


def traded(
    book: Book, current: pl.DataFrame, moved: pl.DataFrame, witnesses: pl.DataFrame, reading: Reading
) -> pl.DataFrame:
    """Rows of models whose prices are others' (DOUBT_SCHEMA).

    `current`: the source's listed prices in force. `moved`: the page's rows, as `quarantine.movements` gives them.
    `witnesses`: other sources' prices in force.
    """
    if is_keyed(reading.source):
        return pl.DataFrame(schema=DOUBT_SCHEMA)
    amount = book.amount or ""
    rows = moved.with_columns(model_of=model_of(book), new=pl.col(amount)).filter(pl.col("new") > 0)
    rows = rows.filter(pl.col("effective_from").is_null() | pl.col("ratio").is_not_null())
    known, never = rows.filter(pl.col("old_amount").is_not_null()), rows.filter(pl.col("old_amount").is_null())
    own = current.select(*book.key, was=amount)
    stated = witnesses.select(*STATED_BY, was=pl.col(amount)).unique() if _is_stated(book, witnesses) else None
    found: list[pl.DataFrame] = []
    if stated is None or not _borne_out(known.filter(pl.col("ratio") != 1), stated):
        found += _traded(book, known, own, list(book.key))
    if stated is not None:
        found += _traded(book, never, stated, list(STATED_BY))
    reasons = pl.concat([pl.DataFrame(schema={"model_of": pl.String, "reason": pl.String}), *found])
    reasons = reasons.unique("model_of", keep="first", maintain_order=True)
    news = moved.filter(pl.col("ratio").is_null() | (pl.col("ratio") != 1)).with_columns(model_of=model_of(book))
    held = news.join(reasons, on="model_of", maintain_order="left")
    return pl.concat([pl.DataFrame(schema=DOUBT_SCHEMA), doubted(held, pl.col("reason"))])


def _is_stated(book: Book, witnesses: pl.DataFrame) -> bool:
    """Whether others state prices of the very things; a rate is one seller's own."""
    return book.table == TOKEN_PRICES.table and not witnesses.is_empty()


def _borne_out(news: pl.DataFrame, stated: pl.DataFrame) -> bool:
    """Whether others state the new price of all that they know of what moved."""
    known = (
        news.join(stated, on=list(STATED_BY)).group_by("price_key").agg(agrees=(pl.col("new") == pl.col("was")).any())
    )
    return known.height > 0 and bool(known["agrees"].all())


def _traded(book: Book, rows: pl.DataFrame, before: pl.DataFrame, columns: list[str]) -> Iterator[pl.DataFrame]:
    """(model_of, reason), by one label after the other. `before`: what each key cost, columns and was."""
    is_same = (pl.col("new") == pl.col("was")).any()
    stated = rows.join(before, on=columns, nulls_equal=True).group_by("price_key").agg(is_same=is_same)
    moved = rows.join(stated.filter(~pl.col("is_same")), on="price_key", how="semi")
    unstated = rows.join(stated, on="price_key", how="anti")
    same = rows.join(stated.filter("is_same"), on="price_key", how="semi")
    for label in dict.fromkeys((*THINGS, *LABELS[book.table])):
        if label not in columns:
            continue
        # A boundary that nobody knows is no other price of a known size: it is the size that may be misread.
        changed = pl.concat([moved, unstated.filter(pl.col(label) > 0)]) if label == "context_from" else moved
        alike = [name for name in columns if name not in {label, *GOES_WITH.get(label, ())}]
        taken = changed.join(
            before.select(*alike, "was", donor=label).unique(), left_on=[*alike, "new"], right_on=[*alike, "was"],
            nulls_equal=True,
        ).filter(pl.col("donor") != pl.col(label))  # fmt: skip
        if taken.is_empty():
            continue
        yield from _exchanged(changed, taken, label, alike)
        free = taken.join(same.select(*alike, donor=label), on=[*alike, "donor"], how="anti", nulls_equal=True)
        if label in THINGS and columns != list(book.key):
            # Others know models that the page never had.
            free = free.join(changed.select(*alike, donor=label), on=[*alike, "donor"], how="semi", nulls_equal=True)
        if label in THINGS:
            yield from _taken_over(changed, free, label)
        if label == "region" and book.table == TOKEN_PRICES.table:
            # A region's uplift stays as it was: one region does not rise to what another goes on asking.
            rises = taken.filter(pl.col("ratio") > 1).join(free, on=["price_key", "donor"], how="anti")
            yield from _taken_over(changed, rises, label)
        yield from _slipped(changed, taken, free, "slice" if label in THINGS else "page", label)


def _exchanged(changed: pl.DataFrame, taken: pl.DataFrame, label: str, alike: list[str]) -> Iterator[pl.DataFrame]:
    """Two rows that differ in one label, each at the price that the other had; of two models, in all that moves."""
    back = taken.select(*alike, pl.col(label).alias("donor"), pl.col("donor").alias(label))
    both = taken.join(back, on=[*alike, label, "donor"], how="semi", nulls_equal=True)
    if label in THINGS:
        moves = changed.group_by("model_of").agg(moved=pl.col("price_key").n_unique())
        alone = both.group_by("model_of", "donor").agg(traded=pl.col("price_key").n_unique())
        whole = alone.join(moves, on="model_of").filter(pl.col("traded") == pl.col("moved"))
        both = both.join(whole, on=["model_of", "donor"], how="semi")
    if both.height:
        yield both.select("model_of", reason=pl.lit(f"two prices trade places by their {label}"))


def _taken_over(changed: pl.DataFrame, free: pl.DataFrame, label: str) -> Iterator[pl.DataFrame]:
    """All that moves of one model, more than one price, at what one other had, which moved or left."""
    moves = changed.group_by("model_of").agg(moved=pl.col("price_key").n_unique())
    of_one = free.group_by("model_of", "donor").agg(taken=pl.col("price_key").n_unique()).join(moves, on="model_of")
    hit = of_one.filter(pl.col("taken") == pl.col("moved"), pl.col("moved") >= SEVERAL)
    if hit.height:
        yield hit.select("model_of", reason=pl.lit(f"prices are those of another {label}"))


def _slipped(
    changed: pl.DataFrame, taken: pl.DataFrame, free: pl.DataFrame, part: str, label: str
) -> Iterator[pl.DataFrame]:
    """All that moves where most of it stands at what another had, which moved or left too."""
    names = [name for name in COLUMN_OF_A_TABLE if name in changed.columns]
    by = pl.concat_str(names, separator="|") if part == "slice" else pl.lit("page")
    all_changed = changed.group_by(part=by).agg(moved=pl.col("price_key").n_unique())
    any_donor = taken.group_by(part=by).agg(taken=pl.col("price_key").n_unique())
    free_donor = free.group_by(part=by).agg(free=pl.col("price_key").n_unique())
    counts = all_changed.join(any_donor, on="part").join(free_donor, on="part")
    many = (pl.col("free") >= SLIPPED) & (pl.col("free") >= MOST * pl.col("moved"))
    every = (
        (pl.col("taken") == pl.col("moved")) & (pl.col("moved") >= SEVERAL) & (pl.col("free") >= pl.col("moved") - 1)
    )
    hit = changed.with_columns(part=by).join(counts.filter(many | every), on="part", how="semi")
    if hit.height:
        yield hit.select("model_of", reason=pl.lit(f"prices are those that stood elsewhere by their {label}"))
