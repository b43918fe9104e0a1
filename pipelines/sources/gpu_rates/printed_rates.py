"""Rates as price pages print them: "$3.99", "from $1.55", "$3.90/GPU-hr". Names of GPUs are read elsewhere."""

import re
from dataclasses import dataclass
from decimal import Decimal

_NOT_OFFERED = {"", "-", "\u2013", "\u2013\u2013", "\u2014", "n/a", "contact us", "contact sales", "sold out"}
_USD = r"\$((?!0[0-9])[0-9]{1,5}(?:\.[0-9]{1,9})?)"
_HOURLY = re.compile(rf"(from )?{_USD}(?: ?/ ?(?:GPU-hr|GPU|hr|hour))?\*{{0,2}}", re.IGNORECASE)
_SECONDLY = re.compile(rf"{_USD} ?/ ?sec")
_SPACED_MEMORY = re.compile(r",? ([0-9]{1,4}) GB\b")


@dataclass(frozen=True)
class PrintedRate:
    """One printed rate in USD per hour."""

    usd: Decimal
    price_kind: str
    """`from` where the page says that the price starts there, else `quoted`."""


def read_hourly(text: str) -> PrintedRate | None:
    """The rate of a cell of hourly prices; None where nothing is offered (a dash, "Contact us", a price of zero).

    Raises ValueError for anything else, another unit included.
    """
    line = " ".join(text.split())
    if line.lower() in _NOT_OFFERED:
        return None
    found = _HOURLY.fullmatch(line)
    if found is None:
        raise ValueError("the price is no amount in USD per hour")
    usd = Decimal(found[2])
    return PrintedRate(usd, "from" if found[1] else "quoted") if usd else None


def read_secondly(text: str) -> Decimal:
    """USD per hour of a price per second (x 3600). Raises ValueError for any other text and for zero."""
    found = _SECONDLY.fullmatch(" ".join(text.split()))
    if found is None or not Decimal(found[1]):
        raise ValueError("the price is no amount in USD per second")
    return Decimal(found[1]) * 3600


def join_memory(name: str) -> str:
    """A GPU name with its memory as one word, as gpu_names reads it: "A100, 80 GB" -> "A100 80GB"."""
    return _SPACED_MEMORY.sub(r" \1GB", name)
