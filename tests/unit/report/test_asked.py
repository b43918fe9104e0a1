"""The period that a page is of, and the one that it is held against."""

from datetime import date

import pytest

from pipelines.report.asked import Asked, month_to_date


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        (date(2026, 10, 1), date(2026, 10, 9), (date(2026, 9, 1), date(2026, 9, 9))),
        (date(2026, 10, 1), date(2026, 10, 31), (date(2026, 9, 1), date(2026, 9, 30))),
        (date(2026, 2, 1), date(2026, 2, 28), (date(2026, 1, 1), date(2026, 1, 31))),
        (date(2026, 3, 1), date(2026, 3, 30), (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2026, 10, 5), date(2026, 10, 9), (date(2026, 9, 30), date(2026, 10, 4))),
        (date(2025, 11, 1), date(2026, 10, 31), (date(2024, 11, 1), date(2025, 10, 31))),
    ],
)
def test_a_period_is_held_against_the_one_before(first, last, before):
    assert Asked(first, last).before == before


def test_where_nothing_is_asked_the_month_to_date_is():
    assert month_to_date(date(2026, 10, 9)) == Asked(date(2026, 10, 1), date(2026, 10, 9))


@pytest.mark.parametrize(
    ("first_usage", "bucket"), [(date(2026, 9, 1), "day"), (date(2025, 1, 1), "week"), (None, "week")]
)
def test_long_spans_are_drawn_by_week(first_usage, bucket):
    assert month_to_date(date(2026, 10, 9)).parameters(first_usage)["bucket"] == bucket


def test_three_years_are_drawn_by_month():
    years = Asked(date(2023, 11, 1), date(2026, 10, 31))
    assert years.parameters(date(2020, 1, 1)) | {"owner": ""} == {
        "first": "2023-11-01", "last": "2026-10-31", "before_first": "2020-10-31", "before_last": "2023-10-31",
        "chart_first": "2023-11-01", "owner": "", "bucket": "month",
    }  # fmt: skip
