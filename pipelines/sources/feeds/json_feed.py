"""How a feed in JSON is read: exact numbers, or no price at all. What its fields mean is in each feed's parser."""

import json
from decimal import Decimal
from typing import TypeVar

from pipelines.sources.parsed import ParseError, price_or_none

Kind = TypeVar("Kind", dict[str, object], list[object])


def whole_json(body: bytes, kind: type[Kind]) -> Kind:
    """The document, with Decimal for every number with a point. Raises ParseError where it is cut off or no `kind`."""
    try:
        feed = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {error}") from error
    if not isinstance(feed, kind):
        raise ParseError(f"expected a JSON {kind.__name__}, got {type(feed).__name__}")
    return feed


def json_amount(value: object) -> Decimal | None:
    """A finite JSON number that may be a price; None for any other type, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return price_or_none(str(value))


def json_text(value: object) -> str:
    """The value as JSON, for people to read."""
    return json.dumps(value, default=float)
