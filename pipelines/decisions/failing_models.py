"""Models whose requests fail after their end: from then on nothing is expected of them. Pure.

What takes their place nobody knows before it is used, so no other model is expected to cost more; the rows say so.
Ends after which another model answers are `rebilled_prices`' part. An end that no source dates, or that holds for some
regions or versions only, changes nothing.
"""

from datetime import date

import polars as pl

from pipelines.decisions.forecast_quantities import SERIES
from pipelines.decisions.rebilled_prices import between, used_models

FAILS = "fail"
PLACE = ["provider", "channel", "model"]
ENDING_SCHEMA = dict.fromkeys(PLACE, pl.String()) | {"on": pl.Datetime("us"), "told": pl.String()}
"""A model as usage names it, the moment from which nothing is expected of it, and that in words."""


def failing(ends: pl.DataFrame, used: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """ENDING_SCHEMA: which models in use fail from a day on, `as_of` for those that are gone already.

    `ends`: rows of core.model_lifecycle in force, one per model. `used`: PLACE and usage_date, rows before as_of. One
    that is used after its printed end goes on: the end did not come, or not for everybody.
    """
    # Of an end that is printed as a month only its last day is certain.
    gone_on = pl.when(retires_precision="month").then(pl.col("retires_on").dt.offset_by("1mo")).otherwise("retires_on")
    dated = ends.filter(
        pl.col("outcome") == FAILS,
        pl.col("retires_precision").is_in(["day", "month"]),
        pl.col("scope") == "all",
        pl.col("version") == "",
    ).with_columns(gone_on=gone_on)
    last = used.group_by(PLACE).agg(last_on=pl.col("usage_date").max())
    found = used_models(dated, last.select(PLACE)).join(last, on=PLACE).filter(pl.col("last_on") < pl.col("gone_on"))
    on = pl.max_horizontal("gone_on", pl.lit(as_of)).cast(pl.Datetime("us"))
    told = pl.format("{} fails from {} on: nothing is expected of it then", "model", pl.col("gone_on"))
    return found.select(*PLACE, on=on, told=told).sort(PLACE)


def stopped(prices: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Price segments in which models cost nothing from their end on. `prices`: SERIES, valid_from, valid_to, ..."""
    parts = []
    for row in gone.iter_rows(named=True):
        old = pl.all_horizontal(pl.col(name) == row[name] for name in PLACE)
        of_model = prices.filter(old)
        after = between(of_model, row["on"], None)
        parts.append(after.with_columns(usd_per_unit=pl.lit(0, prices.schema["usd_per_unit"])))
        prices = pl.concat([prices.filter(~old), between(of_model, None, row["on"])])
    return pl.concat([prices, *parts]).sort(*SERIES, "valid_from")


def with_ends(forecast: pl.DataFrame, gone: pl.DataFrame, rebilled: pl.DataFrame) -> pl.DataFrame:
    """Rows of main.spend_forecast that say which of their models end within their period, and what is then expected.

    `rebilled`: REBILLING_SCHEMA. Rows of accounts, teams and projects have models in common and say nothing.
    """
    successors = pl.col("successors").list.join(" or ")
    words = pl.format("{} is answered and billed as {} from {} on", "model", successors, pl.col("on").dt.date())
    columns = ["provider", "model", "on", "told"]
    told = pl.concat([gone.select(columns), rebilled.with_columns(told=words).select(columns)])
    said = []
    for row in forecast.iter_rows(named=True):
        within = told.filter(pl.col("on").dt.date() <= row["last_on"])
        if row["scope"] in {"model", "provider"}:
            within = within.filter(provider=row["provider"])
        if row["scope"] == "model":
            within = within.filter(model=row["model"])
        is_said = row["scope"] in {"model", "provider", "all"}
        said.append("; ".join(within["told"].unique().sort()) or None if is_said else None)
    return forecast.with_columns(ends=pl.Series(said, dtype=pl.String)).select(forecast.columns)
