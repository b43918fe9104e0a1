"""How far each input moves an answer: the same question asked at its low and at its high end, all else as it is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Spread(Generic[Answer]):
    """One input, its ends and what each answers."""

    name: str
    low: object
    high: object
    at_low: Answer
    at_high: Answer


def sensitivity(
    ask: Callable[[str, object], Answer], ranges: Mapping[str, tuple[object, object]]
) -> list[Spread[Answer]]:
    """`ask(name, value)`: the answer with that one input changed. In the order of `ranges`."""
    return [Spread(name, low, high, ask(name, low), ask(name, high)) for name, (low, high) in ranges.items()]


def widest_first(spreads: Iterable[Spread[int | None]]) -> list[Spread[int | None]]:
    """The inputs that move a threshold most come first; one that turns it into never, before all."""

    def width(spread: Spread[int | None]) -> float:
        ends = (spread.at_low, spread.at_high)
        if None in ends:
            return float("inf") if ends != (None, None) else 0.0
        low, high = sorted(end or 1 for end in ends)
        return high / low

    return sorted(spreads, key=width, reverse=True)
