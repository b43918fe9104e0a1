"""Simple, transparent forecasts of daily series, each a function of the last weeks, and the choice among them.

Arrays: a window is (..., WINDOW) days before an origin, oldest first, NaN before a series began; a forecast is
(..., horizon) days from the origin on. Series and origins are computed side by side. Knows neither tokens nor prices.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WEEK = 7
WINDOW = 56
"""Days that a method sees: eight weeks."""
TREND_DAMPING, TREND_SHARE, LEVEL_SHARE = 0.9, 0.2, 0.5
"""Of Holt's damped trend on sums of weeks (Hyndman and Athanasopoulos, Forecasting, 8.2); customary, not fitted."""
LEAST_SHARE = 1e-6
"""Of the mean weekday: what a weekday below it has would make any level of a day that is out of the ordinary."""
SMOOTHING = 0.2
"""Weight of the newest day in the smoothed level."""


def seasonal_naive(window: Array, horizon: int) -> Array:
    """The same weekday of the last week."""
    return _repeat(_filled(window)[..., -WEEK:], horizon)


def weekday_mean(window: Array, horizon: int) -> Array:
    """Mean of the last four equal weekdays."""
    return _repeat(_mean(_weeks(window)[..., -4:, :], axis=-2, otherwise=_level(window)[..., None]), horizon)


def weekday_median(window: Array, horizon: int) -> Array:
    """Median of the last eight equal weekdays, which no single day moves."""
    return _repeat(_weekday_medians(window, WINDOW // WEEK), horizon)


def recent_weekday_median(window: Array, horizon: int) -> Array:
    """Median of the last three equal weekdays."""
    return _repeat(_weekday_medians(window, 3), horizon)


def trailing_mean(window: Array, horizon: int) -> Array:
    """Mean of the last 28 days, for every day."""
    return _constant(_mean(window[..., -28:], axis=-1, otherwise=_level(window)), horizon)


def run_rate(window: Array, horizon: int) -> Array:
    """Mean of the last 7 days, for every day."""
    return _constant(_level(window), horizon)


def weekday_level(window: Array, horizon: int) -> Array:
    """Weekday profile of eight weeks times the median of the last 14 days without it."""
    return _at_recent_level(window, horizon, 2 * WEEK)


def weekday_level_of_a_week(window: Array, horizon: int) -> Array:
    """Weekday profile of eight weeks times the median of the last 7 days without it."""
    return _at_recent_level(window, horizon, WEEK)


def smoothed_level(window: Array, horizon: int) -> Array:
    """Weekday profile of eight weeks times an exponentially smoothed level."""
    profile = _profile(_mean(_weeks(window), axis=-2, otherwise=_level(window)[..., None]))
    flat = window / _days_of(profile, WINDOW)
    weights = (1 - SMOOTHING) ** np.arange(WINDOW - 1, -1, -1.0)
    known = np.isfinite(flat)
    weight = known @ weights
    level = np.divide(np.where(known, flat, 0) @ weights, weight, out=_level(window).copy(), where=weight > 0)
    return _repeat(profile, horizon) * level[..., None]


def damped_trend(window: Array, horizon: int) -> Array:
    """Weekday profile times a damped trend of weekly means."""
    weekly = _mean(_weeks(window), axis=-1, otherwise=np.nan)
    level = _level(window) * 0 + _first(weekly)
    trend = np.zeros_like(level)
    for week in np.moveaxis(weekly, -1, 0):
        is_known = np.isfinite(week)
        before = level + TREND_DAMPING * trend
        now = np.where(is_known, LEVEL_SHARE * np.where(is_known, week, 0) + (1 - LEVEL_SHARE) * before, level)
        trend = np.where(is_known, TREND_SHARE * (now - level) + (1 - TREND_SHARE) * TREND_DAMPING * trend, trend)
        level = now
    ahead = np.arange(1, -(-horizon // WEEK) + 1)
    reach = TREND_DAMPING * (1 - TREND_DAMPING**ahead) / (1 - TREND_DAMPING)
    levels = np.maximum(level[..., None] + trend[..., None] * reach, 0)  # nobody uses less than nothing
    levels = levels[..., np.arange(horizon) // WEEK]
    return _repeat(_profile(_mean(_weeks(window), axis=-2, otherwise=_level(window)[..., None])), horizon) * levels


METHODS: dict[str, Callable[[Array, int], Array]] = {
    method.__name__: method
    for method in (
        seasonal_naive,
        weekday_mean,
        weekday_median,
        recent_weekday_median,
        trailing_mean,
        run_rate,
        weekday_level,
        weekday_level_of_a_week,
        smoothed_level,
        damped_trend,
    )
}


TRENDING = ("damped_trend",)
"""Methods whose second week is not their first one again."""


def _filled(window: Array) -> Array:
    return np.where(np.isfinite(window), window, _level(window)[..., None])


def _level(window: Array) -> Array:
    """Mean of the last 7 known days; of all known days where these are none."""
    recent = window[..., -WEEK:]
    if np.isfinite(recent).any(axis=-1).all():  # the usual case, and a cheap one
        return _mean(recent, axis=-1, otherwise=0.0)
    return _mean(recent, axis=-1, otherwise=_mean(window, axis=-1, otherwise=0.0))


def _at_recent_level(window: Array, horizon: int, days: int) -> Array:
    profile = _profile(_weekday_medians(window, WINDOW // WEEK))
    recent = window[..., -days:] / _days_of(profile, days)
    return _repeat(profile, horizon) * _median(recent, _level(window))[..., None]


def _weekday_medians(window: Array, weeks: int) -> Array:
    """Median of each weekday, from that of the origin on."""
    days = np.swapaxes(_weeks(window)[..., -weeks:, :], -1, -2)
    return _median(days, np.repeat(_level(window)[..., None], WEEK, axis=-1))


def _profile(weekdays: Array) -> Array:
    """Values of weekdays over their mean; 1 where all are 0."""
    centre = weekdays.mean(axis=-1, keepdims=True)
    profile: Array = np.divide(weekdays, centre, out=np.ones_like(weekdays), where=centre > 0)
    return profile


def _weeks(window: Array) -> Array:
    return window.reshape(*window.shape[:-1], WINDOW // WEEK, WEEK)


def _days_of(profile: Array, days: int) -> Array:
    """The profile of the last days, NaN where it is next to 0 and says nothing of a level."""
    repeated = np.tile(profile, days // WEEK)
    return np.where(repeated > LEAST_SHARE, repeated, np.nan)


def _repeat(week: Array, horizon: int) -> Array:
    return week[..., np.arange(horizon) % WEEK]


def _constant(level: Array, horizon: int) -> Array:
    return np.repeat(level[..., None], horizon, axis=-1)


def _mean(values: Array, axis: int, otherwise: Array | float) -> Array:
    known = np.isfinite(values)
    if known.all():
        whole: Array = values.sum(axis=axis) / values.shape[axis]
        return whole
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    mean: Array = np.where(count > 0, total / np.maximum(count, 1), otherwise)
    return mean


def _median(values: Array, otherwise: Array) -> Array:
    ordered = np.sort(values, axis=-1)  # NaN last
    count = np.isfinite(values).sum(axis=-1)
    low, high = np.maximum(count - 1, 0) // 2, np.maximum(count, 1) // 2
    pick = [np.take_along_axis(ordered, place[..., None], axis=-1)[..., 0] for place in (low, high)]
    return np.where(count > 0, (pick[0] + pick[1]) / 2, otherwise)


def _first(weekly: Array) -> Array:
    is_known = np.isfinite(weekly)
    first = np.take_along_axis(weekly, is_known.argmax(axis=-1)[..., None], axis=-1)[..., 0]
    return np.where(is_known.any(axis=-1), first, 0.0)
