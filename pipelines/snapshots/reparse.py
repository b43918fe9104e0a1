"""Read a source's archived bodies again after its parser changed, and put right what the old one had misread.

Every body that was promoted is parsed anew and folded into an empty timeline on the road that it took then: in the same
order, under the same row rules, with the same holds. A price that waited for a second witness was not believed until it
had one, and one that was withdrawn never was; a slip of a page that the holds kept out must not come in by the back
door. So rows are judged again, with the acceptances of that time and with what is known today of other sources. Holds
themselves are not touched: an open one is resolved by the next reading.

A body that is missing, or that the new parser refuses, changes nothing: the keys that rest on it stay as they are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.expectations import with_row_counts
from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.corrections import differences, restated
from pipelines.snapshots.evidence import folded, readable, reading_of, witnesses
from pipelines.snapshots.quarantine import HOLD_SCHEMA, judge
from pipelines.snapshots.stage_body import (
    BOOKS_BY_TABLE,
    Staged,
    believed_of,
    blocking_reason,
    checked,
    contracted,
    declared_expectations,
    staged,
)
from pipelines.snapshots.store_body import store_rejects, store_versions
from pipelines.snapshots.versions import Key, VersionChange
from pipelines.sources import archive
from pipelines.sources.archive import ArchiveError
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import ParseError
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import scalar

_PROMOTED = """
SELECT parse.fetch_id, parse.fetched_at, parse.row_count, parse.reject_count, page.sha256, page.archive_path
FROM raw.parse AS parse
JOIN raw.fetch AS page USING (fetch_id)
WHERE parse.source = $source AND parse.outcome = 'promoted'
ORDER BY parse.parsed_at, parse.fetched_at
"""


@dataclass
class Restatement:
    """What reading a source's archive again has changed."""

    source: str
    body_count: int = 0
    """Bodies that were read again."""
    unread: list[tuple[datetime, str]] = field(default_factory=list)
    """Bodies that were not, by when they were fetched, with the reason."""
    corrected_count: int = 0
    """Keys whose past is stated otherwise now."""
    new_count: int = 0
    """Keys that nobody had found before."""
    withdrawn_count: int = 0
    """Keys that no body states after all."""
    kept_count: int = 0
    """Keys that stay as they are because they rest on a body that was not read again, or may have been refused."""
    version_count: int = 0
    """Versions opened or ended."""
    differences: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Before and after, in the columns of `books.restating.differences`."""


@dataclass(frozen=True)
class _Body:
    """One body as the new parser reads it; `noted` is its row of _PROMOTED."""

    noted: dict[str, Any]
    row_count: int
    rejects: pl.DataFrame


@dataclass
class _Rereading:
    """The timelines as they grow from body to body."""

    book: Book
    believed: pl.DataFrame
    holds: pl.DataFrame
    read: list[_Body] = field(default_factory=list)
    unread: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    def before(self, at: datetime) -> _Body | None:
        """The last body read that was fetched before a moment."""
        earlier = [body for body in self.read if body.noted["fetched_at"] < at]
        return max(earlier, key=lambda body: body.noted["fetched_at"], default=None)

    def after(self, at: datetime) -> datetime | None:
        """When the next body was fetched, of those decided on already; a body that has one is history."""
        noted = [body.noted for body in self.read] + [body for body, _ in self.unread]
        return min((body["fetched_at"] for body in noted if body["fetched_at"] > at), default=None)


def reparse(warehouse: Warehouse, source: Source, at: datetime, *, is_asked_for: bool = False) -> Restatement:
    """Restate a source's history if a promoted body of it was read by another parser than today's, or if asked for.

    The restatement is known from `at`. One query where nothing has changed; a second call restates nothing.
    """
    version, book = parser_version(source.parse), BOOKS_BY_TABLE[source.table]
    restatement = Restatement(source.key)
    with warehouse.write() as connection:
        if not (is_asked_for or _is_outdated(connection, source.key, version)):
            return restatement
        bodies = connection.sql(_PROMOTED, params={"source": source.key}).pl().to_dicts()
        empty = pl.DataFrame(schema=polars_schema(book.version))
        again = _Rereading(book, empty, pl.DataFrame(schema=HOLD_SCHEMA))
        for body in bodies:
            _read_again(connection, warehouse.folder, source, body, again)
        restatement.body_count = len(again.read)
        restatement.unread = [(body["fetched_at"], reason) for body, reason in again.unread]
        _restate(connection, source, again, at, restatement)
        connection.execute(
            "UPDATE raw.parse SET parser_version = $version WHERE source = $source AND outcome = 'promoted'",
            {"version": version, "source": source.key},
        )
    return restatement


def _is_outdated(connection: duckdb.DuckDBPyConnection, source: str, version: str) -> bool:
    query = (
        "SELECT count(*) FROM raw.parse WHERE source = $source AND outcome = 'promoted' AND parser_version <> $version"
    )
    return bool(scalar(connection, query, {"source": source, "version": version}))


def _read_again(
    connection: duckdb.DuckDBPyConnection, folder: Path, source: Source, body: dict[str, Any], again: _Rereading
) -> None:
    """Parse, judge and fold one body. The same body again says something new only to prices on hold."""
    last, is_newest = again.before(body["fetched_at"]), again.after(body["fetched_at"]) is None
    if last is not None and last.noted["sha256"] == body["sha256"] and is_newest and again.holds.is_empty():
        again.read.append(_Body(body, last.row_count, last.rejects))
        return
    reading = reading_of(connection, source.key, body)
    # Held against what was found in this very body before: a parser fails by finding less.
    suite = with_row_counts(declared_expectations(source), 1, body["row_count"])
    try:
        parsed = source.parse(archive.read(folder, body["archive_path"]))
    except (ParseError, ArchiveError) as error:
        again.unread.append((body, str(error)))
        return
    found = staged(source, parsed, again.believed, reading.at, suite)
    reason = blocking_reason(checked(source, found, is_accepted=reading.is_accepted))
    if reason is not None:
        again.unread.append((body, reason))
        return
    _fold_again(connection, found, reading, body, again)


def _fold_again(
    connection: duckdb.DuckDBPyConnection, found: Staged, reading: Reading, body: dict[str, Any], again: _Rereading
) -> None:
    """Judge the rows of one body as they were judged then, and fold them in."""
    book = again.book
    good, rejects = contracted(book, found)
    believed = readable(book, found, good)
    observed, until, last = good, again.after(reading.at), again.before(reading.at)
    if until is None:
        judgement = judge(book, believed, good, again.holds, witnesses(connection, book, reading), reading)
        observed = judgement.observed
        unchanged = again.holds.join(judgement.holds, on="hold_id", how="anti")
        again.holds = pl.concat([unchanged, judgement.holds.filter(status="open")])
    new_rejects = rejects.height - (last.rejects.height if last else 0)
    change = folded(book, believed, observed, reading, until, new_rejects=new_rejects)
    again.believed = _after(book, again.believed, change)
    again.read.append(_Body(body, found.rows.height, rejects))


def _after(book: Book, believed: pl.DataFrame, change: VersionChange) -> pl.DataFrame:
    still = believed.join(change.closed, on=[book.id_column, "known_from"], how="anti")
    return pl.concat([still, change.opened])


def _restate(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    again: _Rereading,
    at: datetime,
    restatement: Restatement,
) -> None:
    """Store what differs from the believed versions, and count it."""
    book, believed = again.book, believed_of(connection, source)
    kept = _resting_on(book, believed, [body for body, _ in again.unread])
    lost = believed.select(book.key).unique().join(again.believed, on=book.key, how="anti", nulls_equal=True)
    # Where no more keys are lost than rows were newly refused, they may be among these.
    new_rejects = max((body.rejects.height - body.noted["reject_count"] for body in again.read), default=0)
    is_whole = lost.is_empty() or lost.height > new_rejects
    found = restated(book, source.key, believed, again.believed, at, kept=kept, is_whole=is_whole)
    store_versions(connection, book, found.change)
    restatement.new_count = sum(not old for old in found.before.values())
    restatement.withdrawn_count = sum(not right for right in found.after.values())
    restatement.corrected_count = len(found.after) - restatement.new_count - restatement.withdrawn_count
    restatement.kept_count = len(kept) if is_whole else len(kept.union(lost.select(book.key).rows()))
    restatement.version_count = found.change.closed.height + found.change.opened.height
    restatement.differences = differences(book, found)
    _note_read(connection, source, again.read, is_whole=is_whole)


def _note_read(connection: duckdb.DuckDBPyConnection, source: Source, read: list[_Body], *, is_whole: bool) -> None:
    """What the new parser found; its rejects only where they have left no key in doubt, lest a second look drops it."""
    for body in read:
        fetch_id = body.noted["fetch_id"]
        values = {"rows": body.row_count, "id": fetch_id}
        connection.execute("UPDATE raw.parse SET row_count = $rows WHERE fetch_id = $id", values)
        if is_whole:
            values = {"rejects": body.rejects.height, "id": fetch_id}
            connection.execute("UPDATE raw.parse SET reject_count = $rejects WHERE fetch_id = $id", values)
            store_rejects(connection, source.key, fetch_id, body.rejects)


def _resting_on(book: Book, believed: pl.DataFrame, bodies: list[dict[str, Any]]) -> frozenset[Key]:
    """Keys with a version that begins at one of these bodies, or that one of them stated."""
    moments, ids = [body["fetched_at"] for body in bodies], [body["fetch_id"] for body in bodies]
    rests = pl.col("valid_from").is_in(moments) | pl.col("fetch_id").is_in(ids)
    return frozenset(believed.filter(rests).select(book.key).rows())
