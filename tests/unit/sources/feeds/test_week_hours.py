"""Hours of the week: DeepSeek's off-peak hours as LiteLLM states them, and the same hours counted minute by minute."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.sources.feeds.week_hours import daily_window, outside

CLOCKS = st.integers(0, 23 * 60 + 59)
DAYS = st.lists(st.integers(1, 7), min_size=1, unique=True)
RULES = st.lists(st.tuples(DAYS, CLOCKS, CLOCKS), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("off_peak", "expected"),
    [
        ({"hours_utc": "16:30-00:30"}, "mon-sun 00:30-16:30"),
        ({"hours_utc": ["00:00-09:00", "17:00-00:00"]}, "mon-sun 09:00-17:00"),
        ({"hours_utc": "00:00-00:00", "weekdays": [6, 7]}, "mon-fri 00:00-24:00"),
        (
            {
                "windows": [
                    {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
                    {"hours_utc": "00:00-00:00", "weekdays": [6, 7]},
                ],
                "weekday_timezone": "UTC",
            },
            "mon-fri 01:00-04:00,06:00-10:00",
        ),
    ],
)
def test_the_hours_outside(off_peak, expected):
    assert str(outside(off_peak)) == expected


@pytest.mark.parametrize(
    "off_peak",
    [
        {"hours_utc": "00:00-00:00"},
        {"hours_utc": "00:00-12:00", "weekdays": [1]},
        {"hours_utc": "00:00-12:00", "weekday_timezone": "Asia/Shanghai"},
        {"hours_utc": "00:00-12:00", "weekdays": ["sat"]},
        {"hours_utc": "00:00-12:00", "weekdays": [True]},
        {"hours_utc": "0-12"},
        {"hours_utc": "00:00-25:00"},
        {"hours_utc": [7]},
        {"windows": {"hours_utc": "00:00-12:00"}},
        {"windows": [None]},
    ],
    ids=str,
)
def test_no_one_window(off_peak):
    assert outside(off_peak) is None


@given(RULES)
def test_no_minute_is_both_inside_and_outside(rules):
    def text(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    window = outside({"windows": [{"weekdays": d, "hours_utc": f"{text(a)}-{text(b)}"} for d, a, b in rules]})
    off = {
        (day, minute)
        for days, low, high in rules
        for day in days
        for minute in range(1440)
        if (low <= minute < high if low < high else minute >= low or minute < high)
    }
    peak_days = [{minute for minute in range(1440) if (day, minute) not in off} for day in range(1, 8)]
    kinds = {frozenset(minutes) for minutes in peak_days if minutes}
    if window is None:
        assert len(kinds) != 1
        return
    found = {minute for low, high in window.intervals for minute in range(low, high)}
    assert kinds == {frozenset(found)}
    assert window.weekdays == {day for day in range(1, 8) if peak_days[day - 1]}


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(30, 990, "mon-sun 00:30-16:30"), (990, 30, "mon-sun 00:00-00:30,16:30-24:00"), (0, 0, "mon-sun 00:00-24:00")],
)
def test_hours_of_every_day(low, high, expected):
    assert str(daily_window(low, high)) == expected
