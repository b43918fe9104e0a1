"""In which time a band of volume counts: which other days say what a day costs. What they say is `volume_bands`'."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

_MONTHS = {"month": 1, "quarter": 3, "year": 12}

Period = tuple[date, date]


class Span(NamedTuple):
    """Days on which a scale holds (None: unbounded), its kind of volume, and the period that it counts in."""

    volume: str
    per: str
    begin: date | None
    end: date | None

    def period(self, day: date) -> Period | None:
        """From which day up to which, exclusive, it counts together with a day; None where it does not hold."""
        begin, end = self.begin or date.min, self.end or date.max
        if not begin <= day < end:
            return None
        if self.per == "term":
            return begin, end
        months = _MONTHS[self.per]
        first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
        after = (first + timedelta(days=31 * months)).replace(day=1)
        return max(first, begin), min(after, end)


def days_counted_with(spans: Sequence[Span], days: Iterable[date], in_ledger: Iterable[date]) -> list[date]:
    """The days of the ledger on which what some days cost depends: of a graduated scale those before them alone."""
    widest: dict[date, date] = {}
    for day in days:
        for span in spans:
            period = span.period(day)
            if period is not None:
                first, end = period if span.volume == "all_units" else (period[0], day)
                widest[first] = max(end, widest.get(first, end))
    return [day for day in in_ledger if any(first <= day < end for first, end in widest.items())]
