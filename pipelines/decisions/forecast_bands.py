"""Bands that hold what they promise: quantiles of a forecast's own past errors, corrected by how often they held.

Adaptive conformal inference (Gibbs and Candès, 2021, arXiv 2106.00172), each end for itself: an end that was passed
too often moves outwards, one that was passed too seldom inwards, whatever the errors are distributed like and however
they are correlated. An error counts only from the day on which it was known.
"""

import numpy as np
from numpy.typing import NDArray

from pipelines.decisions.forecast_methods import Array

LEVELS = (0.5, 0.8, 0.95)
"""Nominal shares of outcomes within a band."""
ADAPTATION = 0.01
"""How far one miss moves the quantile that an end stands for."""
REMEMBERED = 365
"""Errors that an end is a quantile of."""
MIN_ERRORS = 20
"""With fewer, a band of 95 % has no ends to take from them, and there is none."""
TAILS = np.array([(1 - level) / 2 for level in LEVELS])


def error_bounds(errors: Array, delay: int) -> tuple[Array, Array]:
    """Lower and upper bounds of the error at each origin: each (series, origin, level), NaN where too few are known.

    `errors`: actual less forecast over a scale, (series, origin), NaN where unknown. That of an origin is known
    `delay` origins later.
    """
    series, origins = errors.shape
    low, high = (np.full((series, origins, len(LEVELS)), np.nan) for _ in range(2))
    low_tail, high_tail = (np.tile(TAILS, (series, 1)) for _ in range(2))
    for origin in range(origins):
        seen = origin - delay
        if seen + 1 >= MIN_ERRORS:  # before, no end is known, and none is moved
            error = errors[:, seen, None]
            has_ends = np.isfinite(error) & np.isfinite(low[:, seen])
            low_tail += ADAPTATION * np.where(has_ends, TAILS - (error < low[:, seen]), 0)
            high_tail += ADAPTATION * np.where(has_ends, TAILS - (error > high[:, seen]), 0)
            ordered = np.sort(errors[:, max(0, seen + 1 - REMEMBERED) : seen + 1], axis=-1)  # unknown ones last
            count = np.isfinite(ordered).sum(axis=-1, keepdims=True)
            low[:, origin] = _quantiles(ordered, count, low_tail)
            high[:, origin] = _quantiles(ordered, count, 1 - high_tail)
    return low, high


def _quantiles(ordered: Array, count: NDArray[np.intp], shares: Array) -> Array:
    """Quantiles of the first `count` values of each series; beyond both ends by a part of their span.

    A share below 0 or above 1 is as far out as its tail is below 0: no error was ever so large, and yet ends were
    passed too often.
    """
    last = np.maximum(count - 1, 0)
    place = np.clip(shares, 0, 1) * last
    below = np.floor(place).astype(np.intp)
    ranks = np.concatenate([below, np.minimum(below + 1, last), np.zeros_like(last), last], axis=-1)
    taken, levels = np.take_along_axis(ordered, ranks, axis=-1), shares.shape[-1]
    left, right = taken[..., :levels], taken[..., levels : 2 * levels]
    least, most = taken[..., -2:-1], taken[..., -1:]
    inner = left + (place - below) * (right - left)
    beyond = np.where(shares < 0, shares, np.where(shares > 1, shares - 1, 0)) * (most - least)
    return np.where(count >= MIN_ERRORS, inner + beyond, np.nan)
