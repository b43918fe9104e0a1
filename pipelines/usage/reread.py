"""Files read again because their importer has changed, or because someone asks: what they stated before is superseded.

Which imports that is and where their files lie is `earlier_imports`' part, storing `store_batch`'s. Files are read
again a few at a time, each time in one transaction: until its end all that they stated before is in force.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.schema.usage import UsageRestatement
from pipelines.usage.batches import Batch
from pipelines.usage.contract import USAGE_SCHEMA
from pipelines.usage.earlier_imports import VERSIONS, Earlier, Reread, days_between
from pipelines.usage.file_format import FileFormat, recognised_files
from pipelines.usage.read_files import read_files
from pipelines.usage.rejects import REJECT_SCHEMA
from pipelines.usage.restatements import restatements
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table

TOKENS = [name for meter, name in QUANTITY_COLUMNS.items() if meter in TOKEN_METERS]
UsdOf = Callable[[duckdb.DuckDBPyConnection, Path, pl.DataFrame], Mapping[str, Any]]
"""What usage costs at the prices in force now, by import_id; of one that has no price, nothing."""
CHUNK_BYTES = 256 << 20
"""Files that are read again in one transaction; a larger one alone."""


@dataclass(frozen=True)
class Store:
    """How a batch is stored, and imports are forgotten: functions of `store_batch`."""

    batch: Callable[
        [duckdb.DuckDBPyConnection, Warehouse, Batch, datetime, ledger.Superseded | None], Mapping[Path, Any]
    ]
    forget: Callable[[duckdb.DuckDBPyConnection, set[str]], None]
    protect: Callable[[pl.DataFrame], pl.DataFrame] = lambda rows: rows
    """What of people may be stored."""


class _UnreadableError(Exception):
    """Files that cannot be read to their end now; what they stated before stays."""

    def __init__(self, reasons: Mapping[Path, str]) -> None:
        super().__init__("; ".join(reasons.values()))
        self.reasons = dict(reasons)


def read_again(
    warehouse: Warehouse,
    rereads: Sequence[Reread],
    as_of: datetime,
    store: Store,
    usd_of: UsdOf | None = None,
    on_file: Callable[[Path], None] = lambda path: None,
) -> tuple[list[Any], dict[Path, str], pl.DataFrame]:
    """Read files again. Returns what became of each, once for each account, why others could not be read, and
    UsageRestatement of all.

    A file that cannot be read now keeps what it stated before. Killed at any moment, it begins again where it was.
    """
    outcomes: list[Any] = []
    refused: dict[Path, str] = {}
    told = [pl.DataFrame(schema=polars_schema(UsageRestatement))]
    for chunk in _chunks(rereads):
        formats, unknown = _formats(chunk)
        refused |= unknown
        while formats:
            ready = [one for one in chunk if one.path in formats]
            try:
                stored, restated = _in_one_transaction(warehouse, ready, formats, as_of, store, usd_of, on_file)
            except _UnreadableError as error:
                refused |= error.reasons
                formats = {path: form for path, form in formats.items() if path not in error.reasons}
            else:
                outcomes += stored.values()
                told.append(restated)
                break
    return outcomes, refused, pl.concat(told)


def _in_one_transaction(
    warehouse: Warehouse,
    rereads: Sequence[Reread],
    formats: dict[Path, FileFormat],
    as_of: datetime,
    store: Store,
    usd_of: UsdOf | None,
    on_file: Callable[[Path], None],
) -> tuple[dict[Path, Any], pl.DataFrame]:
    old = [one for reread in rereads for one in reread.supersedes]
    ids = [one.import_id for one in old]
    days = {day for one in old for day in one.days}
    outcomes: dict[Path, Any] = {}
    new: dict[Path, Earlier] = {}
    with warehouse.write() as connection:
        before = _sums(connection, warehouse, ids, days, usd_of)
        store.forget(connection, set(ids))
        connection.execute("DELETE FROM core.reported_cost WHERE import_id IN (SELECT unnest($ids))", {"ids": ids})
        superseded: ledger.Superseded | None = ledger.Superseded(ids, sorted(days))
        accounts = {reread.path: reread.account for reread in rereads}
        read = read_files(formats, lambda import_id: False, as_of, on_file, accounts)
        for batch in chain(read, [_nothing()]):
            reasons = {count.path: count.reason for count in batch.complete if count.reason and not count.is_known}
            if reasons:
                raise _UnreadableError(reasons)
            is_usage = batch.table == "usage"
            kept = replace(batch, rows=store.protect(batch.rows))
            newer = kept if is_usage else replace(kept, rows=_not_restated(connection, kept))
            outcomes |= store.batch(connection, warehouse, newer, as_of, superseded if is_usage else None)
            superseded = None if is_usage else superseded
            for count in batch.complete:
                span = tuple(days_between(count.first_usage_date, count.last_usage_date))
                stated = (count.import_id, count.name, count.format, VERSIONS[count.format], count.size_bytes)
                new[count.path] = Earlier(*stated, count.row_count, span)
        days |= {day for one in new.values() for day in one.days}
        after = _sums(connection, warehouse, [one.import_id for one in new.values()], days, usd_of)
        restated = restatements(rereads, new, before, after, as_of)
        append(connection, "core.usage_restatement", store.protect(restated))
    return outcomes, restated


def _nothing() -> Batch:
    """So that what is superseded goes though nothing takes its place."""
    return Batch("usage", pl.DataFrame(schema=USAGE_SCHEMA), pl.DataFrame(schema=REJECT_SCHEMA), {}, [])


def _not_restated(connection: duckdb.DuckDBPyConnection, batch: Batch) -> pl.DataFrame:
    """Lines of bills without those that a later bill has replaced."""
    ids = batch.rows["cost_id"].to_list()
    known = read_table(connection, "core.reported_cost", "cost_id IN (SELECT unnest($ids))", ids=ids)
    later = known.filter(~pl.col("import_id").is_in(list(batch.counts)))
    return batch.rows.join(later, on="cost_id", how="anti", maintain_order="left")


def _sums(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    import_ids: Sequence[str],
    days: Iterable[date],
    usd_of: UsdOf | None,
) -> dict[str, tuple[int, int, Any]]:
    """Rows, tokens and USD that the ledger counts of each import."""
    files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=sorted(days))
    rows = ledger.read(warehouse.folder, files).filter(pl.col("import_id").is_in(list(import_ids)))
    usd = usd_of(connection, warehouse.folder, rows) if usd_of and rows.height else {}
    tokens = pl.sum_horizontal(pl.col(name).fill_null(0) for name in TOKENS)
    sums = rows.group_by("import_id").agg(pl.len(), tokens.sum().alias("tokens"))
    return {import_id: (count, total, usd.get(import_id)) for import_id, count, total in sums.iter_rows()}


def _formats(chunk: Sequence[Reread]) -> tuple[dict[Path, FileFormat], dict[Path, str]]:
    """How each file is read: as before where rows came of it, which a user may have chosen; else by its content."""
    formats: dict[Path, FileFormat] = {}
    for name in {one.format_of_rows for one in chunk} - {None}:
        formats |= recognised_files([one.path for one in chunk if one.format_of_rows == name], name)[0]
    others, refused = recognised_files([one.path for one in chunk if one.path not in formats])
    return formats | others, {path: outcome.reason or "" for path, outcome in refused.items()}


def _chunks(rereads: Sequence[Reread]) -> Iterator[list[Reread]]:
    chunk: list[Reread] = []
    size = 0
    for one in rereads:
        length = one.path.stat().st_size if one.path.exists() else 0
        if chunk and (size + length > CHUNK_BYTES or one.path in {other.path for other in chunk}):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += length
    if chunk:
        yield chunk
