"""Formats whose makers count a call in the same few words: one declaration of what those words mean (`call_texts`).

A format hands on its texts by `fields` or `rows`, and says what is inside what; columns, rules and identity are
`call_columns`'. Formats with rules of their own declare an `Importer`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from pipelines.usage.call_columns import call_columns, call_rules
from pipelines.usage.call_texts import ALL_TEXTS, NOWHERE, USAGE, CallCounts
from pipelines.usage.importer import Importer, Record, UsageObject


def call_format(  # noqa: PLR0913 - parts of one declaration, each by its name
    name: str,
    description: str,
    signatures: tuple[frozenset[str], ...],
    says: CallCounts,
    *,
    rows: Callable[[Record], Iterable[Record]] | None = None,
    fields: Mapping[str, str] | None = None,
    is_call: pl.Expr | None = None,
    prepare: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    more: tuple[str, ...] = (),
    usage: UsageObject | None = None,
) -> Importer:
    """An importer of calls. `rows`: record -> rows of ALL_TEXTS; or `fields`: name of a text -> place in a record.

    `more`: texts that only `prepare` needs. `usage`: what the object means that `rows` hands on under USAGE, and where
    it stands; of `fields` all columns that count and are none of them are unknown.
    """
    names = (*ALL_TEXTS, *more)
    texts = {text: (fields or {}).get(text, NOWHERE) if fields else text for text in names}
    columns, rules = call_columns(says, texts), call_rules(says, texts)
    objects = (UsageObject(counted={}),) if fields else ()
    if usage:
        objects, texts = (replace(usage, text=USAGE, place=""),), {**texts, USAGE: usage.place or USAGE}
    return Importer(
        name=name,
        description=description,
        signatures=signatures,
        fields=texts,
        expand=_at_least_one(rows) if rows else None,
        is_usage=is_call if is_call is not None else pl.col("is_call") == "1",
        prepare=prepare,
        columns=columns,
        rules=rules,
        identity=("call",),
        response_id="response",
        within_response="within",
        version=5,
        numbers_alike=not says.has_ids,
        is_dated_by_file=says.is_dated_by_file,
        usage_objects=objects,
        private=says.private | {USAGE, "project", "user", "feature", "conversation"},
    )


def carried(*names: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A `prepare`: what an earlier record of a file said of these texts holds for later ones; rows are of their
    conversation.
    """

    def prepare(records: pl.DataFrame) -> pl.DataFrame:
        filled = records.with_columns(pl.col(names).forward_fill().over("import_id"))
        return filled.with_columns(
            row=pl.concat_str("conversation", "row", separator="/", ignore_nulls=True)
            if "conversation" in names
            else "row"
        )

    return prepare


def steps(names: Iterable[str], series: Iterable[str]) -> dict[str, pl.Expr]:
    """Sums so far -> what each record adds to the one before it of its series; where a sum falls it began anew."""
    columns = {name: pl.col(name).cast(pl.Int64, strict=False) for name in names}
    before = {name: column.shift(1).over(series) for name, column in columns.items()}
    began_anew = pl.any_horizontal(columns[name] < before[name] for name in columns)
    return {
        name: pl.when(before[name].is_null() | column.is_null() | began_anew.fill_null(value=False))
        .then(pl.col(name))
        .otherwise((column - before[name]).cast(pl.String))
        for name, column in columns.items()
    }


def _at_least_one(rows: Callable[[Record], Iterable[Record]]) -> Callable[[Record], Iterator[Record]]:
    """An `expand` by which a record that states no call is counted as ignored."""

    def expand(record: Record) -> Iterator[Record]:
        found = list(rows(record))
        yield from found or [{}]

    return expand
