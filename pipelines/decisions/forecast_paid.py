"""What a forecast at list prices comes to by the contract: columns of main.spend_forecast, added once it is made."""

from datetime import date, timedelta

import polars as pl

from pipelines.decisions.forecast_methods import WINDOW
from pipelines.decisions.forecast_outlook import known_sum
from pipelines.decisions.forecast_quantities import MODEL, USD

PAID_COLUMNS = ("spent_effective_usd", "projected_effective_usd")


def with_paid(forecast: pl.DataFrame, costs: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of main.spend_forecast with PAID_COLUMNS. `costs`: usage_date, MODEL, cost_usd, effective_cost_usd.

    Scopes other than model and all have none. What is to come is paid at the share of list price that its model was
    paid at in the days before; a model that had no list price then, at the list price.
    """
    before = costs.filter(pl.col("usage_date") < as_of)
    recent = before.filter(pl.col("usage_date") >= as_of - timedelta(days=WINDOW), pl.col("cost_usd").is_not_null())
    sums = recent.group_by(MODEL).agg(
        listed=pl.col("cost_usd").sum(), paid=pl.coalesce("effective_cost_usd", "cost_usd").sum()
    )
    of_model = forecast.filter(scope="model").drop(PAID_COLUMNS)
    spans = of_model.select("period", "first_on", "last_on").unique()
    spent = (
        costs.join(spans, how="cross")
        .filter(pl.col("usage_date").is_between("first_on", "last_on"), pl.col("usage_date") <= as_of)
        .with_columns(spent_effective_usd=pl.coalesce("effective_cost_usd", "cost_usd"))
        .group_by(*MODEL, "period")
        .agg(known_sum("spent_effective_usd").alias("spent_effective_usd"), is_used=pl.lit(value=True))
    )
    # A share of two exact sums has no end; a forecast is no bill, and is cut at the last digit of its column.
    share = pl.when(pl.col("listed") > 0).then(pl.col("paid").cast(pl.Float64) / pl.col("listed").cast(pl.Float64))
    ahead = (pl.col("remaining_usd").cast(pl.Float64) * share.fill_null(1)).round(6).cast(USD)
    rows = (
        of_model.join(sums, on=MODEL, how="left", maintain_order="left")
        .join(spent, on=[*MODEL, "period"], how="left", maintain_order="left")
        # Without usage nothing is spent; what usage without any price came to is not known.
        .with_columns(pl.when("is_used").then("spent_effective_usd").otherwise(0).cast(USD), ahead=ahead)
        .with_columns(
            projected_effective_usd=pl.when(pl.col("projected_usd").is_not_null()).then(
                (pl.col("spent_effective_usd").fill_null(0) + pl.col("ahead").fill_null(0)).cast(USD)
            )
        )
    )
    in_all = rows.group_by("period").agg(known_sum(name).cast(USD).alias(name) for name in PAID_COLUMNS)
    whole = forecast.filter(scope="all").drop(PAID_COLUMNS).join(in_all, on="period", how="left", maintain_order="left")
    keys = [*MODEL, "period", "scope"]
    told = pl.concat([part.select(*keys, *PAID_COLUMNS) for part in (rows, whole)])
    return forecast.drop(PAID_COLUMNS).join(told, on=keys, how="left", maintain_order="left").select(forecast.columns)
