"""When two lines of a user's file mean the same time: intervals are half open, and what is left out is unbounded."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.user_csv import share_time

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 8)
SPANS = st.tuples(st.none() | DAYS, st.none() | DAYS).filter(
    lambda ends: ends[0] is None or ends[1] is None or ends[0] < ends[1]
)


@given(SPANS, SPANS)
def test_intervals_share_time_where_some_day_is_in_both(one, other):
    def meant(span):
        return {
            day for day in range(-1, 10) if (span[0] is None or day >= span[0]) and (span[1] is None or day < span[1])
        }

    def dates(span):
        return tuple(None if day is None else FIRST + timedelta(days=day) for day in span)

    assert share_time(dates(one), dates(other)) is bool(meant(one) & meant(other))
