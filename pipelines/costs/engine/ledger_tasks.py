"""The ledger cut into tasks of like size: some days together, or a part of one. What they are for is not said here."""

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


@dataclass(frozen=True)
class Part:
    """Consecutive rows of the file of a day."""

    day: date
    first: int
    rows: int


Task = tuple[Part, ...]


def tasks_of(days: Mapping[date, DayOfLedger], rows: int = ROWS) -> Sequence[Task]:
    """All rows of some days, in tasks of about `rows` rows. A task holds one part of a day at most."""
    tasks: list[list[Part]] = []
    room = 0
    for day, ledger_day in sorted(days.items()):
        for first in range(0, ledger_day.rows, rows):
            part = Part(day, first, min(rows, ledger_day.rows - first))
            if part.rows > room or first:
                tasks.append([])
                room = rows
            tasks[-1].append(part)
            room -= part.rows
    return [tuple(task) for task in tasks]


def read_task(task: Task, days: Mapping[date, DayOfLedger]) -> dict[date, pl.LazyFrame]:
    """The usage of a task that counts, in the columns of `price_usage.price_by_day`."""
    usage = {}
    for part in task:
        day = days[part.day]
        # Each file is checked once, where it is read: what lies there under its name may be another one.
        rows = ledger.scan(day.file) if part.first == 0 else ledger.scan_checked(day.file)
        is_all = part.rows == day.rows
        usage[part.day] = day.rule(rows if is_all else rows.slice(part.first, part.rows))
    return usage
