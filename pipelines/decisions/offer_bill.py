"""What one offer asks for the parts of a workload: by meter the list price that they meet, and what is paid for it.

What is paid is what the user's contract makes of the list price; plans are not known here. Which prices are in force is
`break_even_market`'s to say.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl

from pipelines.costs.agreed_prices import Agreed
from pipelines.decisions.api_bill import MTOK, ApiPrice
from pipelines.decisions.workload import Part
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.time_windows import ALWAYS

_MANY = 10**12
"""Tokens whose cost tells a price: so many that shares of bands of volume are whole ones."""

Row = Mapping[str, Any]


class _Met(NamedTuple):
    """What the tokens of one meter in one part meet; `row` None: no list has a price."""

    meter: str
    tokens: Fraction
    account_id: str
    row: Row | None


class _Paid(NamedTuple):
    usd_per_mtok: Decimal | Fraction
    term_ids: tuple[str, ...]


class AgreedOn(NamedTuple):
    """The contract as it is on a day, for usage as if of that day."""

    agreed: Agreed
    day: date


def offer_bill(
    offer: Mapping[str, str],
    prices: Mapping[str, Sequence[Row]],
    parts: Sequence[Part],
    contract: AgreedOn | None,
    retires_on: date | None,
) -> ApiPrice:
    """The prices of an offer (MODEL_KEY and service_tier), exact means over the parts.

    `prices`: rows of price segments in force, by meter. `parts`: at least one; a meter that none of them counts is that
    of a short prompt. A meter that some part meets no price of has none.
    """
    met: dict[str, list[_Met]] = {}
    for meter in dict.fromkeys((*prices, *(meter for part in parts for meter in part.tokens))):
        used = [(tokens, part) for part in parts if (tokens := part.tokens.get(meter))]
        asked = used or [(Fraction(1), parts[0]._replace(prompt_tokens=0, time_window=ALWAYS))]
        rows = prices.get(meter, ())
        met[meter] = [_Met(meter, tokens, part.account_id, met_price(rows, part)) for tokens, part in asked]
    paid = _paid_by_contract(offer, [one for some in met.values() for one in some], contract)
    usd: dict[str, Decimal | Fraction] = {}
    listed: dict[str, Decimal | Fraction] = {}
    ids: dict[str, str] = {}
    terms: dict[str, str] = {}
    for meter, some in met.items():
        in_lists = [(one.tokens, one.row) for one in some if one.row is not None]
        if some and len(in_lists) == len(some):
            listed[meter] = _mean([(tokens, row["usd_per_unit"]) for tokens, row in in_lists])
            ids[meter] = ",".join(dict.fromkeys(row["price_id"] for _, row in in_lists))
        known = [(one.tokens, paid[_key(one)]) for one in some if _key(one) in paid]
        if some and len(known) == len(some):
            usd[meter] = _mean([(tokens, one.usd_per_mtok) for tokens, one in known])
            if term_ids := dict.fromkeys(term for _, one in known for term in one.term_ids):
                terms[meter] = ",".join(term_ids)
    return ApiPrice(offer["provider"], offer["model"], usd, ids, retires_on, listed, terms)


def met_price(prices: Sequence[Row], part: Part) -> Row | None:
    """The price of one meter that a part meets: of its hours where they have one of their own, else of any hour."""
    size = part.prompt_tokens
    holding = [r for r in prices if r["context_from"] <= size and (r["context_to"] is None or size < r["context_to"])]
    windows = {row["time_window"]: row for row in holding}
    return windows.get(part.time_window, windows.get(ALWAYS))


def _key(one: _Met) -> tuple[str, str, str | None]:
    return one.meter, one.account_id, None if one.row is None else one.row["price_id"]


def _paid_by_contract(
    offer: Mapping[str, str], met: Sequence[_Met], contract: AgreedOn | None
) -> dict[tuple[str, str, str | None], _Paid]:
    """By meter, account and list price what is paid for a million tokens; the list price without a contract."""
    if contract is None:
        return {_key(one): _Paid(one.row["usd_per_unit"], ()) for one in met if one.row is not None}
    asked = {_key(one): None if one.row is None else one.row["usd_per_unit"] for one in met}
    rows = [
        {
            **{name: offer[name] for name in (*MODEL_KEY, "service_tier")},
            "usage_date": contract.day,
            "meter": meter,
            "account_id": account,
            "price_id": price_id,
            "usd_per_unit": usd,
            "cost_usd": None if usd is None else usd * (_MANY // MTOK),
        }
        for (meter, account, price_id), usd in asked.items()
    ]
    if not rows:
        return {}
    schema = {"price_id": pl.String(), "usd_per_unit": pl.Decimal(18, 6), "cost_usd": pl.Decimal(38, 12)}
    costs = pl.DataFrame(rows, schema_overrides=schema).with_columns(
        unit=pl.when(pl.col("price_id").is_not_null()).then(pl.lit("mtok")),
        quantity=pl.lit(_MANY),
        is_lower_bound=pl.lit(value=False),
    )
    paid = contract.agreed.on(contract.day).paid(costs)
    sums = paid.group_by("meter", "account_id", "price_id").agg(
        "term_id",
        "contracted_usd_per_unit",
        usd=pl.when(pl.col("effective_cost_usd").is_not_null().all()).then(pl.col("effective_cost_usd").sum()),
    )
    return {
        (meter, account, price_id): _Paid(
            units[0] if len(units) == 1 else Fraction(usd) * MTOK / _MANY, tuple(sorted({one for one in ids if one}))
        )
        for meter, account, price_id, ids, units, usd in sums.iter_rows()
        if usd is not None
    }


def _mean(amounts: Sequence[tuple[Fraction, Decimal | Fraction]]) -> Decimal | Fraction:
    """The mean price by tokens; a price as printed where all are the same."""
    if len({usd for _, usd in amounts}) == 1:
        return amounts[0][1]
    return sum((tokens * Fraction(usd) for tokens, usd in amounts), Fraction(0)) / sum(tokens for tokens, _ in amounts)
