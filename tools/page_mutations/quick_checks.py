"""The declared expectations on staged rows, asked of the frame itself: Great Expectations takes half a second a page.

Tests hold these answers against those of `schema.validation`.
"""

from collections.abc import Sequence

import polars as pl

from pipelines.schema.expectations import Expectation


def unmet(rows: pl.DataFrame, suite: Sequence[Expectation]) -> list[Expectation]:
    """The expectations that the rows do not meet."""
    return [expectation for expectation in suite if not _is_met(rows, expectation)]


def _is_met(rows: pl.DataFrame, expectation: Expectation) -> bool:
    arguments = expectation.arguments
    if expectation.kind == "ExpectTableRowCountToBeBetween":
        return rows.height >= int(arguments["min_value"])
    if expectation.kind == "ExpectCompoundColumnsToBeUnique":
        return not rows.select(pl.struct(arguments["column_list"]).is_duplicated().any()).item()
    column = pl.col(arguments["column"])
    kept = {
        "ExpectColumnValuesToNotBeNull": lambda: column.is_not_null(),  # noqa: PLW0108 - polars is untyped here
        "ExpectColumnValuesToBeNull": lambda: column.is_null(),  # noqa: PLW0108 - as above
        "ExpectColumnValuesToBeInSet": lambda: column.is_in(arguments["value_set"]),
        "ExpectColumnValuesToNotBeInSet": lambda: ~column.is_in(arguments["value_set"]),
        "ExpectColumnValuesToBeBetween": lambda: column.cast(pl.Float64).is_between(
            arguments["min_value"], arguments["max_value"]
        ),
    }[expectation.kind]()
    share = rows.select(kept.mean()).item()  # values that are NULL count for neither side
    return share is None or share >= arguments.get("mostly", 1.0)
