"""Months of days by hand: what a day adds, and what is not flat."""

from datetime import date, timedelta

import pytest

from tools.simulated_year.growth import Day, by_month, not_flat

FIRST = date(2026, 1, 31)


def days(count, seconds=lambda n: 2.0, size=lambda n: 100_000 * n, rows=lambda n: 7 * n):
    return [
        Day(FIRST + timedelta(days=n), seconds(n), {"build.duckdb": size(n)}, {"raw.fetch": rows(n)})
        for n in range(count)
    ]


def test_a_month_says_what_a_day_adds_the_first_day_left_out():
    february, march = by_month(days(29 + 31))
    assert (february.month, february.days, march.month, march.days) == ("2026-02", 28, "2026-03", 31)
    assert (february.seconds, february.bytes_per_day, february.rows_per_day) == (2.0, 100_000, 7)
    assert (march.seconds, march.bytes_per_day, march.rows_per_day) == (2.0, 100_000, 7)


def test_the_same_every_day_is_flat():
    assert not_flat(by_month(days(300))) == []


@pytest.mark.parametrize(
    ("grown", "word"),
    [
        ({"seconds": lambda n: 2 + n / 100}, "CPU seconds of a run"),
        ({"size": lambda n: 1_000 * n * n}, "bytes per day in build.duckdb"),
        ({"rows": lambda n: n * n}, "rows per day in raw.fetch"),
    ],
)
def test_what_takes_or_adds_more_each_day_is_named(grown, word):
    (said,) = not_flat(by_month(days(300, **grown)))
    assert said.startswith(word)


def test_one_month_has_nothing_to_be_held_against():
    assert not_flat(by_month(days(10))) == []
