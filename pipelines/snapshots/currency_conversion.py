"""GPU rates printed in another currency -> USD, at the dated reference rate of a day. Nothing is stored here."""

from datetime import date, timedelta

import polars as pl

from pipelines.schema.exchange_rates import MAX_AGE_DAYS

STEP_DIGITS = 6
"""Digits after the point of a rate in USD per GPU and hour."""


def in_usd(rates: pl.DataFrame, exchange_rates: pl.DataFrame, on: date) -> pl.DataFrame:
    """Rates with usd_per_gpu_hour filled where a reference rate of `on` is known; NULL stays where none is.

    `rates`: columns of core.gpu_rate. `exchange_rates`: versions of core.exchange_rate in force on `on`; one that is
    older than MAX_AGE_DAYS is not used. Adds fx_rate_on and usd_per_currency, NULL for rates printed in USD.
    """
    recent = exchange_rates.filter(pl.col("rate_on") >= on - timedelta(days=MAX_AGE_DAYS))
    known = recent.select("currency", "usd_per_currency", fx_rate_on="rate_on")
    local, fx = (pl.col(name).cast(pl.Decimal(38, 10)) for name in ("local_per_gpu_hour", "usd_per_currency"))
    converted = (local * fx).round(STEP_DIGITS, mode="half_away_from_zero").cast(pl.Decimal(18, STEP_DIGITS))
    return rates.join(known, on="currency", how="left", maintain_order="left").with_columns(
        usd_per_gpu_hour=pl.coalesce("usd_per_gpu_hour", converted)
    )
