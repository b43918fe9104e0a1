"""Daily quantities of each series as arrays and back, and their price by day. What is expected is not decided here."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.decisions.forecast_methods import WINDOW, Array
from pipelines.schema.meters import UNIT_SIZES
from pipelines.snapshots.current import LAST_MOMENT, in_force_at

MODEL = ["provider", "model"]
SERIES = [*MODEL, "channel", "region", "service_tier", "meter"]
USD = pl.Decimal(38, 12)


def daily_quantities(usage: pl.DataFrame, as_of: date, keys: Sequence[str] = tuple(SERIES)) -> pl.DataFrame:
    """keys, usage_date, quantity: one row for every day from a series' first to the day before `as_of`, idle ones 0.

    Series idle for all of the last eight weeks are left out.
    """
    history = usage.filter(pl.col("usage_date") < as_of)
    sums = history.group_by(*keys, "usage_date").agg(pl.col("quantity").sum())
    used = sums.filter(pl.col("quantity") > 0)
    spans = used.group_by(keys).agg(start=pl.col("usage_date").min(), last=pl.col("usage_date").max())
    days = (
        spans.filter(pl.col("last") >= as_of - timedelta(days=WINDOW))
        .select(*keys, usage_date=pl.date_ranges("start", pl.lit(as_of), closed="left"))
        .explode("usage_date")
    )
    filled = days.join(sums, on=[*keys, "usage_date"], how="left")
    return filled.with_columns(pl.col("quantity").fill_null(0)).sort(*keys, "usage_date")


def as_array(daily: pl.DataFrame, as_of: date, keys: Sequence[str] = tuple(SERIES)) -> tuple[pl.DataFrame, Array]:
    """The series, and their quantities by (series, day) up to the day before `as_of`, NaN before each began."""
    names = daily.select(keys).unique(maintain_order=True)
    if names.is_empty():
        return names, np.empty((0, 0))
    first = daily["usage_date"].min()
    assert isinstance(first, date)  # noqa: S101 - daily is not empty
    places = daily.join(names.with_row_index("row"), on=keys).select(
        "row", "quantity", day=(pl.col("usage_date") - pl.lit(first)).dt.total_days()
    )
    values = np.full((names.height, (as_of - first).days), np.nan)
    values[places["row"].to_numpy(), places["day"].to_numpy()] = places["quantity"].to_numpy()
    return names, values


def expected_frame(names: pl.DataFrame, expected: Array, as_of: date) -> pl.DataFrame:
    """SERIES, usage_date, quantity (thousandths): what is expected from `as_of` on, by (series, day ahead)."""
    days = [as_of + timedelta(days=ahead) for ahead in range(expected.shape[-1])]
    ahead = pl.DataFrame(
        {
            "row": np.repeat(np.arange(names.height, dtype=np.uint32), len(days)),
            "usage_date": pl.Series(days * names.height, dtype=pl.Date),
            "quantity": expected.round(3).ravel().astype(np.float64),
        }
    )
    named = names.with_row_index("row").join(ahead, on="row").drop("row")
    return named.sort(*SERIES, "usage_date")


def price_days(quantities: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Add cost_usd at the price in force at the end of the day; NULL where there is none.

    Quantities with `prompt_tokens` are at the price of that size: `prices` have context ranges then. Requests are a
    count, not a charge, unless a price for them exists. Raises ValueError where two prices are in force.
    """
    days = quantities.with_row_index("row")
    is_sized = "prompt_tokens" in quantities.columns
    ranges = ("context_from", "context_to") if is_sized else ()
    offered = prices.select(*SERIES, "valid_from", "valid_to", "usd_per_unit", "unit", *ranges)
    priced_at = pl.col("usage_date").cast(pl.Datetime("us")) + LAST_MOMENT
    asked = days.select("row", *SERIES, "usage_date", *(["prompt_tokens"] if is_sized else []))
    in_force = in_force_at(asked.join(offered, on=SERIES), priced_at)
    if is_sized:
        is_below = (pl.col("prompt_tokens") < pl.col("context_to")).fill_null(value=True)
        in_force = in_force.filter(pl.col("prompt_tokens") >= pl.col("context_from"), is_below)
    if in_force["row"].is_duplicated().any():
        raise ValueError("two prices of one series are in force on the same day")
    one = in_force["unit"].replace_strict(
        {unit: f"{1 / size:.12f}" for unit, size in UNIT_SIZES.items()}, return_dtype=pl.String
    )
    per_one = in_force.select("row", usd_per_one=pl.col("usd_per_unit").cast(USD) * one.cast(USD))
    priced = days.join(per_one, on="row", how="left", maintain_order="left")
    is_free = (pl.col("quantity") == 0) | ((pl.col("meter") == "requests") & pl.col("usd_per_one").is_null())
    # Quantities are whole thousandths; as binary numbers they have a tail behind them, which is cut off here.
    exact = pl.col("quantity").cast(pl.Decimal(38, 3)).cast(USD)
    cost = pl.when(is_free).then(pl.lit(0, dtype=USD)).otherwise(exact * pl.col("usd_per_one"))
    return priced.with_columns(cost_usd=cost.cast(USD)).drop("row", "usd_per_one")
