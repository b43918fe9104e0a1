"""The user's file of what was agreed with who bills: bytes -> terms, each mistake told with file, line and remedy.

Which of the terms counts for which usage is for `costs.contract_prices` to say.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from pipelines.models.provider_aliases import provider_named
from pipelines.models.user_csv import TIMES, UserFileError, csv_lines, interval, share_time
from pipelines.schema.contract_terms import COMMITMENT_PERIODS, TERM_KINDS, TERM_SCHEMA, TERM_SCOPE, VOLUME_PERIODS
from pipelines.schema.meters import METERS
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS
from pipelines.snapshots.local_prices import LOCAL_COLUMNS, in_dollars, rated_currency, unrated_day
from pipelines.snapshots.volume_lines import VOLUME_COLUMNS, are_of_one_scale, begin_at_zero, in_one_unit, volume_of
from pipelines.usage.rate_file import NO_RATES, RATE_FILE, Rates, lacking

CONTRACT_FILE = "contract_prices.csv"
"""Name of the file below the warehouse folder."""
_COLUMNS = ("kind", "account", "provider", "channel", "model", "service_tier", "meter", "value", "per", "note")
_MAX_TEXT = 200
_MAX_USD, _MAX_PRICE = Decimal(10) ** 11, Decimal(10) ** 6
"""Beyond them is a slip of the pen: a unit of some services costs more than a million tokens ever did."""
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
"""In many countries a dot groups digits by three; no amount of money has three decimals."""
_OTHER_CURRENCY = re.compile(r"[\u20ac\u00a3\u00a5]|\b(?!USD\b)[A-Z]{3}\b")
_LOCAL = re.compile(r"(?P<number>\S+) ?(?P<currency>[A-Za-z]{3})")
_LIMITS = {
    "price": (Decimal(0), _MAX_PRICE, "USD per million tokens or thousand calls, such as 2.40"),
    "discount": (Decimal(0), Decimal(100), "percent off the list price from 0 to 100, such as 12.5"),
    "commitment": (Decimal(0), _MAX_USD, "an amount in USD, such as 50000"),
    "credit": (Decimal(0), _MAX_USD, "an amount in USD, such as 10000"),
    "marketplace": (Decimal(-100), Decimal(100), "percent from -100 (a discount) to 100 (a fee), such as 3"),
    "tax": (Decimal(0), Decimal(100), "percent from 0 to 100, such as 19"),
}
_MONEY = ("price", "commitment", "credit")
"""Kinds whose value is an amount, in a currency; the others are percent."""
_CHOICES = {"kind": TERM_KINDS, "channel": CHANNELS, "service_tier": SERVICE_TIERS, "meter": METERS}


def parse_contract(path: Path, content: bytes, rates: Rates = NO_RATES) -> pl.DataFrame:
    """The lines of the file in TERM_SCHEMA; `path` is how messages name it, and no bytes are no file.

    A price in another currency is a term for each of its `rates`, and one without a value for days that have none.

    Header: the columns of the file and, if wanted, valid_from,valid_to, which are days; valid_to is the first day that
    is not meant. After these, if wanted, VOLUME_COLUMNS. Raises UserFileError.
    """
    return _numbered(
        _plausible(f"{path} line {line}", one)
        for line, term in stated_lines(path, content)
        for one in in_dollars(term, rates)
    )


def lacks_rates(path: Path, content: bytes, rates: Rates, today: date) -> str | None:
    """Of the first line in another currency without a rate on some day up to today, what is wrong and what to write."""
    for line, term in stated_lines(path, content):
        day = unrated_day(term, rates, today)
        if day is not None:
            used_up = ", or the credit's valid_to if it is used up" if term["kind"] == "credit" else ""
            return f"{path} line {line}: {lacking(rated_currency(term) or '', day)}{used_up}"
    return None


def stated_lines(path: Path, content: bytes) -> list[tuple[int, dict[str, Any]]]:
    """Number of each line and what it says, as it says it: a price may be in another currency."""
    lines = csv_lines(path, content, _COLUMNS, last=VOLUME_COLUMNS) if content else ()
    rows = [(line, _term(f"{path} line {line}", cells)) for line, cells in lines]
    # Credits add up: two grants of the same day are two. Of all others one alone can hold.
    # A discount beside a price of the same key could be meant either way, so it is refused too.
    by_key: dict[tuple[Any, ...], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for line, term in rows:
        if term["kind"] != "credit":
            family = "price" if term["kind"] == "discount" else term["kind"]
            by_key[(family, *(term[name] for name in TERM_SCOPE))].append((line, term))
    for alike in by_key.values():
        in_one_unit([term for _, term in alike])
        _refuse_overlaps(path, alike)
        begin_at_zero(path, alike)
    return rows


def _refuse_overlaps(path: Path, lines: list[tuple[int, dict[str, Any]]]) -> None:
    """Raise UserFileError where two lines about the same usage share a day, and are no bands of one scale."""
    for place, (line, term) in enumerate(lines):
        for number, other in lines[:place]:
            is_other_band = are_of_one_scale(term, other) and term["from_quantity"] != other["from_quantity"]
            if share_time(_interval(term), _interval(other)) and not is_other_band:
                bands = "; bands of volume have one kind, volume, per, unit and the same days" * bool(term["volume"])
                raise UserFileError(
                    f"{path} line {line}: line {number} says something about the same usage on the same days; delete "
                    f"one of the two or give them valid_from and valid_to that do not overlap{bands}"
                )


def _numbered(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    """Terms with their identity; two credits that say the same are two."""
    seen: dict[str, int] = {}
    named = []
    for row in rows:
        # Lines without bands of volume, and in USD, keep the identity that they had before there were others.
        later = (*VOLUME_COLUMNS, *LOCAL_COLUMNS, "volume_currency", "volume_scale")
        said = [name for name in TERM_SCHEMA if name not in ("term_id", "basis", *later)]
        said += [name for name in later if row[name] is not None]
        text = "\x1f".join(str(row[name]) for name in said)
        seen[text] = seen.get(text, 0) + 1
        identity = hashlib.sha256(f"{text}\x1f{seen[text]}".encode()).hexdigest()[:20]
        named.append(row | {"term_id": identity, "basis": "contract"})
    return pl.DataFrame(named, schema=TERM_SCHEMA)


def _interval(term: dict[str, Any]) -> tuple[date | None, date | None]:
    return term["valid_from"], term["valid_to"]


def _term(where: str, cells: dict[str, str]) -> dict[str, Any]:
    for name, allowed in _CHOICES.items():
        if cells[name] not in allowed and (cells[name] or name == "kind"):
            _refuse(where, f"{name} {cells[name]!r} is unknown", f"write one of {', '.join(allowed)}")
    for name in ("account", "provider", "model", "note"):
        if len(cells[name]) > _MAX_TEXT or not cells[name].isprintable():
            _refuse(where, f"{name} is no plain text", f"write one line of at most {_MAX_TEXT} characters")
    kind = cells["kind"]
    if kind == "price" and not (cells["model"] and cells["meter"]):
        _refuse(where, "a price is for one meter of one model", "write both model and meter")
    provider, channel = provider_named(cells["provider"])
    if channel and cells["channel"] and channel != cells["channel"]:
        _refuse(where, f"provider {cells['provider']!r} is on channel {channel}", "leave one of the two empty")
    value = _value(where, kind, cells["value"])
    valid_from, valid_to = _days(where, cells)
    scope = {name: cells[name] or None for name in TERM_SCOPE if name in cells}
    return {
        "kind": kind,
        **scope,
        "account_id": cells["account"] or None,
        "provider": provider,
        "channel": cells["channel"] or channel,
        # Batch and flex have lists of their own, which a price for no named tier does not mean.
        "service_tier": cells["service_tier"] or ("standard" if kind == "price" else None),
        **value,
        "per": _period(where, cells, valid_from, valid_to),
        **volume_of(where, cells),
        "volume_scale": None,
        "note": cells["note"] or None,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _value(where: str, kind: str, text: str) -> dict[str, Any]:
    """Value and LOCAL_COLUMNS: of an amount in another currency the value is not known here."""
    low, high, meant = _LIMITS[kind]
    local = _LOCAL.fullmatch(text) if kind in _MONEY else None
    currency = local["currency"].upper() if local else "USD"
    number = text.removesuffix("%").strip() if kind not in _MONEY else text
    number = local["number"] if local else number
    amount = Decimal(number) if _NUMBER.fullmatch(number) else None
    if amount is None and _OTHER_CURRENCY.search(text):
        remedy = "write a code of ISO 4217 behind the number, such as 11.20 EUR" if kind in _MONEY else f"write {meant}"
        _refuse(where, f"value {text!r} of a {kind} is not in USD", remedy)
    # The bounds are in USD: ten million rupiah are no slip of the pen. They are held once there is a rate.
    if amount is None or amount < low or (amount > high and currency == "USD"):
        _refuse(where, f"value {text!r} of a {kind} cannot be used", f"write {meant}, with at most six decimals")
    _refuse_two_meanings(where, kind, text, number)
    if currency == "USD":
        return {"value": amount, **dict.fromkeys(LOCAL_COLUMNS)}
    return {"value": None, "currency": currency, "local_value": amount, "usd_per_currency": None}


def _refuse_two_meanings(where: str, kind: str, text: str, number: str) -> None:
    """A number that is written in one way and meant in another by many is worth a question."""
    if kind in ("commitment", "credit") and _THOUSANDS.fullmatch(number):
        meanings = f"write {number.removesuffix('0')}, or {number.replace('.', '')}"
        _refuse(where, f"value {text!r} of a {kind} may mean thousands", meanings)
    if kind in ("discount", "tax") and 0 < Decimal(number) < 1 and "%" not in text:
        percent = (100 * Decimal(number)).normalize()
        _refuse(where, f"value {text!r} of a {kind} may be a share", f"write {percent:f} if it is, else {text}%")


def _plausible(where: str, term: dict[str, Any]) -> dict[str, Any]:
    """A price at its rate: the one, or the other, may be a slip of the pen."""
    if term["kind"] == "price" and term["value"] is not None and term["value"] > _MAX_PRICE:
        amount = f"{term['local_value'].normalize():f} {term['currency']} at {term['usd_per_currency'].normalize():f}"
        remedy = f"put the price, or the rate of {term['valid_from']} in {RATE_FILE}, right"
        _refuse(where, f"{amount} USD are more than {_MAX_PRICE} USD", remedy)
    return term


def _period(where: str, cells: dict[str, str], valid_from: date | None, valid_to: date | None) -> str | None:
    per = cells["per"]
    if cells.get("volume"):
        if per not in ("", *VOLUME_PERIODS):
            _refuse(where, f"per {per!r} of a band of volume is unknown", f"write {', '.join(VOLUME_PERIODS)}")
        if per == "term" and (valid_from is None or valid_to is None):
            _refuse(where, "a band of volume per term needs its days", "write valid_from and valid_to")
        return per or "month"
    if cells["kind"] != "commitment":
        if per:
            _refuse(where, f"per {per!r} is for commitments only", "leave it empty")
        return None
    if per not in COMMITMENT_PERIODS:
        _refuse(where, f"per {per!r} of a commitment is unknown", f"write {' or '.join(COMMITMENT_PERIODS)}")
    if valid_from is None or (per == "term" and valid_to is None):
        _refuse(where, f"a commitment per {per} needs its days", "write valid_from" + " and valid_to" * (per == "term"))
    if per == "month" and any(day and day.day != 1 for day in (valid_from, valid_to)):
        _refuse(where, "a commitment per month begins and ends with a month", "write days such as 2026-02-01")
    return per


def _days(where: str, cells: dict[str, str]) -> tuple[date | None, date | None]:
    times = interval(where, cells)
    for name, moment in zip(TIMES, times, strict=True):
        if moment and moment.time() != moment.min.time():
            _refuse(where, f"{name} {cells[name]!r} is no day", "write it as 2026-01-31")
    first, last = (_day(moment) for moment in times)
    return first, last


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _refuse(where: str, wrong: str, remedy: str) -> NoReturn:
    raise UserFileError(f"{where}: {wrong}; {remedy}")
