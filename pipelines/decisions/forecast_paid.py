"""What is owed of a forecast at list prices, of usage and of plans: the one answer that forecast and budgets give.

Of what is to come each model, and each account, team and project, owes the share of the list price that its usage of
the last eight weeks would be owed by the terms in force on that coming day. Plan fees go on as on their newest day.
Commitments and credits are `contract_charges`'.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.forecast import periods
from pipelines.decisions.forecast_methods import Array
from pipelines.decisions.forecast_outlook import ALL, Group, Outlook
from pipelines.decisions.forecast_quantities import USD

PAID_SCHEMA = {
    **dict.fromkeys(("scope", "provider", "model", "owner"), pl.String()),
    "usage_date": pl.Date(),
    **dict.fromkeys(("effective_usd", "list_usd", "fee_usd"), USD),
}
"""What was owed by day for usage and plans of each Group; `list_usd` of usage under a plan, too."""
SHARE_SCHEMA = {
    **dict.fromkeys(("scope", "provider", "model", "owner"), pl.String()),
    "from_day": pl.Date(),
    "share": pl.Float64(),
}
"""Of a model (scope model, with its provider) or an owner: what is owed of the list price, from a coming day on."""

RECENT_DAYS = 30
"""A plan that had no fee for longer has ended."""
_AMOUNTS = ("effective_usd", "list_usd", "fee_usd")


@dataclass(frozen=True)
class Owed:
    """What one group owes: by day until now, of usage on each coming day, and fees of its plans a day."""

    days: dict[date, Decimal | None]
    ahead: Array
    daily_fee: Decimal

    def spent(self, first: date, last: date) -> Decimal | None:
        """From one day to another; 0 without usage, NULL where none of it has a price."""
        found = [usd for day, usd in self.days.items() if first <= day <= last]
        known = [usd for usd in found if usd is not None]
        return sum(known, Decimal(0)) if known or not found else None

    def path(self, first: int, last: int) -> Array:
        """Running totals of the coming days from `first` up to `last`, fees included; the fee of day 0 is spent."""
        fees = float(self.daily_fee) * (np.arange(first, last) > 0)
        return np.asarray(np.cumsum(self.ahead[first:last] + fees), dtype=np.float64)

    def projected(self, spent: Decimal | None, path: Array, *, is_unpriced: bool) -> Decimal | None:
        """What a period comes to; NULL where nothing of it is known."""
        ahead = path[-1] if path.size else 0.0
        return (spent or Decimal(0)) + usd(ahead) if ahead or spent or not is_unpriced else None


def owed_by(outlook: Outlook, paid: pl.DataFrame, shares: pl.DataFrame, as_of: date) -> list[Owed]:
    """What each group of an outlook owes. `paid`: PAID_SCHEMA until as_of; `shares`: SHARE_SCHEMA, 1 where it has none.

    All usage and a provider owe what their models do together.
    """
    daily = outlook.by_day(as_of)
    own = np.array([_shares(shares, group, as_of, daily.shape[-1]) for group in outlook.groups])
    ahead = daily * own.reshape(daily.shape)
    models = [place for place, group in enumerate(outlook.groups) if _is_one_model(group)]
    for place, group in enumerate(outlook.groups):
        if group.owner is None and not _is_one_model(group):
            within = [one for one in models if group.has(*outlook.groups[one][1:3])]
            ahead[place] = ahead[within].sum(axis=0)
    return [_owed(paid, group, days, as_of) for group, days in zip(outlook.groups, ahead, strict=True)]


def with_paid(
    forecast: pl.DataFrame, outlooks: Sequence[Outlook], paid: pl.DataFrame, shares: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Rows of main.spend_forecast with what is owed: spent_effective_usd and projected_effective_usd. See `owed_by`."""
    owed = {
        group: one
        for outlook in outlooks
        for group, one in zip(outlook.groups, owed_by(outlook, paid, shares, as_of), strict=True)
    }
    by_name = {period.name: period for period in periods(as_of)}
    told = []
    for row in forecast.select("period", *Group._fields, "is_unpriced").to_dicts():
        period, one = by_name[row["period"]], owed[Group(*(row[name] for name in Group._fields))]
        spent = one.spent(period.first_on, min(period.last_on, as_of))
        path = one.path(period.first, period.last)
        told.append((spent, one.projected(spent, path, is_unpriced=row["is_unpriced"])))
    schema = dict.fromkeys(("spent_effective_usd", "projected_effective_usd"), USD)
    return forecast.with_columns(pl.DataFrame(told, schema, orient="row"))


def usd(amount: float) -> Decimal:
    """An amount that is expected: to a millionth of a dollar."""
    return Decimal(f"{amount:.6f}")


def paid_of(paid: pl.DataFrame, group: Group) -> pl.DataFrame:
    """Rows of PAID_SCHEMA of a group, one a day. A model that no provider is said of is that of all of them."""
    own = paid.filter(pl.col("scope") == group.scope, pl.col("owner").eq_missing(group.owner))
    for name, value in (("provider", group.provider), ("model", group.model)):
        own = own if value == ALL else own.filter(pl.col(name) == value)
    sums = [pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum()).alias(name) for name in _AMOUNTS]
    return own.group_by("usage_date").agg(sums).sort("usage_date")


def _owed(paid: pl.DataFrame, group: Group, ahead: Array, as_of: date) -> Owed:
    days = paid_of(paid, group).filter(pl.col("usage_date") <= as_of)
    newest = days.filter(pl.col("usage_date") > as_of - timedelta(days=RECENT_DAYS))["fee_usd"].tail(1).to_list()
    return Owed(dict(days.select("usage_date", "effective_usd").iter_rows()), ahead, sum(newest, Decimal(0)))


def _shares(shares: pl.DataFrame, group: Group, as_of: date, horizon: int) -> Array:
    found = np.ones(horizon)
    if group.owner is None and not _is_one_model(group):
        return found
    own: dict[str, Any] = dict(zip(Group._fields, group, strict=True))
    rows = shares.filter(pl.col(name).eq_missing(pl.lit(value, pl.String)) for name, value in own.items())
    for from_day, share in rows.sort("from_day").select("from_day", "share").iter_rows():
        found[max((from_day - as_of).days, 0) :] = share
    return found


def _is_one_model(group: Group) -> bool:
    return group.scope == "model" and group.provider != ALL
