"""When the daemon reads: the hour of the daily run, and the sources that are looked at every hour. Settings only.

A mistake is told, and meanwhile the daily run is at the usual hour and no source is read hourly.
"""

import re
from collections.abc import Mapping, Sequence

from pipelines.snapshots.user_inputs import Problem
from pipelines.sources.catalog import SOURCES
from pipelines.sources.source import Source

DAILY_AT = "COSTS_DAILY_AT"
HOURLY_SOURCES = "COSTS_HOURLY_SOURCES"
USUAL = (6, 0)
_CLOCK = re.compile(r"([01]?\d|2[0-3])(?::([0-5]\d))?")
_MAX_SHOWN = 40


def daily_at(environ: Mapping[str, str]) -> tuple[tuple[int, int], Problem | None]:
    """Hour and minute, UTC, of the daily run: "6", "06:30"; the usual ones where it is not set or is no time."""
    text = environ.get(DAILY_AT, "").strip()
    match = _CLOCK.fullmatch(text)
    if match is not None:
        return (int(match[1]), int(match[2] or 0)), None
    if not text:
        return USUAL, None
    said = f"{DAILY_AT} is no time of day: {text[:_MAX_SHOWN]!r}; write an hour in UTC such as 6 or 06:30"
    return USUAL, Problem(DAILY_AT, f"{said}. Until then the daily run is at 06:00 UTC")


def hourly_sources(environ: Mapping[str, str]) -> tuple[list[Source], Problem | None]:
    """The sources to be read every hour, by keys with commas or blanks between; those that there are."""
    wanted = dict.fromkeys(re.split(r"[\s,]+", environ.get(HOURLY_SOURCES, "").strip()))
    by_key: Mapping[str, Source] = {source.key: source for source in SOURCES}
    known = [by_key[key] for key in wanted if key in by_key]
    unknown = [key[:_MAX_SHOWN] for key in wanted if key and key not in by_key]
    if not unknown:
        return known, None
    remedy = "write keys as `costs sources list` prints them"
    said = f"{HOURLY_SOURCES} names no source with {', '.join(map(repr, unknown))}; {remedy}"
    return known, Problem(HOURLY_SOURCES, f"{said}. Until then the others are read")


def schedule_problems(environ: Mapping[str, str]) -> Sequence[Problem]:
    """What is wrong with either setting."""
    return [problem for _, problem in (daily_at(environ), hourly_sources(environ)) if problem]
