"""Days of the ledger that are worked on together: so many that fixed costs are small, so few that memory is bounded."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date


def batches_of(days: Iterable[date], rows: Mapping[date, int], most_rows: int) -> Iterator[list[date]]:
    """The days in order, as many together as have `most_rows`; one that has more is alone. `rows`: of each day."""
    batch: list[date] = []
    held = 0
    for day in days:
        count = rows.get(day, 0)
        if batch and held + count > most_rows:
            yield batch
            batch, held = [], 0
        batch.append(day)
        held += count
    if batch:
        yield batch
