"""Which rows of a day's usage count, as rules: what had to be found out about the day is in the rule.

A rule is a function of this module with its arguments, so that another process can be handed it. Finding what a rule
says is `overlap`'s and `plan_coverage`'s.
"""

from collections.abc import Callable

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.usage import Usage
from pipelines.usage.identity import is_given

Rule = Callable[[pl.LazyFrame], pl.LazyFrame]
"""Rows of one day, in the columns of core.usage (one that is NULL throughout may be left out) -> those that count."""
PART = [
    *("usage_date", "provider", "channel", "logged_model", "is_given", "account_id", "project_id"),
    *("grain", "format", "width", "grouping"),
]
"""What counts or is left out as one: the rows of one model id as logged, owner and kind of report."""


def every_row(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Nothing is left out."""
    return rows


def without_repeated(rows: pl.LazyFrame, repeated: pl.Series, rest: Rule) -> pl.LazyFrame:
    """Rows without those of these usage_ids, by another rule."""
    return rest(rows.filter(~pl.col("usage_id").is_in(repeated.implode())))


def without_parts(rows: pl.LazyFrame, losing: pl.DataFrame) -> pl.LazyFrame:
    """Rows without those of some parts. `losing` has the columns PART."""
    rows = whole(rows)
    is_affected = pl.col("usage_date").is_in(losing["usage_date"].unique().to_list())
    named = with_part(rows.filter(is_affected))
    kept = named.join(_in_types_of(named, losing.select(PART)), on=PART, how="anti", nulls_equal=True)
    return pl.concat([rows.filter(~is_affected), kept.select(rows.collect_schema().names())])


def of_parts(rows: pl.LazyFrame, losing: pl.DataFrame) -> pl.LazyFrame:
    """Rows of some parts, with the columns that `losing` has beside PART."""
    named = with_part(whole(rows))
    return named.join(_in_types_of(named, losing), on=PART, nulls_equal=True)


def whole(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Rows with all columns of core.usage."""
    columns = rows.collect_schema()
    missing = {name: pl.lit(None, kind) for name, kind in polars_schema(Usage).items() if name not in columns}
    return rows.with_columns(**missing) if missing else rows


def with_part(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Rows with the columns PART."""
    width = pl.col("usage_until") - pl.col("usage_at")
    return rows.with_columns(width=width, logged_model="model", is_given=is_given())


def _in_types_of(rows: pl.LazyFrame, parts: pl.DataFrame) -> pl.LazyFrame:
    """Codes are joined with codes: the small frame takes on the types of the large one."""
    kinds = rows.collect_schema()
    return parts.with_columns(pl.col(name).cast(kinds[name]) for name in PART).lazy()
