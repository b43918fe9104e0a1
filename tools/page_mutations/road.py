"""A page down the real road in memory: parse, check, quarantine, fold; on two days, from a good page or from nothing.

A warehouse holds only what other sources print: the shipped history.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.snapshots.book import Reading
from pipelines.snapshots.current import current, in_force_at
from pipelines.snapshots.fold_body import Entered, fold_body
from pipelines.snapshots.quarantine import HOLD_SCHEMA
from pipelines.snapshots.source_state import witnesses
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE, SourceState, check_body
from pipelines.snapshots.versions import after_change
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import REJECT_SCHEMA, Parsed, ParseError
from tools.page_mutations.quick_checks import unmet
from tools.page_mutations.row_mutations import RowMutation

FIRST_DAY = datetime(2026, 11, 25, 8)
NEXT_DAY, HALF_A_YEAR = timedelta(days=1), timedelta(days=183)
DAYS_AFTER = timedelta(days=4)
"""By then all bodies have been met; every outcome is looked at on the same day."""
Prices = dict[tuple[object, ...], tuple[object, ...]]
_WITNESSES: WeakKeyDictionary[duckdb.DuckDBPyConnection, dict[tuple[str, datetime], pl.DataFrame]] = WeakKeyDictionary()
AMOUNTS = {"token_price": ("usd_per_unit", "unit", "context_to"), "gpu_rate": ("local_per_gpu_hour", "currency")}


@dataclass(frozen=True)
class After:
    """What stands after one body or several."""

    state: SourceState
    at: datetime
    refusals: tuple[str, ...] = ()
    held_count: int = 0
    reject_count: int = 0
    failed: tuple[str, ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether anything says that something is odd."""
        return bool(self.refusals or self.held_count or self.reject_count or self.failed)


NOTHING_REFUSED = pl.DataFrame(schema=REJECT_SCHEMA)


def nothing_known(source: Source, rejects: pl.DataFrame = NOTHING_REFUSED) -> After:
    """The state before a source's first page. A capture may be an excerpt, so one row is enough."""
    versions = pl.DataFrame(schema=polars_schema(BOOKS_BY_TABLE[source.table].version))
    state = SourceState(versions, pl.DataFrame(schema=HOLD_SCHEMA), 1, None, rejects, None, is_checked=True)
    return After(state, FIRST_DAY - NEXT_DAY)


def entered(connection: duckdb.DuckDBPyConnection, source: Source, body: bytes, before: After) -> After:
    """What stands once a body of the next day has taken the road."""
    book, at = BOOKS_BY_TABLE[source.table], before.at + NEXT_DAY
    reading = Reading(source.key, f"{at:%m-%d}", at)
    found = _entered_body(connection, source, body, reading, before.state)
    failed = () if found.checked is None else unmet(found.checked.staged.rows, found.checked.staged.suite)
    refusal = found.refusal or next((each.name for each in failed if each.severity == "critical"), None)
    if refusal is not None or found.checked is None or found.folded is None:
        return replace(before, at=at, refusals=(*before.refusals, refusal or ""))
    versions = current(after_change(book, before.state.current, found.folded.change))
    untouched = before.state.open_holds.join(found.folded.holds, on="hold_id", how="anti")
    state = replace(
        before.state,
        current=versions,
        open_holds=pl.concat([untouched, found.folded.holds.filter(status="open")]),
        last_rows=found.checked.staged.rows.height,
        rejects_before=before.state.rejects_before if found.folded.kept_count else found.checked.rejects,
    )
    news = max(0, found.checked.rejects.height - before.state.rejects_before.height)
    # What the good page had waiting is not told by the mutated one.
    held_anew = state.open_holds.join(before.state.open_holds, on="hold_id", how="anti").height
    return After(
        state,
        at,
        before.refusals,
        max(before.held_count, held_anew),
        before.reject_count + news,
        (*before.failed, *(each.name for each in failed)),
    )


def may_be_confirmed(after: After) -> bool:
    """Whether another day may confirm what is held: nothing that is held for a reason, see `quarantine`."""
    return after.state.open_holds["reason"].has_nulls()


def _entered_body(
    connection: duckdb.DuckDBPyConnection, source: Source, body: bytes, reading: Reading, state: SourceState
) -> Entered:
    """`fold_body.enter_body`, with what other sources print read once per source and day: nothing is written here."""
    book = BOOKS_BY_TABLE[source.table]
    try:
        checked = check_body(source, body, state, reading)
    except ParseError as error:
        return Entered(str(error))
    if checked.refusal is not None:
        return Entered(checked.refusal, checked)
    known = _WITNESSES.setdefault(connection, {})
    if (source.key, reading.at) not in known:
        known[source.key, reading.at] = witnesses(connection, book, reading)
    others = known[source.key, reading.at]
    if book.table == "token_price":
        # These are looked up by provider: the rest of the shipped history would only be read in vain, each time.
        others = others.filter(pl.col("provider").is_in(checked.good["provider"].unique().implode()))
    return Entered(None, checked, fold_body(book, checked, state, reading, others))


def read_as(source: Source, mutate: RowMutation) -> Source:
    """The source with a parser that reads a mutated page off a good one."""
    parse = source.parse

    def mutated(body: bytes) -> Parsed:
        parsed = parse(body)
        return Parsed(mutate(parsed.rows), parsed.rejects)

    return replace(source, parse=mutated)


def in_force(source: Source, after: After) -> Prices:
    """Key and moment -> what it costs: on that day, half a year before it and half a year after it."""
    book = BOOKS_BY_TABLE[source.table]
    facts = AMOUNTS[book.table]
    width = len(book.key)
    found: Prices = {}
    for moment in (timedelta(), -HALF_A_YEAR, HALF_A_YEAR):
        rows = in_force_at(after.state.current, FIRST_DAY + DAYS_AFTER + moment).filter("is_listed")
        selected = rows.select(*book.key, *facts).iter_rows()
        found |= {(*row[:width], str(moment)): row[width:] for row in selected}
    return found


def printed_elsewhere(connection: duckdb.DuckDBPyConnection, source: Source, after: After) -> set[tuple[object, ...]]:
    """Key and facts of all token prices that other sources print: no rule about a page gainsays a second source."""
    book = BOOKS_BY_TABLE[source.table]
    others = _WITNESSES.get(connection, {}).get((source.key, after.at))
    if others is None or book.table != "token_price":
        return set()
    named = others.filter(pl.col("unit").is_not_null())
    columns = (*(name for name in book.key if name in named.columns), *AMOUNTS[book.table])
    return set(named.select(columns).iter_rows())


def not_elsewhere(
    wrong: list[tuple[object, ...]], found: Prices, elsewhere: set[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    """Wrong keys but those whose price another source prints, and ranges of prompts that this price now covers.

    What others print now says nothing of half a year ago.
    """
    since = str(-HALF_A_YEAR)
    excused = {key for key in wrong if key[-1] != since and key in found and (*key[:-1], *found[key]) in elsewhere}
    without_size = {(*key[:6], *key[7:]) for key in excused if found[key][-1] is None}
    return [key for key in wrong if key not in excused and (key in found or (*key[:6], *key[7:]) not in without_size)]


def wrong_keys(good: Prices, found: Prices, *, is_whole: bool) -> list[tuple[object, ...]]:
    """Keys of prices in force that the good page does not state and, if it stood before, of those that are gone."""
    gone = good.keys() - found.keys() if is_whole else set()
    return [*(key for key, facts in found.items() if good.get(key) != facts), *gone]


def thing_count(source: Source, keys: list[tuple[object, ...]]) -> int:
    """How many models, or kinds of cards, these keys are of."""
    book = BOOKS_BY_TABLE[source.table]
    place = book.key.index("model" if "model" in book.key else "gpu")
    return len({key[place] for key in keys})


def figure_count(good: Prices, found: Prices, keys: list[tuple[object, ...]]) -> int:
    """How many printed figures these keys come to: of models of one price, what it was and what it is are the same."""
    return len({(good.get(key), found.get(key)) for key in keys})
