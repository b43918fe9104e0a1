"""Spans around spans: which of a trace's spans repeat the tokens of others, as far as the parents of each are told."""

from collections.abc import Iterator

import polars as pl

MAX_DEPTH = 100


def with_spans_above(spans: pl.DataFrame) -> pl.DataFrame:
    """Add `spans_above`: the spans around each call as far as they are here, on any line. Those are no calls here."""
    whole = spans.with_columns(span_name=span_name_of("span_id"), parent_name=span_name_of("parent_id"))
    parents = dict(whole.select("span_name", "parent_name").drop_nulls().iter_rows())
    calls = whole.filter(pl.col("is_call").is_not_null())["span_name"].drop_nulls().unique()
    above = {call: " ".join(_above(call, parents)) or None for call in calls}
    found = pl.DataFrame({"span_name": list(above), "spans_above": list(above.values())}, schema=ABOVE)
    around = found["spans_above"].drop_nulls().str.split(" ").explode().unique().implode()
    is_around = pl.col("span_name").is_in(around).fill_null(value=False)
    return whole.join(found, on="span_name", how="left", maintain_order="left").with_columns(
        is_call=pl.when(~is_around).then("is_call")
    )


ABOVE = {"span_name": pl.String, "spans_above": pl.String}


def span_name_of(span: str) -> pl.Expr:
    """Trace and span in one: ids of spans are of their trace only. NULL where an id is missing or no plain word."""
    is_word = pl.all_horizontal(pl.col(name).str.contains(r"^[\w+/=-]{1,64}$") for name in ("trace_id", span))
    return pl.when(is_word).then(pl.concat_str("trace_id", span, separator="/"))


def _above(span: str, parents: dict[str, str]) -> Iterator[str]:
    seen = {span}
    above = parents.get(span)
    while above and above not in seen and len(seen) <= MAX_DEPTH:
        yield above
        seen.add(above)
        above = parents.get(above)
