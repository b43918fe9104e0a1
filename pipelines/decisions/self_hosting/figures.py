"""Single figures that ship: power, purchase prices, colocation, electricity, training. Each has an id and a range."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped"


@dataclass(frozen=True)
class Figure:
    """A figure with its evidence; `high` is the upper end where the source gives a range, else the same."""

    figure_id: str
    value: Decimal
    high: Decimal
    unit: str
    as_of: str
    source: str
    tier: str

    @property
    def middle(self) -> Decimal:
        """The middle of the range."""
        return (self.value + self.high) / 2


@dataclass(frozen=True)
class ManagedOffer:
    """What a seller of open models printed: a price by meter, or of one GPU and hour of a dedicated endpoint."""

    offer_id: str
    seller: str
    what: str
    meter: str
    usd: Decimal
    as_of: date
    source: str
    tier: str


@cache
def figures() -> dict[str, Figure]:
    """All figures by id."""
    with (SHIPPED / "figures.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    return {
        row["id"]: Figure(
            row["id"],
            Decimal(row["value"]),
            Decimal(row["high"]),
            row["unit"],
            row["as_of"],
            row["source"],
            row["tier"],
        )
        for row in rows
    }


@cache
def managed_offers() -> tuple[ManagedOffer, ...]:
    """All dated offers. One without a date is left out: it is in force on no day."""
    with (SHIPPED / "managed.csv").open(newline="") as text:
        return tuple(
            ManagedOffer(
                row["offer_id"],
                row["seller"],
                row["what"],
                row["meter"],
                Decimal(row["usd"]),
                date.fromisoformat(row["as_of"]),
                row["source"],
                row["tier"],
            )
            for row in csv.DictReader(text)
            if row["as_of"]
        )


def offers_in_force(day: date, what: str) -> dict[tuple[str, str], ManagedOffer]:
    """(seller, meter) -> the newest offer of a model on or before a day."""
    found: dict[tuple[str, str], ManagedOffer] = {}
    for offer in sorted(managed_offers(), key=lambda one: one.as_of):
        if offer.as_of <= day and offer.what.casefold() == what.casefold():
            found[offer.seller, offer.meter] = offer
    return found
