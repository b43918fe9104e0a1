"""Observations -> dated versions, the same way for prices, rates and lifecycles.

A source states, at one moment, what holds from then on. Its timeline before that moment stays; what it says about
the time after it is replaced. Versions are never rewritten: one that no longer describes our belief gets its
`known_to`, and the versions that do are added. Deciding which observations to trust is not done here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, chain, dropwhile
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.snapshots.book import Book, Reading

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of valid time in which one key has the same facts."""

    valid_from: datetime
    valid_to: datetime | None
    facts: tuple[Any, ...]
    is_listed: bool
    evidence: tuple[Any, ...]
    """Columns that are kept but make no difference: printed text, announced start, fetch."""
    known_from: datetime | None = None
    """None while it is not stored yet."""

    @property
    def span(self) -> tuple[Any, ...]:
        """What it states and when; two segments with the same span are the same version."""
        return (self.valid_from, self.valid_to, self.facts, self.is_listed)

    def says_the_same(self, other: "Segment") -> bool:
        """Whether both state the same facts, printed text aside."""
        return self.facts == other.facts and self.is_listed == other.is_listed


@dataclass(frozen=True)
class VersionChange:
    """What one statement changes: versions that end in known time, and versions that begin."""

    closed: pl.DataFrame
    """Columns: id column of the book, known_from (which together identify a version), known_to."""
    opened: pl.DataFrame
    """Rows in the columns of the book's version table."""


def fold(
    book: Book,
    believed: pl.DataFrame,
    observed: pl.DataFrame,
    reading: Reading,
    until: datetime | None = None,
    *,
    is_whole: bool = True,
) -> VersionChange:
    """Fold one source's statement into its versions.

    `believed`: the source's versions with known_to NULL. `observed`: rows in the observation columns, unique on the
    book's key and effective_from; `effective_from` NULL means from the reading on. `until`: when the source was next
    read, for a statement that is older than others already folded in; NULL for the newest. `is_whole`: whether a key
    that is missing has gone; False where rows were refused that may have been it.
    """
    at, source = reading.at, reading.source
    extras = _evidence_columns(book)
    if not is_whole:
        believed = believed.join(observed, on=book.key, how="semi", nulls_equal=True)
    known = timelines(book, believed)
    statements = _statements(book, observed, extras, reading)
    keys = known.keys() | statements.keys() if is_whole else statements.keys()
    after = {key: _restate(known.get(key, []), statements.get(key, []), at, until) for key in keys}
    return change_between(book, source, known, after, at)


def change_between(
    book: Book,
    source: str,
    before: Mapping[Key, Sequence[Segment]],
    after: Mapping[Key, Sequence[Segment]],
    at: datetime,
) -> VersionChange:
    """The versions to end and to begin so that the keys of `after` have its timelines; other keys stay."""
    extras = _evidence_columns(book)
    closed: list[dict[str, Any]] = []
    opened: list[dict[str, Any]] = []
    for key, new in after.items():
        old = before.get(key, [])
        known_at = max([at, *(segment.known_from for segment in old if segment.known_from)])
        spans_before, spans_after = {s.span for s in old}, {s.span for s in new}
        closed += [_closed_row(book, key, s, source, known_at) for s in old if s.span not in spans_after]
        opened += [_opened_row(book, key, s, source, known_at, extras) for s in new if s.span not in spans_before]
    return VersionChange(_closed_frame(book, closed), _opened_frame(book, opened))


def _restate(
    old: Sequence[Segment], statement: Sequence[Segment], at: datetime, until: datetime | None
) -> list[Segment]:
    """One key's timeline after a statement: the past, the statement, and what a later statement already said."""
    if not statement:
        current = next((s for s in old if s.valid_from <= at and (s.valid_to is None or at < s.valid_to)), None)
        if current is None or not current.is_listed:
            return list(old)
        statement = [replace(current, valid_from=at, valid_to=None, is_listed=False, known_from=None)]
    stated = _chained(statement)
    start = stated[0].valid_from
    if until is None:
        return coalesce([*clip(old, None, start), *stated])
    past = clip(old, None, min(start, until))
    return coalesce([*past, *clip(stated, None, until), *_later(old, stated, until)])


def _later(old: Sequence[Segment], stated: Sequence[Segment], until: datetime) -> list[Segment]:
    """What later statements said, with the facts that an older one adds for the time in which they did not print it."""
    listed = list(dropwhile(lambda segment: not segment.is_listed, clip(old, until, None)))
    end = listed[0].valid_from if listed else None
    last = next((segment for segment in reversed(stated) if segment.valid_from <= until), None)
    if last is None or end == until:
        return clip(old, until, None)
    return [replace(last, valid_from=until, valid_to=end, is_listed=False, known_from=None), *listed]


def _chained(statement: Sequence[Segment]) -> list[Segment]:
    """Each row of a statement holds until the next one begins."""
    ends = [segment.valid_from for segment in statement[1:]]
    return [
        segment if segment.valid_to == end else replace(segment, valid_to=end)
        for segment, end in zip(statement, [*ends, None], strict=True)
    ]


def clip(segments: Iterable[Segment], start: datetime | None, end: datetime | None) -> list[Segment]:
    """The parts of segments inside [start, end); untouched ones stay the same object value."""
    clipped = []
    for segment in segments:
        low = segment.valid_from if start is None else max(segment.valid_from, start)
        bounds = [moment for moment in (segment.valid_to, end) if moment is not None]
        high = min(bounds) if bounds else None
        if high is not None and low >= high:
            continue
        is_whole = low == segment.valid_from and high == segment.valid_to
        clipped.append(segment if is_whole else replace(segment, valid_from=low, valid_to=high, known_from=None))
    return clipped


def coalesce(segments: Iterable[Segment]) -> list[Segment]:
    """Join neighbours that say the same; the earlier one's evidence stays."""
    joined: list[Segment] = []
    for segment in segments:
        before = joined[-1] if joined else None
        if before and before.valid_to == segment.valid_from and before.says_the_same(segment):
            joined[-1] = replace(before, valid_to=segment.valid_to, known_from=None)
        else:
            joined.append(segment)
    return joined


def _evidence_columns(book: Book) -> tuple[str, ...]:
    stated = {*book.key, *book.facts}
    return (*(name for name in book.observation.columns() if name not in stated), "fetch_id")


def timelines(book: Book, believed: pl.DataFrame) -> dict[Key, list[Segment]]:
    """Versions by key, each key's in the order of valid time."""
    extras = _evidence_columns(book)
    found: dict[Key, list[Segment]] = defaultdict(list)
    spans = ("valid_from", "valid_to", "is_listed", "known_from")
    for key, facts, evidence, span in _row_parts(believed.sort("valid_from"), book.key, book.facts, extras, spans):
        valid_from, valid_to, is_listed, known_from = span
        found[key].append(Segment(valid_from, valid_to, facts, is_listed, evidence, known_from))
    return found


def _statements(
    book: Book, observed: pl.DataFrame, extras: Sequence[str], reading: Reading
) -> dict[Key, list[Segment]]:
    """Rows by key in time. One without a start holds until the first announced start, and may be over by now."""
    statements: dict[Key, list[Segment]] = defaultdict(list)
    rows = observed.with_columns(fetch_id=pl.lit(reading.fetch_id)).sort("effective_from", nulls_last=True)
    for key, facts, evidence, (start,) in _row_parts(rows, book.key, book.facts, extras, ("effective_from",)):
        stated = statements[key]
        if start is None and any(segment.valid_from <= reading.at for segment in stated):
            continue
        stated.append(Segment(start or reading.at, None, facts, is_listed=True, evidence=evidence))
    for segments in statements.values():
        segments.sort(key=lambda segment: segment.valid_from)
    return statements


def _row_parts(frame: pl.DataFrame, *parts: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    """Each row as one tuple per group of columns."""
    ends = list(accumulate(len(names) for names in parts))
    slices = [slice(end - len(names), end) for names, end in zip(parts, ends, strict=True)]
    for row in frame.select(*(pl.col(name).alias(str(n)) for n, name in enumerate(chain(*parts)))).iter_rows():
        yield [row[each] for each in slices]


def version_id(book: Book, source: str, key: Key, segment: Segment) -> str:
    """Identity of what a source stated for one key from one moment on; its end is not part of it."""
    parts = [book.table, source, *key, segment.valid_from.isoformat(), *segment.facts, segment.is_listed]
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:20]


def _closed_row(book: Book, key: Key, segment: Segment, source: str, known_at: datetime) -> dict[str, Any]:
    identity = {book.id_column: version_id(book, source, key, segment), "known_from": segment.known_from}
    return identity | {"known_to": known_at}


def _opened_row(
    book: Book, key: Key, segment: Segment, source: str, known_at: datetime, extras: Sequence[str]
) -> dict[str, Any]:
    return {
        book.id_column: version_id(book, source, key, segment),
        **dict(zip(book.key, key, strict=True)),
        **dict(zip(book.facts, segment.facts, strict=True)),
        **dict(zip(extras, segment.evidence, strict=True)),
        "valid_from": segment.valid_from,
        "valid_to": segment.valid_to,
        "known_from": known_at,
        "known_to": None,
        "is_listed": segment.is_listed,
        "source": source,
    }


def _opened_frame(book: Book, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = polars_schema(book.version)
    return pl.DataFrame(rows, schema=schema).sort(*book.key, "valid_from")


def _closed_frame(book: Book, rows: list[dict[str, Any]]) -> pl.DataFrame:
    moment = pl.Datetime("us")
    return pl.DataFrame(rows, schema={book.id_column: pl.String, "known_from": moment, "known_to": moment})
