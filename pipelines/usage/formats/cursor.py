"""Cursor's usage export (dashboard, Usage, Export CSV) -> one row per event.

Counts are disjoint: "Input (w/ Cache Write)" was written to the cache, "Input (w/o Cache Write)" was not, and Total
Tokens is the sum of all four. Cost is dollars, also of events that a plan includes; words there ("Included", "-") are
no amount. Models carry Cursor's own names and suffixes ("claude-4.6-opus-high", "auto"), which price lists do not
have: such usage is shown as unpriced. Events have no id, so equal rows of one file count each.
"""

import polars as pl

from pipelines.usage.call_format import call_format
from pipelines.usage.call_texts import CallCounts, Inside
from pipelines.usage.fields import NUMBER


def _without_words(events: pl.DataFrame) -> pl.DataFrame:
    amount = pl.col("cost").str.replace_all(r"[$,\s]", "")
    return events.with_columns(cost=pl.when(amount.str.contains(NUMBER)).then(amount))


CURSOR = call_format(
    "cursor",
    "Cursor usage export, CSV",
    (frozenset({"Date", "Model", "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read"}),),
    CallCounts(Inside(cache=False, reasoning=True), has_ids=False),
    fields={
        "time": "Date",
        "model": "Model",
        "feature": "Kind",
        "input": "Input (w/o Cache Write)",
        "cache_write": "Input (w/ Cache Write)",
        "cache_read": "Cache Read",
        "output": "Output Tokens",
        "total": "Total Tokens",
        "cost": "Cost",
        "user": "User",
    },
    # Events that failed have no tokens.
    is_call=pl.any_horizontal(
        pl.col(name).str.contains("[1-9]") for name in ("input", "cache_write", "cache_read", "output")
    ),
    prepare=_without_words,
)
