"""Days to build -> spans of runs."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.defs.partitions import (
    DAYS_TAG,
    LARGEST_GAP,
    RANGE_END_TAG,
    RANGE_START_TAG,
    day_tags,
    days_between,
    month_tags,
    spans,
)

DAY = date(2026, 7, 1)


def test_neighbours_share_a_span_and_far_days_do_not() -> None:
    days = [DAY + timedelta(days=offset) for offset in (0, 1, 8, 400, 401)]
    assert spans(days) == [days[:3], days[3:]]


def test_a_run_is_tagged_with_its_first_and_last_day() -> None:
    assert day_tags([DAY, DAY + timedelta(days=3)]) == {RANGE_START_TAG: "2026-07-01", RANGE_END_TAG: "2026-07-04"}


def test_a_run_on_months_is_tagged_with_both() -> None:
    assert month_tags([date(2026, 9, 29), date(2026, 7, 15)]) == {
        RANGE_START_TAG: "2026-07-01",
        RANGE_END_TAG: "2026-09-01",
        DAYS_TAG: "2026-07-15..2026-07-15,2026-09-29..2026-09-29",
    }


def test_days_between_hold_both_ends_and_may_be_none() -> None:
    assert days_between(date(2024, 2, 28), date(2024, 3, 1)) == [date(2024, 2, day) for day in (28, 29)] + [
        date(2024, 3, 1)
    ]
    assert days_between(DAY, DAY - timedelta(days=1)) == []


@given(st.sets(st.dates(date(2020, 1, 1), date(2027, 1, 1)), min_size=1))
def test_every_day_is_in_one_span_and_spans_keep_their_distance(days: set[date]) -> None:
    found = spans(list(days))
    assert [day for span in found for day in span] == sorted(days)
    assert all((after[0] - before[-1]).days > LARGEST_GAP for before, after in pairwise(found))
