"""One small file per log format. Here: what an importer is, and what all of them need to build a row.

An importer turns one line into one row in the columns of `pipelines.schema.usage.Usage`, and nothing else:
no files, no row rules that hold for every format, no prices. Columns that it leaves out are NULL.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

MAX_TEXT = 200
MAX_COUNT = 10**15
"""No bucket holds more tokens; it keeps every sum of a row far inside 64 bits."""

Row = dict[str, Any]
ParseLine = Callable[[str], Row | None]


class Refused(ValueError):  # noqa: N818 - it is a verdict on one line, not a fault of the program
    """The line states usage but cannot become a row: the rule that it breaks, and what was found."""

    def __init__(self, rule: str, detail: str = "") -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail


@dataclass(frozen=True)
class Importer:
    """One log format.

    `recognises` gets the first lines of a file. `open` gets the first line (the header, if `has_header`) and
    returns the function that turns a line into a row, None for a line without usage, or raises Refused.
    `settle` gets all rows of a file and leaves one row per usage_id. `excerpt` cuts a line to what may be stored.
    """

    name: str
    description: str
    has_header: bool
    recognises: Callable[[Sequence[str]], bool]
    open: Callable[[str], ParseLine]
    settle: Callable[[pl.DataFrame], pl.DataFrame]
    excerpt: Callable[[str], str]


def identity(*parts: str | None) -> str:
    """A usage_id: the first 128 bits of a sha256 over the parts, which hold no control character (`text_or_none`)."""
    joined = "\x1f".join("\x00" if part is None else part for part in parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:32]


def text_or_none(name: str, value: object) -> str | None:
    """A one-line text, None where the log has none. Raises Refused for other types, control characters, surrogates."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise Refused("not_a_text", f"{name} must be one line of at most {MAX_TEXT} characters")
    return value
