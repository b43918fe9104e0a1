"""Segments: stretches of valid time of one key, and the timelines that they form. No frames, no books."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

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


def segment_at(segments: Iterable[Segment], at: datetime) -> Segment | None:
    """The one segment of a timeline that holds a moment, if any."""
    return next((s for s in segments if s.valid_from <= at and (s.valid_to is None or at < s.valid_to)), None)


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
