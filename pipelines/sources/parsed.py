"""What every parser returns, and how it builds it. Row rules live in `pipelines.schema`, not here."""

import re
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


TWO_PRICES = "different prices for"
"""Begins the reason of rows refused since they state one key at two prices: one of them may be misnamed."""
NO_PLACE, NO_REASON = "somewhere on the page", "no reason was given"
UNHOLDABLE: tuple[Any, ...] = (
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
    ValueError,
    TypeError,
    OverflowError,
    RuntimeError,
)
"""What making a frame of odd values raises; a panic is no Exception, so it is named."""


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
        """Keep a scrap with the reason why it is not a row. A page may have no words for its place."""
        place, reason = _storable(place) or NO_PLACE, _storable(reason) or NO_REASON
        self.rejects.append((place, _storable(raw_text), reason))

    def parsed(self) -> Parsed:
        """Typed frames. Raises ParseError when no row was found: a page that yields nothing is a failure.

        A row that no frame can hold, whatever stands in it, is a reject.
        """
        schema = polars_schema(self.observation)
        rows = self._frame(schema)
        if not rows.height:
            reasons = "; ".join(sorted({reason for _, _, reason in self.rejects})[:3])
            raise ParseError("the page yields no row" + (f" (refused: {reasons})" if reasons else ""))
        return Parsed(rows=rows, rejects=pl.DataFrame(self.rejects, schema=REJECT_SCHEMA, orient="row"))

    def _frame(self, schema: Mapping[str, Any]) -> pl.DataFrame:
        """All rows as one frame. Only where that cannot be, they are tried one by one."""
        try:
            return pl.DataFrame(self.rows, schema=schema, strict=True)
        except UNHOLDABLE:
            frames = [pl.DataFrame(schema=schema)]
        for number, row in enumerate(self.rows, 1):
            try:
                frames.append(pl.DataFrame([row], schema=schema, strict=True))
            except UNHOLDABLE as error:
                self.reject(
                    f"row {number}", str(row), f"holds a value that no column can hold ({type(error).__name__})"
                )
        return pl.concat(frames)


_PADDED = re.compile(r"[-+]?0[0-9]", re.ASCII)
"""A needless zero in front: 02 is more often 0.2 without its point than 2."""


def price_or_none(text: str) -> Decimal | None:
    """A finite decimal near enough to DECIMAL(18,6) for a frame to hold it, or None.

    Negative and huge values pass: row rules refuse them. So do further decimals, but 1e-400 and forty of them do not,
    nor a figure with a needless zero in front.
    """
    if _PADDED.match(text):
        return None
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    if not value.is_finite() or abs(value) > PRICE_LIMIT:
        return None
    _, digits, exponent = value.as_tuple()
    is_held = len(digits) <= MAX_DIGITS and isinstance(exponent, int) and exponent >= -MAX_DIGITS
    return value if is_held else None


def _storable(text: str) -> str:
    """A text without half characters, cut to what a column holds; its limit counts bytes."""
    return text.encode(errors="replace")[:MAX_RAW_TEXT].decode(errors="ignore")
