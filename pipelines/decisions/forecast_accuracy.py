"""How good past forecasts were, so that nobody has to believe the next one: errors and what the bands held.

Errors of the chosen forecast and of each method by days ahead, from the same replay that the forecast is made with.
Reading files and printing is the command line's, tokens and prices are `forecast`'s.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from pipelines.decisions.forecast_bands import LEVELS, error_bounds
from pipelines.decisions.forecast_choice import Replay, replay
from pipelines.decisions.forecast_methods import METHODS, WEEK, Array
from pipelines.decisions.forecast_outlook import Outlook
from pipelines.decisions.forecast_totals import Totals, errors_of, past_errors
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import ForecastAccuracy

HORIZONS = (1, 7, 14, 30, 60, 90)
CHOSEN_NAME = "chosen"
RECORD_VERSION = "accuracy-1"


def daily_series(days: Sequence[date], values: Sequence[float]) -> Array:
    """One value a day from the first day to the last, NaN where there is none. Raises ValueError for a day twice."""
    if len(set(days)) != len(days):
        twice = next(day for day in days if list(days).count(day) > 1)
        raise ValueError(f"{twice} stands twice; give one value a day")
    first = min(days)
    series = np.full((max(days) - first).days + 1, np.nan)
    for day, value in zip(days, values, strict=True):
        series[(day - first).days] = value
    return series


def backtest_of(series: Array, horizon: int, origins: int) -> tuple[pl.DataFrame, pl.DataFrame, float | None]:
    """Errors of each method up to `horizon` days ahead, bands of the chosen forecast by days ahead, error of totals.

    Methods: method, mae, mase (against the seasonal naive forecast of the same days), wape, share_of_best. Bands:
    days_ahead, errors, and for each level its achieved share. Raises ValueError where the series is too short.
    """
    found = replay(series[None, :], horizon, origins)
    if not np.isfinite(found.actual[..., 0]).any():
        raise ValueError(f"{np.isfinite(series).sum()} days are too few to hold a forecast against; give 15 at least")
    error = float(past_errors(Totals(found.chosen, found.actual, found.scale))[0])
    return _methods(found, horizon), _bands(found, horizon), None if np.isnan(error) else error


def _methods(found: Replay, horizon: int) -> pl.DataFrame:
    forecasts = {CHOSEN_NAME: found.chosen} | {name: method(found.windows, horizon) for name, method in METHODS.items()}
    known = np.isfinite(found.actual)
    volume = np.abs(found.actual[known]).mean()
    mae = {name: float(np.abs(forecast - found.actual)[known].mean()) for name, forecast in forecasts.items()}
    naive, best = mae["seasonal_naive"], min(mae[name] for name in METHODS)
    rows = [
        {
            "method": name,
            "mae": error,
            "mase": error / naive if naive else None,
            "wape": error / volume if volume else None,
            "share_of_best": error / best if best else None,
        }
        for name, error in mae.items()
    ]
    return pl.DataFrame(rows, schema={"method": pl.String} | dict.fromkeys(list(rows[0])[1:], pl.Float64))


def _bands(found: Replay, horizon: int) -> pl.DataFrame:
    ahead = sorted({days for days in HORIZONS if days <= horizon} | {horizon})
    return pl.DataFrame([{"days_ahead": days} | held(found, days - 1, days) for days in ahead])


def held(found: Replay, first: int, last: int) -> dict[str, float | None]:
    """Of the total of the days ahead from `first` up to `last`: errors that were known, and the shares within bands."""
    errors = errors_of(Totals(found.chosen, found.actual, found.scale), first, last)
    low, high = error_bounds(errors, last)
    has_band = np.isfinite(low[..., 0]) & np.isfinite(errors)
    within = (errors[..., None] >= low) & (errors[..., None] <= high)
    shares = within[has_band].mean(axis=0) if has_band.any() else [None] * len(LEVELS)
    named = {f"within_{level:.0%}".rstrip("%"): share for level, share in zip(LEVELS, shares, strict=True)}
    return {"errors": int(has_band.sum()), **{name: None if one is None else float(one) for name, one in named.items()}}


def forecast_accuracy(outlook: Outlook, as_of: date) -> pl.DataFrame:
    """Rows of main.forecast_accuracy of a day: each group of an outlook by days ahead, as far as it looks."""
    totals = outlook.totals
    rows = [
        row | {"as_of": as_of, "days_ahead": days, "formula_version": RECORD_VERSION}
        for days in HORIZONS
        if days <= totals.chosen.shape[-1]
        for row in _record(outlook, days)
    ]
    return pl.DataFrame(rows, schema=polars_schema(ForecastAccuracy), orient="row")


def _record(outlook: Outlook, days: int) -> list[dict[str, object]]:
    totals = outlook.totals
    actual, missed = totals.actual[..., days - 1], np.abs(totals.actual - totals.chosen)[..., days - 1]
    # Repeating the last week: what came on the same weekday, in the last week that was known.
    back = WEEK * ((days - 1) // WEEK + 1)
    naive = np.full(actual.shape, np.nan)
    naive[:, back:] = actual[:, :-back] if actual.shape[-1] > back else naive[:, back:]
    naive_missed = np.abs(actual - naive)
    errors = errors_of(totals, days - 1, days)
    low, high = error_bounds(errors, days)
    has_band = np.isfinite(low[..., 0]) & np.isfinite(errors)
    within = (errors[..., None] >= low) & (errors[..., None] <= high)
    rows = []
    for place, group in enumerate(outlook.groups):
        known = np.isfinite(missed[place])
        both, paid = known & np.isfinite(naive_missed[place]), known & (actual[place] > 0)
        repeated = naive_missed[place][both].mean() if both.any() else 0.0
        banded = has_band[place]
        shares = within[place][banded].mean(axis=0) if banded.any() else [None] * len(LEVELS)
        rows.append(
            {
                **group._asdict(),
                "origins": int(known.sum()),
                "mape": float((missed[place][paid] / actual[place][paid]).mean()) if paid.any() else None,
                "mase": float(missed[place][both].mean() / repeated) if repeated else None,
                "band_origins": int(banded.sum()),
                **{
                    f"within_{round(100 * level)}": None if share is None else float(share)
                    for level, share in zip(LEVELS, shares, strict=True)
                },
            }
        )
    return rows
