"""What was agreed in another currency than USD: its prices in USD, day by day, at the user's rates.

A day without a rate has a term without a value, so that its usage has no effective cost: neither the list price nor
yesterday's rate is what is paid. Commitments and credits stay as they are: `costs.charge_currency` converts them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from pipelines.schema.contract_terms import PRICE_KINDS, TERM_SCOPE
from pipelines.usage.rate_file import Rates

LOCAL_COLUMNS = ("currency", "local_value", "usd_per_currency")
_PLACES = Decimal("0.000001")
_DIGITS = 40
"""Of any price times any rate, so that none is cut off."""

Term = Mapping[str, Any]


def in_dollars(term: Term, rates: Rates) -> Iterator[dict[str, Any]]:
    """The term itself, or one for each rate of its currency and for each time between them that has none.

    The price of a unit in USD is rounded once, half up, to six decimals. Bands of volume have one at each rate, too, of
    one volume_scale.
    """
    if rated_currency(term) is None or term["kind"] not in PRICE_KINDS:
        yield dict(term)
        return
    scale = _scale(term) if term["volume"] else None
    begin, end = term["valid_from"] or date.min, term["valid_to"] or date.max
    for run_from, run_to, usd in _runs(term, rates):
        first, last = max(run_from, begin), min(run_to, end)
        if first < last:
            days = {"valid_from": None if first == date.min else first, "valid_to": None if last == date.max else last}
            value = term["value"] if term["currency"] is None else _in_dollars(term["local_value"], usd)
            yield {**term, **days, "value": value, "usd_per_currency": usd, "volume_scale": scale}


def rated_currency(term: Term) -> str | None:
    """The currency, other than USD, whose rates a term needs: of its amount, or of what its volume counts."""
    counted = term["volume_currency"]
    currency: str | None = term["currency"] or (None if counted == "USD" else counted)
    return currency


def _in_dollars(price: Decimal, usd: Decimal | None) -> Decimal | None:
    with localcontext(prec=_DIGITS):
        return None if usd is None else (price * usd).quantize(_PLACES, ROUND_HALF_UP)


def _scale(term: Term) -> str:
    """What all bands of a scale say alike, as it is written."""
    said = (*TERM_SCOPE, "kind", "volume", "per", "valid_from", "valid_to", "currency", "volume_currency")
    return hashlib.sha256("\x1f".join(str(term[name]) for name in said).encode()).hexdigest()[:20]


def unrated_day(term: Term, rates: Rates, today: date) -> date | None:
    """The first day up to today on which the currency of a term has no rate; of one without a beginning, today."""
    if rated_currency(term) is None:
        return None
    begin, end = term["valid_from"] or today, min(term["valid_to"] or date.max, today + timedelta(days=1))
    lacking = (max(begin, first) for first, last, usd in _runs(term, rates) if usd is None and begin < last)
    return next((day for day in lacking if day < end), None)


def _runs(term: Term, rates: Rates) -> Iterator[tuple[date, date, Decimal | None]]:
    """All time in runs at one rate, or at none."""
    at = date.min
    run: tuple[date, date, Decimal | None] | None = None
    for rate in rates.get(rated_currency(term) or "", ()):
        if run is not None and run[1] == rate.first and run[2] == rate.usd:
            run = (run[0], rate.end, rate.usd)
        else:
            if run is not None:
                yield run
            if at < rate.first:
                yield at, rate.first, None
            run = (rate.first, rate.end, rate.usd)
        at = rate.end
    if run is not None:
        yield run
    yield at, date.max, None
