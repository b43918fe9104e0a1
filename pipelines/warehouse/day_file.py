"""One day's file of the ledger, written from stored rows and new ones a piece at a time. Which rows, others say.

The bytes follow from the rows alone, in whatever pieces they come, as the name of a file is the hash of its content.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from uuid import uuid4

import polars as pl
from polars.io.plugins import register_io_source

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.offers import OFFER
from pipelines.warehouse.atomic_file import TEMPORARY, sync
from pipelines.warehouse.ledger_catalog import LEDGER
from pipelines.warehouse.stored_rows import CHUNK_ROWS, NO_ROWS, USAGE_SCHEMA, Chunk, joined

EMPTY_COLUMNS = "empty_columns"
"""Key of the file's own metadata: names of the columns that are NULL throughout."""
ROW_GROUP = 250_000
"""Rows: most days are one group, which is added up faster and kept smaller than two."""
ORDER = ("usage_at", "usage_id")
"""Of the rows of a file."""
CODED = (
    "offer",
    *OFFER,
    "grain",
    "format",
    "grouping",
    "account_id",
    "project_id",
    "api_key_id",
    "user_id",
    "feature",
    "import_id",
)
"""Columns of few different texts: stored as codes, which are grouped much faster than texts."""
CODED_SCHEMA = {name: pl.Categorical() if name in CODED else kind for name, kind in USAGE_SCHEMA.items()}


@dataclass(frozen=True)
class DayRows:
    """What the file of a day is to hold: stored rows, but for some, and new ones."""

    day: date
    chunks: Sequence[Chunk]
    dropped: pl.Series
    """Numbers of stored rows that go."""
    new: pl.DataFrame
    """`position` and ORDER of the new rows."""
    take: Callable[[pl.Series], pl.DataFrame]
    """The new rows at some positions."""


def of_frame(day: date, rows: pl.DataFrame) -> DayRows:
    """A day that is to hold these rows, and none of before."""
    new = rows.select(ORDER).with_row_index("position")
    return DayRows(day, (), pl.Series([], dtype=pl.UInt32), new, rows.__getitem__)


def write_day(folder: Path, rows: DayRows) -> dict[str, object]:
    """Write one day's file, sorted; its name is the hash of its content. Returns its row of core.ledger_file."""
    parent = Path(LEDGER) / f"usage_date={rows.day}"
    (folder / parent).mkdir(parents=True, exist_ok=True)
    temporary = folder / parent / f".{os.getpid()}.{uuid4().hex[:8]}{TEMPORARY}"
    try:
        count = _write(temporary, rows)
        with temporary.open("rb") as stream:
            path = parent / f"{hashlib.file_digest(stream, 'sha256').hexdigest()}.parquet"
        sync(temporary)
        temporary.replace(folder / path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(folder / parent)
    return {"usage_date": rows.day, "path": path.as_posix(), "row_count": count}


def _write(file: Path, rows: DayRows) -> int:
    """Write rows a group at a time. Returns their number."""
    empty = set(USAGE_SCHEMA)
    count = 0
    groups = _row_groups(_merged(rows))
    first = next(groups)

    def coded_groups(*_: object) -> Iterator[pl.DataFrame]:
        nonlocal count
        for group in chain([first], groups):
            count += group.height
            own = group.with_columns(pl.col("account_id").replace(DEFAULT_ACCOUNT, None))
            empty.intersection_update(column.name for column in own if column.null_count() == own.height)
            yield _coded(own)

    # The columns that say nothing are known at the end, which is when a file's own metadata is written.
    def metadata(_: object) -> dict[str, str]:
        return {EMPTY_COLUMNS: " ".join(name for name in USAGE_SCHEMA if name in empty) if count else ""}

    # Most days are one group, and a plain frame is written faster than a stream.
    is_small = first.height < ROW_GROUP
    source = (
        next(coded_groups()).lazy() if is_small else register_io_source(coded_groups, schema=_coded(NO_ROWS).schema)
    )
    source.sink_parquet(file, row_group_size=ROW_GROUP, metadata=metadata)
    return count


def _coded(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col(CODED).cast(pl.Categorical))


def _row_groups(pieces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in groups of ROW_GROUP, the last one smaller; one without rows where there are none."""
    held = NO_ROWS
    is_begun = False
    for piece in pieces:
        held = joined([held, piece])
        while held.height >= ROW_GROUP:
            yield held.head(ROW_GROUP)
            held, is_begun = held.slice(ROW_GROUP), True
    if held.height or not is_begun:
        yield held


def _merged(rows: DayRows) -> Iterator[pl.DataFrame]:
    """Stored and new rows in ORDER, in pieces of some CHUNK_ROWS of either. Stored ones are in ORDER in their file."""
    new = rows.new.sort(ORDER)
    heads = [chunk.head(ORDER) for chunk in rows.chunks[1:]]
    steps = [new.select(ORDER).row(place) for place in range(CHUNK_ROWS, new.height, CHUNK_ROWS)]
    waiting = deque(zip([None, *heads], rows.chunks, strict=False))
    stored = NO_ROWS
    for cut in [*sorted({*heads, *steps}), None]:
        while waiting and (cut is None or waiting[0][0] is None or waiting[0][0] < cut):
            stored = joined([stored, _without(waiting.popleft()[1], rows.dropped)])
        due, stored = _parted(stored, cut)
        due_new, new = _parted(new, cut)
        yield joined([due, rows.take(due_new["position"])]).sort(ORDER)


def _without(chunk: Chunk, dropped: pl.Series) -> pl.DataFrame:
    inside = chunk.numbers_in(dropped)
    rows = chunk.read()
    return rows.filter(~pl.int_range(pl.len()).is_in(inside.implode())) if inside.len() else rows


def _parted(rows: pl.DataFrame, cut: tuple[datetime, str] | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sorted rows before a place in ORDER, and those from it on."""
    if cut is None:
        return rows, rows.clear()
    at, usage_id = cut
    is_before = (pl.col("usage_at") < at) | ((pl.col("usage_at") == at) & (pl.col("usage_id") < usage_id))
    count = rows.select(is_before.sum()).item()
    return rows.head(count), rows.slice(count)
