"""Days of the ledger that are worked on together: so many that fixed costs are small, so few that memory is bounded."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

ROWS_AT_ONCE = 500_000
"""Below it any number of days goes together: most days of most users have few rows."""


def batches_of(days: Iterable[date], rows: Mapping[date, int], day_count: int) -> Iterator[list[date]]:
    """The days in order, `day_count` and more together. `rows`: those of each day; of one that it lacks none."""
    batch: list[date] = []
    held = 0
    for day in days:
        count = rows.get(day, 0)
        if len(batch) >= day_count and held + count > ROWS_AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(day)
        held += count
    if batch:
        yield batch
