"""What the formulas of the claims rest on, on a day: prices and rates in force then, each with its version, and facts.

A rate of GPUs that no source states for the day is the figure declared with its own date, which the row then shows: of
2025 there are few public rates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from pipelines.decisions.claims import Input, figures
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.time_windows import ALWAYS

DECLARED = "declared figure, of the day shown"
_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True)
class Rate:
    """One rate of GPUs over time; naive UTC, `valid_to` None: still in force."""

    provider: str
    tier: str
    sku: str
    usd_per_gpu_hour: Decimal
    valid_from: datetime
    valid_to: datetime | None
    rate_id: str


@dataclass(frozen=True)
class InputsOn:
    """The inputs of a day by name, and why some have no value."""

    inputs: Mapping[str, Input]
    missing: Mapping[str, str]


def models_of_claims() -> pl.DataFrame:
    """MODEL_KEY of the models whose prices the claims name."""
    keys = {(one["provider"], "api", "global", one["model"]) for one in figures().prices.values()}
    return pl.DataFrame(sorted(keys), dict.fromkeys(MODEL_KEY, pl.String()), orient="row")


def skus_of_claims() -> list[str]:
    """What the rates that the claims name are rates of."""
    return sorted({one["sku"] for one in figures().rates.values()})


def inputs_on(day: date, segments: pl.DataFrame, rates: Iterable[Rate]) -> InputsOn:
    """Inputs at the end of a day. `segments`: price segments of `models_of_claims`; of rates the cheapest counts."""
    moment = datetime.combine(day, _END_OF_DAY)
    in_force = segments.filter(
        pl.col("valid_from") <= moment,
        pl.col("valid_to").is_null() | (pl.col("valid_to") > moment),
        service_tier="standard",
        context_from=0,
        time_window=ALWAYS,
    )
    listed = {(row["provider"], row["model"], row["meter"]): row for row in in_force.iter_rows(named=True)}
    inputs, missing = dict(figures().facts), {}
    for name, wanted in figures().prices.items():
        row = listed.get((wanted["provider"], wanted["model"], wanted["meter"]))
        if row is None:
            missing[name] = f"no price of {wanted['model']} for {wanted['meter']} is in force on {day}"
            continue
        amount = Fraction(row["usd_per_unit"])
        since = row["valid_from"].date()
        inputs[name] = Input(name, amount, "USD per Mtok", row["source"], row["price_id"], since)
    alive = [one for one in rates if one.valid_from <= moment and (one.valid_to is None or one.valid_to > moment)]
    inputs |= {name: _rate(name, wanted, alive) for name, wanted in figures().rates.items()}
    return InputsOn(inputs, missing)


def _rate(name: str, wanted: Mapping[str, Any], alive: Iterable[Rate]) -> Input:
    unit = "USD per GPU and hour"
    found = [
        one
        for one in alive
        if (one.provider, one.sku) == (wanted["provider"], wanted["sku"]) and one.tier == wanted.get("tier", one.tier)
    ]
    if not found:
        return Input(name, Fraction(wanted["usd_per_gpu_hour"]), unit, DECLARED, since=wanted["on"])
    best = min(found, key=lambda one: (one.usd_per_gpu_hour, one.rate_id))
    source = f"core.gpu_rate, {best.provider} {best.sku}"
    return Input(name, Fraction(best.usd_per_gpu_hour), unit, source, best.rate_id, best.valid_from.date())
