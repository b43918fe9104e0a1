"""What an importer is: the declaration of one log format. Data only; `read_files` runs it.

A format says which texts of a record it needs, how each column of core.usage is read from them, and what makes a
record no usage or a broken one. All formats are read the same way, so a new one is a declaration and its tests
(docs/adding_a_usage_format.md).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import polars as pl

Record = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """A column read from text: its value, and what is wrong with a text that cannot be read."""

    value: pl.Expr
    is_broken: pl.Expr
    rule: str
    detail: str


@dataclass(frozen=True)
class Rule:
    """What makes a record a broken one: a condition on its texts, so columns are named by how they are read."""

    name: str
    is_broken: pl.Expr
    detail: str


def unreadable(reading: Reading) -> Rule:
    """The rule of a text that is only part of a column."""
    return Rule(reading.rule, reading.is_broken, reading.detail)


@dataclass(frozen=True)
class UsageObject:
    """An object of a record that holds counts, and what each number in it means. Any other number is unknown.

    Places are dotted inside the object, with `[]` below lists. One that leads to an object or a list speaks for all
    that it holds.
    """

    counted: Mapping[str, str]
    """Place -> the column of core.usage that it is counted in."""
    part_of: Mapping[str, str] = field(default_factory=dict)
    """Place -> the total that holds it, or the sum that it is."""
    ignored: Mapping[str, str] = field(default_factory=dict)
    """Place -> why it is not counted."""
    text: str | None = None
    """The text that holds the object as JSON; None where it stands in the record itself. What `expand` gives under it
    is the object, of which only the numbers that mean nothing here are kept."""
    place: str = ""
    """Where it stands in the record, '' for the record itself: there only names that look like a count are asked
    about."""
    is_record: bool = False
    """Whether an object of `expand` holds more than counts, so that only such names are asked about."""

    @cached_property
    def known(self) -> frozenset[str]:
        """All places that mean something."""
        return frozenset({*self.counted, *self.part_of, *self.ignored})


@dataclass(frozen=True)
class Importer:
    """One log format."""

    name: str
    description: str
    signatures: tuple[frozenset[str], ...]
    """Names that a record of this format has, dotted below objects, `[]` below lists; any one of the sets will do."""
    columns: Mapping[str, pl.Expr | Reading]
    """Columns of the table from the texts, and columns that only `identity` or `rules` need. Left out is NULL."""
    identity: tuple[str, ...]
    """Columns or fields that tell one row from every other: the format's own ids, or all of a bucket's dimensions."""
    version: int = 1
    """Goes up with every change of what comes of a file: files imported by another version are read again."""
    response_id: str | None = None
    """Column with the provider's id of the response, where other tools log the same one: see `identity`."""
    told_apart_by: str | None = None
    """Column by which calls that a server gave one id are told apart, where their prompts differ too."""
    within_response: str | None = None
    """Column that names a call inside a response; NULL for the response itself."""
    keeps_format_id: bool = False
    """Whether a row that is known by its response keeps the identity of its format too: rows of earlier imports, or
    of exports with fewer columns, may be known by that alone."""
    is_copied_later: bool = False
    """Whether logs repeat what another log stated days before, under times of their own."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Name of a text here -> its place in the record: a column of a CSV or Parquet file, a dotted path in JSON."""
    nested: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Field that holds an object as JSON text -> fields inside it, as in `fields`."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Name -> field of a JSON record whose type is wanted: OBJECT, ARRAY, VARCHAR; NULL where nothing is, or null."""
    is_usage: pl.Expr = field(default_factory=lambda: pl.lit(True))
    """Whether a record states usage at all; others are ignored and counted."""
    rules: tuple[Rule, ...] = ()
    expand: Callable[[Record], Iterable[Record]] | None = None
    """For records that hold many rows: the rows, as objects whose keys are the fields. Raises ValueError."""
    cut: Callable[[bytes, int], Iterable[bytes]] | None = None
    """For records that may be larger than memory should hold at once: several records of about so many bytes that say
    the same. A record is JSON."""
    prepare: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """For logs whose records lean on earlier ones: works on all texts of whole files, in order, column `file_index`."""
    split: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """For records that state several calls, or lean on others nearby: works on all texts of any part of a file."""
    settle: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """For rows of whole files that need more than the largest per usage_id, or the last per cost_id: see
    `dedup.number_repeated` and `dedup.number_equal_costs`."""
    numbers_alike: bool = False
    """Whether rows may have an open identity: see `dedup.number_alike`."""
    is_dated_by_file: bool = False
    """Whether a record without a time is of the time of its file; how many are is told."""
    usage_objects: tuple[UsageObject, ...] = ()
    """Where counts stand, and what each of them means: see `unknown_counts`."""
    private: frozenset[str] = frozenset()
    """Fields that a reject never shows: they may hold a path, a name or a text of a person."""
    table: Literal["usage", "reported_cost"] = "usage"
    has_printed_currency: bool = False
    """Whether amount_usd is what is printed, in any currency, until the line is stored: see `bill_currency`."""

    @property
    def texts(self) -> list[str]:
        """Names of all texts of a record: fields, and those inside fields."""
        return [*self.fields, *(name for inside in self.nested.values() for name in inside)]

    @property
    def needs_whole_files(self) -> bool:
        """Whether a file may not be read in parts."""
        return self.prepare is not None or self.settle is not None
