"""The user's file of plans: who has a seat of which plan, what it costs a month, and which usage it covers, by date.

Reading and checking only; where it is in force is `snapshots.user_inputs`' to say, what it costs by day
`costs.plan_fees`', and what it covers `costs.plan_coverage`'.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars as pl

from pipelines.models.user_csv import TIMES, UserFileError, csv_lines, interval
from pipelines.usage.owner_map import KINDS, MAX_NAME

PLAN_FILE = "plans.csv"
"""Name of the file below the warehouse folder."""
PLAN_KINDS = (*KINDS, "team")
"""Whose seat it is, the closest first; a team is one of owners.csv."""
SEVERAL = ";"
"""Between several ids, providers or formats of one cell."""
MAX_SEATS = 1_000_000
FIRST_YEAR = 2020
_COLUMNS = ("plan", "provider", "kind", "id", "covers_provider", "covers_format")
_FEE_COLUMNS = ("seats", "fee_per_seat", "currency")
_FEE = re.compile(r"\d{1,9}(\.\d{1,6})?")
_ID_MARK = "/"
PLAN_SCHEMA = {
    **dict.fromkeys(("plan_id", "plan", "provider", "kind", "id"), pl.String()),
    **dict.fromkeys(("covers_provider", "covers_format"), pl.List(pl.String())),
    "line": pl.Int64(),
    "seats": pl.Int64(),
    "fee_per_seat": pl.Decimal(18, 6),
    "currency": pl.String(),
    "owner_number": pl.Int64(),
    "owner_count": pl.Int64(),
    **dict.fromkeys(TIMES, pl.Date()),
}
"""One row per line of the file and owner: `owner_number` of `owner_count` counts the ids of a line, from 0."""


class _Seat(NamedTuple):
    """One line of the file for one of its owners, in the order of PLAN_SCHEMA."""

    plan_id: str
    plan: str
    provider: str
    kind: str
    id: str
    covers_provider: list[str]
    covers_format: list[str]
    line: int
    seats: int
    fee_per_seat: Decimal
    currency: str
    owner_number: int
    owner_count: int
    valid_from: date
    valid_to: date | None

    @property
    def covers_usage(self) -> bool:
        return bool(self.covers_provider or self.covers_format)

    def shares_usage_with(self, other: "_Seat") -> bool:
        """Whether some usage of their owner may be under both."""
        mine, others = (self.covers_provider, self.covers_format), (other.covers_provider, other.covers_format)
        meet = all(not one or not two or set(one) & set(two) for one, two in zip(mine, others, strict=True))
        return self.covers_usage and other.covers_usage and meet


def parse_plans(path: Path, content: bytes) -> pl.DataFrame:
    """The lines of the file in PLAN_SCHEMA; `path` is how messages name it, and no bytes are no file.

    Header: plan,provider,kind,id,covers_provider,covers_format,seats,fee_per_seat,currency,valid_from,valid_to. Both
    last are days; valid_to may be empty and is the first day that is not meant. Raises UserFileError.
    """
    columns = (*_COLUMNS, *_FEE_COLUMNS, *TIMES)
    lines = csv_lines(path, content, columns, optional=()) if content else ()
    seats = [seat for line, cells in lines for seat in _seats(f"{path} line {line}", line, cells)]
    _refuse_twice(path, seats)
    return pl.DataFrame(seats, schema=PLAN_SCHEMA, orient="row")


def _seats(where: str, line: int, cells: dict[str, str]) -> list[_Seat]:
    if cells["kind"] not in PLAN_KINDS:
        raise UserFileError(f"{where}: kind {cells['kind']!r} is unknown; write one of {', '.join(PLAN_KINDS)}")
    for name in _COLUMNS:
        if len(cells[name]) > 20 * MAX_NAME or not cells[name].isprintable():
            raise UserFileError(f"{where}: {name} must be one line of at most {20 * MAX_NAME:,} characters")
    for name in ("plan", "provider", "id"):
        if not cells[name]:
            raise UserFileError(f"{where}: {name} is empty; write it or delete the line")
    formats = _several(where, "covers_format", cells["covers_format"])
    _refuse_unknown_formats(where, formats)
    providers = [provider.lower() for provider in _several(where, "covers_provider", cells["covers_provider"])]
    plan, kind, ids = cells["plan"], cells["kind"], _several(where, "id", cells["id"])
    valid_from, valid_to = _days(where, cells)
    seats, fee = _seat_count(where, cells["seats"]), _fee(where, cells["fee_per_seat"])
    currency = _currency(where, cells["currency"])
    return [
        _Seat(
            plan_id=_ID_MARK.join((plan, kind, owner)),
            plan=plan,
            provider=cells["provider"].lower(),
            kind=kind,
            id=owner,
            covers_provider=providers,
            covers_format=formats,
            line=line,
            seats=seats,
            fee_per_seat=fee,
            currency=currency,
            owner_number=number,
            owner_count=len(ids),
            valid_from=valid_from,
            valid_to=valid_to,
        )
        for number, owner in enumerate(ids)
    ]


def _several(where: str, name: str, cell: str) -> list[str]:
    """The texts of a cell; none where it is empty."""
    texts = [text.strip() for text in cell.split(SEVERAL)] if cell else []
    if "" in texts or len(set(texts)) < len(texts):
        raise UserFileError(f'{where}: {name} {cell!r} has an empty or repeated part; write each once, as "a;b"')
    return texts


def _refuse_unknown_formats(where: str, formats: list[str]) -> None:
    """A misspelt format would cover nothing, and its usage would be taken for money owed."""
    from pipelines.usage.formats import IMPORTERS  # noqa: PLC0415 - only a file with plans needs them

    known = [importer.name for importer in IMPORTERS]
    for name in formats:
        if name not in known:
            raise UserFileError(f"{where}: no usage format is named {name!r}; `costs formats` lists them")


def _seat_count(where: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= MAX_SEATS:
        raise UserFileError(f"{where}: seats {text!r} is no number of seats; write a whole number of at least 1")
    return int(text)


def _fee(where: str, text: str) -> Decimal:
    if not _FEE.fullmatch(text) or not text.isascii():
        raise UserFileError(
            f"{where}: fee_per_seat {text!r} is no amount; write what one seat costs a month, such as 20 or 17.50"
        )
    return Decimal(text)


def _currency(where: str, text: str) -> str:
    if text and not re.fullmatch(r"[A-Z]{3}", text):
        raise UserFileError(f"{where}: currency {text!r} is no code of ISO 4217; write EUR, or nothing for USD")
    return text or "USD"


def _days(where: str, cells: dict[str, str]) -> tuple[date, date | None]:
    first, last = interval(where, cells)
    if first is None:
        raise UserFileError(f"{where}: valid_from is empty; write the first day of the plan, as 2026-01-31")
    for name, moment in zip(TIMES, (first, last), strict=True):
        if moment and (moment.time() != datetime.min.time() or moment.year < FIRST_YEAR):
            raise UserFileError(f"{where}: {name} {cells[name]!r} is no day since {FIRST_YEAR}; write it as 2026-01-31")
    return first.date(), last.date() if last else None


def _refuse_twice(path: Path, seats: list[_Seat]) -> None:
    """A seat that is written twice costs twice, and usage under two plans would be of neither."""
    by_owner: dict[tuple[str, str], list[_Seat]] = {}
    for seat in seats:
        by_owner.setdefault((seat.kind, seat.id), []).append(seat)
    for (kind, owner), several in by_owner.items():
        for number, seat in enumerate(several):
            for earlier in several[:number]:
                if not _overlap(earlier, seat):
                    continue
                where = f"{path} line {seat.line}: {kind} {owner!r}"
                if earlier.plan == seat.plan:
                    raise UserFileError(
                        f"{where} has the plan {seat.plan!r} on line {earlier.line} for the same time; add up the "
                        "seats on one line or give the two valid_from and valid_to that do not overlap"
                    )
                if earlier.shares_usage_with(seat):
                    raise UserFileError(
                        f"{where} has usage that the plan of line {earlier.line} covers too; let covers_provider and "
                        "covers_format name for each plan what only it covers"
                    )


def _overlap(one: _Seat, two: _Seat) -> bool:
    return max(one.valid_from, two.valid_from) < min(one.valid_to or date.max, two.valid_to or date.max)
