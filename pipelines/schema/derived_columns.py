"""Columns of core.usage that follow from others, as expressions. Their types and meaning are declared in `usage`."""

import polars as pl

from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS
from pipelines.schema.offers import OFFER, OFFER_SEPARATOR


def offer_text() -> pl.Expr:
    """The texts of OFFER as one."""
    return pl.concat_str(OFFER, separator=OFFER_SEPARATOR)


def derived_columns() -> dict[str, pl.Expr]:
    """Columns of Usage that follow from others."""
    prompt = [pl.col(QUANTITY_COLUMNS[meter]).fill_null(0) for meter in PROMPT_METERS]
    return {
        "usage_date": pl.col("usage_at").dt.date(),
        "usage_minute": pl.col("usage_at").dt.hour().cast(pl.Int16) * 60 + pl.col("usage_at").dt.minute(),
        "offer": offer_text(),
        "prompt_tokens": pl.sum_horizontal(prompt),
    }
