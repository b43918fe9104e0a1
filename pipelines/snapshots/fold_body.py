"""One body of a source, from its archived bytes to the versions that it changes: parse, check, quarantine, fold.

The one road. Loading a new body and reading the archive again both take it, each with the state that it starts from.
Nothing is written here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.current import current as in_system_time
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.doubted_rows import MODEL, Beside
from pipelines.snapshots.gone_rows import gone_rejects
from pipelines.snapshots.quarantine import HOLD_SCHEMA, price_key, quarantine
from pipelines.snapshots.refused_rows import new_rejects, possibly_refused, ranges_as_before
from pipelines.snapshots.source_state import witnesses
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE, Checked, SourceState, check_body
from pipelines.snapshots.superseded_holds import borne_out, statement_of
from pipelines.snapshots.traded_prices import is_keyed
from pipelines.snapshots.versions import VersionChange, after_change, change_between, fold, timelines
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
    kept_count: int
    """Versions that stay as they were because what was refused may have been they."""


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
    waits for it, so nothing of it is held. Keys that are missing have gone, unless a newly refused row may have been
    one of them: that changes nothing.
    """
    current = _readable(book, state.current, checked)
    kept = _possibly_refused(book, current, checked, state, reading)
    current = current.join(kept, on=list(book.key), how="anti", nulls_equal=True)
    observed = ranges_as_before(book, checked.good, kept, in_force_at(state.current, reading.at).filter("is_listed"))
    if state.next_at is not None:
        change = fold(book, current, observed, reading, state.next_at)
        return Folded(change, pl.DataFrame(schema=HOLD_SCHEMA), 0, kept.height)
    confirmed = borne_out(book, current, observed, state.open_holds, reading)
    now = _with_confirmed(book, current, confirmed, reading)
    open_holds = state.open_holds.join(confirmed, on="hold_id", how="anti")
    gone = None if checked.gone.is_empty() else kept.join(checked.gone, on=list(book.key), how="semi", nulls_equal=True)
    beside = Beside(_newly_broken(book, state.current, checked, reading), gone, kept)
    found = quarantine(book, now, observed, open_holds, witnesses, reading, beside)
    known = _without_touched(book, now, observed, found.observed, found.open_keys)
    change = fold(book, known, found.observed, reading)
    if confirmed.height:  # one change out of two
        untouched = now.join(known, on=list(book.key), how="anti", nulls_equal=True)
        after = pl.concat([in_system_time(after_change(book, known, change)), untouched])
        change = change_between(book, reading.source, timelines(book, current), timelines(book, after), reading.at)
    return Folded(change, pl.concat([confirmed, found.holds]), found.held_count, kept.height)


def _possibly_refused(
    book: Book, current: pl.DataFrame, checked: Checked, state: SourceState, reading: Reading
) -> pl.DataFrame:
    """Listed versions that the page lacks and that have hardly ended or may be what was newly refused of it."""
    listed = in_force_at(current, reading.at).filter("is_listed")
    missing = listed.join(checked.good, on=book.key, how="anti", nulls_equal=True)
    of_rows = checked.rejects.join(gone_rejects(checked.gone), on=["place", "reason"], how="anti")
    refused = new_rejects(of_rows, state.rejects_before)
    kept = possibly_refused(book, missing, listed, refused, checked.good if is_keyed(reading.source) else None)
    if checked.gone.is_empty():
        return kept
    gone = checked.gone.select(kept.columns).join(kept, on=list(book.key), how="anti", nulls_equal=True)
    return pl.concat([kept, gone])


def _with_confirmed(book: Book, current: pl.DataFrame, confirmed: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Current versions with the prices that were held until now, from their first sight."""
    for (fetch_id,), holds in confirmed.group_by("fetch_id"):
        rows = statement_of(book, current, holds, reading)
        said = fold(book, current, rows, Reading(reading.source, str(fetch_id), reading.at), is_whole=False)
        current = in_system_time(after_change(book, current, said))
    return current


def _without_touched(
    book: Book, current: pl.DataFrame, printed: pl.DataFrame, entering: pl.DataFrame, held: pl.DataFrame
) -> pl.DataFrame:
    """Current versions but those of models of which rows are held back and that the page lacks: they may be these.

    Where they wait on a channel that the source never sold on, those of all channels may be.
    """
    # A rate that waits may have been named after another card of its provider.
    model = [name for name in MODEL.get(book.table, ()) if name != "gpu"]
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


def _newly_broken(book: Book, current: pl.DataFrame, checked: Checked, reading: Reading) -> pl.DataFrame:
    """Rows that break a rule of their table, of prices in force that kept it: a spot rate above the one on demand."""
    refused = checked.staged.rows.join(checked.good, on=list(book.key), how="anti", nulls_equal=True)
    listed = in_force_at(current, reading.at).filter("is_listed")
    kept = refused.join(listed, on=list(book.key), how="semi", nulls_equal=True)
    return kept.select(name for name in checked.good.columns if name in kept.columns)


def _readable(book: Book, current: pl.DataFrame, checked: Checked) -> pl.DataFrame:
    """Current versions but those whose rows were refused: the source still prints them, we just cannot say what."""
    key = list(book.key)
    refused = checked.staged.rows.join(checked.good, on=key, how="anti", nulls_equal=True)
    return current.join(refused, on=key, how="anti", nulls_equal=True)
