"""Bodies in JSON -> Python values with exact numbers. What a field means is for the parser of its source."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from pipelines.sources.parsed import ParseError, price_or_none

Kind = TypeVar("Kind", dict[str, object], list[object])


def read_json(body: bytes, whole: Callable[[str], Any] = Decimal) -> Any:
    """The document, with Decimal for every number with a point, and `whole` for the others.

    NaN and Infinity, which are no JSON, come as text, so that none is taken for a number. Raises ParseError for a body
    that is cut off or no JSON.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_int=whole, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error


def whole_json(body: bytes, kind: type[Kind]) -> Kind:
    """The document, as `read_json` with int for whole numbers. Raises ParseError also where it is no `kind`."""
    document = read_json(body, whole=int)
    if not isinstance(document, kind):
        raise ParseError(f"expected a JSON {kind.__name__}, got {type(document).__name__}")
    return document


def json_amount(value: object) -> Decimal | None:
    """A finite JSON number that may be a price; None for any other type, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return price_or_none(str(value))


def json_text(value: object) -> str:
    """The value as JSON, for people to read."""
    return json.dumps(value, default=float)


def whole_number(value: Any, limit: int = 10_000_000) -> int:
    """A JSON number that is whole and from 0 to `limit`. Raises ValueError for anything else."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 <= value <= limit or value != int(value):
        raise ValueError("a number that is not whole, or out of range")
    return int(value)
