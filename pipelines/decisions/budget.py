"""Budgets against spend: what is spent and expected in the period, when it is used up, and how sure that is.

Spent is what is owed (`effective_cost_usd`), to the pico-dollar; what is to come is what `forecast_paid` says is owed
of the forecast. How sure it is, past errors of the same forecast say: each past forecast, started today, is one way in
which the period may end.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.forecast_bands import LEVELS, MIN_ERRORS
from pipelines.decisions.forecast_methods import WINDOW, Array
from pipelines.decisions.forecast_outlook import EVERYTHING, Group, Outlook
from pipelines.decisions.forecast_paid import Owed, owed_by, paid_of, usd
from pipelines.decisions.forecast_totals import basis_of, errors_of, spread
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import BudgetStatus
from pipelines.snapshots.budget_file import ALL, BUDGET_FILE, Budget

FORMULA_VERSION = "budget-2"
SOURCE = "COSTS_MONTHLY_BUDGET_USD"
BAND = LEVELS.index(0.8)
TAIL = 0.1


def span_of(period: str, as_of: date) -> tuple[date, date]:
    """First and last day of the day, week (from Monday) or month that a day is in."""
    if period == "day":
        return as_of, as_of
    if period == "week":
        first = as_of - timedelta(days=as_of.weekday())
        return first, first + timedelta(days=6)
    first = as_of.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def group_of(budget: Budget) -> Group:
    """Whose spend a budget is about, as the forecast names it."""
    if budget.scope == ALL:
        return EVERYTHING
    if budget.scope == "provider":
        return Group("provider", provider=budget.owner)
    if budget.scope == "model":
        return Group("model", model=budget.owner)
    return Group(budget.scope, owner=budget.owner)


def budget_status(
    budgets: Sequence[Budget],
    outlooks: Sequence[Outlook],
    paid: pl.DataFrame,
    shares: pl.DataFrame,
    as_of: date,
    seen: float,
) -> pl.DataFrame:
    """Rows of main.budget_status of a day. `outlooks`: the groups of all budgets. `paid` and `shares`: as of `owed_by`.

    `seen`: part of as_of that is over in the ledger.
    """
    rows = []
    for outlook in outlooks:
        daily = outlook.by_day(as_of)
        owed = owed_by(outlook, paid, shares, as_of)
        for place, group in enumerate(outlook.groups):
            asked = [budget for budget in budgets if group_of(budget) == group and budget.holds_on(as_of)]
            listed = dict(paid_of(paid, group).select("usage_date", "list_usd").iter_rows()) if asked else {}
            rows += [
                _row(budget, outlook, place, daily[place], owed[place], as_of, seen)
                | {"list_spent_usd": _between(listed, *span_of(budget.period, as_of))}
                for budget in asked
            ]
    return pl.DataFrame(rows, schema=polars_schema(BudgetStatus), orient="row").sort("scope", "owner", "period")


def _row(
    budget: Budget, outlook: Outlook, place: int, daily: Array, owed: Owed, as_of: date, seen: float
) -> dict[str, Any]:
    first, last = span_of(budget.period, as_of)
    ahead = (last - as_of).days + 1
    spent = owed.spent(first, min(last, as_of)) or Decimal(0)
    path = owed.path(0, ahead)
    reasons = _reasons(outlook, place, first, last)
    # Of usage that has ended, or whose logs have, a forecast of nothing would be a guess.
    is_used = outlook.told[place]["history_days"] > 0
    projected = owed.projected(spent, path, is_unpriced=bool(reasons) or not is_used)
    expected = outlook.totals.expected(0, ahead, seen)[place]
    rise = owed.ahead[:ahead].sum() / expected if expected else 0.0
    paths = _past_paths(outlook, place, ahead, seen) * rise + path
    low, high, errors = spread(outlook.totals, 0, ahead, seen)
    known = errors_of(outlook.totals, 0, ahead, seen)[place]
    bounds = low[place, BAND] * rise, high[place, BAND] * rise
    has_band = projected is not None and bool(np.isfinite(bounds).all()) and len(paths) >= MIN_ERRORS
    band = [max(spent, projected + usd(bound)) for bound in bounds] if has_band and projected is not None else None
    left = float(budget.usd - spent)
    row = {
        "as_of": as_of,
        "scope": budget.scope,
        "owner": budget.owner,
        "period": budget.period,
        "first_on": first,
        "last_on": last,
        "budget_usd": budget.usd,
        "spent_usd": spent,
        "projected_usd": projected,
        "low_usd": min(band[0], projected) if band and projected is not None else None,
        "high_usd": max(band[1], projected) if band and projected is not None else None,
        "used_share": float(spent / budget.usd) if budget.usd else None,
        "is_lower_bound": bool(reasons),
        "unpriced_reason": "; ".join(reasons) or None,
        "band_basis": basis_of(known[np.isfinite(known)], *bounds)
        if has_band
        else f"no projection: no usage of the last {WINDOW} days is known"
        if projected is None and not is_used
        else f"no band: {int(errors[place])} past errors of this total are known, {MIN_ERRORS} needed",
        "source": SOURCE if budget.line is None else f"{BUDGET_FILE} line {budget.line}",
        "formula_version": FORMULA_VERSION,
    }
    if spent > budget.usd:
        return row | _exceeded(budget, owed, first, as_of)
    on = _first_beyond(path, left, as_of) if projected is not None else None
    return row | {
        "status": _status(row),
        "chance_of_overrun": float((paths[:, -1] > left).mean()) if has_band else None,
        "exhausted_on": on,
        **(_band_of_days(paths, left, as_of, on) if has_band else {}),
    }


def _exceeded(budget: Budget, owed: Owed, first: date, as_of: date) -> dict[str, Any]:
    """The day on which it was passed, which nothing changes any more."""
    days = (first + timedelta(days=number) for number in range((as_of - first).days + 1))
    passed = next(day for day in days if (owed.spent(first, day) or 0) > budget.usd)
    on = {"exhausted_on": passed, "exhausted_from": passed, "exhausted_until": passed}
    return {"status": "exceeded", "chance_of_overrun": 1.0, **on}


def _status(row: dict[str, Any]) -> str:
    if row["projected_usd"] is None:
        return "unknown"
    if row["projected_usd"] > row["budget_usd"]:
        return "will_exceed"
    return "may_exceed" if row["high_usd"] is not None and row["high_usd"] > row["budget_usd"] else "within"


def _past_paths(outlook: Outlook, place: int, ahead: int, seen: float) -> Array:
    """By (past forecast, day ahead): how far its running total was off, on the scale of today; complete ones only."""
    totals = outlook.totals
    missed = (totals.actual[place, :, :ahead] - totals.chosen[place, :, :ahead]).copy()
    missed[:, 0] *= 1 - seen
    paths = np.cumsum(missed, axis=-1) / totals.scale[place][:, None] * totals.scale[place, -1]
    known: Array = paths[np.isfinite(paths).all(axis=-1)]
    return known


def _first_beyond(path: Array, left: float, as_of: date) -> date | None:
    beyond = np.flatnonzero(path > left)
    return as_of + timedelta(days=int(beyond[0])) if beyond.size else None


def _band_of_days(paths: Array, left: float, as_of: date, on: date | None) -> dict[str, date | None]:
    """Days by which a tenth and nine tenths of the paths have passed what is left, with that of the projection."""
    passed = np.maximum.accumulate(paths, axis=-1) > left
    share = passed.mean(axis=0)
    ends = {}
    for name, part, outer in (("exhausted_from", TAIL, min), ("exhausted_until", 1 - TAIL, max)):
        days = np.flatnonzero(share >= part)
        end = as_of + timedelta(days=int(days[0])) if days.size else None
        is_open = name == "exhausted_until" and end is None
        ends[name] = end if on is None or is_open else outer(end or on, on)
    return ends


def _reasons(outlook: Outlook, place: int, first: date, last: date) -> list[str]:
    """Which usage of the period has no price."""
    own = pl.col("usage_date").is_between(first, last) & (pl.col("group") == place)
    days = outlook.spent.filter(own & pl.col("cost_usd").is_null())["usage_date"].n_unique()
    gaps = outlook.expected.filter(own)["gaps"].list.explode(keep_nulls=False, empty_as_null=False).unique().sort()
    return [*([f"usage of {days} days of this period has no price"] if days else []), *gaps]


def _between(days: dict[date, Decimal | None], first: date, last: date) -> Decimal:
    return sum((amount for day, amount in days.items() if amount and first <= day <= last), Decimal(0))
