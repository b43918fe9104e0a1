"""Days and moments as pages and lists print them -> dates, and moments in naive UTC. Nothing is guessed.

Which column holds one belongs to the parsers. A moment without a zone is no moment.
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

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
_ZONES = {"PT": "America/Los_Angeles", "UTC": "UTC", "Beijing Time": "Asia/Shanghai"}
_ZONE = "(?P<zone>" + "|".join(_ZONES) + ")"
_NAMED_DAY = r"(?P<day>[A-Z][a-z]{2,8} [0-9]{1,2}, [0-9]{4})"
_NOTATIONS = (
    _NAMED_DAY + r" at (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}) ?(?P<half>am|pm) " + _ZONE,
    r"(?P<day>[0-9]{4}/[0-9]{2}/[0-9]{2}) (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}) " + _ZONE,
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}) " + _ZONE + " on " + _NAMED_DAY,
)
MOMENT = "|".join(re.sub(r"\?P<[a-z]+>", "?:", notation) for notation in _NOTATIONS)
"""A pattern for any of the notations, without groups, to find one inside a sentence."""


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


def read_moment(text: str) -> tuple[date, datetime]:
    """The printed day, and the moment as naive UTC. Raises ValueError for every other text.

    Three notations are known: "May 15, 2026 at 12:00pm PT", "2026/07/24 15:59 UTC" and "12:00 Beijing Time on September
    14, 2026". The day is that of the printed zone; in UTC it may be the day before or after.
    """
    printed = " ".join(clean_text(text).split())
    for notation in _NOTATIONS:
        if read := re.fullmatch(notation, printed):
            parts = read.groupdict()
            day, _ = read_date(parts["day"].replace("/", "-"))
            if day is None:
                break
            clock = time(_hour(int(parts["hour"]), parts.get("half")), int(parts["minute"]))
            local = datetime.combine(day, clock, ZoneInfo(_ZONES[parts["zone"]]))
            return day, local.astimezone(UTC).replace(tzinfo=None)
    raise ValueError(f"no moment that can be read without guessing: {printed[:80]!r}")


def read_iso_moment(text: object) -> datetime:
    """An ISO 8601 time with its zone, as lists of an API print it. Raises ValueError for everything else."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        in_utc = moment.astimezone(UTC).replace(tzinfo=None) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is None:
        raise ValueError(f"no ISO time with its zone: {str(text)[:40]!r}")
    return in_utc


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


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day: 12am is 0, 12pm is 12."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"no hour of a half day: {hour}")
    return hour % 12 + (12 if half == "pm" else 0)
