"""What will be spent this month, next month and in 90 days: usage is forecast, price is known.

Each series of a meter is forecast by the methods that have erred least (`forecast_choice`) and priced day by day,
announced changes included. The bands of a total rest on that total's own past errors (`forecast_totals`). This module
puts the rows together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.forecast_choice import MIN_HISTORY_DAYS, Replay, method_names, replay
from pipelines.decisions.forecast_quantities import (
    MODEL,
    SERIES,
    as_array,
    daily_quantities,
    expected_frame,
    price_days,
)
from pipelines.decisions.forecast_totals import FORETOLD_WITHIN, Totals, past_errors, spread, totals_of
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast

FORMULA_VERSION = "forecast-2"
ORIGINS = 400
"""Past days from which the same forecast is made, at most: what its errors are taken from."""
ALL = ("all", "all")
BAND_COLUMNS = ("low_50_usd", "low_usd", "low_95_usd", "high_50_usd", "high_usd", "high_95_usd")


@dataclass(frozen=True)
class Period:
    """Days of a total: from `first_on` to `last_on`; of these, `first` to `last` days ahead of as_of are forecast."""

    name: str
    first_on: date
    last_on: date
    first: int
    last: int


def periods(as_of: date) -> list[Period]:
    """The totals that are forecast on a day."""
    month = as_of.replace(day=1)
    next_month = _next_month(month)
    after, day = _next_month(next_month), timedelta(days=1)
    left, until_after = (next_month - as_of).days, (after - as_of).days
    return [
        Period("month", month, next_month - day, 0, left),
        Period("next_month", next_month, after - day, left, until_after),
        Period("90_days", as_of, as_of + timedelta(days=89), 0, 90),
    ]


def spend_forecast(usage: pl.DataFrame, costs: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of main.spend_forecast for a day, which is itself a day to come.

    `usage`: usage_date, SERIES, quantity. `costs`: usage_date, provider, model, cost_usd
    (NULL where unpriced). `prices`: SERIES, valid_from, valid_to, usd_per_unit, unit; one row in force per series and
    moment (ValueError otherwise), future ones included. Rows before `as_of` are history, later ones are ignored.
    Models without usage in the last 56 days and without cost in the month have no row.
    """
    daily, spans = daily_quantities(usage, as_of), periods(as_of)
    names, values = as_array(daily, as_of)
    found = replay(values, max(period.last for period in spans), ORIGINS)
    priced = price_days(expected_frame(names, found.chosen[:, -1], as_of), prices)
    spent = costs.filter(pl.col("usage_date") >= as_of.replace(day=1), pl.col("usage_date") < as_of)
    groups = pl.concat([names.select(MODEL), spent.select(MODEL)]).unique().sort(MODEL).rows()
    groups += [ALL] if groups else []
    models = names.select(MODEL).rows()
    of_group = [[group in {ALL, model} for model in models] for group in groups]
    members = np.array(of_group, dtype=bool).reshape(len(groups), names.height)
    totals = totals_of(members * _worth(names, prices, as_of), values, found, ORIGINS)
    told = _told(members, found, totals, daily, as_of)
    rows = [
        row | {"as_of": as_of, "month": as_of.replace(day=1), "formula_version": FORMULA_VERSION}
        for period in spans
        for row in _rows(period, groups, _sums(priced, spent, period), totals, told)
    ]
    return pl.DataFrame(rows, schema=polars_schema(SpendForecast), orient="row")


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _worth(names: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> Any:
    """What one of each series costs on the day; 0 where there is no price: errors of others are held all the same."""
    one = names.with_columns(usage_date=pl.lit(as_of), quantity=pl.lit(1.0))
    return price_days(one, prices)["cost_usd"].cast(pl.Float64).fill_null(0).to_numpy()


def _sums(priced: pl.DataFrame, spent: pl.DataFrame, period: Period) -> dict[tuple[str, str], dict[str, Any]]:
    """What is spent and expected of each model and of all in a period, of what has a price, and what has none."""
    within = pl.col("usage_date").is_between(period.first_on, period.last_on)
    gap = pl.format("no price for {} of tier {}", "meter", "service_tier").filter(pl.col("cost_usd").is_null())
    known = pl.when(pl.col("cost_usd").is_not_null().any()).then(pl.col("cost_usd").sum())
    unpriced = pl.col("usage_date").filter(pl.col("cost_usd").is_null())
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for keys in (MODEL, []):
        ahead = priced.filter(within).group_by(*keys, pl.lit(1)).agg(remaining_usd=known, gaps=gap.unique().sort())
        before = spent.filter(within).group_by(*keys, pl.lit(1)).agg(spent_usd=known, gap_days=unpriced.n_unique())
        for frame in (ahead, before):
            for row in frame.iter_rows(named=True):
                group = (row["provider"], row["model"]) if keys else ALL
                sums.setdefault(group, {}).update(row)
    return sums


def _rows(
    period: Period,
    groups: list[tuple[str, str]],
    sums: dict[tuple[str, str], dict[str, Any]],
    totals: Totals,
    told: list[dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    low, high, errors = spread(totals, period.first, period.last)
    expected = totals.expected(period.first, period.last)
    for number, group in enumerate(groups):
        found = sums.get(group, {})
        if not found:
            continue
        row = _row(found)
        # The errors are valued at the prices of as_of: a change that is announced moves the band as it moves the total.
        remaining = float(row["remaining_usd"] or 0)
        rise = remaining / expected[number] if expected[number] else 0.0
        yield (
            row
            | _band(row, [*(low[number] * rise), *(high[number] * rise)], int(errors[number]))
            | {"period": period.name, "first_on": period.first_on, "last_on": period.last_on}
            | {"scope": "all" if group == ALL else "model", "provider": group[0], "model": group[1]}
            | told[number]
        )


def _row(found: dict[str, Any]) -> dict[str, Any]:
    """Sums and reasons. A period without a cost row is one without usage: 0 spent."""
    gap_days, gaps = found.get("gap_days", 0), list(found.get("gaps", []))
    spent = found["spent_usd"] if "spent_usd" in found else Decimal(0)
    remaining = found.get("remaining_usd")
    reasons = [f"usage of {gap_days} days of this month has no price"] if gap_days else []
    reasons += gaps if "gaps" in found else ["no usage to forecast from"]
    projected = None if remaining is None and not spent else (spent or 0) + (remaining or 0)
    return {
        "spent_usd": spent,
        "remaining_usd": remaining,
        "projected_usd": projected,
        "is_unpriced": bool(reasons),
        "is_lower_bound": bool(reasons) and projected is not None,
        "unpriced_reason": "; ".join(reasons) or None,
    }


def _band(row: dict[str, Any], bounds: list[float], errors: int) -> dict[str, Any]:
    """The ends of the bands around what is projected; never below what is spent, and never without the projection."""
    if row["projected_usd"] is None or not np.isfinite(bounds).all():
        basis = f"no band: {errors} past errors of this total are known, 20 needed"
        return dict.fromkeys(BAND_COLUMNS) | {"band_basis": basis}
    projected, spent = row["projected_usd"], row["spent_usd"] or Decimal(0)
    ends = [projected + Decimal(f"{bound:.6f}") for bound in bounds]
    lows = [max(spent, min(end, projected)) for end in ends[:3]]
    highs = [max(end, projected) for end in ends[3:]]
    basis = f"{errors} past errors of this total, adapted to hold 50, 80 and 95 %"
    return dict(zip(BAND_COLUMNS, [*lows, *highs], strict=True)) | {"band_basis": basis}


def _told(members: Any, found: Replay, totals: Totals, daily: pl.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """What is the same for all periods of a group: history, methods, and how good its past forecasts were."""
    begun = daily.group_by(SERIES, maintain_order=True).agg(pl.col("usage_date").min())["usage_date"].to_list()
    errors = past_errors(totals)
    told = []
    for number, group in enumerate(members):
        series = np.flatnonzero(group)
        days = max(((as_of - begun[one]).days for one in series), default=0)
        used = found.picks[series, -1].ravel()
        error = None if np.isnan(errors[number]) else float(errors[number])
        told.append(
            {
                "method": method_names(used) or "none: no usage of the last 56 days",
                "history_days": days,
                "is_low_confidence": days < MIN_HISTORY_DAYS,
                "past_error": error,
                "is_foretellable": None if error is None else error <= FORETOLD_WITHIN,
            }
        )
    return told
