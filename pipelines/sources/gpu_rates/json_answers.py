"""JSON answers of rental APIs -> Python values with exact numbers. What a field means is for the parser of the API."""

import json
from decimal import Decimal
from typing import Any

from pipelines.sources.parsed import ParseError


def read_json(body: bytes) -> Any:
    """The answer with every number as Decimal; NaN and Infinity, which are no JSON, come as text.

    Raises ParseError for a body that is no complete JSON.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a complete JSON answer: {str(error)[:200]}") from error


def whole_number(value: Any, limit: int = 10_000_000) -> int:
    """A JSON number that is whole and from 0 to `limit`. Raises ValueError for anything else."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= limit or value != int(value):
        raise ValueError("a number that is not whole, or out of range")
    return int(value)
