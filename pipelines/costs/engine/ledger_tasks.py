"""The days of the ledger in tasks: small ones together, a large one alone. What they are for is not said here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.costs.counted_rows import Rule
from pipelines.warehouse import ledger

ROWS = 2_000_000
"""Of a task: looking prices up takes as long as aggregating so many rows, and memory follows them."""


@dataclass(frozen=True)
class DayOfLedger:
    """The file of a day, and the rule by which its rows count."""

    file: Path
    rows: int
    rule: Rule


Task = tuple[date, ...]


def tasks_of(days: Mapping[date, DayOfLedger], rows: int = ROWS) -> Sequence[Task]:
    """All days that have rows, neighbours together up to `rows` rows.

    A day is never cut: which of its rows are priced together, and whether any of them is a lower bound, is known of
    the whole day alone.
    """
    tasks: list[list[date]] = []
    room = 0
    for day, ledger_day in sorted(days.items()):
        if not ledger_day.rows:
            continue
        if ledger_day.rows > room:
            tasks.append([])
            room = rows
        tasks[-1].append(day)
        room -= ledger_day.rows
    return [tuple(task) for task in tasks]


def read_task(task: Task, days: Mapping[date, DayOfLedger]) -> dict[date, pl.LazyFrame]:
    """The usage of a task that counts, in the columns of `price_usage.price_by_day`."""
    return {day: days[day].rule(ledger.scan(days[day].file)) for day in task}
