"""Which names of columns count what is billed. What the counts of a format mean is in its declaration."""

import re

COUNT_WORDS = frozenset(
    {"token", "tokens", "searches", "characters", "chars", "images", "seconds", "pages", "queries", "credits"}
    | {"minutes", "hours", "results", "media"}
)
NO_COUNT_WORDS = frozenset({"max", "min", "limit", "budget", "per", "first", "rate", "id", "time", "price", "type"})
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def looks_like_a_count(name: str) -> bool:
    """Whether the name of a column says that it counts what is billed."""
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & COUNT_WORDS) and not words & NO_COUNT_WORDS
