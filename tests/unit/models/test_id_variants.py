"""Time that other intervals leave free; the rules of names are tested through `candidates`."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.id_variants import END, START, outside

DAY = timedelta(days=1)
NEW_YEAR = datetime(2026, 1, 1)
SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=6)


def test_nothing_taken_leaves_all_of_time_and_all_taken_leaves_nothing():
    assert outside([]) == [(START, END)]
    assert outside([(START, END)]) == []


def test_a_taken_year_leaves_what_is_before_and_after():
    next_year = datetime(2027, 1, 1)
    assert outside([(NEW_YEAR, next_year)]) == [(START, NEW_YEAR), (next_year, END)]


@given(SPANS, st.integers(-1, 80))
def test_a_moment_is_free_exactly_if_no_interval_holds_it(spans, offset):
    taken = [(NEW_YEAR + start * DAY, NEW_YEAR + (start + length) * DAY) for start, length in spans]
    moment = NEW_YEAR + offset * DAY
    is_taken = any(start <= moment < end for start, end in taken)
    assert [start <= moment < end for start, end in outside(taken)].count(True) == (0 if is_taken else 1)
