"""Days that cost more than expected: weekday-aware, by the series' own past errors, over a floor in dollars; and why.

What is expected is the forecast of the evening before (`forecast_choice`), moved by a part of what that day was off, so
that a spike which fades is one surprise and not five. A day stands out where its logarithm of spent over expected is
beyond nearly all of the last year's.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.forecast_choice import replay
from pipelines.decisions.forecast_methods import Array
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import SpendAnomaly

FORMULA_VERSION = "anomaly-1"
FLOOR_USD = Decimal(5)
CARRIED = 0.6
"""Part of yesterday's surprise that today is expected to have as well."""
RARE = 0.99
"""A day beyond this share of the past surprises stands out: about one in a quarter."""
LEAST, MOST = 0.3, 0.57
"""Bounds of that limit, as logarithms: 35 % more never is too much, 77 % more always is."""
REMEMBERED, MIN_ERRORS = 365, 28
RECENT_DAYS = 28
ALL = "all"
KEYS = ["scope", "owner", "provider", "model"]
SCOPES = {ALL: pl.lit(ALL), "account": pl.col("account_id"), "project": pl.col("project_id")}
PRICED_BY = ["provider", "model", "channel", "region", "service_tier", "meter"]


def surprises(series: Array) -> Array:
    """Logarithm of each value over what was expected of it; `series`: (series, day), NaN before a series began.

    NaN where a value is 0 or nothing was expected.
    """
    days = series.shape[-1]
    off = np.full(series.shape, np.nan)
    found = replay(series, 1, days).chosen[:, :-1, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        off[:, days - found.shape[-1] :] = np.log(series[:, days - found.shape[-1] :] / found)
    off[~np.isfinite(off)] = np.nan
    off[:, 1:] -= CARRIED * np.nan_to_num(off[:, :-1].copy())
    return off


def limit_of(past: Array) -> float:
    """The surprise beyond which a day stands out, after these; NaN where too few are known."""
    known = past[-REMEMBERED:][np.isfinite(past[-REMEMBERED:])]
    return float(np.clip(np.quantile(known, RARE), LEAST, MOST)) if known.size >= MIN_ERRORS else float("nan")


def spend_anomaly(
    usage: pl.DataFrame, conversations: pl.DataFrame, as_of: date, floor_usd: Decimal = FLOOR_USD
) -> pl.DataFrame:
    """Rows of main.spend_anomaly of a day: what of the day before stands out.

    `usage`: usage_date, PRICED_BY, account_id, project_id, api_key_id, quantity, effective_cost_usd (NULL where
    unpriced). `conversations`: rows of main.conversation_cost of the day that is judged.
    """
    judged = as_of - timedelta(days=1)
    costs = usage.filter(pl.col("usage_date") < as_of).drop_nulls("effective_cost_usd")
    named = pl.concat(
        [
            costs.with_columns(scope=pl.lit(scope), owner=owner, **models)
            for scope, owner in SCOPES.items()
            for models in ({}, {"provider": pl.lit(ALL), "model": pl.lit(ALL)})
        ]
    ).drop_nulls("owner")
    daily = named.group_by(*KEYS, "usage_date").agg(pl.col("effective_cost_usd").sum())
    # A day below the floor cannot be above what is expected by it.
    asked = daily.filter(pl.col("usage_date") == judged, pl.col("effective_cost_usd") >= floor_usd).select(KEYS)
    rows = []
    for key, own in daily.join(asked, on=KEYS).sort(*KEYS, "usage_date").group_by(KEYS, maintain_order=True):
        figures = _judged(own, judged, floor_usd)
        if figures is not None:
            rows.append(figures | dict(zip(KEYS, key, strict=True)))
    told = [row | _cause(row, costs, conversations, judged) for row in rows]
    common = {"as_of": as_of, "usage_date": judged, "formula_version": FORMULA_VERSION}
    return pl.DataFrame([row | common for row in told], schema=polars_schema(SpendAnomaly), orient="row")


def _judged(own: pl.DataFrame, judged: date, floor_usd: Decimal) -> dict[str, Any] | None:
    """Figures of the last day of a series, if it stands out."""
    first = own["usage_date"][0]
    values = np.zeros((1, (judged - first).days + 1))
    values[0, (own["usage_date"] - first).dt.total_days().to_numpy()] = own["effective_cost_usd"].cast(pl.Float64)
    if values.shape[-1] <= MIN_ERRORS:
        return None
    surprise = surprises(values)[0]
    limit = limit_of(surprise[:-1])
    if not surprise[-1] > limit:
        return None
    spent = own["effective_cost_usd"][-1]
    times = float(np.exp(surprise[-1]))
    expected = Decimal(f"{float(spent) / times:.6f}")
    if spent - expected < floor_usd:
        return None
    return {
        "spent_usd": spent,
        "expected_usd": expected,
        "excess_usd": spent - expected,
        "times": times,
        "limit_times": float(np.exp(limit)),
        "history_days": values.shape[-1],
    }


def _cause(row: Mapping[str, Any], costs: pl.DataFrame, conversations: pl.DataFrame, judged: date) -> dict[str, Any]:
    """Price, one conversation, one key or volume: the first that is at least half of the excess."""
    own, half = _own(costs, row), row["excess_usd"] / 2
    before = own.filter(pl.col("usage_date").is_between(judged - timedelta(days=RECENT_DAYS), judged, closed="left"))
    today = own.filter(usage_date=judged)
    price_usd = _price_part(today, before)
    found: dict[str, Any] = {"price_usd": price_usd, "cause": "volume", "cause_id": None}
    if price_usd >= half:
        return found | {"cause": "price"}
    talks = _own(conversations, row, has_model=False).sort("cost_usd", descending=True).head(1)
    # A conversation is of any model: it explains a model's day only where the day is not cheaper than it.
    if talks.height and half <= talks["cost_usd"][0] <= row["spent_usd"]:
        return found | {"cause": "one_conversation", "cause_id": talks["conversation_id"][0]}
    spent = today.group_by("api_key_id").agg(now=pl.col("effective_cost_usd").sum().cast(pl.Float64))
    usual = before.group_by("api_key_id").agg(usual=pl.col("effective_cost_usd").sum().cast(pl.Float64) / RECENT_DAYS)
    keys = spent.join(usual, on="api_key_id", how="full", coalesce=True, nulls_equal=True).fill_null(0.0)
    rise = (
        keys.drop_nulls("api_key_id").with_columns(rise=pl.col("now") - pl.col("usual")).sort("rise", descending=True)
    )
    if keys.height > 1 and rise.height and rise["rise"][0] >= float(half):
        return found | {"cause": "one_key", "cause_id": rise["api_key_id"][0]}
    return found


def _own(rows: pl.DataFrame, row: Mapping[str, Any], *, has_model: bool = True) -> pl.DataFrame:
    if row["scope"] != ALL:
        rows = rows.filter(pl.col(f"{row['scope']}_id") == row["owner"])
    return rows.filter(provider=row["provider"], model=row["model"]) if has_model and row["model"] != ALL else rows


def _price_part(today: pl.DataFrame, before: pl.DataFrame) -> Decimal:
    """What this day's quantities cost more than at the mean prices of before; of what was used before."""
    sums = [pl.col("quantity").sum(), pl.col("effective_cost_usd").sum().cast(pl.Float64)]
    old = before.group_by(PRICED_BY).agg(sums).filter(pl.col("quantity") > 0)
    both = today.group_by(PRICED_BY).agg(sums).join(old, on=PRICED_BY, suffix="_before")
    at_old = pl.col("quantity") * pl.col("effective_cost_usd_before") / pl.col("quantity_before")
    more = both.select((pl.col("effective_cost_usd") - at_old).sum()).item()
    return Decimal(f"{more or 0:.6f}")
