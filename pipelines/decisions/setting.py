"""Settings of a scenario, and the kinds of values that they may hold: TOML value -> typed value, or what is right."""

from dataclasses import MISSING, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

MAX_AMOUNT = Decimal(10) ** 12
"""Beyond it a figure is a slip of the pen, and sums of tokens would leave 64 bits."""
MAX_TEXT = 200
UNSTATED = "definition: what a scenario does not state is not part of it"


@dataclass(frozen=True)
class Setting:
    """One key as it is in force: of the file, or a default with the source and the date of it."""

    name: str
    value: str | None
    unit: str
    meaning: str
    is_default: bool
    source: str
    source_on: date | None


class Kind(Protocol):
    """What a key may hold. `read` raises ValueError whose text says what would be right."""

    def read(self, value: Any) -> Any:
        """The value in its own type."""


@dataclass(frozen=True)
class Count:
    """A whole number."""

    at_least: int
    at_most: int = 10_000_000

    def read(self, value: Any) -> int:
        """Raises ValueError."""
        number = _number(value, str(max(self.at_least, 500) if self.at_most >= 500 else self.at_most))
        if number != number.to_integral_value() or not self.at_least <= number <= self.at_most:
            raise ValueError(f"write a whole number from {self.at_least} to {self.at_most}")
        return int(number)


@dataclass(frozen=True)
class Amount:
    """A decimal number that is exact: money, a rate, a factor."""

    at_least: int = 0
    above: int | None = None

    def read(self, value: Any) -> Decimal:
        """Raises ValueError."""
        number = _number(value, "1500 or 0.15")
        if self.above is not None and number <= self.above:
            raise ValueError(f"write a number above {self.above}")
        if not self.at_least <= number <= MAX_AMOUNT:
            raise ValueError(f"write a number from {self.at_least} to {MAX_AMOUNT:,}")
        return number


@dataclass(frozen=True)
class Share:
    """A part of a whole, 0 to 1."""

    above: int | None = None
    below: int | None = None

    def read(self, value: Any) -> Decimal:
        """Raises ValueError."""
        if isinstance(value, str) and value.strip().endswith("%"):
            raise ValueError(f"write the share of 1, without %: {_percent(value.strip()[:-1])}")
        number = _number(value, "0.05")
        if 1 < number <= 100:
            raise ValueError(f"write a share from 0 to 1; {number} % is {_percent(str(number))}")
        is_out = (self.above is not None and number <= self.above) or (self.below is not None and number >= self.below)
        if is_out or not 0 <= number <= 1:
            least = "above 0" if self.above is not None else "from 0"
            most = "to less than 1" if self.below is not None else "to 1"
            raise ValueError(f"write a share {least} {most}")
        return number


@dataclass(frozen=True)
class Text:
    """A name or a title, one line."""

    def read(self, value: Any) -> str:
        """Raises ValueError."""
        if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or not value.isprintable():
            raise ValueError(f'write one line of at most {MAX_TEXT} characters in quotes, such as "gpt-4o"')
        return value.strip()


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    allowed: tuple[str, ...]

    def read(self, value: Any) -> str:
        """Raises ValueError."""
        if value not in self.allowed:
            raise ValueError(f"write one of {', '.join(self.allowed)}, in quotes")
        return str(value)


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def read(self, value: Any) -> bool:
        """Raises ValueError."""
        if not isinstance(value, bool):
            raise ValueError("write true or false, without quotes")
        return value


@dataclass(frozen=True)
class Day:
    """A calendar day."""

    def read(self, value: Any) -> date:
        """Raises ValueError."""
        if isinstance(value, datetime) or not isinstance(value, date):
            raise ValueError("write a day without quotes, such as 2027-07-15")
        return value


@dataclass(frozen=True)
class Names:
    """A list of names."""

    def read(self, value: Any) -> tuple[str, ...]:
        """Raises ValueError."""
        if not isinstance(value, list):
            raise ValueError('write a list, such as ["gpt-4o-mini", "claude-haiku-4-5"]')
        return tuple(Text().read(one) for one in value)


def _number(value: Any, example: str) -> Decimal:
    """Raises ValueError for what is no finite number; true and false are none."""
    if isinstance(value, str):
        raise ValueError(f"write the number alone, without quotes and unit, such as {example}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"write a number, such as {example}")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"write a finite number, such as {example}")
    return number


def _percent(text: str) -> str:
    """A number of percent as a share; an example where it is none."""
    try:
        return f"{Decimal(text.strip()) / 100:f}"
    except ArithmeticError:
        return "0.05"


def key(
    kind: Kind,
    meaning: str,
    *,
    unit: str = "",
    default: Any = MISSING,
    source: str = UNSTATED,
    on: date = date(2026, 11, 29),
) -> Any:
    """A key of the file: a field with the evidence of its default. `on`: the day on which the source was read."""
    metadata = {"kind": kind, "unit": unit, "meaning": meaning, "source": source, "on": on}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)
