"""Days that cost more than expected: weekday-aware, by the series' own past errors, over a floor in dollars; and why.

How far a day is off, and what is too far, is `spend_surprise`'s; whose spend it is, `owner_scopes`'.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.decisions.owner_scopes import ALL, owned
from pipelines.decisions.spend_surprise import MIN_ERRORS, limit_of, surprises
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import SpendAnomaly

FORMULA_VERSION = "anomaly-3"
FLOOR_USD = Decimal(5)
RECENT_DAYS = 28
KEYS = ["scope", "owner", "provider", "model"]
PRICED_BY = ["provider", "model", "channel", "region", "service_tier", "meter"]


def spend_anomaly(
    usage: pl.DataFrame,
    conversations: pl.DataFrame,
    as_of: date,
    floor_usd: Decimal = FLOOR_USD,
    teams: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows of main.spend_anomaly of a day: what of the day before stands out, and what cannot be judged.

    `usage`: usage_date, PRICED_BY, account_id, project_id, api_key_id, quantity, effective_cost_usd (NULL where
    unpriced). `conversations`: rows of main.conversation_cost of the day that is judged. `teams`: TEAM_COSTS.
    """
    judged = as_of - timedelta(days=1)
    costs = usage.filter(pl.col("usage_date") < as_of).drop_nulls("effective_cost_usd")
    scopes = dict(owned(costs, teams))
    rows = [
        row | {"scope": scope} | _cause(row, rows, talks, judged)
        for scope, rows in scopes.items()
        for talks in [_talks(conversations, scope)]
        for row in _rows(rows, judged, floor_usd)
    ]
    common = {"as_of": as_of, "usage_date": judged, "formula_version": FORMULA_VERSION}
    table = pl.DataFrame([row | common for row in rows], schema=polars_schema(SpendAnomaly), orient="row")
    return table.sort(KEYS)


def _rows(costs: pl.DataFrame, judged: date, floor_usd: Decimal) -> Iterator[dict[str, Any]]:
    """Of one scope: each owner and model of an owner, and all models of it, whose day is to be told of."""
    keys = KEYS[1:]
    every = costs.with_columns(provider=pl.lit(ALL), model=pl.lit(ALL))
    daily = pl.concat([costs, every]).group_by(*keys, "usage_date").agg(pl.col("effective_cost_usd").sum())
    # A day below the floor cannot be above what is expected by it.
    asked = daily.filter(pl.col("usage_date") == judged, pl.col("effective_cost_usd") >= floor_usd).select(keys)
    for key, own in daily.join(asked, on=keys).sort(*keys, "usage_date").group_by(keys, maintain_order=True):
        figures = _judged(own, judged, floor_usd)
        if figures is not None:
            yield figures | dict(zip(keys, key, strict=True))


def _judged(own: pl.DataFrame, judged: date, floor_usd: Decimal) -> dict[str, Any] | None:
    """Figures of the last day of a series, if it stands out or cannot be judged."""
    first = own["usage_date"][0]
    values = np.zeros((1, (judged - first).days + 1))
    values[0, (own["usage_date"] - first).dt.total_days().to_numpy()] = own["effective_cost_usd"].cast(pl.Float64)
    if values.shape[-1] <= MIN_ERRORS:
        return None
    surprise = surprises(values)[0]
    limit = limit_of(surprise[:-1])
    if np.isnan(limit.surprise + surprise[-1]):
        return None
    spent = own["effective_cost_usd"][-1]
    times = float(np.exp(surprise[-1]))
    expected = Decimal(f"{float(spent) / times:.6f}")
    stands_out = surprise[-1] > limit.surprise and spent - expected >= floor_usd
    if limit.is_judged and not stands_out:
        return None
    return {
        "verdict": "stands_out" if stands_out else "cannot_be_judged",
        "spent_usd": spent,
        "expected_usd": expected,
        "excess_usd": spent - expected,
        "times": times,
        "limit_times": float(np.exp(limit.surprise)),
        "found_share": limit.found_share,
        "history_days": values.shape[-1],
    }


def _talks(conversations: pl.DataFrame, scope: str) -> pl.DataFrame:
    """Conversations with the `owner` that they have in a scope; a team's are not known."""
    if scope == ALL:
        return conversations.with_columns(owner=pl.lit(ALL))
    return conversations.with_columns(owner=pl.lit(None) if scope == "team" else pl.col(f"{scope}_id"))


def _cause(row: Mapping[str, Any], costs: pl.DataFrame, talks: pl.DataFrame, judged: date) -> dict[str, Any]:
    """Price, one conversation, one key or volume: the first that is at least half of the excess."""
    own, half = costs.filter(owner=row["owner"]), row["excess_usd"] / 2
    own = own if row["model"] == ALL else own.filter(provider=row["provider"], model=row["model"])
    before = own.filter(pl.col("usage_date").is_between(judged - timedelta(days=RECENT_DAYS), judged, closed="left"))
    today = own.filter(usage_date=judged)
    price_usd = _price_part(today, before)
    found: dict[str, Any] = {"price_usd": price_usd, "cause": "volume", "cause_id": None}
    if row["verdict"] != "stands_out":
        return found | {"cause": None}
    if price_usd >= half:
        return found | {"cause": "price"}
    dearest = talks.filter(owner=row["owner"]).sort("cost_usd", descending=True).head(1)
    # A conversation is of any model: it explains a model's day only where the day is not cheaper than it.
    if dearest.height and half <= dearest["cost_usd"][0] <= row["spent_usd"]:
        return found | {"cause": "one_conversation", "cause_id": dearest["conversation_id"][0]}
    key = _risen_key(today, before, float(half))
    return found if key is None else found | {"cause": "one_key", "cause_id": key}


def _risen_key(today: pl.DataFrame, before: pl.DataFrame, half: float) -> str | None:
    """The key, of several, that rose by so much."""
    spent = today.group_by("api_key_id").agg(now=pl.col("effective_cost_usd").sum().cast(pl.Float64))
    usual = before.group_by("api_key_id").agg(usual=pl.col("effective_cost_usd").sum().cast(pl.Float64) / RECENT_DAYS)
    keys = spent.join(usual, on="api_key_id", how="full", coalesce=True, nulls_equal=True).fill_null(0.0)
    rises = keys.drop_nulls("api_key_id").select("api_key_id", rise=pl.col("now") - pl.col("usual")).sort("rise")
    if keys.height < 2 or rises.is_empty() or rises["rise"][-1] < half:
        return None
    return str(rises["api_key_id"][-1])


def _price_part(today: pl.DataFrame, before: pl.DataFrame) -> Decimal:
    """What this day's quantities cost more than at the mean prices of before; of what was used before."""
    sums = [pl.col("quantity").sum(), pl.col("effective_cost_usd").sum().cast(pl.Float64)]
    old = before.group_by(PRICED_BY).agg(sums).filter(pl.col("quantity") > 0)
    both = today.group_by(PRICED_BY).agg(sums).join(old, on=PRICED_BY, suffix="_before")
    at_old = pl.col("quantity") * pl.col("effective_cost_usd_before") / pl.col("quantity_before")
    more = both.select((pl.col("effective_cost_usd") - at_old).sum()).item()
    return Decimal(f"{more or 0:.6f}")
