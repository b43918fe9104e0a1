"""Take mutations of captures down the road and say what became of each. Nothing is printed here."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial

import duckdb

from pipelines.snapshots.stage_body import parsed_body
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import ParseError
from tools.page_mutations.captures import HOSTILE, Capture, source_of
from tools.page_mutations.print_mutations import PRINT_MUTATIONS
from tools.page_mutations.road import (
    After,
    Prices,
    entered,
    figure_count,
    in_force,
    may_be_confirmed,
    not_elsewhere,
    nothing_known,
    printed_elsewhere,
    read_as,
    thing_count,
    wrong_keys,
)
from tools.page_mutations.row_mutations import FIRST_PAGES, ROW_MUTATIONS, RowMutation
from tools.page_mutations.table_mutations import TABLE_MUTATIONS
from tools.page_mutations.text_mutations import TEXT_MUTATIONS, TextMutation

ONE_FIGURE = "one figure"
"""One printed price is wrong, for all names that it is printed for: a single plausible figure, whatever else waits."""
UNKNOWABLE = "one model"
SECOND_SOURCE = "second source"
"""All that differs is what another source prints: of an old capture, a mutation may be what came true later."""
DAYS = 2
"""A mutated page is met on this many days: what one day holds another must not confirm."""


@dataclass(frozen=True)
class Outcome:
    """What became of one mutation of one capture."""

    kind: str
    mutation: str
    capture: str
    result: str
    """refused, held, wrong (in force with nothing held and no check failed), wrong, told, unchanged,
    ONE_FIGURE, UNKNOWABLE or SECOND_SOURCE."""
    wrong_prices: int
    words: str


@dataclass(frozen=True)
class Ground:
    """What the mutations of one capture are held against."""

    connection: duckdb.DuckDBPyConnection
    capture: Capture
    good: After
    """Once the good page has been met."""
    right: Prices
    known: dict[object, Outcome] = field(default_factory=dict)
    """Outcomes by what the parser reads and whether the page is the source's first: such pages fare alike."""


def outcomes(connection: duckdb.DuckDBPyConnection, capture: Capture) -> Iterator[Outcome]:
    """All mutations of one capture; none for a page that is refused as it is."""
    capture = replace(capture, source=replace(capture.source, parse=cache(capture.source.parse)))
    ground = _ground(connection, capture)
    if ground is None:
        return
    nothing = nothing_known(capture.source, ground.good.state.rejects_before)
    told = partial(_outcome, ground)
    for kind, name, body in _texts(capture, TEXT_MUTATIONS):
        yield told(kind, name, body)
    for kind, of_rows in ROW_MUTATIONS.items():
        for name, change in of_rows.items():
            if _changes(capture, change):
                yield told(kind, name, capture.body, change)
    for name, change in FIRST_PAGES.items():
        yield told("first pages", name, capture.body, change, nothing)
    for kind, name, body in _texts(capture, TABLE_MUTATIONS | PRINT_MUTATIONS):
        yield told(kind, name, body)
        yield told(f"first pages: {kind}", name, body, before=nothing)


def _ground(connection: duckdb.DuckDBPyConnection, capture: Capture) -> Ground | None:
    """What stands after a good page; None where it is refused as it is."""
    good = entered(connection, capture.source, capture.body, nothing_known(capture.source))
    if good.refusals or good.state.current.is_empty():
        return None
    good = replace(good, held_count=0, reject_count=0, failed=())
    return Ground(connection, capture, good, in_force(capture.source, good))


def _texts(capture: Capture, kinds: dict[str, dict[str, TextMutation]]) -> Iterator[tuple[str, str, bytes]]:
    """Kind, name and body of each mutation of its text that changes a capture."""
    for kind, mutations in kinds.items():
        for name, mutate in mutations.items():
            body = _text_mutated(capture.body, mutate)
            if body is not None:
                yield kind, name, body


def foreign_outcomes(connection: duckdb.DuckDBPyConnection, captures: list[Capture]) -> Iterator[Outcome]:
    """Pages of other sources under a source's address, each after the first capture of the source and as its first."""
    of_source: dict[str, Capture] = {}
    for capture in captures:
        of_source.setdefault(capture.source.key, capture)
    for capture in of_source.values():
        ground, nothing = _ground(connection, capture), nothing_known(capture.source)
        if ground is None:
            continue
        for other in of_source.values():
            if other is not capture and other.source.table == capture.source.table:
                for before in (None, nothing):
                    name = f"page of {other.source.key}"
                    yield _outcome(ground, "pages of others", name, other.body, before=before)


def hostile_outcomes(connection: duckdb.DuckDBPyConnection, captures: list[Capture]) -> Iterator[Outcome]:
    """Mutated pages that were filed, each after the capture of its source that it differs least from."""
    for file in sorted(HOSTILE.glob("*")):
        source = source_of(file.stem)
        of_source = [capture for capture in captures if source is not None and capture.source.key == source.key]
        if not of_source:
            continue
        body = file.read_bytes()
        nearest = min(of_source, key=lambda capture: abs(len(capture.body) - len(body)))
        ground = _ground(connection, nearest)
        if ground is not None:
            yield _outcome(ground, "filed pages", file.name, body)


def _text_mutated(body: bytes, mutate: TextMutation) -> bytes | None:
    """The body with its text mutated; None where that changes nothing, and for JSON, whose text holds no marks."""
    if body.lstrip()[:1] in (b"{", b"["):
        return None
    text = body.decode("utf-8", errors="replace")
    mutated = mutate(text)
    return None if mutated == text else mutated.encode()


def _changes(capture: Capture, change: RowMutation) -> bool:
    """Whether the page has what a mutation changes."""
    rows = capture.source.parse(capture.body).rows
    order = rows.columns
    return not change(rows).select(order).sort(order).equals(rows.sort(order))


def _outcome(
    ground: Ground,
    kind: str,
    name: str,
    body: bytes,
    change: RowMutation | None = None,
    before: After | None = None,
) -> Outcome:
    connection, capture = ground.connection, ground.capture
    source = capture.source if change is None else read_as(capture.source, change)
    reading = _read(source, body), before is None
    if reading in ground.known:
        return replace(ground.known[reading], kind=kind, mutation=name)
    after, wrong = before or ground.good, list[tuple[object, ...]]()
    for _ in range(DAYS):
        after = entered(connection, source, body, after)
        wrong = wrong_keys(ground.right, in_force(source, after), is_whole=before is None)
        if wrong or not may_be_confirmed(after):
            break
    result = SECOND_SOURCE
    if not wrong or not_elsewhere(wrong, in_force(source, after), printed_elsewhere(connection, source, after)):
        is_figure = figure_count(ground.right, in_force(source, after), wrong) == 1
        result = ONE_FIGURE if is_figure else _result(after, thing_count(source, wrong))
    ground.known[reading] = Outcome(kind, name, capture.name, result, len(wrong), _words(after))
    return ground.known[reading]


def _read(source: Source, body: bytes) -> object:
    """What a parser makes of a body, so that two that read alike take the road once; the error where it refuses."""
    try:
        parsed = parsed_body(source, body)
    except ParseError as error:
        return str(error)
    return tuple(sorted(parsed.rows.hash_rows())), parsed.rejects.height


def _result(after: After, wrong_things: int) -> str:
    """A price of one model alone may be a new price: no rule about a page can tell."""
    if wrong_things == 1 and not after.is_told:
        return UNKNOWABLE
    if wrong_things:
        return "wrong, told" if after.is_told else "wrong"
    if after.refusals:
        return "refused"
    return "held" if after.is_told else "unchanged"


def _words(after: After) -> str:
    found = [*after.refusals[:1], *after.failed[:3]]
    return "; ".join([*found, f"{after.held_count} held, {after.reject_count} refused rows"])[:200]
