"""Names that look like one that is not known: a hint for a person, never used in its place."""

from collections.abc import Iterable
from difflib import get_close_matches


def similar_names(name: str, known: Iterable[str], count: int = 3, cutoff: float = 0.6) -> list[str]:
    """Known names that are written nearly so, the nearest first, whatever their case; none where the very name is."""
    there = sorted(set(known))
    if name in there:
        return []
    by_fold = {one.casefold(): one for one in reversed(there)}
    return [by_fold[fold] for fold in get_close_matches(name.casefold(), by_fold, count, cutoff)]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name; empty where nothing is like it."""
    found = similar_names(name, known)
    return f"; did you mean {', '.join(found)}?" if found else ""
