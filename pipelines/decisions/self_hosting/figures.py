"""Single figures that ship: power, purchase prices, colocation, electricity, training. Each has an id and a range."""

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from pipelines.models.user_csv import UserFileError, csv_lines

SHIPPED = Path(__file__).parent / "shipped"
USER_FILE = "figures.csv"
"""In the warehouse folder: a figure of one's own in place of the shipped one of the same id."""
COLUMNS = ("id", "value", "high", "unit", "as_of", "source", "tier")
SITE = {
    "colocation_usd_per_kw": "colo-2024-h2",
    "pue": "pue-2025",
    "usd_per_kwh": "kwh-us-commercial",
    "capital_per_year": "wacc-default",
    "life_years": "life-amazon-2025",
}
"""What an owned server costs beside its price: parameter of `Machine` -> id of the figure."""
USED = (*SITE.values(), "price-h100-card", "price-h200-card", "price-b200-card", "price-a100-80", "power-dgx-h100")


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
def shipped_figures() -> dict[str, Figure]:
    """All shipped figures by id."""
    with (SHIPPED / "figures.csv").open(newline="") as text:
        return {row["id"]: _figure(f"figures.csv line {n}", row) for n, row in enumerate(csv.DictReader(text), 2)}


def parse_figures(path: Path, content: bytes) -> dict[str, Figure]:
    """The figures of a user's figures.csv by id. Raises UserFileError that names file, line and remedy."""
    found: dict[str, Figure] = {}
    for line, cells in csv_lines(path, content, COLUMNS, ()) if content.strip() else ():
        where = f"{path} line {line}"
        shipped = shipped_figures().get(cells["id"])
        if shipped is None:
            raise UserFileError(f"{where}: no figure is called {cells['id']!r}; those that are used: {', '.join(USED)}")
        if cells["unit"] != shipped.unit:
            raise UserFileError(f"{where}: the unit of {shipped.figure_id} is {shipped.unit!r}; write it like that")
        if shipped.figure_id in found:
            raise UserFileError(f"{where}: {shipped.figure_id} is twice; write it once")
        found[shipped.figure_id] = _figure(where, cells)
    return found


def _figure(where: str, cells: dict[str, str]) -> Figure:
    value = _number(where, "value", cells["value"])
    high = _number(where, "high", cells["high"]) if cells["high"] else value
    if high < value:
        raise UserFileError(f"{where}: high {high} is below value {value}; value is the lower end")
    return Figure(cells["id"], value, high, cells["unit"], cells["as_of"], cells["source"], cells["tier"])


def _number(where: str, name: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not number.is_finite() or number < 0:
        raise UserFileError(f"{where}: {name} {text!r}; write a number of at least 0, such as 0.146")
    return number


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
