"""core.exchange_rate: dated reference rates of exchange, so that a rate printed in another currency can be compared."""

from decimal import Decimal

import dataframely as dy

from pipelines.schema.columns import day, instant, text
from pipelines.schema.versions import Version

MAX_AGE_DAYS = 7
"""An older reference rate is not that of the day. None is published at weekends, over Easter and at New Year."""
_STEP = Decimal("0.0000000001")


def usd_per_currency(description: str, *, nullable: bool = False) -> dy.Decimal:
    """A reference rate; ten digits after the point keep five figures of a rupiah."""
    return dy.Decimal(
        18,
        10,
        description=description,
        nullable=nullable,
        min=_STEP,
        max=Decimal(100),
        metadata={"unit": "USD per unit of the currency"},
    )


class ExchangeRateObservation(dy.Schema):
    """One currency's reference rate as it was published for one day."""

    currency = dy.String(description="ISO 4217 code; USD itself has no row", regex=r"^[A-Z]{3}$", min_length=3)
    rate_on = day("the day that the rate is published for")
    usd_per_currency = usd_per_currency("what one unit of the currency is worth")
    printed = text("the figures that the source printed", max_length=300)
    effective_from = instant("start of rate_on", nullable=True)


class ExchangeRate(ExchangeRateObservation, Version):
    """One version of one reference rate: grain currency, interval; it holds from rate_on until the next one."""

    exchange_rate_id = text("identity of this version")
