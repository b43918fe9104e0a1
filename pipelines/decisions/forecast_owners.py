"""What accounts, teams and projects are expected to spend: usage in dollars at the prices of as_of, as one series.

An owner's dollars are forecast, not each of its meters; a price that changes later moves them by the share of the
models that it is of. A team has the part of a key's usage that `main.cost_by_owner` says is its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.forecast_outlook import (
    EXPECTED_SCHEMA,
    ORIGINS,
    SPENT_SCHEMA,
    Group,
    Outlook,
    accuracy_of,
    history_of,
    known_costs,
    less_seen,
)
from pipelines.decisions.forecast_quantities import SERIES, USD, as_array, daily_quantities, price_days
from pipelines.decisions.forecast_totals import Totals, past_errors
from pipelines.decisions.free_days import free_days

COLUMNS = {"account": "account_id", "project": "project_id"}
KEY = ["account_id", "project_id", "api_key_id"]
OWNER = ["scope", "owner"]
MIX_DAYS = 28
MAX_OWNERS = 50
"""Owners of a scope that are forecast unless they are asked for: those that spend most."""
TEAM_SCHEMA = {
    "usage_date": pl.Date(),
    **dict.fromkeys((*KEY, "team"), pl.String()),
    "tokens": pl.Int64(),
    "cost_usd": USD,
    "has_unpriced": pl.Boolean(),
}


@dataclass(frozen=True)
class OwnerUsage:
    """Usage and cost with their owners."""

    usage: pl.DataFrame
    """usage_date, SERIES, KEY, quantity, cost_usd (NULL where unpriced)."""
    teams: pl.DataFrame
    """TEAM_SCHEMA, one row per day, KEY and team, NULL where no team is known."""


def owner_outlook(
    owners: OwnerUsage,
    prices: pl.DataFrame,
    as_of: date,
    horizon: int,
    seen: float,
    asked: Sequence[Group] | None,
    country: str | None = None,
) -> Outlook:
    """Of the accounts, teams and projects that spend most, or of `asked`. `country`: whose holidays are free days."""
    worth = _worth(owners, prices, as_of)
    spent = _spent(owners, as_of, seen)
    groups = _all_groups(worth, as_of) if asked is None else list(asked)
    places = pl.DataFrame(
        [(group.scope, group.owner, place) for place, group in enumerate(groups)],
        schema=dict.fromkeys(OWNER, pl.String()) | {"group": pl.Int64()},
        orient="row",
    )
    daily = worth.join(places, on=OWNER).select("group", "usage_date", "series", quantity=pl.col("usd"))
    used = daily_quantities(daily.drop("series"), as_of, ["group"])
    names, values = as_array(used, as_of, ["group"])
    found = replay(values, horizon, ORIGINS, free_days(country, as_of, values.shape[-1], horizon))
    of_group = names["group"].to_numpy() if names.height else np.empty(0, dtype=np.int64)
    chosen, scale = (_placed(array, of_group, len(groups), 0) for array in (found.chosen, found.scale))
    actual = _placed(found.actual, of_group, len(groups), np.nan)
    totals = Totals(chosen, actual, np.where(scale > 0, scale, 1.0))
    rises, gaps = _rises(daily, prices, as_of, horizon, len(groups))
    # Of usage that has no price at all nothing is forecast, and that is told.
    told = np.array(sorted({*of_group.tolist(), *(place for place, days in enumerate(gaps) if any(days))}), dtype=int)
    begun = used.group_by("group", maintain_order=True).agg(pl.col("usage_date").min())["usage_date"].to_list()
    errors = past_errors(totals)
    return Outlook(
        groups,
        less_seen(_expected(chosen[:, -1] * rises, gaps, told, as_of), as_of, seen),
        spent.join(places, on=OWNER).select(SPENT_SCHEMA.keys()),
        totals,
        [
            history_of(found, np.flatnonzero(of_group == place), begun, as_of) | accuracy_of(float(errors[place]))
            for place in range(len(groups))
        ],
    )


def _worth(owners: OwnerUsage, prices: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """OWNER, usage_date, series (SERIES as a struct), usd at the prices of as_of: 0 where there is no price."""
    series = owners.usage.select(SERIES).unique()
    one = price_days(series.with_columns(usage_date=pl.lit(as_of), quantity=pl.lit(1.0)), prices)
    rates = one.select(*SERIES, rate=pl.col("cost_usd").cast(pl.Float64).fill_null(0))
    history = owners.usage.filter(pl.col("usage_date") < as_of).join(rates, on=SERIES)
    by = ["usage_date", *KEY, *SERIES]
    keyed = history.group_by(by).agg(usd=(pl.col("quantity") * pl.col("rate")).sum())
    total = pl.col("tokens").sum().over("usage_date", *KEY)
    shares = owners.teams.with_columns(share=pl.when(total > 0).then(pl.col("tokens") / total).otherwise(1.0))
    team = keyed.join(
        shares.drop_nulls("team").select("usage_date", *KEY, "team", "share"),
        on=["usage_date", *KEY],
        nulls_equal=True,
    )
    parts = [
        keyed.select(scope=pl.lit(scope), owner=column, usage_date="usage_date", series=pl.struct(SERIES), usd="usd")
        for scope, column in COLUMNS.items()
    ]
    parts.append(
        team.select(
            scope=pl.lit("team"),
            owner="team",
            usage_date="usage_date",
            series=pl.struct(SERIES),
            usd=pl.col("usd") * pl.col("share"),
        )
    )
    found = pl.concat(parts).drop_nulls("owner")
    return found.group_by(*OWNER, "usage_date", "series").agg(pl.col("usd").sum()).sort(*OWNER, "usage_date", "series")


def _spent(owners: OwnerUsage, as_of: date, seen: float) -> pl.DataFrame:
    """OWNER, usage_date, cost_usd; a further row with NULL where some usage of a team has no price."""
    costs = known_costs(owners.usage, as_of, seen)
    teams = known_costs(owners.teams, as_of, seen)
    parts = [
        costs.select(scope=pl.lit(scope), owner=column, usage_date="usage_date", cost_usd="cost_usd")
        for scope, column in COLUMNS.items()
    ]
    named = {"scope": pl.lit("team"), "owner": pl.col("team"), "usage_date": pl.col("usage_date")}
    parts.append(teams.drop_nulls("cost_usd").select(**named, cost_usd="cost_usd"))
    parts.append(teams.filter("has_unpriced").select(**named, cost_usd=pl.lit(None, USD)))
    return pl.concat(parts).drop_nulls("owner")


def _all_groups(worth: pl.DataFrame, as_of: date) -> list[Group]:
    recent = worth.filter(pl.col("usage_date") >= as_of - timedelta(days=MIX_DAYS))
    ranked = recent.group_by(OWNER).agg(pl.col("usd").sum()).sort("usd", *OWNER, descending=[True, False, False])
    largest = ranked.group_by("scope", maintain_order=True).head(MAX_OWNERS).sort(OWNER)
    return [Group(scope, owner=owner) for scope, owner in largest.select(OWNER).iter_rows()]


def _rises(
    daily: pl.DataFrame, prices: pl.DataFrame, as_of: date, horizon: int, groups: int
) -> tuple[np.ndarray, list[list[list[str]]]]:
    """Cost of the recent mix of each group on each day ahead over its cost at the prices of as_of; what has none."""
    recent = daily.filter(pl.col("usage_date") >= as_of - timedelta(days=MIX_DAYS))
    series = recent.select("series").unique().unnest("series").sort(SERIES)
    ahead = pl.DataFrame({"usage_date": [as_of + timedelta(days=day) for day in range(horizon)]})
    asked = series.join(ahead, how="cross").with_columns(quantity=pl.lit(1.0))
    priced = price_days(asked, prices)["cost_usd"].cast(pl.Float64).to_numpy().reshape(series.height, horizon)
    factors = np.divide(np.nan_to_num(priced), priced[:, :1], out=np.ones_like(priced), where=priced[:, :1] > 0)
    named = series.with_row_index("row").select("row", series=pl.struct(SERIES))
    mix = recent.group_by("group", "series").agg(pl.col("quantity").sum()).join(named, on="series")
    weights = np.zeros((groups, series.height))
    is_used = np.zeros_like(weights, dtype=bool)
    at = (mix["group"].to_numpy(), mix["row"].to_numpy())
    weights[at], is_used[at] = mix["quantity"].to_numpy(), True
    total = weights.sum(axis=1, keepdims=True)
    # Usage that has no price at all has no cost that is known, which is not 0.
    otherwise = np.where((is_used & np.isnan(priced[:, 0])).any(axis=1), np.nan, 1.0)
    rises = np.divide(weights @ factors, total, out=np.repeat(otherwise[:, None], horizon, axis=1), where=total > 0)
    texts = [f"no price for {row['meter']} of {row['model']}" for row in series.iter_rows(named=True)]
    gaps = [_gaps(texts, used[:, None] & np.isnan(priced)) for used in is_used]
    return rises, gaps


def _gaps(texts: list[str], missing: np.ndarray) -> list[list[str]]:
    """By day, what of (series, day) is missing."""
    if not missing.any():
        return [[]] * missing.shape[-1]
    return [sorted({texts[row] for row in np.flatnonzero(day)}) for day in missing.T]


def _expected(usd: np.ndarray, gaps: list[list[list[str]]], groups: np.ndarray, as_of: date) -> pl.DataFrame:
    horizon = usd.shape[-1]
    days = [as_of + timedelta(days=day) for day in range(horizon)]
    dollars = pl.Series(usd[groups].ravel().astype(np.float64))
    return pl.DataFrame(
        {
            "group": np.repeat(groups, horizon).astype(np.int64),
            "usage_date": days * len(groups),
            "cost_usd": dollars.fill_nan(None).round(6).cast(pl.Decimal(38, 6)).cast(USD),
            "gaps": [gap for group in groups for gap in gaps[group]],
        },
        schema=EXPECTED_SCHEMA,
    )


def _placed(array: np.ndarray, rows: np.ndarray, groups: int, fill: float) -> np.ndarray:
    """Rows of an array at their places among all groups; `fill` where a group has none."""
    placed = np.full((groups, *array.shape[1:]), float(fill))
    placed[rows] = array
    return placed
