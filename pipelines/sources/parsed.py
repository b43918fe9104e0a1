"""What every parser returns, and how it builds it. Row rules live in `pipelines.schema`, not here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import dataframely as dy
import polars as pl

from pipelines.schema.columns import polars_schema

REJECT_SCHEMA: dict[str, pl.DataType] = {"place": pl.String(), "raw_text": pl.String(), "reason": pl.String()}
MAX_RAW_TEXT = 500
PRICE_LIMIT = Decimal(10) ** 11
"""DECIMAL(18,6) holds twelve digits before the point; anything near that is no price."""
MAX_DIGITS = 38
"""What 128 bits hold. Polars panics on more decimals."""


class ParseError(ValueError):
    """The body is not the page that the parser knows; the message says what was missing."""


@dataclass(frozen=True)
class Parsed:
    """Rows in the columns of an observation class, and the scraps that could not become one."""

    rows: pl.DataFrame
    rejects: pl.DataFrame


@dataclass
class RowCollector:
    """Collects rows and rejects while a parser walks a page."""

    observation: type[dy.Schema]
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    rejects: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, **row: Any) -> None:
        """Add one row; columns left out are NULL."""
        self.rows.append(row)

    def reject(self, place: str, raw_text: str, reason: str) -> None:
        """Keep a scrap with the reason why it is not a row."""
        # The column's limit counts bytes, and a cut must not split a character.
        kept = raw_text.encode(errors="replace")[:MAX_RAW_TEXT].decode(errors="ignore")
        self.rejects.append((place, kept, reason))

    def parsed(self) -> Parsed:
        """Typed frames. Raises ParseError when no row was found: a page that yields nothing is a failure."""
        if not self.rows:
            reasons = "; ".join(sorted({reason for _, _, reason in self.rejects})[:3])
            raise ParseError("the page yields no row" + (f" (refused: {reasons})" if reasons else ""))
        schema = polars_schema(self.observation)
        return Parsed(
            rows=pl.DataFrame(self.rows, schema=schema, strict=True),
            rejects=pl.DataFrame(self.rejects, schema=REJECT_SCHEMA, orient="row"),
        )


def price_or_none(text: str) -> Decimal | None:
    """A finite decimal near enough to DECIMAL(18,6) for a frame to hold it, or None.

    Negative and huge values pass: row rules refuse them. So do further decimals, but 1e-400 and forty of them do not.
    """
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    if not value.is_finite() or abs(value) > PRICE_LIMIT:
        return None
    _, digits, exponent = value.as_tuple()
    is_held = len(digits) <= MAX_DIGITS and isinstance(exponent, int) and exponent >= -MAX_DIGITS
    return value if is_held else None
