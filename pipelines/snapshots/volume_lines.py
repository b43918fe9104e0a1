"""Lines of the contract file that hold from a quantity on: what they say, and that a scale of them says all.

How much of the month is in which band, and what it costs then, is for `costs.volume_bands` to say.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.models.user_csv import UserFileError
from pipelines.schema.contract_terms import PRICE_KINDS, VOLUME_KINDS

VOLUME_COLUMNS = ("volume", "from_quantity")
_QUANTITY = re.compile(r"(?P<number>[0-9]{1,15})( ?(?P<currency>[A-Za-z]{3}))?")
_SAME = ("kind", "volume", "valid_from", "valid_to", "per", "volume_currency", "currency")

Term = Mapping[str, Any]


def volume_of(where: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """VOLUME_COLUMNS of a line, and its volume_currency; None in all of one that holds at any quantity.

    Raises UserFileError.
    """
    volume, text = (cells.get(name, "") for name in VOLUME_COLUMNS)
    if not volume and not text:
        return dict.fromkeys((*VOLUME_COLUMNS, "volume_currency"))
    if volume not in VOLUME_KINDS:
        raise UserFileError(
            f"{where}: volume {volume!r} beside from_quantity {text!r} is unknown; write {VOLUME_KINDS[0]}, for "
            f"what is above from_quantity, or {VOLUME_KINDS[1]}, for all of the month once it is reached"
        )
    if cells["kind"] not in PRICE_KINDS:
        raise UserFileError(f"{where}: a {cells['kind']} has no bands of volume; leave volume and from_quantity empty")
    quantity = _QUANTITY.fullmatch(text)
    if not quantity:
        raise UserFileError(
            f"{where}: from_quantity {text!r} is no quantity; write tokens or calls in digits alone, such as "
            "1000000000, or spend at list prices such as 50000 USD, and 0 for the first band"
        )
    if quantity["currency"] and cells["kind"] != "discount":
        raise UserFileError(
            f"{where}: a price has no bands by spend, which is at list prices; write discounts, or from_quantity in "
            "tokens or calls"
        )
    currency = quantity["currency"].upper() if quantity["currency"] else None
    return {"volume": volume, "from_quantity": int(quantity["number"]), "volume_currency": currency}


def in_one_unit(terms: Sequence[dict[str, Any]]) -> None:
    """Let a first band from a mere 0 count in the currency that the other bands of its scale name."""
    for term in terms:
        if term["from_quantity"] == 0 and term["volume_currency"] is None:
            same = [name for name in _SAME if name != "volume_currency"]
            units = {one["volume_currency"] for one in terms if all(one[name] == term[name] for name in same)}
            if len(units) == 2:
                term["volume_currency"] = next(unit for unit in units if unit)


def are_of_one_scale(term: Term, other: Term) -> bool:
    """Whether two lines about the same usage are bands of one scale, which differ by quantity and value alone."""
    return term["volume"] is not None and all(term[name] == other[name] for name in _SAME)


def begin_at_zero(path: Path, lines: Sequence[tuple[int, Term]]) -> None:
    """Raise UserFileError where no band says what the first unit of a month costs. `lines`: about the same usage."""
    for line, term in lines:
        scale = [other for _, other in lines if are_of_one_scale(term, other)]
        if scale and all(other["from_quantity"] > 0 for other in scale):
            raise UserFileError(
                f"{path} line {line}: no line says what holds below from_quantity {term['from_quantity']}; write one "
                "with from_quantity 0 and the same days (a discount of 0 is the list price)"
            )
