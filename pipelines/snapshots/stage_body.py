"""A body -> checked rows: parsed, set beside the prices in force, checked, contracted. Nothing is entered here.

Pure functions. What the rows change is decided in `fold_body`, what the database holds is read by `source_state`.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from pipelines.schema.expectations import MOVEMENT_COLUMN, Expectation, expectations, with_row_counts
from pipelines.schema.validation import CheckResult, validate
from pipelines.snapshots.book import BOOKS, Book, Reading
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.gone_rows import gone_rejects, hardly_ended
from pipelines.snapshots.quarantine import movements
from pipelines.snapshots.refused_rows import new_rejects, possibly_refused
from pipelines.sources.catalog import Source
from pipelines.sources.cut_pages import cut_reason
from pipelines.sources.parsed import NO_PLACE, REJECT_SCHEMA, Parsed, ParseError

BOOKS_BY_TABLE = {book.table: book for book in BOOKS}
HUNDREDFOLD = 100.0
OVERRULED_BY_APPROVAL = ("keeps_rows", "unit_is_plausible")
"""Checks of plausibility against the past: a person who has seen the page may overrule them."""


@dataclass(frozen=True)
class SourceState:
    """What stands of a source before one of its bodies is entered: all that decides what the body changes."""

    current: pl.DataFrame
    """The source's versions with known_to NULL."""
    open_holds: pl.DataFrame
    """Its rows of core.price_hold that wait for their second witness."""
    min_rows: int
    last_rows: int | None
    """Rows that the checks ask for: at least so many, and about as many as there were; None where nothing is known."""
    rejects_before: pl.DataFrame
    """Rows refused of the newest good body of which nothing had to be kept: place, raw_text, reason."""
    next_at: datetime | None
    """When the next body was fetched, of those entered already; a body that has one is history."""
    is_checked: bool = False
    """Whether the body before was the very same and passed the checks: they are not asked again."""


@dataclass(frozen=True)
class Staged:
    """Parsed rows of one body before they are entered."""

    rows: pl.DataFrame
    """In the observation columns, with how each price moved."""
    rejects: pl.DataFrame
    suite: tuple[Expectation, ...]


@dataclass(frozen=True)
class Checked:
    """Staged rows after the checks and the row rules."""

    staged: Staged
    results: list[CheckResult]
    """Empty where the same body was checked before."""
    good: pl.DataFrame
    """Rows that keep the row rules, in the observation columns."""
    rejects: pl.DataFrame
    """place, raw_text, reason: of the parser, of the row rules, and of what has hardly ended."""
    gone: pl.DataFrame = field(default_factory=pl.DataFrame)
    """Versions that the page lacks and that stay, see `gone_rows`."""

    @property
    def refusal(self) -> str | None:
        """Why the checks refuse the body, or None where they do not."""
        return blocking_reason(self.results)


def declared_expectations(source: Source) -> tuple[Expectation, ...]:
    """The expectations on a source's rows, stable over time, without row counts."""
    book = BOOKS_BY_TABLE[source.table]
    return expectations(book.observation, book.key, book.amount, book.warn_beyond)


def stage_body(source: Source, body: bytes, state: SourceState, at: datetime) -> Staged:
    """Parse a body fetched at `at`. Raises ParseError where it is not what the parser knows."""
    parsed = parsed_body(source, body)
    rows = _with_movement(BOOKS_BY_TABLE[source.table], state.current, parsed.rows, at)
    suite = with_row_counts(declared_expectations(source), state.min_rows, state.last_rows)
    return Staged(rows, parsed.rejects, suite)


def parsed_body(source: Source, body: bytes) -> Parsed:
    """What the parser reads. Raises ParseError, for a part of a page and where the parser broke, too."""
    cut = cut_reason(body)
    if cut is not None:
        raise ParseError(cut)
    try:
        return source.parse(body)
    except ParseError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name} line {place.lineno}"
        raise ParseError(f"the parser broke on this page, {type(error).__name__} at {where}: {error!s:.200}") from error


def check_body(source: Source, body: bytes, state: SourceState, reading: Reading) -> Checked:
    """Parse a body, check its rows and refuse those that break the row rules. Raises ParseError."""
    staged = stage_body(source, body, state, reading.at)
    results = [] if state.is_checked else check_rows(source, staged, is_approved=reading.is_approved)
    book = BOOKS_BY_TABLE[source.table]
    good, rejects = _contracted(book, staged)
    gone = _hardly_ended(book, staged, rejects, state, reading)
    return Checked(staged, results, good, pl.concat([rejects, gone_rejects(gone)]), gone)


def _hardly_ended(
    book: Book, staged: Staged, rejects: pl.DataFrame, state: SourceState, reading: Reading
) -> pl.DataFrame:
    """Versions that stay though the page lacks them, but for those that what it refuses may have been."""
    listed = in_force_at(state.current, reading.at).filter("is_listed")
    if reading.is_approved:
        listed = listed.clear()
    missing = listed.join(staged.rows, on=list(book.key), how="anti", nulls_equal=True)
    refused = possibly_refused(book, missing, listed, new_rejects(rejects, state.rejects_before))
    others = listed.join(refused, on=list(book.key), how="anti", nulls_equal=True)
    return hardly_ended(book, reading.source, others, staged.rows)


def check_rows(source: Source, staged: Staged, *, is_approved: bool) -> list[CheckResult]:
    """Validate staged rows; what a person approved overrules the plausibility checks."""
    results = validate(staged.rows, source.key, staged.suite)
    if not is_approved:
        return results
    return [
        CheckResult(result.expectation, is_met=True, observed=f"accepted by a person: {result.observed}")
        if result.expectation.name in OVERRULED_BY_APPROVAL
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


def _with_movement(book: Book, current: pl.DataFrame, rows: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Add how each price moved, in words that an expectation can test."""
    if book.amount is None:
        return rows
    low, high = (float(bound) for bound in book.bounds)
    usual = float(book.warn_beyond) if book.warn_beyond is not None else high
    ratio = pl.col("ratio")
    return (
        movements(book, current, rows, at)
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


def _contracted(book: Book, staged: Staged) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that keep the row rules, and the parser's rejects with those that do not."""
    observed = staged.rows.select(book.observation.column_names())
    good, failure = book.observation.filter(observed, cast=True)
    details = failure.details()
    rules = [name for name in details.columns if name not in observed.columns]
    broken = details.select(
        place=pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in book.key], separator="|").replace(
            "", NO_PLACE
        ),
        raw_text=pl.col("printed" if "printed" in observed.columns else "retires_printed")
        .fill_null("")
        # 125 characters are at most the 500 bytes that the column holds.
        .str.slice(0, 125),
        reason=pl.concat_list(
            pl.when(pl.col(rule).cast(pl.String) == "invalid").then(pl.lit(rule)) for rule in rules
        ).list.drop_nulls().list.join(", "),
    )  # fmt: skip
    return good, pl.concat([staged.rejects, broken.cast(pl.Schema(REJECT_SCHEMA))])
