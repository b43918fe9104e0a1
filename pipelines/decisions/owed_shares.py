"""Which part of the list price usage is owed at on coming days: recent usage by the terms in force on each of them."""

from datetime import date, timedelta

import polars as pl

from pipelines.costs.agreed_prices import Agreed
from pipelines.decisions.forecast_methods import WINDOW
from pipelines.decisions.forecast_outlook import ALL
from pipelines.decisions.forecast_owners import COLUMNS, KEY
from pipelines.decisions.forecast_paid import SHARE_SCHEMA
from pipelines.schema.contract_terms import TERM_SCOPE

_SUMMED = ("quantity", "cost_usd", "effective_cost_usd", "usage_rows")
_SCOPES = {
    "model": {"provider": pl.col("provider"), "model": pl.col("model"), "owner": pl.lit(None, pl.String)},
    **{
        scope: {"provider": pl.lit(ALL), "model": pl.lit(ALL), "owner": pl.col(column)}
        for scope, column in (*COLUMNS.items(), ("team", "team"))
    },
}


def owed_shares(
    usage: pl.DataFrame, teams: pl.DataFrame, agreed: Agreed | None, as_of: date, horizon: int
) -> pl.DataFrame:
    """SHARE_SCHEMA of each model, account, project and team, from as_of on and from each day on which terms change.

    `usage`: rows of core.usage_cost that no plan covers, of which the eight weeks before as_of are looked at; `teams`:
    usage_date, KEY, team, tokens of the same. `agreed`: the contract; what it cannot price, as without a rate of
    exchange of a day to come, is owed at the share that it was, and so is everything without one.
    """
    recent = _recent(usage, as_of)
    if recent.is_empty():
        return pl.DataFrame(schema=SHARE_SCHEMA)
    keys = _team_shares(teams, as_of)
    days = [as_of] if agreed is None else [as_of, *_changes(agreed.terms, as_of, horizon)]
    return pl.concat([_shares_from(day, _owed_on(recent, agreed, day), keys) for day in days])


def _recent(usage: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Sums of the last eight weeks of usage that has a list price, with their number."""
    since = as_of - timedelta(days=WINDOW)
    own = usage.filter(pl.col("usage_date").is_between(since, as_of, closed="left"), pl.col("cost_usd") > 0)
    apart = [name for name in own.columns if name not in {"usage_date", "first_price_on", *_SUMMED}]
    sums = own.with_columns(pl.coalesce("effective_cost_usd", "cost_usd").alias("effective_cost_usd"))
    return sums.group_by(apart).agg(pl.col(_SUMMED).sum()).sort(apart).with_row_index("row")


def _changes(terms: pl.DataFrame, as_of: date, horizon: int) -> list[date]:
    days = pl.concat([terms["valid_from"], terms["valid_to"]]).drop_nulls().unique().sort()
    return [day for day in days if as_of < day < as_of + timedelta(days=horizon)]


def _owed_on(recent: pl.DataFrame, agreed: Agreed | None, day: date) -> pl.DataFrame:
    """Sums with `owed`: what they would be owed on a day."""
    if agreed is None:
        return recent.with_columns(owed=pl.col("effective_cost_usd").cast(pl.Float64))
    asked = recent.select(
        "row", *TERM_SCOPE, "price_id", "usd_per_unit", "unit", "is_lower_bound", "quantity", "cost_usd",
        usage_date=pl.lit(day),
    )  # fmt: skip
    owed = agreed.on(day).paid(asked).group_by("row").agg(
        owed=pl.col("effective_cost_usd").cast(pl.Float64).sum(), is_open=pl.col("effective_cost_usd").is_null().any()
    )  # fmt: skip
    was = pl.col("effective_cost_usd").cast(pl.Float64)
    return recent.join(owed, on="row", how="left", maintain_order="left").with_columns(
        owed=pl.when(pl.col("is_open").fill_null(value=True)).then(was).otherwise("owed")
    )


def _team_shares(teams: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """KEY, team, part: of what a key used in the last eight weeks."""
    since = as_of - timedelta(days=WINDOW)
    own = teams.filter(pl.col("usage_date").is_between(since, as_of, closed="left"))
    sums = own.group_by(*KEY, "team").agg(pl.col("tokens").sum())
    total = pl.col("tokens").sum().over(KEY)
    return sums.with_columns(part=pl.when(total > 0).then(pl.col("tokens") / total).otherwise(1.0)).drop("tokens")


def _shares_from(day: date, owed: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    listed = owed.with_columns(listed=pl.col("cost_usd").cast(pl.Float64))
    of_teams = listed.join(keys.drop_nulls("team"), on=KEY, nulls_equal=True).with_columns(
        pl.col("owed", "listed") * pl.col("part")
    )
    parts = []
    for scope, named in _SCOPES.items():
        rows = (of_teams if scope == "team" else listed).with_columns(scope=pl.lit(scope), **named)
        sums = rows.group_by("scope", *named).agg(pl.col("owed", "listed").sum())
        parts.append(sums.with_columns(from_day=pl.lit(day), share=pl.col("owed") / pl.col("listed")))
    found = pl.concat([part.select(SHARE_SCHEMA.keys()) for part in parts]).drop_nulls("share")
    return found.filter(pl.col("owner").is_not_null() | (pl.col("scope") == "model")).cast(SHARE_SCHEMA)  # type: ignore[arg-type]
