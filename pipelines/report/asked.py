"""What a page is asked for: a period, the one that it is held against, and whose spend. No table is read here."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

CHART_DAYS = 365
"""Spend over time reaches at least this far back."""
MAX_DAYS_BY_DAY = 100
MAX_DAYS_BY_WEEK = 400
"""Longer spans are drawn by week, then by month: a page of three years is as light as one of a quarter."""


@dataclass(frozen=True)
class Asked:
    """A period, both ends included, of all spend or of that of one owner ('' is all)."""

    first: date
    last: date
    owner: str = ""

    @property
    def before(self) -> tuple[date, date]:
        """The period that it is held against: the same days of the month before, else as many days just before."""
        if self.first.day == 1 and self.last <= self.first + relativedelta(months=1, days=-1):
            first = self.first - relativedelta(months=1)
            is_whole = self.last == self.first + relativedelta(months=1, days=-1)
            same_day = self.last - relativedelta(months=1)
            return first, self.first - timedelta(days=1) if is_whole else same_day
        days = (self.last - self.first).days + 1
        return self.first - timedelta(days=days), self.first - timedelta(days=1)

    def parameters(self, first_usage: date | None) -> dict[str, str]:
        """Values of the parameters that the statements of sql/report name. `first_usage`: the first day with spend."""
        earliest = min(self.first, self.last - timedelta(days=CHART_DAYS - 1))
        chart_first = max(earliest, first_usage) if first_usage else earliest
        before_first, before_last = self.before
        days = {
            "first": self.first,
            "last": self.last,
            "before_first": before_first,
            "before_last": before_last,
            "chart_first": chart_first,
        }
        bucket = _bucket((self.last - chart_first).days + 1)
        return {name: day.isoformat() for name, day in days.items()} | {"owner": self.owner, "bucket": bucket}


def month_to_date(last: date) -> Asked:
    """What is asked where nothing is said: the month of a day, up to it."""
    return Asked(last.replace(day=1), last)


def _bucket(days: int) -> str:
    if days <= MAX_DAYS_BY_DAY:
        return "day"
    return "week" if days <= MAX_DAYS_BY_WEEK else "month"
