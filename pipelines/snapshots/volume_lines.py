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
_QUANTITY = re.compile(r"[0-9]{1,15}")
_SAME = ("kind", "volume", "valid_from", "valid_to")

Term = Mapping[str, Any]


def volume_of(where: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """VOLUME_COLUMNS of a line; None in both of one that holds at any quantity. Raises UserFileError."""
    volume, quantity = (cells.get(name, "") for name in VOLUME_COLUMNS)
    if not volume and not quantity:
        return dict.fromkeys(VOLUME_COLUMNS)
    if volume not in VOLUME_KINDS:
        raise UserFileError(
            f"{where}: volume {volume!r} beside from_quantity {quantity!r} is unknown; write {VOLUME_KINDS[0]}, for "
            f"what is above from_quantity, or {VOLUME_KINDS[1]}, for all of the month once it is reached"
        )
    if cells["kind"] not in PRICE_KINDS:
        raise UserFileError(f"{where}: a {cells['kind']} has no bands of volume; leave volume and from_quantity empty")
    if not _QUANTITY.fullmatch(quantity):
        raise UserFileError(
            f"{where}: from_quantity {quantity!r} is no quantity; write tokens or calls of a month in digits alone, "
            "such as 1000000000, and 0 for the first band"
        )
    return {"volume": volume, "from_quantity": int(quantity)}


def are_of_one_scale(term: Term, other: Term) -> bool:
    """Whether two lines about the same usage are bands of one scale, which differ by their quantity alone."""
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
