"""Parse one fetched body, validate its rows, decide what to believe, and fold it into the versions of its book."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Parse
from pipelines.schema.validation import CheckResult
from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.evidence import folded, open_holds, readable, reading_of, witnesses
from pipelines.snapshots.quarantine import judge
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE, blocking_reason, checked, contracted, latest_fetch, stage
from pipelines.snapshots.store_body import store_holds, store_rejects, store_versions
from pipelines.sources.archive import ArchiveError
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import ParseError
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, scalar


@dataclass
class Promotion:
    """What became of one body; `reason` says why it was refused."""

    source: str
    outcome: str
    reason: str | None = None
    row_count: int = 0
    reject_count: int = 0
    held_count: int = 0
    change_count: int = 0
    checks: list[CheckResult] = field(default_factory=list)


def promote_latest(warehouse: Warehouse, source: Source, at: datetime, parsed_at: datetime | None = None) -> Promotion:
    """Promote the newest body of a source fetched up to `at`. Writes raw.parse, rejects, holds and versions.

    `parsed_at`: the moment of the decision, where a body of an earlier day is entered; else `at`.
    """
    with warehouse.write() as connection:
        fetch = latest_fetch(connection, source.key, at)
        if fetch is None:
            return Promotion(source.key, "refused", "nothing was fetched yet")
        is_known = _was_promoted(connection, fetch["fetch_id"])
        reading = reading_of(connection, source.key, fetch)
        is_dry = is_known and not reading.is_accepted
        promotion = _promote(connection, warehouse.folder, source, fetch, reading, is_dry=is_dry)
        if not is_dry:
            _note(connection, promotion, fetch, parser_version(source.parse), parsed_at or at)
    return promotion


def accept_latest(warehouse: Warehouse, source: Source, at: datetime) -> Promotion:
    """A person vouches for the newest body of a source: its held prices and refused rows are believed."""
    with warehouse.write() as connection:
        fetch = latest_fetch(connection, source.key, at)
        if fetch is not None:
            row = {"source": source.key, "sha256": fetch["sha256"], "accepted_at": at}
            append(connection, "raw.acceptance", pl.DataFrame([row]))
    return promote_latest(warehouse, source, at)


def _promote(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    source: Source,
    fetch: dict[str, Any],
    reading: Reading,
    *,
    is_dry: bool,
) -> Promotion:
    """Check one body and fold it in; `is_dry` only checks, for a body whose rows are in force already."""
    book = BOOKS_BY_TABLE[source.table]
    try:
        staged = stage(connection, folder, source, fetch)
    except (ParseError, ArchiveError) as error:
        return Promotion(source.key, "refused", str(error))
    checks = checked(source, staged, is_accepted=reading.is_accepted)
    promotion = Promotion(source.key, "promoted", row_count=staged.rows.height, checks=checks)
    good, rejects = contracted(book, staged)
    promotion.reject_count = rejects.height
    promotion.reason = blocking_reason(checks)
    if promotion.reason is not None:
        promotion.outcome = "refused"
    if not is_dry:
        store_rejects(connection, source.key, fetch["fetch_id"], rejects)
    if promotion.reason is not None or is_dry:
        return promotion
    return _believe(connection, book, readable(book, staged, good), good, reading, promotion)


def _believe(
    connection: duckdb.DuckDBPyConnection,
    book: Book,
    believed: pl.DataFrame,
    good: pl.DataFrame,
    reading: Reading,
    promotion: Promotion,
) -> Promotion:
    """Hold what needs a second witness and fold the rest into the versions."""
    until = scalar(
        connection,
        "SELECT min(fetched_at) FROM raw.parse WHERE source = $source AND outcome = 'promoted' AND fetched_at > $at",
        {"source": reading.source, "at": reading.at},
    )
    judgement = judge(
        book, believed, good, open_holds(connection, reading.source), witnesses(connection, book, reading), reading
    )
    if until is None:
        store_holds(connection, judgement.holds)
        promotion.held_count = judgement.held_count
    # A page older than one that is in force is history: nothing waits for it, so nothing of it is held.
    observed = judgement.observed if until is None else good
    new_rejects = promotion.reject_count - _rejects_before(connection, reading)
    change = folded(book, believed, observed, reading, until, new_rejects=new_rejects)
    store_versions(connection, book, change)
    promotion.change_count = change.opened.height
    return promotion


def _rejects_before(connection: duckdb.DuckDBPyConnection, reading: Reading) -> int:
    """Rows refused of the good body before. Where no more rows are missing than were newly refused, none has gone."""
    last = scalar(
        connection,
        "SELECT reject_count FROM raw.parse WHERE source = $source AND outcome = 'promoted' AND fetched_at < $at "
        "ORDER BY fetched_at DESC LIMIT 1",
        {"source": reading.source, "at": reading.at},
    )
    return last or 0


def _was_promoted(connection: duckdb.DuckDBPyConnection, fetch_id: str) -> bool:
    query = "SELECT count(*) FROM raw.parse WHERE fetch_id = $id AND outcome = 'promoted'"
    return bool(scalar(connection, query, {"id": fetch_id}))


def _note(
    connection: duckdb.DuckDBPyConnection, promotion: Promotion, fetch: dict[str, Any], version: str, at: datetime
) -> None:
    row = {
        "fetch_id": fetch["fetch_id"],
        "source": promotion.source,
        "fetched_at": fetch["fetched_at"],
        "parsed_at": at,
        "parser_version": version,
        "outcome": promotion.outcome,
        "row_count": promotion.row_count,
        "reject_count": promotion.reject_count,
        "held_count": promotion.held_count,
        "change_count": promotion.change_count,
        "reason": promotion.reason,
    }
    connection.execute("DELETE FROM raw.parse WHERE fetch_id = $id", {"id": fetch["fetch_id"]})
    append(connection, "raw.parse", pl.DataFrame([row], schema=polars_schema(Parse)))
