"""What is due or given beside usage: commitments, credits, marketplace fees and discounts, taxes. Pure, and exact.

Usage costs what `contract_prices` says; nothing here changes that. Amounts are reckoned per calendar month (UTC),
or per term of a commitment, without any rounding but that of a charge to twelve decimals. What rests on a rate of
exchange that nobody stated is NULL.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import polars as pl

from pipelines.costs.charge_currency import RateOf, amount_of, rate_of, spread
from pipelines.costs.contract_prices import terms_of
from pipelines.schema.columns import polars_schema
from pipelines.schema.contract import ContractCharge
from pipelines.schema.contract_terms import TERM_SCOPE
from pipelines.usage.rate_file import NO_RATES, Rates

CHARGE_SCHEMA = polars_schema(ContractCharge)
USAGE_KEY = ("usage_date", *TERM_SCOPE, "listed_model")
_PLACES = Decimal("0.000000000001")
_DIGITS = 80
"""Of amounts times percents, so that none is cut off."""
_AMOUNTS = ("base_usd", "agreed_usd", "due_usd", "charge_usd", "list_charge_usd", "agreed_local", "charge_local")
_ZERO = Decimal(0)

Term = Mapping[str, Any]
Period = tuple[date, date]


@dataclass
class _Line:
    """One kind of usage on one day, and what of it is still to be paid."""

    usage_date: date
    usd: Decimal
    listed: Decimal
    """At list price; what no list has a price for, as agreed."""
    fee: Decimal = _ZERO
    listed_fee: Decimal = _ZERO
    drawn: Decimal = _ZERO
    is_unknown: bool = False
    """What of it is to be paid rests on a rate that is not stated: its price does, or a credit that pays some of it."""
    terms: dict[str, str] = field(default_factory=dict)
    """By kind of term: the one that counts."""


def contract_charges(usage: pl.DataFrame, terms: pl.DataFrame, as_of: date, rates: Rates = NO_RATES) -> pl.DataFrame:
    """Rows of main.contract_charge for all time up to a day.

    `usage`: USAGE_KEY, once each, effective_cost_usd, list_cost_usd and is_unrated; `terms`: core.contract_term as it
    is current; `rates`: of commitments and credits in another currency than USD. A commitment is due in every period
    that has begun, with usage or without; what is more, only where there is usage.
    """
    if terms.is_empty():
        return pl.DataFrame(schema=CHARGE_SCHEMA)
    is_paid = pl.col("effective_cost_usd").is_not_null() | pl.col("is_unrated")
    usage = usage.filter(is_paid, pl.col("usage_date") <= as_of).sort(USAGE_KEY).with_row_index("number")
    paid = pl.col("effective_cost_usd").fill_null(0)
    amounts = usage.select("usage_date", paid, pl.coalesce("list_cost_usd", paid), "is_unrated")
    lines = [_Line(day, usd, listed, is_unknown=one) for day, usd, listed, one in amounts.iter_rows()]
    by_kind: dict[str, list[Term]] = defaultdict(list)
    for term in terms.sort("term_id").iter_rows(named=True):
        by_kind[term["kind"]].append(term)
    for kind in ("commitment", "marketplace", "tax"):
        for number, term_id in _assigned(usage, terms.filter(kind=kind)):
            lines[number].terms[kind] = term_id
    with localcontext(prec=_DIGITS):
        rate = rate_of(rates)
        commitments = list(_commitments(by_kind["commitment"], lines, as_of, rate))
        rows = [*_fees(by_kind["marketplace"], lines), *commitments]
        shortfalls = [row for row in commitments if row["charge_usd"] != 0]
        for credit in sorted(by_kind["credit"], key=lambda one: (one["valid_to"] or date.max, one["term_id"])):
            covered = [lines[number] for number, _ in _assigned(usage, terms.filter(term_id=credit["term_id"]))]
            rows += _drawn(credit, covered, rate)
        rows += _taxes(by_kind["tax"], lines, shortfalls)
        found = [_in_shape(row, as_of) for row in rows]
    return pl.DataFrame(found, schema=CHARGE_SCHEMA).sort("period_from", "kind", "term_id")


def _assigned(usage: pl.DataFrame, terms: pl.DataFrame) -> Iterator[tuple[int, str]]:
    """Number of each usage that a term covers, in order, and the one term that counts for it."""
    found = usage.join(terms_of(usage, terms), on=USAGE_KEY, nulls_equal=True).sort("number")
    yield from found.select("number", "term_id").iter_rows()


def _by_month(lines: Iterable[_Line]) -> Iterator[tuple[Period, list[_Line]]]:
    months: dict[Period, list[_Line]] = defaultdict(list)
    for line in lines:
        months[_month(line.usage_date)].append(line)
    yield from sorted(months.items())


def _covered(term: Term, lines: Iterable[_Line]) -> list[_Line]:
    return [line for line in lines if line.terms.get(term["kind"]) == term["term_id"]]


def _fees(terms: Iterable[Term], lines: list[_Line]) -> Iterator[dict[str, Any]]:
    """Of each month what the marketplace takes on top, or gives."""
    for term in terms:
        for period, covered in _by_month(_covered(term, lines)):
            for line in covered:
                line.fee = line.listed_fee = line.usd * term["value"] / 100
                if term["value"] > 0:
                    line.listed_fee = line.listed * term["value"] / 100
            charge, listed = _total(line.fee for line in covered), _total(line.listed_fee for line in covered)
            amounts = {"charge_usd": charge, "list_charge_usd": listed}
            is_unknown = any(line.is_unknown for line in covered)
            yield _row(term, period, covered, **(dict.fromkeys(amounts) if is_unknown else amounts))


def _commitments(terms: Iterable[Term], lines: list[_Line], as_of: date, rate: RateOf) -> Iterator[dict[str, Any]]:
    """Of each period the shortfall: the larger of commitment and usage is due, and usage is paid as usage."""
    for term in terms:
        covered = _covered(term, lines)
        for period in _periods(term, as_of):
            within = [line for line in covered if period[0] <= line.usage_date < period[1]]
            used, agreed = _total(line.usd for line in within), spread(term, period, rate)
            is_known = not any(line.is_unknown for line in within)
            due = max(agreed, used) if agreed is not None and is_known else None
            # What is used at the least may be enough.
            charge = _ZERO if agreed is not None and used >= agreed else None if due is None else due - used
            local = {"agreed_local": amount_of(term)} if term["currency"] else {}
            yield _row(term, period, within, agreed_usd=agreed, due_usd=due, charge_usd=charge, **local)


def _periods(term: Term, as_of: date) -> Iterator[Period]:
    """The periods of a commitment that have begun."""
    begin, end = term["valid_from"], term["valid_to"] or date.max
    if term["per"] == "term":
        if begin <= as_of:
            yield begin, end
        return
    while begin <= as_of and begin < end:
        yield _month(begin)
        begin = _month(begin)[1]


def _drawn(term: Term, covered: list[_Line], rate: RateOf) -> Iterator[dict[str, Any]]:
    """Of each month what is drawn from a credit, the oldest usage first, until nothing is left of it.

    From a day on that has usage to pay and no rate, nobody knows what is left.
    """
    left, is_known = amount_of(term), True
    for period, lines in _by_month(covered):
        before, begun = left, is_known
        base, paid = _total(line.usd - line.drawn for line in lines), _ZERO
        for line in lines:
            rest, each = line.usd - line.drawn, rate(term, line.usage_date)
            if not left or (not rest and not line.is_unknown):
                continue
            is_known = is_known and each is not None and not line.is_unknown
            if not is_known or each is None:
                line.is_unknown = True
                continue
            part = min(left * each, rest)
            line.drawn += part
            paid += part
            left = _ZERO if part < rest else left - part / each
        if before > 0:
            first = rate(term, lines[0].usage_date) if begun else None
            agreed, charge = None if first is None else before * first, -paid if is_known else None
            local = {"agreed_local": before, "charge_local": left - before if is_known else None}
            amounts = {"base_usd": base, "agreed_usd": agreed, "charge_usd": charge}
            yield _row(term, period, lines, **amounts, **(local if term["currency"] and begun else {}))


def _taxes(terms: list[Term], lines: list[_Line], shortfalls: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of each month the tax on usage with its fees, less what credits paid, and on shortfalls that end in it."""
    for term in terms:
        bases: dict[Period, Decimal] = defaultdict(Decimal)
        listed: dict[Period, Decimal] = defaultdict(Decimal)
        months = dict(_by_month(_covered(term, lines)))
        unknown = {period for period, covered in months.items() if any(line.is_unknown for line in covered)}
        for period, covered in months.items():
            bases[period] += _total(line.usd + line.fee - line.drawn for line in covered)
            listed[period] += _total(line.listed + line.listed_fee - line.drawn for line in covered)
        for row in shortfalls:
            last = _month(row["period_to"] - timedelta(days=1))
            if _narrowest(terms, row, last[0]) == term["term_id"]:
                bases[last] += row["charge_usd"] or _ZERO
                listed[last] += row["charge_usd"] or _ZERO
                unknown |= {last} if row["charge_usd"] is None else set()
        for period, base in sorted(bases.items()):
            charge, by_list = (amount * term["value"] / 100 for amount in (base, listed[period]))
            known = {"charge_usd": charge, "list_charge_usd": by_list}
            amounts = dict.fromkeys(known) if period in unknown else known
            yield _row(term, period, months.get(period, []), base_usd=base, **amounts)


def _narrowest(taxes: list[Term], charge: Term, day: date) -> str | None:
    """The tax of a charge: of those that name nothing that the charge does not, the one that names most."""
    fitting = [
        (sum(tax[name] is not None for name in TERM_SCOPE), tax["term_id"])
        for tax in taxes
        if all(tax[name] in (None, charge[name]) for name in TERM_SCOPE)
        and (tax["valid_from"] or date.min) <= day < (tax["valid_to"] or date.max)
    ]
    return max(fitting)[1] if fitting else None


def _row(term: Term, period: Period, lines: list[_Line], **amounts: Decimal | None) -> dict[str, Any]:
    """A charge; of what it is reckoned is the cost of its usage unless said otherwise."""
    base = {"base_usd": _total(line.usd for line in lines), "usage_rows": len(lines)}
    return {**term, **base, "period_from": period[0], "period_to": period[1], **amounts}


def _in_shape(row: dict[str, Any], as_of: date) -> dict[str, Any]:
    row = {"list_charge_usd": row["charge_usd"], **row}
    amounts = {name: row[name].quantize(_PLACES, ROUND_HALF_UP) for name in _AMOUNTS if row.get(name) is not None}
    known = {name: row.get(name) for name in CHARGE_SCHEMA}
    return known | amounts | {"is_open": as_of < row["period_to"]}


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)


def _month(day: date) -> Period:
    begin = day.replace(day=1)
    return begin, (begin + timedelta(days=32)).replace(day=1)
