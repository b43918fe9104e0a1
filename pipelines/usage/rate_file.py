"""The user's file of rates of exchange: what bills and contracts in another currency are worth in USD, by date.

A line holds for its date alone, or up to its valid_to: a rate that nobody stated is never guessed, not even from the
day before. Reference rates, which a central bank publishes, are those of `sources.exchange_rates`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pipelines.models.user_csv import UserFileError, csv_lines, file_content
from pipelines.warehouse.last_good import last_good

RATE_FILE = "exchange_rates.csv"
"""Name of the file below the warehouse folder."""
_COLUMNS = ("date", "currency", "usd_per_unit", "source")
_LAST = ("valid_to",)
_RATE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,10})?")
_MAX_TEXT = 200
MAX_USD = 10
"""The dearest currency is worth less than four; 149 yen per dollar is the other way round."""


class Rate(NamedTuple):
    """What one unit of a currency is worth in USD from a first day up to an end, which is no longer meant."""

    first: date
    end: date
    usd: Decimal
    source: str


Rates = Mapping[str, Sequence[Rate]]
"""By currency, in the order of their days."""
NO_RATES: Rates = {}


def parse_rates(path: Path, content: bytes) -> dict[str, list[Rate]]:
    """The lines of the file; `path` is how messages name it, and no bytes are no file.

    Header: date,currency,usd_per_unit,source and, if wanted, valid_to, the first day that is not meant; a line without
    one is for its date alone. Raises UserFileError.
    """
    stated: dict[str, list[tuple[int, Rate]]] = {}
    for line, cells in csv_lines(path, content, _COLUMNS, optional=_LAST) if content else ():
        where = f"{path} line {line}"
        currency, rate = _currency(where, cells["currency"]), _rate(where, cells)
        earlier = stated.setdefault(currency, [])
        for number, other in earlier:
            if rate.first < other.end and other.first < rate.end:
                raise UserFileError(
                    f"{where}: line {number} has a rate of {currency} for {max(rate.first, other.first)}, too; delete "
                    "one of the two"
                )
        earlier.append((line, rate))
    return {currency: sorted(rate for _, rate in lines) for currency, lines in stated.items()}


def rates_in_force(folder: Path) -> dict[str, list[Rate]]:
    """The rates below a warehouse folder; their last good state where the file has a mistake. Changes nothing."""
    path = folder / RATE_FILE
    try:
        return parse_rates(path, file_content(path))
    except UserFileError:  # told by `snapshots.user_inputs`
        return parse_rates(path, last_good(folder, RATE_FILE) or b"")


def rate_on(rates: Rates, currency: str, day: date) -> Rate | None:
    """The rate of a currency that is stated for a day; None where none is."""
    return next((rate for rate in rates.get(currency, ()) if rate.first <= day < rate.end), None)


def lacking(currency: str, day: date) -> str:
    """What is wrong where there is none, and what to write."""
    return (
        f"{RATE_FILE} has no rate of {currency} for {day}; write a line {day},{currency},USD per {currency},where the "
        "rate is from"
    )


def _currency(where: str, text: str) -> str:
    code = text.upper()
    if not re.fullmatch(r"[A-Z]{3}", code) or code == "USD":
        raise UserFileError(f"{where}: currency {text!r} is no other currency; write a code of ISO 4217 such as EUR")
    return code


def _rate(where: str, cells: Mapping[str, str]) -> Rate:
    first = _day(where, "date", cells["date"])
    end = _day(where, "valid_to", cells["valid_to"]) if cells.get("valid_to") else first + timedelta(days=1)
    if end <= first:
        raise UserFileError(f"{where}: valid_to must be after date; it is the first day that is not meant")
    text = cells["usd_per_unit"]
    if not _RATE.fullmatch(text) or not Decimal(text):
        raise UserFileError(
            f"{where}: usd_per_unit {text!r} is no rate; write what one unit is worth in USD, such as 1.0842, with at "
            "most ten decimals"
        )
    if Decimal(text) > MAX_USD:
        raise UserFileError(
            f"{where}: usd_per_unit {text!r} is more than any currency is worth; write what one unit is worth in USD, "
            f"such as {1 / Decimal(text):.6f}"
        )
    source = cells["source"]
    if not source or len(source) > _MAX_TEXT or not source.isprintable():
        raise UserFileError(
            f"{where}: source {source[:40]!r}; write where the rate is from, such as the contract, in one line"
        )
    return Rate(first, end, Decimal(text), source)


def _day(where: str, name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UserFileError(f"{where}: {name} {text!r} is no day; write it as 2026-01-31") from error
