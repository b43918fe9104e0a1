"""Bodies in JSON -> Python values with exact numbers. What a field means is for the parser of its source.

Every number is a Decimal with the digits that are printed. NaN and Infinity, which are no JSON but which programs do
write, come as their text: no price is a text, so they cost the row in which they stand and not the others. Of a key
that an object holds twice the last one counts. How large a body may be is for `Source.max_bytes`.
"""

import json
from decimal import Decimal
from typing import Any, TypeVar

from pipelines.sources.parsed import ParseError, price_or_none

Kind = TypeVar("Kind", dict[str, Any], list[Any])
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=str)
MAX_ERROR = 200


def read_json(body: bytes | str) -> Any:
    """The value of a whole body. Raises ParseError with line and column where it is no JSON or nested too deeply."""
    try:
        text = body if isinstance(body, str) else body.decode(json.detect_encoding(body))
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:MAX_ERROR]}") from error


def read_json_of(kind: type[Kind], body: bytes) -> Kind:
    """The same of a body that must be an object (dict) or an array (list). Raises ParseError where it is not."""
    value = read_json(body)
    if not isinstance(value, kind):
        raise ParseError(f"expected a JSON {kind.__name__}, got {type(value).__name__}")
    return value


def read_json_at(text: str, start: int) -> Any:
    """The value that begins at a place of a text, whatever follows it. Raises ParseError."""
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"no JSON value: {str(error)[:MAX_ERROR]}") from error


def json_amount(value: object) -> Decimal | None:
    """A JSON number that may be a price; None for any other value and for a number that no price can be."""
    return price_or_none(str(value)) if isinstance(value, Decimal) else None


def whole_number(value: object, limit: int = 10_000_000) -> int:
    """A JSON number that is whole and from 0 to `limit`. Raises ValueError for anything else."""
    number = whole_or_none(value, limit)
    if number is None:
        raise ValueError("a number that is not whole, or out of range")
    return number


def whole_or_none(value: object, limit: int = 10_000_000) -> int | None:
    """The same as an int, or None."""
    if not isinstance(value, Decimal) or not 0 <= value <= limit or value != int(value):
        return None
    return int(value)


def json_text(value: object) -> str:
    """The value as JSON, for people to read."""
    return json.dumps(value, default=_shown)


def _shown(number: object) -> int | float:
    if not isinstance(number, Decimal):
        raise TypeError(f"no JSON value: {type(number).__name__}")
    # An exponent or a point makes it a float, as it was printed.
    return int(number) if number.as_tuple().exponent == 0 else float(number)
