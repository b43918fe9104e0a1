"""What the token price parsers share: one price, how its text is read, one row per key. Pages are read elsewhere."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pipelines.schema.time_windows import ALWAYS
from pipelines.schema.token_prices import TokenPriceObservation
from pipelines.sources.parsed import TWO_PRICES, Parsed, RowCollector, price_or_none

NO_PRICE = frozenset({"", "-", "\N{EN DASH}", "\N{EM DASH}", "N/A"})
"""Cell texts that say that there is no price: no row, and nothing to refuse."""
ANY_MODEL = "*"
MAX_PRINTED = 300
MAX_DECIMALS = 6

_AMOUNT = re.compile(r"\$?(-?(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?)", re.ASCII)


@dataclass(frozen=True)
class Price:
    """One printed price; `place` says where on the page. The rest are columns of TokenPriceObservation."""

    place: str
    provider: str
    model: str
    meter: str
    usd_per_unit: Decimal
    printed: str
    service_tier: str = "standard"
    context_from: int = 0
    context_to: int | None = None
    unit: str = "mtok"
    channel: str = "api"
    region: str = "global"
    time_window: str = ALWAYS
    basis: str = "printed"
    effective_from: datetime | None = None

    def key(self) -> tuple[str, ...]:
        """What may have one price only."""
        who = (self.provider, self.channel, self.region, self.model, self.meter, self.service_tier)
        start = self.effective_from.isoformat() if self.effective_from else "now"
        return (*who, str(self.context_from), self.time_window, start)


def printed_usd(text: str) -> Decimal | None:
    """USD from exactly "$1,234.50", "$5" or "5"; None for any other text, NaN and prose included."""
    amount = _AMOUNT.fullmatch(text)
    return price_or_none(amount.group(1).replace(",", "")) if amount else None


def parsed_prices(prices: list[Price], collector: RowCollector) -> Parsed:
    """Rows of TokenPriceObservation, one per key, beside the rejects that `collector` already holds.

    The same price twice is one row; two prices for one key are both refused, as is a price with more than
    MAX_DECIMALS decimals. Raises ParseError when no row is left.
    """
    by_key: dict[tuple[str, ...], list[Price]] = defaultdict(list)
    for price in prices:
        by_key[price.key()].append(price)
    for same in by_key.values():
        if len({(price.usd_per_unit, price.context_to) for price in same}) > 1:
            for price in same:
                collector.reject(price.place, price.printed, f"{TWO_PRICES} {' '.join(price.key())}")
        elif same[0].usd_per_unit != round(same[0].usd_per_unit, MAX_DECIMALS):
            collector.reject(same[0].place, same[0].printed, f"more than {MAX_DECIMALS} decimals")
        else:
            collector.add(**_row(same[0]))
    return collector.parsed()


def new_collector() -> RowCollector:
    """A collector of token prices."""
    return RowCollector(TokenPriceObservation)


def _row(price: Price) -> dict[str, object]:
    row = vars(price) | {"currency": "USD", "printed": price.printed[:MAX_PRINTED]}
    del row["place"]
    return row
