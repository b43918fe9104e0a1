"""Announced ends after which another model answers and is billed: from then on usage costs what that one costs. Pure.

Ends after which requests fail are `failing_models`' part.
"""

from datetime import date, datetime

import polars as pl

from pipelines.decisions.forecast_quantities import SERIES
from pipelines.models.model_ids import lifecycle_ids

REBILLED = "reroute_rebill"
REBILLING_SCHEMA = {
    **dict.fromkeys(("provider", "channel", "model"), pl.String()),
    "on": pl.Datetime("us"),
    "successors": pl.List(pl.String()),
}
"""A model as usage names it, the moment from which others answer in its place, and these in the source's order."""


def rebillings(ends: pl.DataFrame, models: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """REBILLING_SCHEMA: which models in use are to be answered, and billed, by others after a day.

    `ends`: rows of core.model_lifecycle in force, one per model. `models`: provider, channel, model, as in usage.
    """
    announced = ends.filter(
        pl.col("outcome") == REBILLED,
        pl.col("retires_precision").is_in(["day", "month"]),
        pl.col("retires_on") > as_of,
        pl.col("replacements").is_not_null(),
    )
    found = used_models(announced, models).select(
        "provider",
        "channel",
        "model",
        on=pl.col("retires_on").cast(pl.Datetime("us")),
        successors=pl.col("replacements").str.split(",").list.eval(pl.element().str.strip_chars()),
    )
    return found.unique(["provider", "channel", "model"], keep="first").sort("provider", "channel", "model")


def used_models(ends: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Rows of `ends` for each model in use that they are of, with its name as usage has it.

    `models`: provider, channel, model, as in usage.
    """
    found = [ends.clear()]
    for (channel,), used in models.unique().group_by("channel"):
        of_channel = ends.filter(channel=channel)
        names = lifecycle_ids(used.select("provider", "model").unique(), of_channel.select("provider", "model"))
        of_used = names.join(of_channel, left_on=["provider", "canonical_model"], right_on=["provider", "model"])
        found.append(of_used.rename({"model_id": "model"}).select(ends.columns))
    return pl.concat(found)


def successors_of(told: pl.DataFrame, models: pl.DataFrame) -> pl.DataFrame:
    """Provider, channel, region and model of all that may answer. `models`: the same of what is in use."""
    place = ["provider", "channel", "model"]
    named = models.join(told.select(*place, "successors"), on=place).drop("model")
    return named.explode("successors").rename({"successors": "model"}).drop_nulls("model").select(models.columns)


def rebilled(prices: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Price segments in which models go on at the prices of their first successor that has some.

    `prices`: SERIES, valid_from, valid_to, usd_per_unit, unit and more, of models and successors. `told`:
    REBILLING_SCHEMA. What the successor has no price for has none from then on.
    """
    parts = []
    for row in told.iter_rows(named=True):
        place = {"provider": row["provider"], "channel": row["channel"]}
        listed = set(prices.filter(**place)["model"])
        successor = next((one for one in row["successors"] if one in listed and one != row["model"]), None)
        if successor is None:
            continue
        old = pl.all_horizontal(pl.col(name) == value for name, value in (place | {"model": row["model"]}).items())
        after = prices.filter(model=successor, **place).with_columns(model=pl.lit(row["model"]))
        parts.append(between(after, row["on"], None))
        prices = pl.concat([prices.filter(~old), between(prices.filter(old), None, row["on"])])
    return pl.concat([prices, *parts]).sort(*SERIES, "valid_from")


def between(segments: pl.DataFrame, first: datetime | None, until: datetime | None) -> pl.DataFrame:
    """What of price segments lies between two moments."""
    begin = pl.col("valid_from") if first is None else pl.max_horizontal("valid_from", pl.lit(first))
    end = pl.col("valid_to") if until is None else pl.min_horizontal("valid_to", pl.lit(until))
    cut = segments.with_columns(valid_from=begin, valid_to=end)
    return cut.filter(pl.col("valid_to").is_null() | (pl.col("valid_from") < pl.col("valid_to")))
