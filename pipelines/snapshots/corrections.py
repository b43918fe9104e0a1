"""Corrections: the current versions against those that another reading of the same bodies gives.

A timeline that comes out the same keeps its versions. Where it differs, the wrong stretches end in system time and the
right ones begin, valid for the past, so that what was known before can still be asked for. Reading is not done here.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import polars as pl

from pipelines.snapshots.book import Book
from pipelines.snapshots.segments import Key, Segment, clip, coalesce, segment_at
from pipelines.snapshots.versions import VersionChange, change_between, timelines

BASIS, CORRECTED = "basis", "corrected"
DIFFERENCE_SCHEMA: dict[str, pl.DataType] = {
    "key": pl.String(),
    "valid_from": pl.Datetime("us"),
    "before": pl.String(),
    "after": pl.String(),
}
Timelines = Mapping[Key, Sequence[Segment]]


@dataclass(frozen=True)
class Corrections:
    """How a source's versions change when its bodies are read again."""

    change: VersionChange
    before: Timelines
    """The current timelines of the keys that change; a new key has none."""
    after: Timelines
    """Their corrected timelines; that of a key that no body states is empty."""


def corrections(
    book: Book,
    source: str,
    current: pl.DataFrame,
    reread: pl.DataFrame,
    at: datetime,
    *,
    kept: AbstractSet[Key] = frozenset(),
    is_whole: bool = True,
) -> Corrections:
    """Set a source's current versions against those that reading all of its bodies again gives.

    `current`, `reread`: rows of the book's version table with known_to NULL. `at`: from when the corrections are known.
    `kept`: keys that stay as they are. `is_whole`: whether a key that was not found again is withdrawn.
    """
    old, new = timelines(book, current), timelines(book, reread)
    after = {key: _put_right(book, old.get(key, []), segments) for key, segments in new.items() if key not in kept}
    if is_whole:
        after |= {key: [] for key in old.keys() - new.keys() - kept}
    after = {key: right for key, right in after.items() if _spans(right) != _spans(old.get(key, []))}
    before = {key: old.get(key, []) for key in after}
    return Corrections(change_between(book, source, before, after, at), before, after)


def _put_right(book: Book, old: Sequence[Segment], new: Sequence[Segment]) -> list[Segment]:
    """The new timeline in the words of the old one wherever both say the same."""
    edges = sorted({edge for segment in old for edge in (segment.valid_from, segment.valid_to) if edge})
    return coalesce(_corrected(book, old, piece) for segment in new for piece in _cut(segment, edges))


def _cut(segment: Segment, edges: Sequence[datetime]) -> list[Segment]:
    low, high = segment.valid_from, segment.valid_to
    inside = [edge for edge in edges if low < edge and (high is None or edge < high)]
    return [piece for start, end in pairwise([low, *inside, high]) for piece in clip([segment], start, end)]


def _corrected(book: Book, old: Sequence[Segment], piece: Segment) -> Segment:
    """A piece of the new timeline: as it was known where that was right, else as it is, corrected where a fact was.

    Pieces never cross an edge of the old timeline. A stretch for which nothing was known is news, no correction.
    """
    at = piece.valid_from
    was = segment_at(old, at)
    if was is None:
        return piece
    if BASIS not in book.facts:
        is_same = was.says_the_same(piece)
        return replace(was, valid_from=at, valid_to=piece.valid_to) if is_same else piece
    basis = book.facts.index(BASIS)
    if _without(was.facts, basis) != _without(piece.facts, basis):
        return replace(piece, facts=(*piece.facts[:basis], CORRECTED, *piece.facts[basis + 1 :]))
    # What an earlier re-reading has corrected stays marked, whatever the page calls it.
    is_same = was.is_listed == piece.is_listed and was.facts[basis] in (piece.facts[basis], CORRECTED)
    return replace(was, valid_from=at, valid_to=piece.valid_to) if is_same else piece


def _without(facts: tuple[object, ...], position: int) -> tuple[object, ...]:
    return (*facts[:position], *facts[position + 1 :])


def _spans(segments: Sequence[Segment]) -> list[tuple[object, ...]]:
    return [segment.span for segment in segments]


def differences(book: Book, found: Corrections) -> pl.DataFrame:
    """The corrected stretches side by side: price key, valid_from, before, after; NULL where nothing is stated.

    One row per new stretch that was not current as it is, and one per key that was withdrawn.
    """
    rows = []
    for key, right in found.after.items():
        old = found.before[key]
        name = "|".join("" if part is None else str(part) for part in key)
        spans = set(_spans(old))
        for piece in (piece for piece in right if piece.span not in spans):
            was = [segment for segment in old if segment.valid_from <= piece.valid_from][-1:]
            rows.append((name, piece.valid_from, *_told(book, was[0] if was else None, piece)))
        if not right:
            rows.append((name, old[0].valid_from, *_told(book, old[-1], None)))
    return pl.DataFrame(rows, schema=DIFFERENCE_SCHEMA, orient="row").sort("key", "valid_from")


def _told(book: Book, old: Segment | None, new: Segment | None) -> tuple[str | None, str | None]:
    """Two statements as text, only by the facts in which they differ: the amount of a price, the state of a model."""
    if old is None or new is None:
        names = {book.amount or book.facts[0]}
    else:
        names = {name for name, was, now in zip(book.facts, old.facts, new.facts, strict=True) if was != now}
        names = names - {BASIS} or names
    return tuple(  # type: ignore[return-value]
        None if segment is None else _text(book, segment, names) for segment in (old, new)
    )


def _text(book: Book, segment: Segment, names: AbstractSet[str]) -> str:
    facts = [f"{name} {value}" for name, value in zip(book.facts, segment.facts, strict=True) if name in names]
    return ", ".join([*facts, *([] if segment.is_listed else ["not listed"])])
