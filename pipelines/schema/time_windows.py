"""Hours of the week in which one price overrides another: its text in core.token_price, and the test of a moment.

A price with time_window 'always' holds at any hour; a price with a window holds inside it instead. Which hours a
provider charges more for is for the parser of its page to say.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

ALWAYS = "always"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_PER_DAY = 24 * 60
FIRST_YEAR, LAST_YEAR = 2023, 2035
"""Years whose public holidays are looked up; model APIs are priced by the hour since 2025."""

_DAY = "|".join(DAYS)
_HOUR = r"(?:[01]\d|2[0-4]):[0-5]\d"
_TEXT = re.compile(
    rf"(?P<days>(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*) "
    rf"(?P<hours>{_HOUR}-{_HOUR}(?:,{_HOUR}-{_HOUR})*)(?: except (?P<country>[A-Z]{{2}}) holidays)?"
)


@dataclass(frozen=True)
class TimeWindow:
    """Half-open intervals of the day, in UTC, on some days of the week.

    `weekdays` counts Monday as 1; `intervals` are minutes since midnight; `holidays_of` is the ISO code of a country
    whose public holidays are outside the window, whole UTC days.
    """

    weekdays: frozenset[int]
    intervals: tuple[tuple[int, int], ...]
    holidays_of: str | None = None

    def __post_init__(self) -> None:
        """Empty or overlapping windows are mistakes of their maker."""
        edges = self.edges
        is_sorted = all(low < high for low, high in self.intervals) and edges == sorted(edges)
        if not self.weekdays <= set(range(1, 8)) or not self.weekdays or not edges or not is_sorted:
            raise ValueError(f"no time window: {self}")
        if edges[0] < 0 or edges[-1] > MINUTES_PER_DAY:
            raise ValueError(f"hours outside the day: {self}")

    def __str__(self) -> str:
        """The canonical text; `parse_window` reads it back."""
        hours = ",".join(f"{_clock(low)}-{_clock(high)}" for low, high in self.intervals)
        exception = f" except {self.holidays_of} holidays" if self.holidays_of else ""
        return f"{_day_text(self.weekdays)} {hours}{exception}"

    @property
    def edges(self) -> list[int]:
        """Minutes of the day at which it opens and closes."""
        return [edge for interval in self.intervals for edge in interval]

    def covers(self, moment: pl.Expr) -> pl.Expr:
        """Whether a naive UTC moment lies inside."""
        minute = moment.dt.hour().cast(pl.Int32) * 60 + moment.dt.minute().cast(pl.Int32)
        is_hour = pl.any_horizontal((minute >= low) & (minute < high) for low, high in self.intervals)
        is_inside = moment.dt.weekday().is_in(sorted(self.weekdays)) & is_hour
        if self.holidays_of:
            return is_inside & ~moment.dt.date().is_in(_public_holidays(self.holidays_of))
        return is_inside


@cache
def parse_window(text: str) -> TimeWindow:
    """The window of a canonical text such as 'mon-fri 01:00-04:00,06:00-10:00 except CN holidays'.

    Raises ValueError for any other text; 'always' is no window.
    """
    known = _TEXT.fullmatch(text)
    if known is None:
        raise ValueError(f"no time window: {text!r}; expected such as 'mon-fri 01:00-04:00,06:00-10:00'")
    intervals = []
    for interval in known["hours"].split(","):
        low, high = interval.split("-")
        intervals.append((_minutes(low), _minutes(high)))
    return TimeWindow(frozenset(_weekdays(known["days"])), tuple(intervals), known["country"])


def _weekdays(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(DAYS.index(first) + 1, DAYS.index(last or first) + 2)


def _day_text(weekdays: frozenset[int]) -> str:
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(DAYS[run[0] - 1] + (f"-{DAYS[run[-1] - 1]}" if len(run) > 1 else "") for run in runs)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _public_holidays(country: str) -> list[date]:
    import holidays  # noqa: PLC0415 - hundreds of countries; needed where a price has such a window only

    found = holidays.country_holidays(country, years=range(FIRST_YEAR, LAST_YEAR + 1))
    return sorted(found)
