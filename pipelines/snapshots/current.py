"""Which versions count: the current ones, those known at a moment, those in force at a moment.

Valid time and system time are half-open intervals, and this is the one place that says so to frames; SQL says it with
the macro `holds_at`. Which of several sources counts is `resolve_prices`' work.
"""

from datetime import date, datetime, time, timedelta

import polars as pl

LAST_MOMENT = timedelta(hours=24, microseconds=-1)
"""From midnight to the last moment of a day; by what is in force and known then a day is judged."""


def end_of_day(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time()) + LAST_MOMENT


def holds_at(starts_at: str, ends_at: str, moment: datetime | pl.Expr) -> pl.Expr:
    """Whether the interval [starts_at, ends_at) of two columns holds a moment; one without an end holds on."""
    end = pl.col(ends_at)
    return (pl.col(starts_at) <= moment) & (end.is_null() | (moment < end))


def current(versions: pl.DataFrame) -> pl.DataFrame:
    """The versions that are believed now."""
    return versions.filter(pl.col("known_to").is_null())


def known_at(versions: pl.DataFrame, moment: datetime | None) -> pl.DataFrame:
    """The versions that were believed at a moment; None means now."""
    return current(versions) if moment is None else versions.filter(holds_at("known_from", "known_to", moment))


def in_force_at(versions: pl.DataFrame, moment: datetime | pl.Expr) -> pl.DataFrame:
    """The versions whose valid time holds a moment."""
    return versions.filter(holds_at("valid_from", "valid_to", moment))
