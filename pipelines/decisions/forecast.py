"""Month-end spend by model: usage is forecast, price is known.

Tokens of each series are expected from their weekday shape and recent level; each future day is then priced at the
price in force on that day, announced changes included. The band rests on the method's own past errors. This module
forecasts nothing but the month of `as_of`, and gives no totals over models: their sum is one line of SQL.
"""

from datetime import date, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast
from pipelines.schema.meters import UNIT_SIZES
from pipelines.snapshots.current import LAST_MOMENT, in_force_at

FORMULA_VERSION = "forecast-1"
MODEL = ["provider", "model"]
SERIES = [*MODEL, "channel", "region", "service_tier", "meter"]
MIN_HISTORY_DAYS = 14
LEVEL_DAYS = 14
PROFILE_DAYS = 56
REPLAYED_ORIGINS = 28
MIN_ORIGINS = 9
"""With fewer errors a two-sided 80 % band has no empirical ends: rank 0.1 * (n + 1) must be at least 1."""
TAIL = 0.1
USD = pl.Decimal(38, 12)


def spend_forecast(usage: pl.DataFrame, costs: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of main.spend_forecast for the month of `as_of`, which is itself a day to come.

    `usage`: usage_date, SERIES, quantity. `costs`: usage_date, provider, model, cost_usd
    (NULL where unpriced). `prices`: SERIES, valid_from, valid_to, usd_per_unit, unit; one row in force per series and
    moment (ValueError otherwise), future ones included. Rows before `as_of` are history, later ones are ignored.
    Models without usage in the last 56 days and without cost in the month have no row.
    """
    month = as_of.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    horizon = (next_month - as_of).days
    daily = daily_quantities(usage, as_of)
    future = expected_quantities(daily, [as_of], horizon)
    remaining = _remaining(price_days(future, prices))
    spent = _spent(costs, month, as_of)
    bands = _bands(daily, prices, as_of, horizon)
    first_used = daily.group_by(MODEL).agg(first_used_on=pl.col("usage_date").min())
    rows = (
        remaining.join(spent, on=MODEL, how="full", coalesce=True)
        .join(first_used, on=MODEL, how="left")
        .join(bands, on=MODEL, how="left")
        .with_columns(
            as_of=pl.lit(as_of),
            month=pl.lit(month),
            history_days=(pl.lit(as_of) - pl.col("first_used_on")).dt.total_days().fill_null(0),
            formula_version=pl.lit(FORMULA_VERSION),
        )
    )
    return _finished(rows)


def daily_quantities(usage: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """SERIES, usage_date, quantity: one row for every day from a series' first to the day before `as_of`, idle ones 0.

    Series idle for all of the last 56 days are left out.
    """
    history = usage.filter(pl.col("usage_date") < as_of)
    sums = history.group_by(*SERIES, "usage_date").agg(pl.col("quantity").sum())
    used = sums.filter(pl.col("quantity") > 0)
    spans = used.group_by(SERIES).agg(start=pl.col("usage_date").min(), last=pl.col("usage_date").max())
    days = (
        spans.filter(pl.col("last") >= as_of - timedelta(days=PROFILE_DAYS))
        .select(*SERIES, usage_date=pl.date_ranges("start", pl.lit(as_of), closed="left"))
        .explode("usage_date")
    )
    filled = days.join(sums, on=[*SERIES, "usage_date"], how="left")
    return filled.with_columns(pl.col("quantity").fill_null(0)).sort(*SERIES, "usage_date")


def expected_quantities(daily: pl.DataFrame, origins: list[date], horizon: int) -> pl.DataFrame:
    """Expected quantity of each series on each of `horizon` days from each origin, from the days before it only.

    Returns SERIES, origin, usage_date, quantity (thousandths). Weekday profile: the weekday's mean over 56 days against
    the mean of all weekdays; level: median of the last 14 deseasonalised days, which a spike does not move. A series
    used on less than half of its days has median 0 and takes their mean instead. Under 14 days: mean of all days.
    """
    key = [*SERIES, "origin"]
    weekday = pl.col("usage_date").dt.weekday()
    history = (
        daily.join(pl.DataFrame({"origin": origins}, schema={"origin": pl.Date}), how="cross")
        .with_columns(age=(pl.col("origin") - pl.col("usage_date")).dt.total_days(), weekday=weekday)
        .filter(pl.col("age") >= 1, pl.col("age") <= PROFILE_DAYS)
    )
    profile = history.group_by(*key, "weekday").agg(shape=pl.col("quantity").mean())
    profile = profile.with_columns(shape=(pl.col("shape") / pl.col("shape").sort().mean().over(key)).fill_nan(0))
    recent = history.filter(pl.col("age") <= LEVEL_DAYS).join(profile, on=[*key, "weekday"])
    ratio = pl.col("quantity") / pl.col("shape")
    levels = recent.group_by(key).agg(
        level=ratio.filter(pl.col("shape") > 0).median(),
        recent_mean=pl.col("quantity").mean(),
        days=pl.col("age").max(),
    )
    level = pl.when(pl.col("level") > 0).then("level").otherwise("recent_mean")
    has_profile = pl.col("days") >= MIN_HISTORY_DAYS
    quantity = pl.when(has_profile).then(level * pl.col("shape").fill_null(0)).otherwise("recent_mean")
    ahead = pl.date_ranges("origin", pl.col("origin") + pl.duration(days=horizon), closed="left")
    return (
        levels.with_columns(usage_date=ahead)
        .explode("usage_date")
        .with_columns(weekday=weekday)
        .join(profile, on=[*key, "weekday"], how="left")
        .select(*key, "usage_date", quantity=quantity.round(3))
        .sort(*key, "usage_date")
    )


def price_days(quantities: pl.DataFrame, prices: pl.DataFrame, on_day: pl.Expr | None = None) -> pl.DataFrame:
    """Add cost_usd at the price in force at the end of the day (`on_day` or usage_date); NULL where there is none.

    Requests are a count, not a charge, unless a price for them exists. Raises ValueError where two prices are in force.
    """
    days = quantities.with_row_index("row").with_columns(priced_on=pl.col("usage_date") if on_day is None else on_day)
    offered = prices.select(*SERIES, "valid_from", "valid_to", "usd_per_unit", "unit")
    priced_at = pl.col("priced_on").cast(pl.Datetime("us")) + LAST_MOMENT
    in_force = in_force_at(days.select("row", *SERIES, "priced_on").join(offered, on=SERIES), priced_at)
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
    return priced.with_columns(cost_usd=cost.cast(USD)).drop("row", "priced_on", "usd_per_one")


def _known_sum(name: str) -> pl.Expr:
    """A sum that is NULL as soon as one part is unknown."""
    return pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum())


def _remaining(priced: pl.DataFrame) -> pl.DataFrame:
    label = pl.format("no price for {} of tier {}", "meter", "service_tier")
    gaps = label.filter(pl.col("cost_usd").is_null()).unique().sort().str.join("; ")
    return priced.group_by(MODEL).agg(remaining_usd=_known_sum("cost_usd"), future_gap=gaps)


def _spent(costs: pl.DataFrame, month: date, as_of: date) -> pl.DataFrame:
    in_month = costs.filter(pl.col("usage_date") >= month, pl.col("usage_date") < as_of)
    gap_days = pl.col("usage_date").filter(pl.col("cost_usd").is_null()).n_unique()
    return in_month.group_by(MODEL).agg(spent_usd=_known_sum("cost_usd").cast(USD), gap_days=gap_days)


def _bands(daily: pl.DataFrame, prices: pl.DataFrame, as_of: date, horizon: int) -> pl.DataFrame:
    """Relative errors of the same forecast, made on up to 28 past days for as many days ahead, as factors.

    Past and expected quantities are both valued at the prices of `as_of`, so that the errors are those of usage alone.
    """
    origins = [as_of - timedelta(days=horizon + age) for age in range(REPLAYED_ORIGINS)]
    replayed = expected_quantities(daily, origins, horizon)
    actual = replayed.select(*MODEL, "origin").unique().join(daily, on=MODEL)
    last_day = pl.col("origin") + pl.duration(days=horizon)
    actual = actual.filter(pl.col("usage_date") >= pl.col("origin"), pl.col("usage_date") < last_day)
    today = pl.lit(as_of)
    sums = [
        price_days(frame, prices, today).group_by(*MODEL, "origin").agg(_known_sum("cost_usd").alias(name))
        for frame, name in ((replayed, "expected"), (actual.cast({"quantity": pl.Float64}), "actual"))
    ]
    first_used = daily.group_by(MODEL).agg(first_used_on=pl.col("usage_date").min())
    errors = (
        sums[0]
        .join(sums[1], on=[*MODEL, "origin"])
        .join(first_used, on=MODEL)
        .filter(pl.col("origin") - pl.col("first_used_on") >= timedelta(days=MIN_HISTORY_DAYS), pl.col("expected") > 0)
        .with_columns(factor=pl.col("actual").cast(pl.Float64) / pl.col("expected").cast(pl.Float64))
        .drop_nulls("factor")
    )
    low_rank = (TAIL * (pl.len() + 1)).floor().cast(pl.Int64)
    ranked = pl.col("factor").sort()
    return errors.group_by(MODEL).agg(
        origins=pl.len(),
        low=pl.when(pl.len() >= MIN_ORIGINS).then(ranked.get(low_rank - 1, null_on_oob=True)),
        high=pl.when(pl.len() >= MIN_ORIGINS).then(ranked.get(pl.len() - low_rank, null_on_oob=True)),
    )


def _finished(rows: pl.DataFrame) -> pl.DataFrame:
    """Sums, band and reasons. A month without a cost row is one without usage: 0 spent."""
    is_short = pl.col("history_days") < MIN_HISTORY_DAYS
    spent = pl.when(pl.col("gap_days").is_null()).then(pl.lit(0, dtype=USD)).otherwise("spent_usd")
    gap_text = pl.format("usage of {} days of this month has no price", pl.col("gap_days"))
    reasons = pl.concat_str(
        pl.when(pl.col("gap_days") > 0).then(gap_text),
        pl.col("future_gap").fill_null("no usage to forecast from").replace("", None),
        separator="; ",
        ignore_nulls=True,
    )
    priced = rows.with_columns(spent_usd=spent, unpriced_reason=reasons.replace("", None))
    projected = pl.col("spent_usd") + pl.col("remaining_usd")
    low, high = (
        (pl.col("spent_usd") + (pl.col("remaining_usd").cast(pl.Float64) * factor).round(6).cast(USD)).cast(USD)
        for factor in (pl.min_horizontal("low", 1.0), pl.max_horizontal("high", 1.0))
    )
    has_band = pl.col("low").is_not_null()
    origins = pl.col("origins").fill_null(0)
    return (
        priced.with_columns(
            projected_usd=projected.cast(USD),
            low_usd=pl.when(has_band).then(low),
            high_usd=pl.when(has_band).then(high),
            band_basis=pl.when(has_band)
            .then(pl.format("errors of {} replayed forecasts, nominal 80 %", origins))
            .otherwise(pl.format("no band: {} replayed forecasts, {} needed", origins, pl.lit(MIN_ORIGINS))),
            method=pl.when(is_short).then(pl.lit("run_rate")).otherwise(pl.lit("weekday_profile")),
            is_low_confidence=is_short,
            is_unpriced=pl.col("unpriced_reason").is_not_null(),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in polars_schema(SpendForecast).items())
        .sort(*MODEL)
    )
