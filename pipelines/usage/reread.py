"""Files read again because their importer has changed, or because someone asks: what they stated before is superseded.

Which imports that is and where their files lie is thought out here; storing is `store_batch`'s part. Files are read
again a few at a time, each time in one transaction: until its end all that they stated before is in force.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.schema.usage import UsageRestatement
from pipelines.usage.batches import Batch, printable
from pipelines.usage.contract import USAGE_SCHEMA
from pipelines.usage.file_format import FileFormat, recognised_files
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.identity import GIVEN, given_account
from pipelines.usage.read_files import read_files
from pipelines.usage.rejects import REJECT_SCHEMA
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table

VERSIONS = {importer.name: importer.version for importer in IMPORTERS}
BEFORE_VERSIONS = 1
"""What made imports that state no version."""
CHUNK_BYTES = 256 << 20
"""Files that are read again in one transaction; a larger one alone."""
READ_BYTES = 1 << 20
TOKENS = [name for meter, name in QUANTITY_COLUMNS.items() if meter in TOKEN_METERS]
UsdOf = Callable[[duckdb.DuckDBPyConnection, Path, pl.DataFrame], Mapping[str, Any]]
"""What usage costs at the prices in force now, by import_id; of one that has no price, nothing."""


@dataclass(frozen=True)
class Earlier:
    """An import as core.usage_import has it."""

    import_id: str
    file_name: str
    format: str
    version: int
    size_bytes: int
    row_count: int
    days: tuple[date, ...]

    @property
    def is_stale(self) -> bool:
        """Whether the importer has changed since. One that is no more cannot read it again."""
        return VERSIONS.get(self.format, self.version) != self.version


@dataclass(frozen=True)
class Reread:
    """A file to read again, and the imports that it takes the place of: its own, and those of its beginning.

    All are of one account. What was given for two is read for each.
    """

    path: Path
    supersedes: tuple[Earlier, ...]

    @property
    def account(self) -> str:
        """The account that the content was given for."""
        return given_account(self.supersedes[0].import_id)

    @property
    def format_of_rows(self) -> str | None:
        """The format that rows came of before; None where none did, which was a wrong one perhaps."""
        return next((one.format for one in reversed(self.supersedes) if one.row_count and one.format in VERSIONS), None)


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


def earlier_imports(connection: duckdb.DuckDBPyConnection) -> list[Earlier]:
    """All imports, the oldest first: later statements of bills replace earlier ones."""
    rows = read_table(connection, "core.usage_import").sort("imported_at", maintain_order=True)
    return [
        Earlier(
            row["import_id"],
            row["file_name"],
            row["format"],
            row["importer_version"] or BEFORE_VERSIONS,
            row["size_bytes"],
            row["row_count"],
            tuple(_span(row["first_usage_date"], row["last_usage_date"])),
        )
        for row in rows.iter_rows(named=True)
    ]


def plan(
    wanted: Sequence[Earlier], everything: Sequence[Earlier], seen: pl.DataFrame
) -> tuple[list[Reread], list[Earlier]]:
    """Where the content of wanted imports lies now; and the imports of which no file is left.

    `seen`: core.usage_file. A log that has grown since begins with what was imported of it, so that an import of any
    of its earlier states is superseded by the file as it is now.
    """
    known = {one.import_id: one for one in everything}
    by_name: dict[str, list[Earlier]] = {}
    for one in wanted:
        by_name.setdefault(one.file_name, []).append(one)
    left = {one.import_id: one for one in wanted}
    found: list[Reread] = []
    for path_text, size, modified, import_id in _by_age(seen, everything).iter_rows():
        path, own = Path(path_text), left.get(import_id)
        if import_id not in known or not path.is_file():
            continue
        # A copy under another name is the same content.
        named = [one for one in by_name.get(printable(path), ()) if one.import_id in left and one is not own]
        states = [*named, *([own] if own else [])]
        if not states:
            continue
        digests = beginnings(path, {one.size_bytes for one in states})
        status = path.stat()
        is_unchanged = (status.st_size, status.st_mtime_ns) == (size, modified)
        content = content_of(import_id)
        contents = {one.import_id: content_of(one.import_id) for one in states}
        inside = [
            one for one in states if (text := contents[one.import_id]) in digests or (is_unchanged and text == content)
        ]
        by_account: dict[str, list[Earlier]] = {}
        for one in inside:
            by_account.setdefault(given_account(one.import_id), []).append(one)
            del left[one.import_id]
        found += (Reread(path, tuple(ones)) for ones in by_account.values())
    return found, list(left.values())


def beginnings(path: Path, sizes: Iterable[int]) -> set[str]:
    """The hashes of the first bytes of a file, of so many each; of none that it does not have."""
    digest, done, found = hashlib.sha256(), 0, set()
    with path.open("rb") as stream:
        for size in sorted(sizes):
            while done < size and (block := stream.read(min(READ_BYTES, size - done))):
                digest.update(block)
                done += len(block)
            if done == size:
                found.add(digest.hexdigest())
    return found


def content_of(import_id: str) -> str:
    """The hash of the content in an import_id."""
    return import_id.partition(GIVEN)[0]


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
                span = tuple(_span(count.first_usage_date, count.last_usage_date))
                stated = (count.import_id, count.name, count.format, VERSIONS[count.format], count.size_bytes)
                new[count.path] = Earlier(*stated, count.row_count, span)
        days |= {day for one in new.values() for day in one.days}
        after = _sums(connection, warehouse, [one.import_id for one in new.values()], days, usd_of)
        restated = _restated(rereads, new, before, after, as_of)
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


def _restated(
    rereads: Sequence[Reread],
    new: Mapping[Path, Earlier],
    before: Mapping[str, tuple[int, int, Any]],
    after: Mapping[str, tuple[int, int, Any]],
    as_of: datetime,
) -> pl.DataFrame:
    """UsageRestatement of the files of which something has changed."""
    rows = []
    for reread in rereads:
        now = new[reread.path]
        was = _total(before, [one.import_id for one in reread.supersedes])
        is_now = _total(after, [now.import_id])
        if was == is_now:
            continue
        rows.append(
            {
                "import_id": now.import_id,
                "restated_at": as_of,
                "file_name": now.file_name,
                "format": now.format,
                "version_before": max(one.version for one in reread.supersedes),
                "version_after": now.version,
                **dict(zip(("rows_before", "tokens_before", "usd_before"), was, strict=True)),
                **dict(zip(("rows_after", "tokens_after", "usd_after"), is_now, strict=True)),
            }
        )
    return pl.DataFrame(rows, schema=polars_schema(UsageRestatement))


def _total(sums: Mapping[str, tuple[int, int, Any]], import_ids: Sequence[str]) -> tuple[int, int, Any]:
    found = [sums[import_id] for import_id in import_ids if import_id in sums]
    usd = [amount for _, _, amount in found if amount is not None]
    return sum(count for count, _, _ in found), sum(tokens for _, tokens, _ in found), sum(usd) if usd else None


def _formats(chunk: Sequence[Reread]) -> tuple[dict[Path, FileFormat], dict[Path, str]]:
    """How each file is read: as before where rows came of it, which a user may have chosen; else by its content."""
    formats: dict[Path, FileFormat] = {}
    for name in {one.format_of_rows for one in chunk} - {None}:
        formats |= recognised_files([one.path for one in chunk if one.format_of_rows == name], name)[0]
    others, refused = recognised_files([one.path for one in chunk if one.path not in formats])
    return formats | others, refused


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


def _by_age(seen: pl.DataFrame, everything: Sequence[Earlier]) -> pl.DataFrame:
    """core.usage_file in the order of the imports."""
    order = pl.DataFrame({"import_id": [one.import_id for one in everything]}, schema={"import_id": pl.String})
    ordered = order.with_row_index("age").join(seen, on="import_id").sort("age", "path")
    return ordered.select("path", "size_bytes", "modified_ns", "import_id")


def _span(first: date | None, last: date | None) -> Iterator[date]:
    while first is not None and last is not None and first <= last:
        yield first
        first += timedelta(days=1)
