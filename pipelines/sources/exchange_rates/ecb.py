"""The European Central Bank's daily reference rates (XML) -> USD per unit of each currency.

The file states units of a currency per euro on one day; the euro itself has no line. USD per unit is the rate of the
dollar over that of the currency. It is published about 16:00 Frankfurt time on working days of the TARGET system.
Structure: nested `Cube` elements, the middle one with `time`, the inner ones with `currency` and `rate`.
"""

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal

from lxml import etree

from pipelines.schema.exchange_rates import ExchangeRateObservation
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

_CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
_CODE = re.compile(r"[A-Z]{3}")
_STEP = Decimal("0.0000000001")


def parse(body: bytes) -> Parsed:
    """One row per currency, the euro among them. Raises ParseError for no such file, several days, or no dollar."""
    day, printed = _day(body)
    found = RowCollector(ExchangeRateObservation)
    rates = {code: rate for code, text in printed if (rate := _rate(found, code, text)) is not None}
    usd = rates.pop("USD", None)
    if usd is None or len({code for code, _ in printed}) != len(printed):
        raise ParseError("no rate of the dollar, or two rates of one currency")
    for code, rate in {"EUR": Decimal(1), **rates}.items():
        found.add(
            currency=code,
            rate_on=day,
            usd_per_currency=(usd / rate).quantize(_STEP, ROUND_HALF_EVEN),
            printed=f"1 EUR = {usd} USD" + ("" if code == "EUR" else f" = {rate} {code}"),
            effective_from=datetime.combine(day, time()),
        )
    return found.parsed()


def _day(body: bytes) -> tuple[date, list[tuple[str, str]]]:
    """The one day of the file, with its currencies and rates as text."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise ParseError(f"no XML: {str(error)[:200]}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ParseError("the file declares entities")
    days = [cube for cube in root.iter(_CUBE) if cube.get("time")]
    if len(days) != 1:
        raise ParseError(f"{len(days)} days in the file, expected one")
    try:
        day = date.fromisoformat(days[0].get("time"))
    except ValueError as error:
        raise ParseError("the time is no day") from error
    return day, [(cube.get("currency", ""), cube.get("rate", "")) for cube in days[0].iter(_CUBE) if cube.get("rate")]


def _rate(found: RowCollector, code: str, text: str) -> Decimal | None:
    """Units of a currency per euro; None, and a reject, where it is none."""
    rate = price_or_none(text)
    if rate is None or rate <= 0 or not _CODE.fullmatch(code):
        found.reject(code[:20], text, "no currency code with a positive rate")
        return None
    return rate
