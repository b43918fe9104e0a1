"""Days that are worked on together."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.day_batches import batches_of

FIRST = date(2026, 3, 1)


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 40))
def test_all_days_in_order_and_more_rows_than_the_most_only_of_one_day(counts, most):
    days = [FIRST + timedelta(days=number) for number in range(len(counts))]
    rows = dict(zip(days, counts, strict=True))
    batches = list(batches_of(days, rows, most))
    assert [day for batch in batches for day in batch] == days
    assert all(len(batch) == 1 or sum(rows[day] for day in batch) <= most for batch in batches)
    for batch, after in pairwise(batches):  # none is smaller than it need be
        assert sum(rows[day] for day in batch) + rows[after[0]] > most
