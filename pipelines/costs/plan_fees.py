"""What plans cost: the monthly fee of each line of plans.csv, spread over the days of the month and its owners.

In whole millionths of a millionth of the fee's currency, so that the parts of a month add up to its fee. A part of a
month is charged by its days.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.exchange_rates import MAX_AGE_DAYS
from pipelines.schema.plans import PlanFee

FEE_SCHEMA = polars_schema(PlanFee)
PICO = Decimal("0.000000000001")
Rates = Mapping[tuple[str, date], Decimal]
"""USD per unit of a currency, by currency and the day that the rate is published for."""


def plan_fees(plans: pl.DataFrame, days: Iterable[date], rates: Rates) -> pl.DataFrame:
    """The part of each day and owner: rows of core.plan_fee. `plans`: `plan_file.PLAN_SCHEMA`."""
    wanted = sorted(set(days))
    lines = plans.to_dicts()
    rows = [_fee(line, day, rates) for day in wanted for line in lines if _is_valid(line, day)]
    return pl.DataFrame(rows, schema=FEE_SCHEMA, orient="row")


def plan_days(plans: pl.DataFrame, today: date) -> set[date]:
    """The days up to today on which some plan is paid for."""
    spans = plans.select("valid_from", "valid_to").unique().iter_rows()
    ends = ((first, min(last or date.max, today + timedelta(days=1))) for first, last in spans)
    return {first + timedelta(days=number) for first, end in ends for number in range((end - first).days)}


def _is_valid(line: Mapping[str, Any], day: date) -> bool:
    return line["valid_from"] <= day and (line["valid_to"] is None or day < line["valid_to"])


def _fee(line: Mapping[str, Any], day: date, rates: Rates) -> dict[str, Any]:
    owner = line["owner_count"], line["owner_number"]
    month = int(line["seats"] * line["fee_per_seat"] / PICO)
    printed = share_of(share_of(month, monthrange(day.year, day.month)[1], day.day - 1), *owner) * PICO
    rate = _rate(line["currency"], day, rates)
    named = {name: line[name] for name in ("plan_id", "plan", "provider", "kind", "id", "currency")}
    return named | {
        "usage_date": day,
        "owner_seats": share_of(int(line["seats"] / PICO), *owner) * PICO,
        "fee": printed,
        "usd_per_currency": rate,
        "fee_usd": None if rate is None else (printed * rate).quantize(PICO, ROUND_HALF_EVEN),
    }


def share_of(whole: int, parts: int, number: int) -> int:
    """Part `number`, from 0, of a whole in as many parts, which are equal to one unit and add up to it."""
    return whole * (number + 1) // parts - whole * number // parts


def _rate(currency: str, day: date, rates: Rates) -> Decimal | None:
    """The reference rate of the day, or the last before it within a week; NULL where none is known."""
    if currency == "USD":
        return Decimal(1)
    asked = ((currency, day - timedelta(days=age)) for age in range(MAX_AGE_DAYS + 1))
    return next((rates[key] for key in asked if key in rates), None)
