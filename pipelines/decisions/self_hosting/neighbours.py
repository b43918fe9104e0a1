"""Which measured lengths lie around those of a workload, and a rate between them: the geometry alone, in logarithms."""

import itertools
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache

Point = tuple[int, int]
"""Input and output tokens of a request."""
_DIGITS = 6
_ON_EDGE = 1e-9


def neighbours(target: Point, measured: Sequence[Point]) -> tuple[dict[Point, float], str]:
    """The measured lengths around a workload's, each with its weight; none where it is beyond them all.

    The smallest triangle or stretch that holds it; else the nearest at or above in both lengths, whose rate a shorter
    request of the same work cannot fall below.
    """
    if target in measured:
        return {target: 1.0}, "measured"
    best: tuple[float, dict[Point, float]] | None = None
    for size in (2, 3):
        for corners in itertools.combinations(measured, size):
            weights = _weights(target, corners)
            if weights is None:
                continue
            spread = max(math.dist(_log(a), _log(b)) for a, b in itertools.combinations(corners, 2))
            if best is None or spread < best[0]:
                best = spread, {c: w for c, w in zip(corners, weights, strict=True) if w > _ON_EDGE}
    if best:
        return best[1], "interpolated"
    above = [p for p in measured if p[0] >= target[0] and p[1] >= target[1]]
    if above:
        return {min(above, key=lambda p: (sum(p), p)): 1.0}, "at_or_above"
    return {}, ""


def padded_tokens(target: Point, corners: Mapping[Point, float]) -> Fraction:
    """Tokens of one request as the corners count them. At or above: padded to the shape of the measured request."""
    if len(corners) > 1 or target in corners:
        return Fraction(sum(target))
    (corner,) = corners
    return max(Fraction(target[0], corner[0]), Fraction(target[1], corner[1])) * sum(corner)


def _weights(target: Point, corners: Sequence[Point]) -> list[float] | None:
    """Barycentric weights in the logarithms; None outside, or where three corners lie on a line."""
    x, y = _log(target)
    (x1, y1), (x2, y2) = _log(corners[0]), _log(corners[1])
    if len(corners) == 2:
        length = math.dist((x1, y1), (x2, y2))
        along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2
        off = abs((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length
        return [1 - along, along] if off < _ON_EDGE and -_ON_EDGE <= along <= 1 + _ON_EDGE else None
    x3, y3 = _log(corners[2])
    area = (y2 - y3) * (x1 - x3) + (x3 - x2) * (y1 - y3)
    if abs(area) < _ON_EDGE:
        return None
    first = ((y2 - y3) * (x - x3) + (x3 - x2) * (y - y3)) / area
    second = ((y3 - y1) * (x - x3) + (x1 - x3) * (y - y3)) / area
    weights = [first, second, 1 - first - second]
    return weights if min(weights) >= -_ON_EDGE else None


def interpolated(totals: Mapping[Point, Fraction], weights: Mapping[Point, float]) -> Fraction:
    """Total tokens per second and GPU. One corner is exact; a mean of several is rounded to 6 digits."""
    if len(weights) == 1:
        return totals[next(iter(weights))]
    logarithm = sum(weight * math.log(totals[corner]) for corner, weight in weights.items())
    return Fraction(Decimal(math.exp(logarithm)).quantize(Decimal(1).scaleb(-_DIGITS)))


@cache
def _log(point: Point) -> tuple[float, float]:
    return math.log(point[0]), math.log(point[1])
