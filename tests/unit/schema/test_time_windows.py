"""Texts of time windows and the moments that they cover."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.schema.time_windows import MINUTES_PER_DAY, TimeWindow, parse_window

DEEPSEEK = "mon-fri 01:00-04:00,06:00-10:00 except CN holidays"


def covers(text, *moments):
    frame = pl.DataFrame({"at": list(moments)}, schema={"at": pl.Datetime("us")})
    return frame.select(parse_window(text).covers(pl.col("at"))).to_series().to_list()


@st.composite
def windows(draw):
    edges = sorted(draw(st.sets(st.integers(0, MINUTES_PER_DAY), min_size=2, max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    days = draw(st.frozensets(st.integers(1, 7), min_size=1))
    return TimeWindow(days, tuple(pairs), draw(st.sampled_from([None, "CN"])))


@given(windows())
def test_a_text_is_read_back_as_the_same_window(window):
    assert parse_window(str(window)) == window


@given(windows(), st.datetimes(datetime(2023, 1, 1), datetime(2027, 12, 31)))
def test_a_moment_is_covered_when_its_day_and_its_minute_are(window, moment):
    moment = moment.replace(microsecond=0)
    minute = moment.hour * 60 + moment.minute
    is_inside = any(low <= minute < high for low, high in window.intervals) and moment.isoweekday() in window.weekdays
    found = covers(str(window), moment) == [True]
    assert found == is_inside or (window.holidays_of is not None and is_inside)


def test_stretches_are_half_open_and_know_weekends():
    friday = datetime(2026, 11, 20)
    hours = [0.99, 1, 3.99, 4, 5, 6, 9.99, 10]
    assert covers(DEEPSEEK, *(friday + timedelta(hours=hour) for hour in hours)) == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip
    assert covers(DEEPSEEK, friday + timedelta(days=1, hours=2)) == [False]


def test_public_holidays_are_outside():
    national_day, day_before = datetime(2026, 10, 1, 2), datetime(2026, 9, 30, 2)
    assert covers(DEEPSEEK, national_day, day_before) == [False, True]
    assert covers(DEEPSEEK.removesuffix(" except CN holidays"), national_day) == [True]


def test_days_are_written_as_runs():
    assert str(TimeWindow(frozenset({1, 2, 3, 6}), ((0, 30), (990, 1440)))) == "mon-wed,sat 00:00-00:30,16:30-24:00"


NO_WINDOWS = (
    *("always", "", "mon 25:00-26:00", "mon 04:00-01:00", "mon 01:00-02:00,01:30-03:00", "mon 01:00-02:00;"),
    "fri-mon 01:00-02:00",
)


@pytest.mark.parametrize("text", NO_WINDOWS)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="time window"):
        parse_window(text)
