"""Records of Claude Code's session logs -> a record of its own for each call behind an answer: see `nested_calls`."""

from typing import Any

import polars as pl

from pipelines.usage.json_fields import read_json
from pipelines.usage.nested_calls import COUNTS, calls_behind

OF_THE_RESPONSE = ("web_searches", "cost", "usage")
"""Texts that count once, with the first call."""
ONE_PLAIN_STEP = r"^\[\s*\{[^{}\[\]]*(?:\{[^{}]*\}[^{}\[\]]*)?\}\s*\]$"
OWN_MODEL = r'"model"\s*:\s*"'
PLAIN_TYPE = r'"type"\s*:\s*"message"'


def split_iterations(records: pl.DataFrame) -> pl.DataFrame:
    """Give every call that a record's counts do not hold a record of its own, named in `iteration`.

    `records`: texts of Claude Code, `iterations` the JSON text of the list. The counts of the record become those of
    its own model where they hold the others too. Of a record whose list cannot be read `is_unread` is "1".
    """
    named = records.with_columns(iteration=pl.lit(None, pl.String), is_unread=pl.lit(None, pl.String))
    if records["iterations"].null_count() == records.height:
        return named
    # Nearly all lists tell of one plain step, which is what the counts of the record say.
    text = pl.col("iterations")
    is_plain = text.str.contains(ONE_PLAIN_STEP) & text.str.contains(PLAIN_TYPE) & ~text.str.contains(OWN_MODEL)
    is_split = (text.is_not_null() & (text != "[]") & ~is_plain).fill_null(value=False)
    positions = named.select(pl.arg_where(is_split)).to_series()
    if positions.is_empty():
        return named
    split = {
        position: _calls(row) for position, row in zip(positions, named[positions].iter_rows(named=True), strict=True)
    }
    kept = named.with_row_index("position").filter(~pl.col("position").is_in(positions.implode()))
    rows = [{**row, "position": position} for position, calls in split.items() for row in calls]
    made = pl.DataFrame(rows, schema=kept.schema)
    return pl.concat([kept, made]).sort("position", maintain_order=True).drop("position")


def _calls(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The record with the counts of its own model, and a record for each other call."""
    try:
        calls = calls_behind(row["model"], {name: row[name] for name in COUNTS}, read_json(row["iterations"]))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return [{**row, "is_unread": "1"}]
    once = dict.fromkeys(OF_THE_RESPONSE)
    return [
        {**row, **(once if place else {}), **call.counts, "model": call.model, "iteration": call.within}
        for place, call in enumerate(calls)
    ]
