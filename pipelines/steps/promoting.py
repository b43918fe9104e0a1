"""Parse one fetched body, validate its rows, decide what to believe, and fold it into the versions of its book."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.books.book import BOOKS, Book, Reading
from pipelines.books.holding import HOLD_SCHEMA, in_force_at, judge, movements
from pipelines.books.versions import VersionChange, fold
from pipelines.schema.columns import polars_schema
from pipelines.schema.expectations import MOVEMENT_COLUMN, Expectation, expectations, with_row_counts
from pipelines.schema.raw import Parse, SourceReject
from pipelines.sources import archive
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import REJECT_SCHEMA, ParseError
from pipelines.validation import CheckResult, validate
from pipelines.warehouse import Warehouse, append, read_table, scalar

BOOKS_BY_TABLE = {book.table: book for book in BOOKS}
HUNDREDFOLD = 100.0
OVERRULED_BY_ACCEPTANCE = ("keeps_rows", "unit_is_plausible")
"""Checks of plausibility against the past: a person who has seen the page may overrule them."""


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


@dataclass(frozen=True)
class Staged:
    """Parsed rows of one body before they are believed."""

    rows: pl.DataFrame
    rejects: pl.DataFrame


def declared_expectations(source: Source) -> tuple[Expectation, ...]:
    """The expectations on a source's rows, stable over time, without row counts."""
    book = BOOKS_BY_TABLE[source.table]
    return expectations(book.observation, book.key, book.amount)


def promote_latest(warehouse: Warehouse, source: Source, at: datetime) -> Promotion:
    """Promote the newest body of a source fetched up to `at`. Writes raw.parse, rejects, holds and versions."""
    with warehouse.write() as connection:
        fetch = _latest_fetch(connection, source.key, at)
        if fetch is None:
            return Promotion(source.key, "refused", "nothing was fetched yet")
        promotion = _promote(connection, warehouse.folder, source, fetch)
        _note(connection, promotion, fetch, at)
    return promotion


def accept_latest(warehouse: Warehouse, source: Source, at: datetime) -> Promotion:
    """A person vouches for the newest body of a source: its held prices and refused rows are believed."""
    with warehouse.write() as connection:
        fetch = _latest_fetch(connection, source.key, at)
        if fetch is not None:
            row = {"source": source.key, "sha256": fetch["sha256"], "accepted_at": at}
            append(connection, "raw.acceptance", pl.DataFrame([row]))
    return promote_latest(warehouse, source, at)


def _promote(connection: duckdb.DuckDBPyConnection, folder: Path, source: Source, fetch: dict[str, Any]) -> Promotion:
    book = BOOKS_BY_TABLE[source.table]
    try:
        parsed = source.parse(archive.read(folder, fetch["archive_path"]))
    except (ParseError, archive.ArchiveError) as error:
        return Promotion(source.key, "refused", str(error))
    believed = read_table(connection, f"core.{book.table}", "source = $source AND known_to IS NULL", source=source.key)
    reading = Reading(source.key, fetch["fetch_id"], fetch["fetched_at"], _is_accepted(connection, source.key, fetch))
    staged = Staged(_with_movement(book, believed, parsed.rows, reading.at), parsed.rejects)
    checks = _checked(connection, source, staged.rows, reading.is_accepted)
    promotion = Promotion(source.key, "promoted", row_count=staged.rows.height, checks=checks)
    good, rejects = _contracted(book, staged)
    _store_rejects(connection, source, fetch, rejects)
    promotion.reject_count = rejects.height
    failed = [check for check in checks if check.is_blocking]
    if failed:
        promotion.outcome = "refused"
        promotion.reason = "; ".join(f"{check.expectation.name}: {check.observed}" for check in failed)
        return promotion
    return _believe(connection, book, believed, good, reading, promotion)


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
    change = fold(book, believed, observed, reading, until)
    _store_versions(connection, book, change)
    promotion.change_count = change.opened.height
    return promotion


def _with_movement(book: Book, believed: pl.DataFrame, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Add how each price moved, in words that an expectation can test."""
    if book.amount is None:
        return rows
    low, high = (float(bound) for bound in book.bounds)
    ratio = pl.col("ratio")
    return (
        movements(book, believed, rows, at)
        .with_columns(
            pl.when(ratio.is_null())
            .then(pl.lit("new"))
            .when(ratio == 1)
            .then(pl.lit("none"))
            .when((ratio >= HUNDREDFOLD) | (ratio <= 1 / HUNDREDFOLD))
            .then(pl.lit("hundredfold"))
            .when(ratio.is_between(low, high))
            .then(pl.lit("small"))
            .otherwise(pl.lit("beyond_bounds"))
            .alias(MOVEMENT_COLUMN)
        )
        .select(*rows.columns, MOVEMENT_COLUMN)
    )


def _checked(
    connection: duckdb.DuckDBPyConnection, source: Source, rows: pl.DataFrame, is_accepted: bool
) -> list[CheckResult]:
    last_rows = scalar(
        connection,
        "SELECT row_count FROM raw.parse WHERE source = $source AND outcome = 'promoted' "
        "ORDER BY fetched_at DESC, parsed_at DESC LIMIT 1",
        {"source": source.key},
    )
    suite = with_row_counts(declared_expectations(source), source.min_rows, last_rows)
    results = validate(rows, source.key, suite)
    if not is_accepted:
        return results
    return [
        CheckResult(result.expectation, is_met=True, observed=f"accepted by a person: {result.observed}")
        if result.expectation.name in OVERRULED_BY_ACCEPTANCE
        else result
        for result in results
    ]


def _contracted(book: Book, staged: Staged) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the row rules, and the parser's rejects with those that do not."""
    observed = staged.rows.select(book.observation.column_names())
    good, failure = book.observation.filter(observed, cast=True)
    details = failure.details()
    rules = [name for name in details.columns if name not in observed.columns]
    broken = details.select(
        place=pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in book.key], separator="|"),
        raw_text=pl.col("printed" if "printed" in observed.columns else "retires_printed").fill_null(""),
        reason=pl.concat_list(
            pl.when(pl.col(rule).cast(pl.String) == "invalid").then(pl.lit(rule)) for rule in rules
        ).list.drop_nulls().list.join(", "),
    )  # fmt: skip
    return good, pl.concat([staged.rejects, broken.cast(REJECT_SCHEMA)])


def _latest_fetch(connection: duckdb.DuckDBPyConnection, source: str, at: datetime) -> dict[str, Any] | None:
    rows = connection.sql(
        "SELECT * FROM raw.fetch WHERE source = $source AND fetched_at <= $at AND sha256 IS NOT NULL "
        "ORDER BY fetched_at DESC LIMIT 1",
        params={"source": source, "at": at},
    ).pl()
    return rows.row(0, named=True) if rows.height else None


def _is_accepted(connection: duckdb.DuckDBPyConnection, source: str, fetch: dict[str, Any]) -> bool:
    accepted = read_table(
        connection, "raw.acceptance", "source = $source AND sha256 = $sha256", source=source, sha256=fetch["sha256"]
    )
    return not accepted.is_empty()


def _open_holds(connection: duckdb.DuckDBPyConnection, source: str) -> pl.DataFrame:
    return read_table(connection, "core.price_hold", "source = $source AND status = 'open'", source=source)


def _witnesses(connection: duckdb.DuckDBPyConnection, book: Book, reading: Reading) -> pl.DataFrame:
    others = read_table(
        connection, f"core.{book.table}", "source <> $source AND known_to IS NULL AND is_listed", source=reading.source
    )
    return in_force_at(others, reading.at)


def _store_rejects(
    connection: duckdb.DuckDBPyConnection, source: Source, fetch: dict[str, Any], rejects: pl.DataFrame
) -> None:
    connection.execute("DELETE FROM raw.source_reject WHERE fetch_id = $id", {"id": fetch["fetch_id"]})
    rows = rejects.with_columns(fetch_id=pl.lit(fetch["fetch_id"]), source=pl.lit(source.key))
    append(connection, "raw.source_reject", rows.select(polars_schema(SourceReject).keys()))


def _store_holds(connection: duckdb.DuckDBPyConnection, holds: pl.DataFrame) -> None:
    ids = holds["hold_id"].to_list()
    connection.execute("DELETE FROM core.price_hold WHERE hold_id IN (SELECT unnest($ids))", {"ids": ids})
    append(connection, "core.price_hold", holds.cast(HOLD_SCHEMA))


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
