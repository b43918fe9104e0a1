"""Column types that recur, so that one idea has one type and one unit everywhere.

A column is a dataframely column: `description` says what it means and `metadata["unit"]` its unit.
Times are naive and always UTC (docs/decisions/0004-time-is-utc-and-naive.md).
"""

from decimal import Decimal
from typing import Any

import dataframely as dy

from pipelines.schema.accounts import DEFAULT_ACCOUNT

MAX_USD_PER_MTOK = Decimal(2_000)
"""No list price of a text model has come near it: the dearest seen is o1-pro output at 600 USD per Mtok."""

MAX_USD_PER_GPU_HOUR = Decimal(100)
MIN_USD_PER_GPU_HOUR = Decimal("0.05")


def text(description: str, *, nullable: bool = False, **rules: Any) -> dy.String:
    """A string column; never empty unless it may be NULL or says so with `min_length=0`."""
    rules.setdefault("min_length", 0 if nullable else 1)
    return dy.String(description=description, nullable=nullable, **rules)


def account() -> dy.String:
    """The column that says whose usage or bill it is."""
    return text(
        "organisation, cloud or billing account: as the file states it, else the folder below inbox/ or --account; "
        f"'{DEFAULT_ACCOUNT}' where none does",
        max_length=200,
    )


def choice(description: str, allowed: tuple[str, ...], *, nullable: bool = False) -> dy.String:
    """A string column with a closed list of values, kept in the metadata for SQL docs and expectations."""
    return dy.String(
        description=description,
        nullable=nullable,
        check={"allowed": lambda column: column.is_in(list(allowed))},
        metadata={"allowed": allowed},
    )


def usd(description: str, *, unit: str = "USD", nullable: bool = True) -> dy.Decimal:
    """An exact amount of money: DECIMAL(38,12) holds tokens times a DECIMAL(18,6) price per million."""
    return dy.Decimal(38, 12, description=description, nullable=nullable, metadata={"unit": unit})


def price(description: str, *, unit: str, nullable: bool = False, **rules: Any) -> dy.Decimal:
    """A printed price: DECIMAL(18,6) USD per the unit named."""
    return dy.Decimal(18, 6, description=description, nullable=nullable, metadata={"unit": unit}, **rules)


def instant(description: str, *, nullable: bool = False) -> dy.Datetime:
    """A moment, UTC, microseconds."""
    return dy.Datetime(time_unit="us", description=description, nullable=nullable, metadata={"unit": "UTC"})


def day(description: str, *, nullable: bool = False) -> dy.Date:
    """A UTC calendar day."""
    return dy.Date(description=description, nullable=nullable, metadata={"unit": "UTC day"})


def count(description: str, *, unit: str, nullable: bool = False) -> dy.Int64:
    """A whole, non-negative number of things."""
    return dy.Int64(description=description, nullable=nullable, min=0, metadata={"unit": unit})


def ratio(description: str, *, unit: str = "1", nullable: bool = True) -> dy.Float64:
    """A figure that is an estimate or a share, never money that someone is billed."""
    return dy.Float64(description=description, nullable=nullable, metadata={"unit": unit})


def flag(description: str, *, nullable: bool = False) -> dy.Bool:
    """A yes or no; the name starts with is_ or has_."""
    return dy.Bool(description=description, nullable=nullable)


def polars_schema(table: type[dy.Schema]) -> Any:
    """The polars types of a declaration, in its column order."""
    columns: dict[str, dy.Column] = table.columns()
    return {name: column.dtype for name, column in columns.items()}
