"""Read a source's archived bodies again after its parser changed, and put right what the old one had misread.

Every body that was promoted takes the road of `fold_body` again, in the same order, from an empty timeline. A price
that waited for a second witness did not count until it had one, and one that was withdrawn never did; a slip of a page
that the quarantine kept out must not come in by the back door. So rows are quarantined again, with the approvals of
that time and with what is known today of other sources. Stored holds are not touched: an open one is resolved by the
next reading.

A body that is missing, or that the new parser refuses, changes nothing: the keys that rest on it stay as they are.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.snapshots.book import Book
from pipelines.snapshots.corrections import corrections, differences
from pipelines.snapshots.current import current
from pipelines.snapshots.fold_body import Folded, enter_body
from pipelines.snapshots.quarantine import HOLD_SCHEMA
from pipelines.snapshots.segments import Key
from pipelines.snapshots.source_state import reading_of, store_rejects, store_versions
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE, SourceState
from pipelines.snapshots.versions import after_change
from pipelines.sources import archive
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import REJECT_SCHEMA
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_current, scalar

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
    """Before and after, in the columns of `corrections.differences`."""


@dataclass(frozen=True)
class _Body:
    """One body as the new parser reads it; `noted` is its row of _PROMOTED."""

    noted: dict[str, Any]
    row_count: int
    rejects: pl.DataFrame
    kept_count: int = 0


@dataclass
class _Rereading:
    """The timelines as they grow from body to body."""

    book: Book
    current: pl.DataFrame
    open_holds: pl.DataFrame
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

    def state_before(self, body: dict[str, Any]) -> SourceState:
        """What stands before a body is read again.

        Its rows are held against what was found in this very body before: a parser fails by finding less.
        """
        at = body["fetched_at"]
        clean = [read for read in self.read if read.noted["fetched_at"] < at and not read.kept_count]
        last = max(clean, key=lambda read: read.noted["fetched_at"], default=None)
        rejects = last.rejects if last else pl.DataFrame(schema=REJECT_SCHEMA)
        return SourceState(self.current, self.open_holds, 1, body["row_count"], rejects, self.after(at))

    def enter(self, folded: Folded) -> None:
        """Go on from what a body has changed."""
        self.current = current(after_change(self.book, self.current, folded.change))
        unchanged = self.open_holds.join(folded.holds, on="hold_id", how="anti")
        self.open_holds = pl.concat([unchanged, folded.holds.filter(status="open")])


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
    """Take one body down the road again. The same body once more says something new only to prices on hold."""
    last, is_newest = again.before(body["fetched_at"]), again.after(body["fetched_at"]) is None
    if last is not None and last.noted["sha256"] == body["sha256"] and is_newest and again.open_holds.is_empty():
        again.read.append(_Body(body, last.row_count, last.rejects, last.kept_count))
        return
    reading, content = reading_of(connection, source.key, body), partial(archive.read, folder, body["archive_path"])
    entered = enter_body(connection, source, content, reading, again.state_before(body))
    if entered.checked is None or entered.folded is None:
        again.unread.append((body, entered.refusal or ""))
        return
    again.enter(entered.folded)
    again.read.append(
        _Body(body, entered.checked.staged.rows.height, entered.checked.rejects, entered.folded.kept_count)
    )


def _restate(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    again: _Rereading,
    at: datetime,
    restatement: Restatement,
) -> None:
    """Store what differs from the current versions, and count it."""
    book = again.book
    present = read_current(connection, f"core.{source.table}", "source = $source", source=source.key)
    kept = _resting_on(book, present, [body for body, _ in again.unread])
    lost = present.select(book.key).unique().join(again.current, on=book.key, how="anti", nulls_equal=True)
    # Where no more keys are lost than rows were newly refused, they may be among these.
    new_rejects = max((body.rejects.height - body.noted["reject_count"] for body in again.read), default=0)
    is_whole = lost.is_empty() or lost.height > new_rejects
    found = corrections(book, source.key, present, again.current, at, kept=kept, is_whole=is_whole)
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


def _resting_on(book: Book, versions: pl.DataFrame, bodies: list[dict[str, Any]]) -> frozenset[Key]:
    """Keys with a version that begins at one of these bodies, or that one of them stated."""
    moments, ids = [body["fetched_at"] for body in bodies], [body["fetch_id"] for body in bodies]
    rests = pl.col("valid_from").is_in(moments) | pl.col("fetch_id").is_in(ids)
    return frozenset(versions.filter(rests).select(book.key).rows())
