"""Moments as deprecation pages print them: a day, an hour and a zone -> UTC. Days alone are read elsewhere.

Read are the three notations met so far: "May 15, 2026 at 12:00pm PT", "2026/07/24 15:59 UTC" and "12:00 Beijing Time on
September 14, 2026". A moment without a zone is no moment.
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pipelines.sources.lifecycle.printed_dates import read_date
from pipelines.sources.page_tables import clean_text

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


def read_moment(text: str) -> tuple[date, datetime]:
    """The printed day, and the moment as naive UTC. Raises ValueError for every other text.

    The day is that of the printed zone; in UTC it may be the day before or after.
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


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day: 12am is 0, 12pm is 12."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"no hour of a half day: {hour}")
    return hour % 12 + (12 if half == "pm" else 0)
