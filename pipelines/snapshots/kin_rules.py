"""New models of which nobody else states a price, beside what others state for models of the same family. Pure.

The next jamba-large costs about what jamba-1.5-large does; a page of which most models are far from their kin is more
often misread.
"""

import polars as pl

from pipelines.snapshots.book import TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import DOUBT_SCHEMA, MOST, SEVERAL, doubted

LEAST, MOST_OF_KIN = 0.2, 5.0
"""Between which factors a model and the nearest one of its family differ."""
FAR_FROM_KIN = "most prices of the page are far from what other sources state for models of the same family"
ALIKE = ("provider", "family", "meter", "service_tier", "unit")


def kin_doubts(book: Book, moved: pl.DataFrame, witnesses: pl.DataFrame) -> pl.DataFrame:
    """The new rows of a page of whose new models others know none, if most are far from their kin (DOUBT_SCHEMA).

    `moved`: the page's rows as `quarantine.movements` gives them; `witnesses`: other sources' prices.
    """
    nothing = pl.DataFrame(schema=DOUBT_SCHEMA)
    if book.table != TOKEN_PRICES.table or witnesses.is_empty():
        return nothing
    new = moved.filter(pl.col("old_amount").is_null(), pl.col("usd_per_unit") > 0)
    same = ["provider", "model"]
    if new.is_empty() or new.join(witnesses, on=same, how="semi").height:
        return nothing
    stated = witnesses.filter(pl.col("usd_per_unit") > 0).with_columns(_family()).select(*ALIKE, was="usd_per_unit")
    beside = new.with_columns(_family()).join(stated.unique(), on=list(ALIKE))
    factor = pl.col("usd_per_unit").cast(pl.Float64) / pl.col("was").cast(pl.Float64)
    nearest = beside.with_columns(factor=factor).sort(pl.col("factor").log().abs()).unique("price_key", keep="first")
    usual = nearest.filter(pl.col("factor").is_between(LEAST, MOST_OF_KIN)).height
    if nearest.height < SEVERAL or usual >= MOST * nearest.height:
        return nothing
    known = new.join(nearest.select("price_key", "was"), on="price_key", how="left")
    return doubted(known.with_columns(old_amount=pl.col("was")), FAR_FROM_KIN)


def _family() -> pl.Expr:
    """The words of an id that hold no digit, in one order: jamba large of ai21/jamba-1.5-large and jamba-large-1.7."""
    words = pl.col("model").str.to_lowercase().str.split("/").list.last().str.replace_all(r"[^a-z0-9]+", " ")
    bare = words.str.split(" ").list.eval(pl.element().filter(pl.element().str.contains(r"^[a-z]+$")).sort())
    return bare.list.join(" ").alias("family")
