"""What a page is made of, before any HTML: sections of figures, charts and tables, each with its date and origin."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Answer:
    """One statement and its rows. `text` has the parameters written in, so that it answers the same anywhere."""

    name: str
    text: str
    frame: pl.DataFrame


@dataclass(frozen=True)
class Figure:
    """One number that people look for first."""

    label: str
    value: str
    note: str
    """What it is held against, of which day it is, or why there is none."""
    tone: str = ""
    """'bad' or 'good' where the number asks for a look or for none."""


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite specification, and the words for those who do not see it."""

    id: str
    title: str
    description: str
    spec: dict[str, Any]


@dataclass(frozen=True)
class Cell:
    """One value of a table as text; a number stands to the right; a link leads out of the page when it is followed."""

    text: str
    is_number: bool = False
    link: str | None = None
    is_day: bool = False
    """It is never broken over two lines."""


@dataclass(frozen=True)
class Table:
    """Rows as text. One that only repeats a chart is folded away."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    is_folded: bool = False


@dataclass(frozen=True)
class Section:
    """One question and its answer."""

    id: str
    title: str
    as_of: str
    """The day or period that all its figures are of."""
    lead: str
    """The answer in a sentence."""
    answers: Sequence[Answer]
    """The statements behind it."""
    sources: Sequence[str] = ()
    """Keys of the sources whose stored pages it rests on."""
    figures: Sequence[Figure] = field(default_factory=tuple)
    charts: Sequence[Chart] = field(default_factory=tuple)
    tables: Sequence[Table] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
