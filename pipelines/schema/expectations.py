"""What is expected of staged rows, as data: stable names, severities and parameters.

Great Expectations objects are made of these in `schema.validation`; Dagster check specs are made of them without
importing Great Expectations, which takes seconds.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import dataframely as dy

Severity = Literal["critical", "warning"]

MOVEMENT_COLUMN = "movement"
"""Staged rows carry how their price moved: none, small, notable, beyond_bounds or hundredfold; new for a new price."""
KEPT_SHARE = 0.8
"""A page with fewer than this share of its last rows is refused: parsers fail by finding less."""


@dataclass(frozen=True)
class Expectation:
    """One expectation on the staged rows of one source; a failed critical one refuses the page."""

    name: str
    kind: str
    """Class name in great_expectations.expectations."""
    arguments: dict[str, Any] = field(default_factory=dict)
    severity: Severity = "critical"
    description: str = ""


def expectations(
    observation: type[dy.Schema], key: tuple[str, ...], amount: str | None, warn_beyond: Decimal | None = None
) -> tuple[Expectation, ...]:
    """The expectations on one book's staged rows; row counts are filled in by `with_row_counts`.

    `warn_beyond`: the share by which an amount may move without a word.
    """
    columns: dict[str, dy.Column] = observation.columns()
    found = [
        Expectation("has_rows", "ExpectTableRowCountToBeBetween", {}, description="a healthy page has rows"),
        Expectation(
            "keeps_rows", "ExpectTableRowCountToBeBetween", {}, description="at least 80 % of the rows of last time"
        ),
        Expectation(
            "key_is_unique",
            "ExpectCompoundColumnsToBeUnique",
            {"column_list": [*key, "effective_from"], "ignore_row_if": "never"},
            description="one statement per key and start",
        ),
    ]
    found += [
        Expectation(f"{name}_is_given", "ExpectColumnValuesToNotBeNull", {"column": name}, description="never NULL")
        for name in ("provider", "model", "gpu", "currency")
        if name in key
    ]
    for name, column in columns.items():
        allowed = (column.metadata or {}).get("allowed")
        if allowed and len(allowed) > 1:
            arguments = {"column": name, "value_set": list(allowed), "mostly": 0.95}
            found.append(
                Expectation(
                    f"{name}_is_known", "ExpectColumnValuesToBeInSet", arguments, description="a declared value"
                )
            )
    if amount:
        found += _price_expectations(amount, columns[amount])
    if warn_beyond is not None:
        moved = {"column": MOVEMENT_COLUMN, "value_set": ["notable", "beyond_bounds", "hundredfold"]}
        meaning = f"a move by more than {warn_beyond:.0%} in one step is worth a look"
        kind = "ExpectColumnValuesToNotBeInSet"
        found.append(Expectation("moves_are_usual", kind, moved, severity="warning", description=meaning))
    return tuple(found)


def _price_expectations(amount: str, column: dy.Column) -> list[Expectation]:
    bounds = {"min_value": float(column.min), "max_value": float(column.max)}  # type: ignore[attr-defined]
    movement = {"column": MOVEMENT_COLUMN}
    return [
        Expectation(
            f"{amount}_in_bounds",
            "ExpectColumnValuesToBeBetween",
            {"column": amount, **bounds, "mostly": 0.95},
            description="the odd bad row is refused alone; a page of them is refused whole",
        ),
        Expectation(
            "unit_is_plausible",
            "ExpectColumnValuesToNotBeInSet",
            {**movement, "value_set": ["hundredfold"], "mostly": 0.8},
            description="prices do not all move a hundredfold: that is a slipped unit",
        ),
        Expectation(
            "moves_are_small",
            "ExpectColumnValuesToNotBeInSet",
            {**movement, "value_set": ["beyond_bounds", "hundredfold"]},
            severity="warning",
            description="larger moves are held until confirmed",
        ),
    ]


def with_row_counts(found: tuple[Expectation, ...], min_rows: int, last_rows: int | None) -> tuple[Expectation, ...]:
    """Set the bounds of the two row count expectations."""
    kept = max(1, -(-int(last_rows * KEPT_SHARE * 10) // 10)) if last_rows else 1
    minimum = {"has_rows": min_rows, "keeps_rows": kept}
    return tuple(
        Expectation(e.name, e.kind, {"min_value": minimum[e.name]}, e.severity, e.description)
        if e.name in minimum
        else e
        for e in found
    )
