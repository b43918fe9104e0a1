"""Prices that a page no longer prints, but that have hardly ended: half a page, a table or a column is missing. Pure.

A price ends when its page stops printing it. A page that loses several models, the same column of several models, or
one of the two prices that a model is sold at, is more often cut or misread: those versions stay as they are and are
told as refused rows, until the page prints them again or a person accepts it (`costs sources accept`).
"""

import polars as pl

from pipelines.snapshots.book import TOKEN_PRICES, Book
from pipelines.snapshots.doubted_rows import MODEL, MOST, SEVERAL
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.sources.parsed import REJECT_SCHEMA

MODELS_AT_ONCE, SHARE_AT_ONCE = 3, 0.05
"""So many models, and this share of them, do not leave a page between two readings."""
PART_OF_PAGE = 0.15
"""Nor does this part of them, if it is more than one model."""
SOLD_TOGETHER = ("input_uncached", "output")
COLUMN = {
    TOKEN_PRICES.table: ("provider", "channel", "region", "meter", "service_tier", "time_window"),
    "gpu_rate": ("provider", "pricing", "tier", "region", "gpu_count"),
}
"""What the prices of one column or table have in common; of token prices those of long prompts left out, which may end
together: the boundary says so then."""
UNTIL_ACCEPTED = "they stay until a person accepts the page (costs sources accept)"
REASONS = {
    "models": f"several models are missing at once: {UNTIL_ACCEPTED}",
    "column": f"the same price of several models is missing at once: {UNTIL_ACCEPTED}",
    "longer": f"a price ends at a size of prompts and none is printed beyond it: {UNTIL_ACCEPTED}",
    "pair": f"one of input and output is missing: {UNTIL_ACCEPTED}",
}


def hardly_ended(book: Book, source: str, listed: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """Listed versions that a page lacks and that stay, with the reason: all that it lacks where it is evidently cut.

    `listed`: the source's listed versions in force; `printed`: all keys that the page prints, refused ones too. Feeds
    and price lists are left alone: each of their prices stands by itself.
    """
    kept = listed.clear().with_columns(reason=pl.lit(None, pl.String))
    known = SOURCES_BY_KEY.get(source)
    if book.table not in COLUMN or known is None or known.standing != "page" or listed.is_empty():
        return kept
    missing = listed.join(printed, on=list(book.key), how="anti", nulls_equal=True)
    if missing.is_empty():
        return kept
    model = list(MODEL[book.table])
    models = listed.select(model).unique()
    gone = models.join(printed, on=model, how="anti", nulls_equal=True)
    if gone.height >= min(
        max(MODELS_AT_ONCE, SHARE_AT_ONCE * models.height), max(SEVERAL, PART_OF_PAGE * models.height)
    ):
        return missing.with_columns(reason=pl.lit("models"))
    if _is_column_lost(book, listed, missing.join(gone, on=model, how="anti", nulls_equal=True), model):
        return missing.with_columns(reason=pl.lit("column"))
    if book.table != TOKEN_PRICES.table:
        return kept
    left = pl.concat([_pairs(book, missing, printed), _longer(book, missing, printed)])
    return left.unique(list(book.key), keep="first", maintain_order=True)


def gone_rejects(kept: pl.DataFrame) -> pl.DataFrame:
    """What is told of the versions that stay: one refused row per model and reason (place, raw_text, reason)."""
    if kept.is_empty():
        return pl.DataFrame(schema=REJECT_SCHEMA)
    name = "model" if "model" in kept.columns else "gpu"
    told = kept.group_by(pl.col(name).cast(pl.String), "reason", maintain_order=True).agg(count=pl.len())
    return told.select(
        place=pl.col(name),
        raw_text=pl.format("{} prices", "count"),
        reason=pl.col("reason").replace_strict(REASONS, return_dtype=pl.String),
    ).cast(pl.Schema(REJECT_SCHEMA))


def _is_column_lost(book: Book, listed: pl.DataFrame, missing: pl.DataFrame, model: list[str]) -> bool:
    """Whether most models that had a price lost the same one and are still printed."""
    short = pl.col("context_from") == 0 if "context_from" in book.key else pl.lit(value=True)
    column = list(COLUMN[book.table])
    lost, had = (
        rows.filter(short).group_by(column).agg(pl.struct(model).n_unique().alias(name))
        for rows, name in ((missing, "lost"), (listed, "had"))
    )
    both = lost.join(had, on=column, nulls_equal=True)
    most = (pl.col("lost") > SEVERAL) & (pl.col("lost") >= MOST * pl.col("had"))
    every = (pl.col("lost") == pl.col("had")) & (pl.col("had") >= SEVERAL)
    return not both.filter(most | every).is_empty()


def _pairs(book: Book, missing: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """The missing one of input and output of a model whose other one is still printed."""
    sold = [name for name in book.key if name != "meter"]
    is_base = pl.col("meter").is_in(SOLD_TOGETHER)
    left = missing.filter(is_base).join(printed.filter(is_base), on=sold, how="semi", nulls_equal=True)
    return left.with_columns(reason=pl.lit("pair"))


def _longer(book: Book, missing: pl.DataFrame, printed: pl.DataFrame) -> pl.DataFrame:
    """The missing price of long prompts of a model whose price of shorter ones still ends where it began."""
    ends = pl.col("context_to").cast(missing.schema["context_from"])
    shorter = printed.select(*(name for name in book.key if name != "context_from"), context_from=ends).drop_nulls(
        "context_from"
    )
    left = missing.join(shorter, on=list(book.key), how="semi", nulls_equal=True)
    return left.with_columns(reason=pl.lit("longer"))
