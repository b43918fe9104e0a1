"""Totals over series, replayed: what all series of a group together were expected to cost, and what they did.

Everything is valued at the prices of one day, so that the errors are those of usage alone. The bands of a total come
from its own errors, so that series which err together are not taken to even each other out.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.decisions.forecast_bands import error_bounds
from pipelines.decisions.forecast_choice import Replay, futures, scales
from pipelines.decisions.forecast_methods import Array

TOTAL_DAYS = 30
FORETOLD_WITHIN = 0.33
"""Mean error of totals of 30 days above which they cannot be foretold; FinOps' "Run" maturity asks for 0.12."""


@dataclass(frozen=True)
class Totals:
    """Of each group, in USD: (group, origin, day ahead), and the scale of its errors (group, origin)."""

    chosen: Array
    actual: Array
    scale: Array

    def expected(self, first: int, last: int, seen: float = 0.0) -> Array:
        """From the last origin on, of the days ahead from `first` up to `last`, of each group.

        `seen`: part of the first day ahead that is over.
        """
        return _sum(self.chosen[:, -1], first, last, seen)


def totals_of(worth: Array, values: Array, found: Replay, origins: int) -> Totals:
    """Add up series. `worth`: USD of one of each series in each group, (group, series), 0 where it is not part of it.

    `values`: the history, (series, day), NaN before a series began, when it was nothing.
    """
    daily = worth @ np.nan_to_num(values)
    series, origin_count, horizon = found.chosen.shape
    chosen = (worth @ found.chosen.reshape(series, origin_count * horizon)).reshape(len(worth), origin_count, horizon)
    return Totals(chosen, futures(daily, found.chosen.shape[-1], origins), scales(daily, origins))


def errors_of(totals: Totals, first: int, last: int, seen: float = 0.0) -> Array:
    """Errors of the total of the days ahead from `first` up to `last` over their scale, by (group, origin)."""
    missed = totals.actual[..., first:last] - totals.chosen[..., first:last]
    errors: Array = _sum(missed, 0, last - first, 0.0 if first else seen) / totals.scale
    return errors


def spread(totals: Totals, first: int, last: int, seen: float = 0.0) -> tuple[Array, Array, Array]:
    """What the bands add to the expected total of these days, in USD: low and high by (group, level); known errors."""
    errors = errors_of(totals, first, last, seen)
    low, high = error_bounds(errors, last)
    scale = totals.scale[:, -1, None]
    return low[:, -1] * scale, high[:, -1] * scale, np.isfinite(errors).sum(axis=-1)


def basis_of(errors: Array, low: float, high: float) -> str:
    """What a band of 80 % rests on: past errors, and which of its ends is the projection itself, as the band holds it.

    `errors`: those known; `low` and `high`: what the band adds to the projection. Where nearly all outcomes were on
    one side of what was projected, both would be on that side.
    """
    told = f"{errors.size} past errors of this total, adapted to hold 50, 80 and 95 %"
    for is_beyond, side, count, end in (
        (low > 0, "above", int((errors > 0).sum()), "low"),
        (high < 0, "below", int((errors < 0).sum()), "high"),
    ):
        if is_beyond:
            return f"{told}; {count} of {errors.size} outcomes were {side} the projection, so that it is the {end} end"
    return told


def past_errors(totals: Totals) -> Array:
    """Mean absolute error of past totals of 30 days over their mean, of each group; NaN where none is known."""
    actual = totals.actual[..., :TOTAL_DAYS].sum(axis=-1)
    missed = np.abs(totals.chosen[..., :TOTAL_DAYS].sum(axis=-1) - actual)
    known = np.isfinite(actual)
    volume = np.where(known, actual, 0).sum(axis=-1)
    return np.where(volume > 0, np.where(known, missed, 0).sum(axis=-1) / np.where(volume > 0, volume, 1), np.nan)


def _sum(days: Array, first: int, last: int, seen: float) -> Array:
    """The sum over days ahead; of the first of all, what is not seen yet."""
    whole: Array = days[..., first:last].sum(axis=-1)
    return whole if first or not seen or last == first else whole - seen * days[..., 0]
