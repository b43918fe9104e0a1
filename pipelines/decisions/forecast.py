"""What will be spent this month, next month and in 90 days: usage is forecast, price is known.

Each series of a meter is forecast by the methods that have erred least (`forecast_choice`) and priced day by day,
announced changes included. The bands of a total rest on that total's own past errors (`forecast_totals`). This module
puts the rows together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.forecast_bands import LEVELS
from pipelines.decisions.forecast_outlook import Outlook, known_sum, model_outlook
from pipelines.decisions.forecast_owners import OwnerUsage, owner_outlook
from pipelines.decisions.forecast_totals import basis_of, errors_of, spread
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast

FORMULA_VERSION = "forecast-5"
BAND = LEVELS.index(0.8)
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


def spend_outlooks(
    usage: pl.DataFrame,
    costs: pl.DataFrame,
    prices: pl.DataFrame,
    as_of: date,
    owners: OwnerUsage | None = None,
    seen: float = 0.0,
    country: str | None = None,
) -> list[Outlook]:
    """What is expected from a day on, itself a day to come: of models, and of owners where they are given.

    `usage`: usage_date, SERIES, quantity. `costs`: usage_date, provider, model, cost_usd
    (NULL where unpriced). `prices`: SERIES, valid_from, valid_to, usd_per_unit, unit; one row in force per series and
    moment (ValueError otherwise), future ones included. `owners`: the same usage by account, team and project.
    `seen`: part of as_of that is over in the ledger; its cost is spent, and only the rest of the day is forecast.
    `country`: whose public holidays are free days; None: none are.
    Rows before `as_of` are history, later ones are ignored. Models without usage in the last 56 days and without cost
    in the month are left out.
    """
    horizon = max(period.last for period in periods(as_of))
    outlooks = [model_outlook(usage, costs, prices, as_of, horizon, seen, (), country)]
    if owners is not None:
        outlooks.append(owner_outlook(owners, prices, as_of, horizon, seen, None, country))
    return outlooks


def forecast_of(outlooks: Sequence[Outlook], as_of: date, seen: float) -> pl.DataFrame:
    """Rows of main.spend_forecast for a day, of what `spend_outlooks` expects of each group."""
    common = {"as_of": as_of, "month": as_of.replace(day=1), "formula_version": FORMULA_VERSION}
    rows = [
        row | common
        for outlook in outlooks
        for period in periods(as_of)
        for row in _rows(period, outlook, outlook.by_day(as_of), as_of, seen)
    ]
    return pl.DataFrame(rows, schema=polars_schema(SpendForecast), orient="row")


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _sums(outlook: Outlook, period: Period, as_of: date) -> dict[int, dict[str, Any]]:
    """What is spent and expected of each group in a period, of what has a price, and what has none."""
    within = pl.col("usage_date").is_between(period.first_on, period.last_on)
    unpriced = pl.col("usage_date").filter(pl.col("cost_usd").is_null())
    ahead = outlook.expected.filter(within).group_by("group", maintain_order=True)
    before = outlook.spent.filter(within).group_by("group", maintain_order=True)
    gaps = pl.col("gaps").list.explode(keep_nulls=False, empty_as_null=False).unique().sort()
    sums: dict[int, dict[str, Any]] = {}
    for frame in (
        ahead.agg(remaining_usd=known_sum("cost_usd"), gaps=gaps),
        before.agg(
            spent_usd=known_sum("cost_usd"),
            gap_days=unpriced.n_unique(),
            seen_usd=pl.col("cost_usd").filter(pl.col("usage_date") == as_of).sum(),
        ),
    ):
        for row in frame.iter_rows(named=True):
            sums.setdefault(row["group"], {}).update(row)
    return sums


def _rows(period: Period, outlook: Outlook, daily: Any, as_of: date, seen: float) -> Iterator[dict[str, Any]]:
    sums, totals = _sums(outlook, period, as_of), outlook.totals
    low, high, counts = spread(totals, period.first, period.last, seen)
    errors = errors_of(totals, period.first, period.last, seen)
    expected = totals.expected(period.first, period.last, seen)
    for place, group in enumerate(outlook.groups):
        if place not in sums:
            continue
        row = _row(sums[place])
        # The errors are valued at the prices of as_of: a change that is announced moves the band as it moves the total.
        remaining = daily[place, period.first : period.last].sum()
        rise = remaining / expected[place] if expected[place] else 0.0
        basis = basis_of(errors[place][np.isfinite(errors[place])], low[place, BAND] * rise, high[place, BAND] * rise)
        yield (
            row
            | _band(row, [*(low[place] * rise), *(high[place] * rise)], int(counts[place]), basis)
            | {"period": period.name, "first_on": period.first_on, "last_on": period.last_on}
            | group._asdict()
            | outlook.told[place]
        )


def _row(found: dict[str, Any]) -> dict[str, Any]:
    """Sums and reasons. A period without a cost row is one without usage: 0 spent."""
    gap_days, gaps = found.get("gap_days", 0), list(found.get("gaps", []))
    spent = found["spent_usd"] if "spent_usd" in found else Decimal(0)
    remaining = found.get("remaining_usd")
    reasons = [f"usage of {gap_days} days of this month has no price"] if gap_days else []
    reasons += gaps if "gaps" in found else ["no usage to forecast from"]
    # Of usage without any price nothing is known, and 0 would say that it costs nothing.
    is_known = bool(spent) or bool(remaining) or (spent is not None and remaining is not None)
    projected = (spent or 0) + (remaining or 0) if is_known else None
    return {
        "spent_usd": spent,
        "seen_usd": found.get("seen_usd", Decimal(0)),
        "remaining_usd": remaining,
        "projected_usd": projected,
        "is_unpriced": bool(reasons),
        "is_lower_bound": bool(reasons) and projected is not None,
        "unpriced_reason": "; ".join(reasons) or None,
    }


def _band(row: dict[str, Any], bounds: list[float], errors: int, basis: str) -> dict[str, Any]:
    """The ends of the bands around what is projected; never below what is spent, and never without the projection."""
    if row["projected_usd"] is None or not np.isfinite(bounds).all():
        none = f"no band: {errors} past errors of this total are known, 20 needed"
        return dict.fromkeys(BAND_COLUMNS) | {"band_basis": none}
    projected, spent = row["projected_usd"], row["spent_usd"] or Decimal(0)
    ends = [projected + Decimal(f"{bound:.6f}") for bound in bounds]
    lows = [max(spent, min(end, projected)) for end in ends[:3]]
    highs = [max(end, projected) for end in ends[3:]]
    return dict(zip(BAND_COLUMNS, [*lows, *highs], strict=True)) | {"band_basis": basis}
