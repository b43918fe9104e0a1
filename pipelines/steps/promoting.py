"""Parse one fetched body, validate its rows, decide what to believe, and fold it into the versions of its book."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.books.book import Book, Reading
from pipelines.books.holding import WITNESS_COLUMNS, in_force_at, judge, key_parts
from pipelines.books.versions import VersionChange, fold
from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Parse, SourceReject
from pipelines.sources.archive import ArchiveError
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import ParseError
from pipelines.steps.staging import BOOKS_BY_TABLE, Staged, checked, contracted, latest_fetch, stage
from pipelines.validation import CheckResult
from pipelines.warehouse import Warehouse, append, read_table, scalar


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


def promote_latest(warehouse: Warehouse, source: Source, at: datetime) -> Promotion:
    """Promote the newest body of a source fetched up to `at`. Writes raw.parse, rejects, holds and versions."""
    with warehouse.write() as connection:
        fetch = latest_fetch(connection, source.key, at)
        if fetch is None:
            return Promotion(source.key, "refused", "nothing was fetched yet")
        is_known = _was_promoted(connection, fetch["fetch_id"])
        is_accepted = _is_accepted(connection, source.key, fetch)
        reading = Reading(source.key, fetch["fetch_id"], fetch["fetched_at"], is_accepted)
        is_dry = is_known and not is_accepted
        promotion = _promote(connection, warehouse.folder, source, fetch, reading, is_dry=is_dry)
        if not is_dry:
            _note(connection, promotion, fetch, at)
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
    failed = [check for check in checks if check.is_blocking]
    if failed:
        promotion.outcome = "refused"
        promotion.reason = "; ".join(
            f"{check.expectation.name}: {check.observed} (expected: {check.expectation.description})"
            for check in failed
        )
    if not is_dry:
        _store_rejects(connection, source, fetch, rejects)
    if failed or is_dry:
        return promotion
    return _believe(connection, book, _readable(book, staged, good), good, reading, promotion)


def _readable(book: Book, staged: Staged, good: pl.DataFrame) -> pl.DataFrame:
    """Believed versions but those whose rows were refused: the source still prints them, we just cannot say what."""
    key = list(book.key)
    refused = staged.rows.join(good, on=key, how="anti", nulls_equal=True)
    return staged.believed.join(refused, on=key, how="anti", nulls_equal=True)


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
        book, believed, good, _open_holds(connection, reading.source), _witnesses(connection, book, reading), reading
    )
    if until is None:
        _store_holds(connection, judgement.holds)
        promotion.held_count = judgement.held_count
    # A page older than one that is in force is history: nothing waits for it, so nothing of it is held.
    observed = judgement.observed if until is None else good
    missing = (
        in_force_at(believed, reading.at).filter("is_listed").join(observed, on=book.key, how="anti", nulls_equal=True)
    )
    is_whole = missing.height > promotion.reject_count - _rejects_before(connection, reading)
    change = fold(book, believed, observed, reading, until, is_whole=is_whole)
    _store_versions(connection, book, change)
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


def _is_accepted(connection: duckdb.DuckDBPyConnection, source: str, fetch: dict[str, Any]) -> bool:
    accepted = read_table(
        connection, "raw.acceptance", "source = $source AND sha256 = $sha256", source=source, sha256=fetch["sha256"]
    )
    return not accepted.is_empty()


def _was_promoted(connection: duckdb.DuckDBPyConnection, fetch_id: str) -> bool:
    query = "SELECT count(*) FROM raw.parse WHERE fetch_id = $id AND outcome = 'promoted'"
    return bool(scalar(connection, query, {"id": fetch_id}))


def _open_holds(connection: duckdb.DuckDBPyConnection, source: str) -> pl.DataFrame:
    return read_table(connection, "core.price_hold", "source = $source AND status = 'open'", source=source)


def _witnesses(connection: duckdb.DuckDBPyConnection, book: Book, reading: Reading) -> pl.DataFrame:
    """What other sources print: their prices in force and those they have on hold. Two holds confirm each other."""
    others = read_table(
        connection, f"core.{book.table}", "source <> $source AND known_to IS NULL AND is_listed", source=reading.source
    )
    if book.table != "token_price":
        return in_force_at(others, reading.at)
    held = read_table(
        connection,
        "core.price_hold",
        "book = 'token_price' AND source <> $source AND status = 'open'",
        source=reading.source,
    )
    columns = ["source", *WITNESS_COLUMNS, "usd_per_unit"]
    printed = held.select("source", *key_parts(book), usd_per_unit="new_amount").with_columns(
        pl.col("context_from").cast(pl.Int64)
    )
    return pl.concat([in_force_at(others, reading.at).select(columns), printed.select(columns)])


def _store_rejects(
    connection: duckdb.DuckDBPyConnection, source: Source, fetch: dict[str, Any], rejects: pl.DataFrame
) -> None:
    connection.execute("DELETE FROM raw.source_reject WHERE fetch_id = $id", {"id": fetch["fetch_id"]})
    rows = rejects.with_columns(fetch_id=pl.lit(fetch["fetch_id"]), source=pl.lit(source.key))
    append(connection, "raw.source_reject", rows.select(polars_schema(SourceReject).keys()))


def _store_holds(connection: duckdb.DuckDBPyConnection, holds: pl.DataFrame) -> None:
    ids = holds["hold_id"].to_list()
    connection.execute("DELETE FROM core.price_hold WHERE hold_id IN (SELECT unnest($ids))", {"ids": ids})
    append(connection, "core.price_hold", holds)


def _store_versions(connection: duckdb.DuckDBPyConnection, book: Book, change: VersionChange) -> None:
    """End what is no longer believed and add what is. `known_to` is the only value that ever changes in a version."""
    if change.closed.height:
        connection.register("closed", change.closed)
        connection.execute(
            f"UPDATE core.{book.table} AS version SET known_to = closed.known_to FROM closed "
            f"WHERE version.{book.id_column} = closed.{book.id_column} "
            "AND version.known_from = closed.known_from AND version.known_to IS NULL"
        )
        connection.unregister("closed")
    append(connection, f"core.{book.table}", change.opened)


def _note(connection: duckdb.DuckDBPyConnection, promotion: Promotion, fetch: dict[str, Any], at: datetime) -> None:
    row = {
        "fetch_id": fetch["fetch_id"],
        "source": promotion.source,
        "fetched_at": fetch["fetched_at"],
        "parsed_at": at,
        "outcome": promotion.outcome,
        "row_count": promotion.row_count,
        "reject_count": promotion.reject_count,
        "held_count": promotion.held_count,
        "change_count": promotion.change_count,
        "reason": promotion.reason,
    }
    connection.execute("DELETE FROM raw.parse WHERE fetch_id = $id", {"id": fetch["fetch_id"]})
    append(connection, "raw.parse", pl.DataFrame([row], schema=polars_schema(Parse)))
