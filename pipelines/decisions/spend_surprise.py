"""How far a day is from what those before let expect, and beyond what it stands out. Knows neither tokens nor prices.

What is expected is the forecast of the evening before (`forecast_choice`), moved by a part of what that day was off, so
that a spike which fades is one surprise and not five. All is reckoned in logarithms: twice as much is as far as half.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.forecast_methods import Array

CARRIED = 0.6
"""Part of yesterday's surprise that today is expected to have as well."""
RARE = 0.99
"""A day beyond this share of the past surprises stands out: about one in a quarter."""
LEAST, MOST = 0.3, 0.57
"""Bounds of that limit, as logarithms: 35 % more never is too much, 77 % more always is."""
REMEMBERED, MIN_ERRORS = 365, 28
QUARTER = 365.25 / 4
EPISODE_DAYS = 7
"""Days within which the next alarm is the same one's."""
MOST_EPISODES = 1.5
"""A quarter, in the past year: beyond it a series is one of bursts, on which a doubled day is nothing special."""
SPREAD_DAYS = 28
"""Of a series of bursts a day is held against how wide surprises were in so many days before it."""
LEAST_SPREAD = 0.25
"""Of that of the whole year: a quiet month is no reason to alarm of everything after it."""


@dataclass(frozen=True)
class Limit:
    """The surprise beyond which a day stands out."""

    surprise: float
    """As a logarithm; NaN where too few past ones are known."""
    is_judged: bool
    """False for a series of bursts: only what is rare even for it stands out, and a doubled day may not."""
    found_share: float
    """Part of the past days that would have stood out had they been twice as much."""


def surprises(series: Array) -> Array:
    """Logarithm of each value over what was expected of it; `series`: (series, day), NaN before a series began.

    NaN where a value is 0 or nothing was expected.
    """
    days = series.shape[-1]
    off = np.full(series.shape, np.nan)
    found = replay(series, 1, days).chosen[:, :-1, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        off[:, days - found.shape[-1] :] = np.log(series[:, days - found.shape[-1] :] / found)
    off[~np.isfinite(off)] = np.nan
    off[:, 1:] -= CARRIED * np.nan_to_num(off[:, :-1].copy())
    return off


def limit_of(past: Array) -> Limit:
    """The limit after these surprises, one a day, NaN where there is none."""
    recent = past[-REMEMBERED:]
    known = recent[np.isfinite(recent)]
    if known.size < MIN_ERRORS:
        return Limit(float("nan"), is_judged=False, found_share=float("nan"))
    usual = float(np.clip(np.quantile(known, RARE), LEAST, MOST))
    quarters = max(known.size / QUARTER, 1.0)
    is_judged = episodes(recent > usual) <= MOST_EPISODES * quarters
    if is_judged:
        return Limit(usual, is_judged, float((known + np.log(2) > usual).mean()))
    widths = _widths(recent)
    relative = recent / widths[:-1]
    rare = float(np.quantile(relative[np.isfinite(relative)], RARE))
    limits = np.maximum(rare * widths, usual)
    return Limit(float(limits[-1]), is_judged, float((recent + np.log(2) > limits[:-1])[np.isfinite(recent)].mean()))


def _widths(recent: Array) -> Array:
    """How wide surprises were in the SPREAD_DAYS before each day and before the next, so that a spike hardly counts.

    Where less than half of these is known, as all are.
    """
    before = np.concatenate([np.full(SPREAD_DAYS, np.nan), recent])
    windows = sliding_window_view(before, SPREAD_DAYS)
    everything = _spread(recent[None])[0]
    found = _spread(windows)
    is_known = np.isfinite(windows).sum(axis=-1) >= SPREAD_DAYS // 2
    widths: Array = np.where(is_known, np.maximum(found, LEAST_SPREAD * everything), everything)
    return widths


def _spread(windows: Array) -> Array:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a window without a known day has none
        middle = np.nanmedian(windows, axis=-1, keepdims=True)
        spread: Array = np.nanmedian(np.abs(windows - middle), axis=-1)
    return spread


def episodes(stands_out: np.ndarray) -> int:
    """Days that stand out, those within EPISODE_DAYS of the one before not counted again."""
    days = np.flatnonzero(stands_out)
    return int(days.size and 1 + (np.diff(days) > EPISODE_DAYS).sum())
