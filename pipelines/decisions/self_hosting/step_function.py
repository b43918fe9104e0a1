"""The volumes at which machines that are paid by the month cost no more than a price by the piece.

All exact: a threshold is the smallest whole volume that pays, and not one token less. Cost equal to the API's pays.
This module does not know what a unit of volume is: a token, a request, or an accepted answer.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from math import floor

_NEAREST = 3


@dataclass(frozen=True)
class Interval:
    """Volumes a month, both ends inclusive, at which `replicas` replicas cost no more than the API."""

    replicas: int
    from_tokens: int
    until_tokens: int


@dataclass(frozen=True)
class Steps:
    """What n replicas cost a month and can serve a month, for n from 1 to `most`. Both never fall with n."""

    cost: Callable[[int], Fraction]
    capacity: Callable[[int], Fraction]
    most: int

    @property
    def reach(self) -> Sequence[int]:
        """The largest whole volume of up to n replicas, from n = 1."""
        return _reach(self.capacity, self.most)


@lru_cache(maxsize=1024)
def _reach(capacity: Callable[[int], Fraction], most: int) -> tuple[int, ...]:
    """Kept by the function: many sellers rent out the machines of one setup."""
    return tuple(accumulate((floor(capacity(n)) for n in range(1, most + 1)), max))


def paying_intervals(usd_per_unit: Fraction, steps: Steps) -> tuple[Interval, ...]:
    """Within the reach of n replicas the cost is flat and the API bill rises, so each step has at most one interval."""
    return tuple(_paying(usd_per_unit, steps))


def first_paying(usd_per_unit: Fraction, steps: Steps) -> Interval | None:
    """The first of them; None where none pays."""
    return next(_paying(usd_per_unit, steps), None)


def _paying(usd_per_unit: Fraction, steps: Steps) -> Iterator[Interval]:
    """In whole numbers, which is much quicker than fractions: the least volume v with v x p / q >= cost."""
    top, bottom = usd_per_unit.as_integer_ratio()
    reached = 0
    for replicas, until in enumerate(steps.reach, 1) if top > 0 else ():
        if until > reached:
            usd, parts = steps.cost(replicas).as_integer_ratio()
            start = max(reached + 1, -(-usd * bottom // (parts * top)))
            if start <= until:
                yield Interval(replicas, start, until)
            reached = until


def cheapest_full(steps: Steps) -> Fraction | None:
    """The lowest cost per unit that any number of full replicas reaches: no API price below it is ever beaten."""
    # Ranked by whole tokens and as floats, which is quick; the few nearest are then compared exactly.
    ranked = sorted(
        (usd / (parts * until), n)
        for n, until in enumerate(steps.reach, 1)
        if until
        for usd, parts in [steps.cost(n).as_integer_ratio()]
    )
    return min((steps.cost(n) / steps.capacity(n) for _, n in ranked[:_NEAREST]), default=None)


def cost_at(volume: int, steps: Steps) -> tuple[int, Fraction] | None:
    """Replicas and USD a month that serve a volume; None where `most` replicas do not."""
    before = bisect_left(steps.reach, volume)
    return None if before == steps.most else (before + 1, steps.cost(before + 1))


def joined(intervals: Iterable[Interval]) -> tuple[tuple[int, int], ...]:
    """The same volumes as ranges (from, until), neighbouring steps made one."""
    ranges: list[tuple[int, int]] = []
    for step in sorted(intervals, key=lambda one: one.from_tokens):
        if ranges and step.from_tokens <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], step.until_tokens))
        else:
            ranges.append((step.from_tokens, step.until_tokens))
    return tuple(ranges)


def money(amount: Fraction, digits: int = 12) -> Decimal:
    """Half up, the one place where a figure is rounded."""
    return Decimal(floor(amount * 10**digits + Fraction(1, 2))).scaleb(-digits)
