"""Working days that are public holidays of a country, and what a forecast of them is: less, or more, than of others.

A method never sees such a day, as it says nothing of the next one of its weekday. What is forecast of it is the usual
forecast times what the holidays of the past came to; as long as fewer than two are known, times a Sunday over a working
day. Holidays on a weekend are weekend. Knows neither tokens nor prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipelines.decisions.forecast_methods import WINDOW, Array

ENOUGH_HOLIDAYS = 2
REMEMBERED_HOLIDAYS = 12
"""About a year of them."""
SUNDAY, WORKING_DAYS = 6, 5


@dataclass(frozen=True)
class FreeDays:
    """The free days among a history and the days ahead of it; `days`: their number in the history."""

    is_free: NDArray[np.bool_]
    """By day, history and what is ahead."""
    weekday: NDArray[np.intp]
    """Monday is 0."""
    days: int

    def without(self, series: Array) -> Array:
        """A history, (series, day), in which free days are not known."""
        return np.where(self.is_free[: self.days], np.nan, series)

    def applied(self, chosen: Array, series: Array) -> Array:
        """Forecasts (series, origin, day ahead) as of any day, with what is known of free days at each origin."""
        origins, horizon = chosen.shape[1:]
        first = self.days + 1 - origins
        ahead = sliding_window_view(self.is_free[first : first + origins + horizon - 1], horizon)
        if not ahead.any():
            return chosen
        factors = self._factors(chosen, series, first)
        return np.where(ahead, chosen * factors[..., None], chosen)

    def _factors(self, chosen: Array, series: Array, first: int) -> Array:
        """What a free day is worth at each origin, (series, origin)."""
        free = np.flatnonzero(self.is_free[: self.days])
        free = free[free >= first]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = series[:, free] / chosen[:, free - first, 0]
        ratios[~np.isfinite(ratios)] = np.nan
        factors = np.ones(chosen.shape[:2])
        for place in range(chosen.shape[1]):
            if not self.is_free[first + place : first + place + chosen.shape[-1]].any():
                continue
            before = ratios[:, free < first + place][:, -REMEMBERED_HOLIDAYS:]
            known = np.isfinite(before).sum(axis=-1) >= ENOUGH_HOLIDAYS
            factors[:, place] = self._of_sundays(series, first + place)
            if known.any():
                factors[known, place] = np.nanmedian(before[known], axis=-1)
        return factors

    def _of_sundays(self, series: Array, origin: int) -> Array:
        """A Sunday over a working day, in the weeks before an origin; 1 where that is not known."""
        span = slice(max(0, origin - WINDOW), origin)
        window, weekday = self.without(series)[:, span], self.weekday[span]
        sundays, working = (_mean(window[:, mask]) for mask in (weekday == SUNDAY, weekday < WORKING_DAYS))
        is_known = np.isfinite(sundays) & (working > 0)
        worth: Array = np.divide(sundays, working, out=np.ones_like(sundays), where=is_known)
        return worth


def free_days(country: str | None, as_of: date, days: int, horizon: int) -> FreeDays | None:
    """The free days of a country from `days` before a day up to `horizon` days on; None where no country is stated."""
    if country is None:
        return None
    span = [as_of + timedelta(days=day) for day in range(-days, horizon)]
    public = _public(country, tuple(range(span[0].year, span[-1].year + 1))) if span else frozenset()
    weekday = np.array([day.weekday() for day in span], dtype=np.intp)
    is_public = np.array([day in public for day in span], dtype=bool)
    return FreeDays(is_public & (weekday < WORKING_DAYS), weekday, days)


@cache
def _public(country: str, years: Sequence[int]) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - hundreds of countries; needed where one is stated only

    name, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(name, subdiv=part or None, years=years))


def _mean(values: Array) -> Array:
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0).sum(axis=-1)
    mean: Array = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean
