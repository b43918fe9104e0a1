"""Prices by turn: the prompts of a conversation grow, and a longer one may fall into another context range.

Most conversations stay in one range; their prices are a plain mapping. Where they do not, each stretch of turns has its
own prices, and nothing is priced at the mean prompt.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

Prices = Mapping[str, Decimal]
"""USD per million tokens by meter."""


class Stretch(NamedTuple):
    """Turns `first` <= turn < `until`, counted from 0, that have the same prices."""

    first: int
    until: int
    prices: Prices


class TurnPrices(Mapping[str, Decimal]):
    """Prices that change between turns. As a mapping, those of the first turns: which meters are sold, which is less.

    `stretches`: in order, without gaps, from turn 0 on.
    """

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = tuple(stretches)

    def __getitem__(self, meter: str) -> Decimal:
        """The price of one meter in the first turns."""
        return self.stretches[0].prices[meter]

    def __iter__(self) -> Iterator[str]:
        """The meters of the first turns."""
        return iter(self.stretches[0].prices)

    def __len__(self) -> int:
        """How many meters have a price in the first turns."""
        return len(self.stretches[0].prices)


def stretches_of(prices: Prices, turns: int) -> list[Stretch]:
    """The prices of a conversation of some turns. The last stretch holds for all turns after it."""
    if not isinstance(prices, TurnPrices):
        return [Stretch(0, turns, prices)]
    last = prices.stretches[-1]
    return [
        Stretch(one.first, turns if one is last else min(one.until, turns), one.prices)
        for one in prices.stretches
        if one.first < turns
    ]


def combined(one: Prices, other: Prices, rule: Callable[[Prices, Prices], Prices]) -> Prices:
    """What a rule makes of two kinds of prices, turn by turn."""
    if not isinstance(one, TurnPrices) and not isinstance(other, TurnPrices):
        return rule(one, other)
    turns = max(part.stretches[-1].until for part in (one, other) if isinstance(part, TurnPrices))
    return TurnPrices([Stretch(at.first, at.until, rule(at.prices, there)) for at, there in paired(one, other, turns)])


def paired(one: Prices, other: Prices, turns: int) -> list[tuple[Stretch, Prices]]:
    """The stretches of a conversation in which neither prices change, with both."""
    ours, theirs = stretches_of(one, turns), stretches_of(other, turns)
    edges = sorted({stretch.first for stretch in (*ours, *theirs)} | {turns})
    return [
        (Stretch(first, until, _prices_at(ours, first)), _prices_at(theirs, first)) for first, until in pairwise(edges)
    ]


def _prices_at(stretches: Sequence[Stretch], turn: int) -> Prices:
    return next(one.prices for one in stretches if one.first <= turn < one.until)


def by_size(sizes: Sequence[int], prices_of: Callable[[int], Prices]) -> Prices:
    """The prices of each turn, by its prompt size. `sizes` never fall, so a few questions find where prices change."""
    found = _stretches(0, len(sizes) - 1, sizes, prices_of)
    return found[0].prices if len(found) == 1 else TurnPrices(found)


def _stretches(low: int, high: int, sizes: Sequence[int], prices_of: Callable[[int], Prices]) -> list[Stretch]:
    """Stretches of the turns `low` to `high`, both included."""
    if prices_of(sizes[low]) == prices_of(sizes[high]):
        return [Stretch(low, high + 1, prices_of(sizes[low]))]
    middle = (low + high) // 2
    before, after = _stretches(low, middle, sizes, prices_of), _stretches(middle + 1, high, sizes, prices_of)
    if before[-1].prices != after[0].prices:
        return [*before, *after]
    joined = Stretch(before[-1].first, after[0].until, after[0].prices)
    return [*before[:-1], joined, *after[1:]]
