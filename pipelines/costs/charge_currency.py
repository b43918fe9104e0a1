"""Commitments and credits that were agreed in another currency than USD: what they are in it, at the user's rates.

A rate that nobody stated is not guessed: what rests on it is None. What is due is for `contract_charges` to say.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from pipelines.usage.rate_file import Rates, rate_on

Term = Mapping[str, Any]
RateOf = Callable[[Term, date], Decimal | None]


def rate_of(rates: Rates) -> RateOf:
    """What one unit of a term's currency is worth on a day: a function that looks each day up once."""

    @cache
    def stated(currency: str, day: date) -> Decimal | None:
        rate = rate_on(rates, currency, day)
        return None if rate is None else rate.usd

    return lambda term, day: Decimal(1) if term["currency"] is None else stated(term["currency"], day)


def amount_of(term: Term) -> Decimal:
    """As it was agreed."""
    amount: Decimal = term["value"] if term["currency"] is None else term["local_value"]
    return amount


def spread(term: Term, period: tuple[date, date], rate: RateOf) -> Decimal | None:
    """The amount of a period in USD: each of its days has an even part of it, at its own rate."""
    if term["currency"] is None:
        return amount_of(term)
    days = (period[1] - period[0]).days
    total = Decimal(0)
    for number in range(days):
        usd = rate(term, period[0] + timedelta(days=number))
        if usd is None:
            return None
        total += usd
    return amount_of(term) * total / days
