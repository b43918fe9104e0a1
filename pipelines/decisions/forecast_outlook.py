"""What is expected of groups of usage from a day on, in dollars by day, and how far off past forecasts of it were.

A group is all usage, that of a provider or of a model; those of accounts, teams and projects are `forecast_owners`'.
Periods, bands and budgets are made of it elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from pipelines.decisions.forecast_choice import MIN_HISTORY_DAYS, Replay, method_names, replay
from pipelines.decisions.forecast_methods import Array
from pipelines.decisions.forecast_quantities import (
    MODEL,
    SERIES,
    USD,
    as_array,
    daily_quantities,
    expected_frame,
    price_days,
)
from pipelines.decisions.forecast_totals import FORETOLD_WITHIN, Totals, past_errors, totals_of
from pipelines.decisions.free_days import free_days

ORIGINS = 400
"""Past days from which the same forecast is made, at most: what its errors are taken from."""
ALL = "all"
GAPS = "no price for {} of tier {}"
SPENT_SCHEMA = {"group": pl.Int64(), "usage_date": pl.Date(), "cost_usd": USD}
EXPECTED_SCHEMA = SPENT_SCHEMA | {"gaps": pl.List(pl.String())}


class Group(NamedTuple):
    """Whose spend is foretold: a scope of FORECAST_SCOPES, and who in it; ALL where it is not asked."""

    scope: str
    provider: str = ALL
    model: str = ALL
    owner: str | None = None
    """Name of the account, team or project."""

    def has(self, provider: str, model: str) -> bool:
        """Whether usage of a model counts; of a group without owner."""
        return self.provider in {ALL, provider} and self.model in {ALL, model}


EVERYTHING = Group(ALL)


@dataclass(frozen=True)
class Outlook:
    """Groups and what is expected of each, in their order; `group` in the frames is a place in it."""

    groups: list[Group]
    expected: pl.DataFrame
    """EXPECTED_SCHEMA: as_of and the days to come; of as_of only what is not seen yet. NULL and gaps: no price."""
    spent: pl.DataFrame
    """SPENT_SCHEMA, NULL where unpriced: the days before as_of; as_of too, where some of it is seen."""
    totals: Totals
    told: list[dict[str, Any]]
    """What is the same for all periods of a group: history, methods, how good its past forecasts were."""

    def by_day(self, as_of: date) -> Array:
        """USD that is expected of what has a price, by (group, day ahead)."""
        found = np.zeros((len(self.groups), self.totals.chosen.shape[-1]))
        ahead = (self.expected["usage_date"] - as_of).dt.total_days().to_numpy()
        usd = self.expected["cost_usd"].cast(pl.Float64).fill_null(0).to_numpy()
        np.add.at(found, (self.expected["group"].to_numpy(), ahead), usd)
        return found


def model_outlook(  # noqa: PLR0913, PLR0917 - what a forecast rests on
    usage: pl.DataFrame,
    costs: pl.DataFrame,
    prices: pl.DataFrame,
    as_of: date,
    horizon: int,
    seen: float,
    asked: Sequence[Group] = (),
    country: str | None = None,
) -> Outlook:
    """Of all usage, each provider and each model with usage in the last 56 days or cost in the month; then of `asked`.

    The other arguments are as in `forecast.spend_outlooks`.
    """
    daily = daily_quantities(usage, as_of)
    names, values = as_array(daily, as_of)
    found = replay(values, horizon, ORIGINS, free_days(country, as_of, values.shape[-1], horizon))
    spent = known_costs(costs, as_of, seen).select("usage_date", *MODEL, "cost_usd")
    in_month = spent.filter(pl.col("usage_date") >= as_of.replace(day=1))
    models = pl.concat([names.select(MODEL), in_month.select(MODEL)]).unique().sort(MODEL)
    groups = list(dict.fromkeys([*_all_groups(models), *asked]))
    is_member = [[group.has(*model) for model in names.select(MODEL).iter_rows()] for group in groups]
    members = np.array(is_member, dtype=bool).reshape(len(groups), names.height)
    totals = totals_of(members * _worth(names, prices, as_of), values, found, ORIGINS)
    priced = price_days(expected_frame(names, found.chosen[:, -1], as_of), prices)
    gap = pl.format(GAPS, "meter", "service_tier").filter(pl.col("cost_usd").is_null()).unique()
    by_model = priced.group_by(*MODEL, "usage_date").agg(cost_usd=known_sum("cost_usd"), gaps=gap)
    begun = daily.group_by(SERIES, maintain_order=True).agg(pl.col("usage_date").min())["usage_date"].to_list()
    errors = past_errors(totals)
    return Outlook(
        groups,
        less_seen(_of_groups(by_model, groups), as_of, seen).select(EXPECTED_SCHEMA.keys()),
        _of_groups(spent, groups).select(SPENT_SCHEMA.keys()),
        totals,
        [
            history_of(found, np.flatnonzero(group), begun, as_of) | accuracy_of(float(error))
            for group, error in zip(members, errors, strict=True)
        ],
    )


def known_costs(costs: pl.DataFrame, as_of: date, seen: float) -> pl.DataFrame:
    """Costs of the past: before as_of, and of it where some of it is seen."""
    return costs.filter(pl.col("usage_date") <= as_of if seen else pl.col("usage_date") < as_of)


def known_sum(name: str) -> pl.Expr:
    """The sum of what is known; NULL where nothing is."""
    return pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).sum())


def less_seen(expected: pl.DataFrame, as_of: date, seen: float) -> pl.DataFrame:
    """What is expected without the part of as_of that is seen: that is spent."""
    left = pl.lit(f"{1 - seen:.6f}").cast(USD)
    rest = pl.when(pl.col("usage_date") == as_of).then(pl.col("cost_usd") * left).otherwise("cost_usd")
    return expected.with_columns(cost_usd=rest.cast(USD))


def history_of(found: Replay, series: Any, begun: Sequence[date], as_of: date) -> dict[str, Any]:
    """Length of the history of some series together, and the methods that foretell them. `begun`: of every series."""
    days = max(((as_of - begun[one]).days for one in series), default=0)
    return {
        "method": method_names(found.picks[series, -1].ravel()) or "none: no usage of the last 56 days",
        "history_days": days,
        "is_low_confidence": days < MIN_HISTORY_DAYS,
    }


def accuracy_of(error: float) -> dict[str, Any]:
    """How good past forecasts were, of the mean error of totals (NaN: none known)."""
    known = None if np.isnan(error) else error
    return {"past_error": known, "is_foretellable": None if known is None else known <= FORETOLD_WITHIN}


def _all_groups(models: pl.DataFrame) -> list[Group]:
    of_models = [Group("model", *model) for model in models.iter_rows()]
    providers = [Group("provider", provider) for provider in models["provider"].unique().sort()]
    return [*of_models, *providers, EVERYTHING] if of_models else []


def _of_groups(rows: pl.DataFrame, groups: Sequence[Group]) -> pl.DataFrame:
    """Rows by model, once for each group that they belong to, which `group` says."""
    models = rows.select(MODEL).unique().rows()
    places = [(*model, place) for place, group in enumerate(groups) for model in models if group.has(*model)]
    schema = dict.fromkeys(MODEL, pl.String()) | {"group": pl.Int64()}
    return rows.join(pl.DataFrame(places, schema=schema, orient="row"), on=MODEL)


def _worth(names: pl.DataFrame, prices: pl.DataFrame, as_of: date) -> Array:
    """What one of each series costs on the day; 0 where there is no price: errors of others are held all the same."""
    one = names.with_columns(usage_date=pl.lit(as_of), quantity=pl.lit(1.0))
    worth: Array = price_days(one, prices)["cost_usd"].cast(pl.Float64).fill_null(0).to_numpy()
    return worth
