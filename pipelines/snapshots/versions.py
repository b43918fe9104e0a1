"""Observations -> dated versions, the same way for prices, rates and lifecycles.

A source states, at one moment, what holds from then on. Its timeline before that moment stays; what it says about
the time after it is replaced. Versions are never rewritten: one that is no longer current gets its `known_to`,
and those that are current instead are added. Deciding which observations to trust is the quarantine's work.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import accumulate, chain, dropwhile
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.segments import Key, Segment, clip, coalesce, segment_at


@dataclass(frozen=True)
class VersionChange:
    """What one statement changes: versions that end in system time, and versions that begin."""

    closed: pl.DataFrame
    """Columns: id column of the book, known_from (which together identify a version), known_to."""
    opened: pl.DataFrame
    """Rows in the columns of the book's version table."""


def fold(
    book: Book,
    current: pl.DataFrame,
    observed: pl.DataFrame,
    reading: Reading,
    until: datetime | None = None,
    *,
    is_whole: bool = True,
) -> VersionChange:
    """Fold one source's statement into its versions.

    `current`: the source's versions with known_to NULL. `observed`: rows in the observation columns, unique on the
    book's key and effective_from; `effective_from` NULL means from the reading on. `until`: when the source was next
    read, for a statement that is older than others already folded in; NULL for the newest. `is_whole`: whether a key
    that is missing has gone; False where rows were refused that may have been it.
    """
    at, source = reading.at, reading.source
    extras = _evidence_columns(book)
    if not is_whole:
        current = current.join(observed, on=book.key, how="semi", nulls_equal=True)
    known = timelines(book, current)
    statements = _statements(book, observed, extras, reading)
    keys = known.keys() | statements.keys() if is_whole else statements.keys()
    after = {key: _restate(known.get(key, []), statements.get(key, []), at, until) for key in keys}
    return change_between(book, source, known, after, at)


def after_change(book: Book, versions: pl.DataFrame, change: VersionChange) -> pl.DataFrame:
    """The versions once a change is entered; those that it ends keep their row, with known_to."""
    closed = change.closed.rename({"known_to": "closed_at"})
    ended = versions.join(closed, on=[book.id_column, "known_from"], how="left", maintain_order="left")
    ended = ended.with_columns(known_to=pl.coalesce("known_to", "closed_at")).select(versions.columns)
    return pl.concat([ended, change.opened])


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
        was = segment_at(old, at)
        if was is None or not was.is_listed:
            return list(old)
        statement = [replace(was, valid_from=at, valid_to=None, is_listed=False, known_from=None)]
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


def _evidence_columns(book: Book) -> tuple[str, ...]:
    stated = {*book.key, *book.facts}
    return (*(name for name in book.observation.columns() if name not in stated), "fetch_id")


def timelines(book: Book, current: pl.DataFrame) -> dict[Key, list[Segment]]:
    """Versions by key, each key's in the order of valid time."""
    extras = _evidence_columns(book)
    found: dict[Key, list[Segment]] = defaultdict(list)
    spans = ("valid_from", "valid_to", "is_listed", "known_from")
    for key, facts, evidence, span in _row_parts(current.sort("valid_from"), book.key, book.facts, extras, spans):
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


def version_id_of_row(book: Book, row: Mapping[str, Any]) -> str:
    """Identity of a row of the book's version table."""
    facts = tuple(row[name] for name in book.facts)
    segment = Segment(row["valid_from"], row["valid_to"], facts, row["is_listed"], ())
    return version_id(book, row["source"], tuple(row[name] for name in book.key), segment)


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
