"""Values as people read them: dollars, percent, tokens, days. A value that is not known is said, never 0."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pipelines.report.section import Cell

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "not known"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
Number = Decimal | float | int


def usd(value: Number | None, *, signed: bool = False) -> str:
    """Dollars: cents below a thousand, whole ones above; below a cent as many digits as tell it from nothing."""
    if value is None:
        return UNKNOWN
    amount = Decimal(str(value))
    size = abs(amount)
    if size and size < Decimal("0.01"):
        text = f"{size:.2g}" if size >= Decimal("0.0001") else "<0.0001"
    else:
        text = f"{size.quantize(Decimal('0.01') if size < 1000 else Decimal(1), ROUND_HALF_UP):,}"
    sign = MINUS if amount < 0 else "+" if signed and amount > 0 else ""
    return f"{sign}${text}"


def rate(value: Number | None) -> str:
    """A price of a unit or an hour, with its own digits."""
    if value is None:
        return UNKNOWN
    text = f"{Decimal(str(value)):,f}"
    whole, _, digits = text.partition(".")
    return f"${whole}.{digits.rstrip('0').ljust(2, '0')}"


def percent(value: Number | None, *, signed: bool = False) -> str:
    """A share in hundredths: one digit, two below one per cent."""
    if value is None:
        return UNKNOWN
    size = abs(float(value))
    digits = 1 if size >= 1 or size == 0 else 2
    text = f"{size:.{digits}f}".rstrip("0").rstrip(".") if size < 1000 else f"{size:,.0f}"
    sign = MINUS if value < 0 and text != "0" else "+" if signed and value > 0 else ""
    return f"{sign}{text} %"


def change_percent(value: Number | None, before: Number | None) -> float | None:
    """How much more than before, in hundredths; None where there was nothing before."""
    if value is None or not before:
        return None
    return 100 * (float(value) / float(before) - 1)


def tokens(value: Number | None) -> str:
    """A count in thousands, millions, billions or trillions."""
    if value is None:
        return UNKNOWN
    for unit, name in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= unit:
            return f"{float(value) / unit:.3g} {name}"
    return str(value)


def day(value: date | datetime | None) -> str:
    """A day as ISO writes it."""
    return UNKNOWN if value is None else value.isoformat()[:10]


def words(value: str | None) -> str:
    """A name of ours as words: prompt_caching_saved is prompt caching saved."""
    return UNKNOWN if value is None else value.replace("_", " ")


def text(value: Any, link: str | None = None) -> Cell:
    """A cell of text; nothing where there is no value."""
    return Cell("" if value is None else str(value), link=link, is_day=DAY.fullmatch(str(value)) is not None)


def number(value: str) -> Cell:
    """A cell of a number."""
    return Cell(value, is_number=True)
