"""The answer of `costs savings` from logs: main.saving of any days, computed on the spot."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from pipelines.decisions.answer_hidden_cost import usd
from pipelines.decisions.decide import saving_on
from pipelines.decisions.hidden_cost import MTOK
from pipelines.decisions.logged_saving import FORMULA_VERSION
from pipelines.decisions.offer_prices import offer_prices
from pipelines.decisions.paid_cost import LIST, PAID, paid_by, paid_note
from pipelines.decisions.stacking import RULES
from pipelines.schema.savings import LOGGED_LEVERS
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError

DAYS_PER_MONTH = 30
_TOKENS = """
SELECT meter, sum(quantity)::HUGEINT FROM core.usage_cost
WHERE usage_date >= $first AND usage_date < $until AND cost_usd IS NOT NULL AND unit = 'mtok'
  AND meter IN ('input_uncached', 'cache_read', 'cache_write_5m', 'cache_write_1h', 'output')
GROUP BY meter ORDER BY meter
"""


Stated = Mapping[str, Decimal]
"""What the user says of the calls, by key of a scenario: batch_share, repeat_share, smaller_share, discount_share."""


def answer_logged_savings(
    warehouse: PublishedWarehouse,
    days: int,
    day: date,
    stated: Stated | None = None,
    smaller_model: str | None = None,
) -> dict[str, Any] | None:
    """What the usage of `days` days before a day saved and would save, scaled to a month; None where nothing is logged.

    Levers that logs know nothing of are computed where they are `stated`. Raises ValueError where the smaller model has
    no price, WarehouseError where nothing is published, or was before main.hidden_cost was.
    """
    rows, tokens, paid = _read(warehouse, days, day)
    if rows.is_empty():
        return None
    scale = Fraction(DAYS_PER_MONTH, days)
    cost = Decimal(rows.unique(["provider", "model"])["cost_usd"].sum())
    return {
        "basis": "logs",
        "date": day.isoformat(),
        "first_day": (day - timedelta(days=days)).isoformat(),
        "last_day": (day - timedelta(days=1)).isoformat(),
        "model": None,
        "usd_per_month": usd(Fraction(cost) * scale),
        "effective_usd_per_month": _scaled(paid, scale),
        "price_basis": {"*": LIST, "effective_usd_per_month": PAID, "contract_discount": f"{LIST} less {PAID}"},
        "saved_together_usd_per_month": None,
        "left_usd_per_month": None,
        "savings": _with_stated(
            [_lever(rows.filter(lever=lever), lever, cost, scale) for lever in LOGGED_LEVERS],
            Fraction(cost) * scale,
            stated or {},
            _at_model(warehouse, smaller_model, day, tokens, scale),
        ),
        "models": _by_model(rows, scale),
        "rules": [asdict(rule) | {"source_on": rule.source_on.isoformat()} for rule in RULES],
        "notes": [
            "batch and flex are in place of each other; nothing is added up here",
            *_unpriced(rows),
            paid_note(cost, paid),
        ],
        "formula_version": FORMULA_VERSION,
        "settings": [],
    }


def _read(
    warehouse: PublishedWarehouse, days: int, day: date
) -> tuple[pl.DataFrame, list[tuple[str, int]], Decimal | None]:
    """Rows of main.saving for these days, the priced text tokens by meter, and what was paid."""
    when = {"first": day - timedelta(days=days), "until": day}
    with warehouse.read() as connection:
        try:
            rows = saving_on(connection, warehouse.folder, day, days)
        except duckdb.CatalogException as error:
            older = "the file was published by an older program; `costs build` makes main.hidden_cost"
            raise WarehouseError(older) from error
        return rows, connection.execute(_TOKENS, when).fetchall(), paid_by(connection, (), when).get(())


def _by_model(rows: pl.DataFrame, scale: Fraction) -> list[dict[str, Any]]:
    columns = ("provider", "model", "lever", "usd_per_month", "cost_usd", "basis", "reason")
    return [
        {**row, "usd_per_month": _scaled(row["usd_per_month"], scale), "cost_usd": _scaled(row["cost_usd"], scale)}
        for row in rows.select(columns).sort("provider", "model", "lever").iter_rows(named=True)
    ]


def _lever(rows: pl.DataFrame, lever: str, cost: Decimal, scale: Fraction) -> dict[str, Any]:
    """One lever over all models. Of models that it is not known of, the reason says how many."""
    known = rows.filter(pl.col("usd_per_month").is_not_null())
    amount = Fraction(known["usd_per_month"].sum()) if known.height else None
    telling = known.filter(pl.col("usd_per_month") != 0)
    reasons = telling["reason"].drop_nulls().unique(maintain_order=True).to_list()
    reason: str | None = "; ".join(reasons) or None
    if not known.height:
        reason = rows["reason"].drop_nulls()[0]
    elif known.height < rows.height:
        reason = "; ".join([f"of {known.height} of {rows.height} models", *reasons])
    return {
        "lever": lever,
        "usd_per_month": usd(amount * scale) if amount is not None else None,
        "share": usd(amount / Fraction(cost), 4) if amount is not None and cost else None,
        "together_usd_per_month": None,
        "basis": "+".join(known["basis"].unique().sort().to_list()) or "unknown",
        "formula": None,
        "reason": reason,
    }


def _at_model(
    warehouse: PublishedWarehouse, model: str | None, day: date, tokens: list[tuple[str, int]], scale: Fraction
) -> Fraction | None:
    """The own mix of priced text tokens at another model, USD a month; without cache prices, at that of input."""
    if model is None:
        return None
    found = offer_prices(warehouse, model, day)
    if found.reason:
        raise ValueError(f"no price: {found.reason}")
    prices = found.usd_per_mtok
    each = {meter: Fraction(prices.get(meter, prices["input_uncached"])) for meter, _ in tokens}
    return sum((each[meter] * count / MTOK for meter, count in tokens), Fraction(0)) * scale


def _with_stated(
    rows: list[dict[str, Any]], month: Fraction, stated: Stated, at_smaller: Fraction | None
) -> list[dict[str, Any]]:
    """The rows of levers that the user has said something about, filled in."""
    amounts: dict[str, tuple[Fraction, str]] = {}
    for lever, key in (("response_cache", "repeat_share"), ("contract_discount", "discount_share")):
        if key in stated:
            amounts[lever] = (Fraction(stated[key]) * month, f"{key} {stated[key]} * month, in your word")
    if at_smaller is not None:
        share = stated.get("smaller_share", Decimal(1))
        amounts["smaller_model"] = (
            Fraction(share) * (month - at_smaller),
            f"if {share} of all calls may go there, at the same tokens",
        )
    if "batch_share" in stated:
        share = stated["batch_share"]
        for row in rows:
            if row["lever"] in ("batch_left", "flex_left") and row["usd_per_month"] is not None:
                amounts[row["lever"]] = (
                    Fraction(share) * Fraction(row["usd_per_month"]),
                    f"if {share} of the calls can wait",
                )
    return [
        row
        if row["lever"] not in amounts
        else row
        | {
            "usd_per_month": usd(amounts[row["lever"]][0]),
            "share": usd(amounts[row["lever"]][0] / month, 4) if month else None,
            "basis": "modelled",
            "reason": amounts[row["lever"]][1],
        }
        for row in rows
    ]


def _unpriced(rows: pl.DataFrame) -> list[str]:
    models = rows.filter(pl.col("cost_usd").is_null())["model"].unique().sort().to_list()
    return [f"no price, so in no figure: {', '.join(models)}"] if models else []


def _scaled(amount: Decimal | None, scale: Fraction) -> str | None:
    return None if amount is None else usd(Fraction(amount) * scale)
