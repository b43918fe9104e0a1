"""New prices whose boundary of prompt sizes is another than all other sources state for the model. Pure.

A page that was read before is held against itself (`page_rules`); of a first page and a new model only others know.
"""

import polars as pl

from pipelines.models.model_ids import undated
from pipelines.snapshots.book import TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import DOUBT_SCHEMA, doubted

SAME_SIZE = 0.05
"""128K is 128,000 here and 131,072 there, 1M differs most."""
ANOTHER_BOUNDARY = "other sources state another boundary of prompt sizes for the model"


def size_doubts(book: Book, moved: pl.DataFrame, witnesses: pl.DataFrame) -> pl.DataFrame:
    """New rows of models of which no boundary on the page is one that others state, as DOUBT_SCHEMA says.

    `moved`: the page's rows as `quarantine.movements` gives them; `witnesses`: other sources' prices. A model of which
    others state no boundary says nothing: who first prices long prompts apart is alone with it.
    """
    if book.table != TOKEN_PRICES.table or witnesses.is_empty():
        return pl.DataFrame(schema=DOUBT_SCHEMA)
    new = moved.filter(pl.col("old_amount").is_null()).with_columns(_boundary(), model_of=_model())
    new = new.filter(pl.col("boundary").is_not_null())
    stated = witnesses.select(_boundary().alias("stated"), model_of=_model()).drop_nulls().unique()
    compared = new.select("model_of", "boundary").unique().join(stated, on="model_of")
    is_same = (pl.col("boundary") / pl.col("stated") - 1).abs() <= SAME_SIZE
    alone = compared.group_by("model_of").agg(is_same.any().alias("is_shared")).filter(~pl.col("is_shared"))
    rows = new.join(alone, on="model_of", how="semi").with_columns(old_amount=pl.col(book.amount or ""))
    return doubted(rows, ANOTHER_BOUNDARY)


def _boundary() -> pl.Expr:
    """Where a row's price ends or begins; NULL where it holds for all sizes."""
    begins = pl.col("context_from").cast(pl.Int64)
    return pl.when(begins > 0).then(begins).otherwise(pl.col("context_to")).cast(pl.Float64).alias("boundary")


def _model() -> pl.Expr:
    return pl.concat_str(pl.col("provider"), undated(pl.col("model")), separator="|")
