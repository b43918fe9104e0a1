"""Dates as deprecation pages print them, with what they promise. Which column holds one belongs to the parsers."""

import re
from datetime import date

from pipelines.sources.page_tables import clean_text

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}
_MONTH = r"(?P<month>[a-z]{3,9})\.?"
_ISO = re.compile(r"(?P<year>[0-9]{4})-(?P<number>[0-9]{2})-(?P<day>[0-9]{2})")
_DAY = re.compile(_MONTH + r" (?P<day>[0-9]{1,2})(?:st|nd|rd|th)?,? (?P<year>[0-9]{4})")
_WHOLE_MONTH = re.compile(_MONTH + r",? (?P<year>[0-9]{4})")
_FLOOR = re.compile(r"(?:not sooner than|no sooner than|no earlier than|at earliest|earliest) (?P<rest>.+)")
_NO_DATE = {"", "-", "--", "---", "\u2013", "\u2014", "n/a"}
_YEARS = range(2015, 2100)


def read_date(text: str) -> tuple[date | None, str]:
    """The day and its precision: day, month (its first day), floor ("Not sooner than ..."), or none without a day.

    Raises ValueError for every other text, also for one that a lenient reader could guess at ("03/04/26", "soon").
    """
    printed = " ".join(clean_text(text).lower().split())
    if printed in _NO_DATE:
        return None, "none"
    if floor := _FLOOR.fullmatch(printed):
        return _read_plain(floor["rest"])[0], "floor"
    return _read_plain(printed)


def _read_plain(printed: str) -> tuple[date, str]:
    if iso := _ISO.fullmatch(printed):
        return _day(iso["year"], int(iso["number"]), iso["day"]), "day"
    if named := _DAY.fullmatch(printed):
        return _day(named["year"], _month(named["month"]), named["day"]), "day"
    if named := _WHOLE_MONTH.fullmatch(printed):
        return _day(named["year"], _month(named["month"]), "1"), "month"
    raise ValueError(f"no date that can be read without guessing: {printed[:80]!r}")


def _month(name: str) -> int:
    if name not in _MONTHS:
        raise ValueError(f"no month: {name!r}")
    return _MONTHS[name]


def _day(year: str, month: int, day: str) -> date:
    if int(year) not in _YEARS:
        raise ValueError(f"year {year} is no year of a model")
    return date(int(year), month, int(day))
