"""Rolling origin: every method forecasts every past day's future from the days before it, and the best are chosen.

What is forecast is the mean of the three methods with the smallest errors so far. A choice at an origin rests on
errors that were known then. Knows neither tokens nor prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.decisions.forecast_methods import METHODS, TRENDING, WEEK, WINDOW, Array
from pipelines.decisions.free_days import FreeDays

CHOSEN = 3
"""Methods whose mean is taken: one alone is chosen wrongly too often, all together are as bad as the worst of them."""
HALF_LIFE_DAYS = 365
"""An error counts half as much as one of a year later."""
MIN_HISTORY_DAYS = 14
WORSE = 0.01
"""Part by which errors may be larger with free days than without: less than that is chance."""


RUN_RATE, TRAILING_MEAN = (list(METHODS).index(name) for name in ("run_rate", "trailing_mean"))


@dataclass(frozen=True)
class Replay:
    """Forecasts of past days and of the day after the history, which is the last origin; a future unknown is NaN."""

    chosen: Array
    """(series, origin, day ahead)."""
    actual: Array
    """What came: (series, origin, day ahead)."""
    picks: NDArray[np.intp]
    """Which methods were chosen, best first: (series, origin, CHOSEN)."""
    scale: Array
    """Mean absolute difference to the same weekday a week before, in the window: (series, origin)."""
    windows: Array
    """What the methods saw: (series, origin, WINDOW)."""


def replay(series: Array, horizon: int, origins: int, free: FreeDays | None = None) -> Replay:
    """Forecast from each of the last `origins` days and the day after. `series`: (series, day), NaN: not begun.

    `free`: days that are no example for others, on the series and at the origins where that has not made it worse.
    """
    as_ever = _replay(series, horizon, origins, None)
    if free is None or not series.size:
        return as_ever
    freed = _replay(series, horizon, origins, free)
    helps = _is_no_worse(freed, as_ever)

    def chosen(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
        return np.where(helps[..., None] if one.ndim > helps.ndim else helps, one, other)

    return Replay(
        chosen(freed.chosen, as_ever.chosen),
        as_ever.actual,
        chosen(freed.picks, as_ever.picks),
        chosen(freed.scale, as_ever.scale),
        chosen(freed.windows, as_ever.windows),
    )


def _is_no_worse(freed: Replay, as_ever: Replay) -> NDArray[np.bool_]:
    """Whether the errors of a week ahead that are known at each origin are at most WORSE larger: (series, origin)."""
    near = min(WEEK, freed.actual.shape[-1])
    sums = [
        np.nancumsum(np.nansum(np.abs(one.chosen - one.actual)[..., :near], axis=-1), axis=-1)
        for one in (freed, as_ever)
    ]
    known = [np.concatenate([np.zeros((*one.shape[:-1], near)), one], axis=-1)[..., : one.shape[-1]] for one in sums]
    return known[0] <= known[1] * (1 + WORSE)


def _replay(series: Array, horizon: int, origins: int, free: FreeDays | None) -> Replay:
    usual = series if free is None else free.without(series)
    windows = _windows(usual, origins)
    actual, seen = futures(usual, horizon, origins), windows[..., WEEK:]
    weeks = [method(seen, WEEK) for method in METHODS.values()]
    near = min(WEEK, horizon)
    picks = _picks(seen, [week[..., :near] for week in weeks], actual[..., :near])
    # All methods but the trend say the same week over and over, so that weeks are added up and not days.
    chosen_week, chosen = np.zeros_like(weeks[0]), np.zeros(actual.shape)
    for number, (name, method) in enumerate(METHODS.items()):
        share = ((picks == number).sum(axis=-1) / CHOSEN)[..., None]
        if name in TRENDING:
            used = share[..., 0].any(axis=-1)
            chosen[used] += method(seen[used], horizon) * share[used]
        else:
            chosen_week += weeks[number] * share
    chosen += chosen_week[..., np.arange(horizon) % WEEK]
    if free is not None:
        chosen, actual = free.applied(chosen, series), futures(series, horizon, origins)
    return Replay(chosen, actual, picks, _scale(windows), seen)


def futures(series: Array, horizon: int, origins: int) -> Array:
    """What came after each of the origins of a replay: (series, origin, day ahead), NaN where nobody knows it."""
    after = np.full((*series.shape[:-1], horizon), np.nan)
    return sliding_window_view(np.concatenate([series, after], axis=-1), horizon, axis=-1)[:, _first(series, origins) :]


def scales(series: Array, origins: int) -> Array:
    """The scale of a replay's errors, at each of its origins."""
    return _scale(_windows(series, origins))


def method_names(picks: NDArray[np.intp]) -> str:
    """The methods in words, those that are chosen most often first."""
    names = list(METHODS)
    numbers, counts = np.unique(picks, return_counts=True)
    return ", ".join(names[numbers[place]] for place in np.argsort(-counts, kind="stable"))


def _first(series: Array, origins: int) -> int:
    """The first origin: the day on which there is enough history for a method to say something."""
    length = series.shape[-1]
    return int(min(max(MIN_HISTORY_DAYS, length - origins), length))


def _windows(series: Array, origins: int) -> Array:
    before = np.full((*series.shape[:-1], WINDOW + WEEK), np.nan)
    padded = np.concatenate([before, series], axis=-1)
    return sliding_window_view(padded, WINDOW + WEEK, axis=-1)[:, _first(series, origins) :]


def _picks(windows: Array, forecasts: Sequence[Array], actual: Array) -> NDArray[np.intp]:
    """The methods with the least absolute error of a week ahead, among the errors known at each origin.

    A series of less than 14 days has its run rate: nothing else can be told of it. One that is used on less than half
    of its days has its trailing mean: medians of it are 0, which is wrong by least on each day and by most in total.
    """
    days = actual.shape[-1]
    known = np.isfinite(actual)
    losses = np.stack([np.where(known, np.abs(forecast - actual), 0).sum(axis=-1) for forecast in forecasts])
    total = np.zeros(losses.shape[:-1])
    picks = np.empty((*losses.shape[1:], CHOSEN), dtype=np.intp)
    for origin in range(losses.shape[-1]):
        if origin >= days:
            total = total * 0.5 ** (1 / HALF_LIFE_DAYS) + losses[..., origin - days]
        picks[:, origin] = np.argsort(total, axis=0, kind="stable")[:CHOSEN].T
    known_days, used_days = np.isfinite(windows).sum(axis=-1), (np.nan_to_num(windows) > 0).sum(axis=-1)
    picks[2 * used_days < known_days] = TRAILING_MEAN
    picks[known_days < MIN_HISTORY_DAYS] = RUN_RATE
    return picks


def _scale(windows: Array) -> Array:
    differences = np.abs(windows[..., WEEK:] - windows[..., :-WEEK])
    known = np.isfinite(differences)
    scale = np.where(known, differences, 0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    level = np.nan_to_num(np.abs(windows)).max(axis=-1)
    return np.where(scale > 0, scale, np.where(level > 0, level, 1.0))
