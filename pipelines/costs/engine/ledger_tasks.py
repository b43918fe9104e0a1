"""The days of the ledger in tasks: small ones together, a large one alone. What they are for is not said here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.costs.counted_rows import Rule
from pipelines.warehouse import ledger
from pipelines.warehouse.object_store import ObjectStore
from pipelines.warehouse.warehouse_error import WarehouseError

ROWS = 2_000_000
"""Of a task: looking prices up takes as long as aggregating so many rows, and memory follows them."""


@dataclass(frozen=True)
class DayOfLedger:
    """The file of a day, and the rule by which its rows count."""

    file: Path
    rows: int
    rule: Rule


Task = tuple[date, ...]
NAME_PARTS = 3
"""Of a file in the ledger: ledger/usage_date=DAY/HASH.parquet, below the folder and in a store alike."""


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


def read_task(
    task: Task, days: Mapping[date, DayOfLedger], store: str | None, scratch: Path
) -> dict[date, pl.LazyFrame]:
    """The usage of a task that counts, in the columns of `price_usage.price_by_day`.

    `store`: the URL of an object store that has the ledger too; files that are not here are put into `scratch`.
    """
    return {day: days[day].rule(ledger.scan(_file_here(days[day].file, store, scratch))) for day in task}


def _file_here(file: Path, store: str | None, scratch: Path) -> Path:
    """A file of the ledger as this machine can read it."""
    if store is None or file.exists():
        return file
    name = Path(*file.parts[-NAME_PARTS:])
    if not ObjectStore(store).get(name.as_posix(), scratch / name):
        raise WarehouseError(f"neither at {file} nor in {store}")
    return scratch / name
