"""The answer of `costs savings` from logs: main.saving of any days, computed on the spot."""

from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from pipelines.decisions.answer_hidden_cost import usd
from pipelines.decisions.decide import saving_on
from pipelines.decisions.logged_saving import FORMULA_VERSION
from pipelines.decisions.stacking import RULES
from pipelines.schema.savings import LOGGED_LEVERS
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError

DAYS_PER_MONTH = 30


def answer_logged_savings(warehouse: PublishedWarehouse, days: int, day: date) -> dict[str, Any] | None:
    """What the usage of `days` days before a day saved and would save, scaled to a month; None where nothing is logged.

    Raises WarehouseError where nothing is published, or was before main.hidden_cost was.
    """
    with warehouse.read() as connection:
        try:
            rows = saving_on(connection, warehouse.folder, day, days)
        except duckdb.CatalogException as error:
            older = "the file was published by an older program; `costs build` makes main.hidden_cost"
            raise WarehouseError(older) from error
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
        "saved_together_usd_per_month": None,
        "left_usd_per_month": None,
        "savings": [_lever(rows.filter(lever=lever), lever, cost, scale) for lever in LOGGED_LEVERS],
        "models": [
            {**row, "usd_per_month": _scaled(row["usd_per_month"], scale), "cost_usd": _scaled(row["cost_usd"], scale)}
            for row in rows.select("provider", "model", "lever", "usd_per_month", "cost_usd", "basis", "reason")
            .sort("provider", "model", "lever")
            .iter_rows(named=True)
        ],
        "rules": [asdict(rule) | {"source_on": rule.source_on.isoformat()} for rule in RULES],
        "notes": [
            "batch and flex hold if every call could wait, and in place of each other; nothing is added up here",
            *_unpriced(rows),
        ],
        "formula_version": FORMULA_VERSION,
        "settings": [],
    }


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


def _unpriced(rows: pl.DataFrame) -> list[str]:
    models = rows.filter(pl.col("cost_usd").is_null())["model"].unique().sort().to_list()
    return [f"no price, so in no figure: {', '.join(models)}"] if models else []


def _scaled(amount: Decimal | None, scale: Fraction) -> str | None:
    return None if amount is None else usd(Fraction(amount) * scale)
