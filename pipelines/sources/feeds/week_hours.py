"""Hours of the week as feeds state them -> TimeWindow. What costs more in them is for each feed's parser to say."""

import re
from decimal import Decimal
from itertools import groupby

from pipelines.schema.time_windows import MINUTES_PER_DAY, TimeWindow

WEEK = range(1, 8)

_HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", re.ASCII)

Stretch = tuple[int, int]


def daily_window(low: int, high: int) -> TimeWindow:
    """Every day from minute `low` until before minute `high`; past midnight where `high` is not after `low`."""
    return TimeWindow(frozenset(WEEK), tuple(sorted(_around_midnight(low, high))))


def outside(off_peak: dict[str, object]) -> TimeWindow | None:
    """All hours of the week but those of LiteLLM's `off_peak_pricing`, or None where that is no one TimeWindow.

    Its rules stand under "windows", one more may stand beside it: "hours_utc" is "10:00-00:00" or a list of such
    texts, "weekdays" counts Monday as 1 and is every day where it is left out. Both tests are of the same UTC moment,
    so hours past midnight stay on the rule's own days. Weekdays of another time zone are not read.
    """
    rules = off_peak.get("windows", [])
    if not isinstance(rules, list) or off_peak.get("weekday_timezone", "UTC") != "UTC":
        return None
    is_off = {day: [False] * MINUTES_PER_DAY for day in WEEK}
    for rule in [*rules, *([off_peak] if "hours_utc" in off_peak else [])]:
        read = _rule(rule)
        if read is None:
            return None
        for day in read[0]:
            for low, high in read[1]:
                is_off[day][low:high] = [True] * (high - low)
    by_day = {day: _stretches_of(minutes, False) for day, minutes in is_off.items()}
    days = frozenset(day for day, stretches in by_day.items() if stretches)
    kinds = {by_day[day] for day in days}
    return TimeWindow(days, kinds.pop()) if len(kinds) == 1 else None


def _rule(rule: object) -> tuple[frozenset[int], list[Stretch]] | None:
    if not isinstance(rule, dict):
        return None
    days, hours = rule.get("weekdays", list(WEEK)), rule.get("hours_utc")
    texts = hours if isinstance(hours, list) else [hours]
    if not isinstance(days, list) or not all(_is_day(day) for day in days):
        return None
    stretches: list[Stretch] = []
    for text in texts:
        known = _HOURS.fullmatch(text) if isinstance(text, str) else None
        if known is None:
            return None
        first, first_minute, last, last_minute = map(int, known.groups())
        stretches += _around_midnight(first * 60 + first_minute, last * 60 + last_minute)
    return frozenset(map(int, days)), stretches


def _is_day(day: object) -> bool:
    return isinstance(day, int | Decimal) and not isinstance(day, bool) and day in WEEK


def _around_midnight(low: int, high: int) -> list[Stretch]:
    if low < high:
        return [(low, high)]
    return [stretch for stretch in ((low, MINUTES_PER_DAY), (0, high)) if stretch[0] < stretch[1]]


def _stretches_of(minutes: list[bool], wanted: bool) -> tuple[Stretch, ...]:
    runs = (list(run) for value, run in groupby(range(MINUTES_PER_DAY), lambda at: minutes[at]) if value == wanted)
    return tuple((run[0], run[-1] + 1) for run in runs)
