"""What a day adds, by month, and whether that stays the same. Pure: measuring is done in `measure`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from statistics import median

FLAT_RATIO = 1.25
"""More than this from the reference month to the last one, and a day is not what it was."""
MIN_BYTES = 8_192
"""Per day; below that, a page of a database file more or less decides."""


@dataclass(frozen=True)
class Day:
    """One simulated day: CPU seconds of its run; `disk` in bytes by folder or file, `rows` by table, at its end."""

    day: date
    seconds: float
    disk: dict[str, int]
    rows: dict[str, int]


@dataclass(frozen=True)
class Month:
    """What a median day of a month takes, in CPU seconds, and what a mean one adds, in bytes and rows."""

    month: str
    days: int
    seconds: float
    disk: dict[str, float]
    rows: dict[str, float]

    @property
    def bytes_per_day(self) -> float:
        """On the whole disk."""
        return sum(self.disk.values())

    @property
    def rows_per_day(self) -> float:
        """In all tables."""
        return sum(self.rows.values())


def by_month(days: Sequence[Day]) -> list[Month]:
    """Months of consecutive days, the first of which only says where things stood at its end."""
    found, before = [], days[0]
    for month, group in groupby(days[1:], key=lambda day: day.day.strftime("%Y-%m")):
        of_month = list(group)
        last, count = of_month[-1], len(of_month)
        found.append(
            Month(
                month,
                count,
                median(day.seconds for day in of_month),
                {name: (last.disk[name] - before.disk.get(name, 0)) / count for name in last.disk},
                {name: (last.rows[name] - before.rows.get(name, 0)) / count for name in last.rows},
            )
        )
        before = last
    return found


def not_flat(months: Sequence[Month]) -> list[str]:
    """What a day of the last month takes or adds more than one of the reference month, in words.

    The reference is the fourth month, or the middle one of fewer: until then prices move on the recorded pages, and
    tables that look 120 days back are still filling.
    """
    if len(months) < 2:
        return []
    first, last = months[min(3, (len(months) - 1) // 2)], months[-1]
    found = []
    if last.seconds > FLAT_RATIO * first.seconds:
        found.append(f"CPU seconds of a run: {first.seconds:.2f} in {first.month}, {last.seconds:.2f} in {last.month}")
    for name, added in last.disk.items():
        if added > max(FLAT_RATIO * first.disk.get(name, 0), MIN_BYTES):
            found.append(f"bytes per day in {name}: {first.disk.get(name, 0):,.0f}, then {added:,.0f}")
    for name, added in last.rows.items():
        if added > FLAT_RATIO * first.rows.get(name, 0) + 1:
            found.append(f"rows per day in {name}: {first.rows.get(name, 0):.1f}, then {added:.1f}")
    return found
