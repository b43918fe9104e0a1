"""One body of a source, from its archived bytes to the versions that it changes: parse, check, quarantine, fold.

The one road. Loading a new body and reading the archive again both take it, each with the state that it starts from.
Nothing is written here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.page_rules import MODEL
from pipelines.snapshots.quarantine import HOLD_SCHEMA, price_key, quarantine
from pipelines.snapshots.source_state import witnesses
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE, Checked, SourceState, check_body
from pipelines.snapshots.versions import VersionChange, fold
from pipelines.sources.archive import ArchiveError
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import ParseError


@dataclass(frozen=True)
class Folded:
    """What the rows of one body change."""

    change: VersionChange
    holds: pl.DataFrame
    """Rows of core.price_hold that are new or whose status changed."""
    held_count: int


@dataclass(frozen=True)
class Entered:
    """What became of one body: refused with a reason, or folded."""

    refusal: str | None
    checked: Checked | None = None
    """None where the body could not be read."""
    folded: Folded | None = None
    """None where the body is refused, or was only to be checked."""


def enter_body(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    body: Callable[[], bytes],
    reading: Reading,
    state: SourceState,
    *,
    is_dry: bool = False,
) -> Entered:
    """Take one body down the road from a state; the database is asked only for what other sources print.

    `body`: gives its bytes, or raises ArchiveError. `is_dry`: check only, for a body whose rows are in force already.
    """
    book = BOOKS_BY_TABLE[source.table]
    try:
        checked = check_body(source, body(), state, reading)
    except (ParseError, ArchiveError) as error:
        return Entered(str(error))
    if checked.refusal is not None or is_dry:
        return Entered(checked.refusal, checked)
    return Entered(None, checked, fold_body(book, checked, state, reading, witnesses(connection, book, reading)))


def fold_body(book: Book, checked: Checked, state: SourceState, reading: Reading, witnesses: pl.DataFrame) -> Folded:
    """Quarantine what needs a second witness and fold the rest into the versions. Pure.

    `witnesses`: other sources' prices in force. A page older than one that was entered already is history: nothing
    waits for it, so nothing of it is held. Keys that are missing have gone, unless no more are missing than rows were
    newly refused: then they may be among these.
    """
    current = _readable(book, state.current, checked)
    observed, holds, held_count = checked.good, pl.DataFrame(schema=HOLD_SCHEMA), 0
    if state.next_at is None:
        found = quarantine(book, current, observed, state.open_holds, witnesses, reading)
        observed, holds, held_count = found.observed, found.holds, found.held_count
        current = _without_touched(book, current, checked.good, found.observed, found.open_keys)
    listed = in_force_at(current, reading.at).filter("is_listed")
    missing = listed.join(observed, on=book.key, how="anti", nulls_equal=True)
    is_whole = missing.height > checked.rejects.height - state.last_rejects
    return Folded(fold(book, current, observed, reading, state.next_at, is_whole=is_whole), holds, held_count)


def _without_touched(
    book: Book, current: pl.DataFrame, printed: pl.DataFrame, entering: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    """Current versions but those of models of which rows are held back and that the page lacks: they may be these.

    Where they wait on a channel that the source never sold on, those of all channels may be.
    """
    model = list(MODEL.get(book.table, ()))
    if held.is_empty() or not model:
        return current
    touched = printed.with_columns(price_key=price_key(book)).join(held, on="price_key", how="semi")
    missing = current.join(entering, on=list(book.key), how="anti", nulls_equal=True)
    kept = missing.join(touched, on=model, how="semi", nulls_equal=True)
    if "channel" in model:
        elsewhere = touched.filter(~pl.col("channel").is_in(current["channel"].unique().implode()))
        on_any = missing.join(elsewhere, on=[name for name in model if name != "channel"], how="semi", nulls_equal=True)
        kept = pl.concat([kept, on_any])
    return current.join(kept, on=list(book.key), how="anti", nulls_equal=True)


def _readable(book: Book, current: pl.DataFrame, checked: Checked) -> pl.DataFrame:
    """Current versions but those whose rows were refused: the source still prints them, we just cannot say what."""
    key = list(book.key)
    refused = checked.staged.rows.join(checked.good, on=key, how="anti", nulls_equal=True)
    return current.join(refused, on=key, how="anti", nulls_equal=True)
