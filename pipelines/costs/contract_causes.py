"""What of a gap the contract explains beside its prices: marketplace and tax by figures, its other lines by name."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import polars as pl

from pipelines.costs.contract_prices import terms_of
from pipelines.costs.cost_groups import GROUP, Levels
from pipelines.costs.our_prices import OurPrices

_RATES = ("marketplace", "tax")
_PLACES = Decimal("0.000000000001")
_FOUND = {name: pl.String() for name in GROUP} | {
    "usage_date": pl.Date(),
    "charged_for": pl.String(),
    "fee_usd": pl.Decimal(38, 12),
    "charged_usd": pl.Decimal(38, 12),
}


def with_charges(costs: pl.DataFrame, prices: OurPrices, levels: Levels, open_groups: pl.DataFrame) -> pl.DataFrame:
    """Groups whose usage costs what is billed once the fee or tax of the contract is on it.

    `open_groups`: GROUP, billed_usd, tolerance_usd. Returns GROUP, charged_for, fee_usd, charged_usd. Of one charge and
    both, the first that fits is told.
    """
    terms = prices.terms.filter(pl.col("kind").is_in(_RATES))
    if terms.is_empty():
        return pl.DataFrame(schema=_FOUND)
    rows = costs.join(prices.listed, on="price_id", how="left")
    for kind in _RATES:
        rates = terms_of(rows, terms.filter(kind=kind)).drop("term_id", "kind").rename({"value": kind})
        keys = [name for name in rates.columns if name != kind]
        rows = rows.join(rates, on=keys, how="left", nulls_equal=True)
    usd = levels.of_costs(rows).group_by(*GROUP, *_RATES).agg(usd=pl.col("effective_cost_usd").sum())
    amounts: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with localcontext(prec=80):
        for row in usd.iter_rows(named=True):
            fee, tax = (row[kind] or Decimal(0) for kind in _RATES)
            for name, amount in _charged(row["usd"], fee, tax).items():
                amounts[tuple(row[column] for column in GROUP)][name] += amount
        found = []
        for row in open_groups.iter_rows(named=True):
            group = tuple(row[name] for name in GROUP)
            for name, amount in amounts[group].items():
                # A charge of nothing proves nothing.
                if amount != amounts[group][""] and abs(amount - row["billed_usd"]) <= row["tolerance_usd"]:
                    fee = amounts[group]["marketplace"] - amounts[group][""] if "marketplace" in name else Decimal(0)
                    found.append((*group, name, *(one.quantize(_PLACES, ROUND_HALF_UP) for one in (fee, amount))))
                    break
    order = [*GROUP, "charged_for", "fee_usd", "charged_usd"]
    return pl.DataFrame(found, schema={name: _FOUND[name] for name in order}, orient="row")


def _charged(usd: Decimal, fee: Decimal, tax: Decimal) -> dict[str, Decimal]:
    with_fee = usd + usd * fee / 100
    return {
        "": usd,
        "marketplace": with_fee,
        "tax": usd + usd * tax / 100,
        "marketplace and tax": with_fee + with_fee * tax / 100,
    }


def agreed_lines(sides: pl.DataFrame, prices: OurPrices) -> pl.DataFrame:
    """GROUP and agreed_lines: that the contract has a credit, where the bill has one, or a commitment, where the bill
    has lines for more than a day. `sides`: GROUP, credit_usd, longer_usd.
    """
    found = []
    for kind, column in (("credit", "credit_usd"), ("commitment", "longer_usd")):
        terms = prices.terms.filter(kind=kind).select(
            *(pl.col(name).alias(f"of_{name}") for name in ("account_id", "provider", "channel")),
            "valid_from",
            "valid_to",
        )
        meant = [
            pl.col(f"of_{name}").is_null() | pl.col(name).is_null() | (pl.col(f"of_{name}") == pl.col(name))
            for name in ("account_id", "provider", "channel")
        ]
        day = pl.col("usage_date")
        is_valid = (day >= pl.col("valid_from")).fill_null(value=True) & (day < pl.col("valid_to")).fill_null(
            value=True
        )
        stated = sides.filter(pl.col(column).is_not_null()).select(GROUP)
        found.append(stated.join(terms, how="cross").filter(*meant, is_valid).select(*GROUP, kind=pl.lit(kind)))
    return pl.concat(found).unique().group_by(GROUP).agg(agreed_lines=pl.col("kind").sort().str.join(" and "))
