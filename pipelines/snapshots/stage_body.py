"""Bodies -> staged rows: parsed, compared with what is in force, checked and contracted. Nothing is believed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.expectations import MOVEMENT_COLUMN, Expectation, expectations, with_row_counts
from pipelines.schema.validation import CheckResult, validate
from pipelines.snapshots.book import BOOKS, Book
from pipelines.snapshots.quarantine import movements
from pipelines.sources import archive
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import REJECT_SCHEMA, Parsed
from pipelines.warehouse.rows import read_table, scalar

BOOKS_BY_TABLE = {book.table: book for book in BOOKS}
HUNDREDFOLD = 100.0
OVERRULED_BY_ACCEPTANCE = ("keeps_rows", "unit_is_plausible")
"""Checks of plausibility against the past: a person who has seen the page may overrule them."""


@dataclass(frozen=True)
class Staged:
    """Parsed rows of one body before they are believed."""

    rows: pl.DataFrame
    rejects: pl.DataFrame
    believed: pl.DataFrame
    """The source's versions with known_to NULL."""
    suite: tuple[Expectation, ...]


def declared_expectations(source: Source) -> tuple[Expectation, ...]:
    """The expectations on a source's rows, stable over time, without row counts."""
    book = BOOKS_BY_TABLE[source.table]
    return expectations(book.observation, book.key, book.amount, book.warn_beyond)


def stage(connection: duckdb.DuckDBPyConnection, folder: Path, source: Source, fetch: dict[str, Any]) -> Staged:
    """Parse one fetched body. Raises ParseError or ArchiveError where it cannot be read."""
    at = fetch["fetched_at"]
    parsed = source.parse(archive.read(folder, fetch["archive_path"]))
    return staged(source, parsed, believed_of(connection, source), at, suite_for(connection, source, at))


def staged(
    source: Source, parsed: Parsed, believed: pl.DataFrame, at: datetime, suite: tuple[Expectation, ...]
) -> Staged:
    """Parsed rows of a body fetched at `at`, beside the versions that are believed before it."""
    rows = _with_movement(BOOKS_BY_TABLE[source.table], believed, parsed.rows, at)
    return Staged(rows, parsed.rejects, believed, suite)


def believed_of(connection: duckdb.DuckDBPyConnection, source: Source) -> pl.DataFrame:
    """A source's versions with known_to NULL."""
    return read_table(connection, f"core.{source.table}", "source = $source AND known_to IS NULL", source=source.key)


def stage_latest(
    connection: duckdb.DuckDBPyConnection, folder: Path, source: Source, at: datetime
) -> tuple[pl.DataFrame, tuple[Expectation, ...]] | None:
    """Staged rows of a source's newest body with their expectations, or None where nothing was fetched."""
    fetch = latest_fetch(connection, source.key, at)
    if fetch is None:
        return None
    found = stage(connection, folder, source, fetch)
    return found.rows, found.suite


def suite_for(connection: duckdb.DuckDBPyConnection, source: Source, at: datetime) -> tuple[Expectation, ...]:
    """The expectations on a body fetched at a moment, with the row counts that the good body before it asks for."""
    last_rows = scalar(
        connection,
        "SELECT row_count FROM raw.parse WHERE source = $source AND outcome = 'promoted' "
        "AND fetched_at < $at ORDER BY fetched_at DESC LIMIT 1",
        {"source": source.key, "at": at},
    )
    return with_row_counts(declared_expectations(source), source.min_rows, last_rows)


def checked(source: Source, staged: Staged, *, is_accepted: bool) -> list[CheckResult]:
    """Validate staged rows; what a person accepted overrules the plausibility checks."""
    results = validate(staged.rows, source.key, staged.suite)
    if not is_accepted:
        return results
    return [
        CheckResult(result.expectation, is_met=True, observed=f"accepted by a person: {result.observed}")
        if result.expectation.name in OVERRULED_BY_ACCEPTANCE
        else result
        for result in results
    ]


def blocking_reason(checks: Sequence[CheckResult]) -> str | None:
    """Why the checks refuse a body, or None where they do not."""
    failed = [
        f"{check.expectation.name}: {check.observed} (expected: {check.expectation.description})"
        for check in checks
        if check.is_blocking
    ]
    return "; ".join(failed) or None


def _with_movement(book: Book, believed: pl.DataFrame, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Add how each price moved, in words that an expectation can test."""
    if book.amount is None:
        return rows
    low, high = (float(bound) for bound in book.bounds)
    usual = float(book.warn_beyond) if book.warn_beyond is not None else high
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
            .when(ratio.is_between(low, high) & ((ratio - 1).abs().round(9) > usual))
            .then(pl.lit("notable"))
            .when(ratio.is_between(low, high))
            .then(pl.lit("small"))
            .otherwise(pl.lit("beyond_bounds"))
            .alias(MOVEMENT_COLUMN)
        )
        .select(*rows.columns, MOVEMENT_COLUMN)
    )


def contracted(book: Book, staged: Staged) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the row rules, and the parser's rejects with those that do not."""
    observed = staged.rows.select(book.observation.column_names())
    good, failure = book.observation.filter(observed, cast=True)
    details = failure.details()
    rules = [name for name in details.columns if name not in observed.columns]
    broken = details.select(
        place=pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in book.key], separator="|"),
        raw_text=pl.col("printed" if "printed" in observed.columns else "retires_printed")
        .fill_null("")
        # 125 characters are at most the 500 bytes that the column holds.
        .str.slice(0, 125),
        reason=pl.concat_list(
            pl.when(pl.col(rule).cast(pl.String) == "invalid").then(pl.lit(rule)) for rule in rules
        ).list.drop_nulls().list.join(", "),
    )  # fmt: skip
    return good, pl.concat([staged.rejects, broken.cast(pl.Schema(REJECT_SCHEMA))])


def latest_fetch(connection: duckdb.DuckDBPyConnection, source: str, at: datetime) -> dict[str, Any] | None:
    """The newest attempt of a source that has a body, fetched up to `at`."""
    rows = connection.sql(
        "SELECT * FROM raw.fetch WHERE source = $source AND fetched_at <= $at AND sha256 IS NOT NULL "
        "ORDER BY fetched_at DESC LIMIT 1",
        params={"source": source, "at": at},
    ).pl()
    return rows.row(0, named=True) if rows.height else None
