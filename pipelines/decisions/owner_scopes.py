"""Usage by whose it is: all together, each account, each project and each team. What is made of it is for others.

A team is known of a key's usage of a day by what `main.cost_by_owner` says of it. Where several teams used one key on
one day, what each of them cost is exact, and which models and meters that was is taken to be alike.
"""

from collections.abc import Iterator

import polars as pl

ALL = "all"
KEY = ["usage_date", "account_id", "project_id", "api_key_id"]
COST = pl.Decimal(38, 12)
TEAM_COSTS = {
    "usage_date": pl.Date(),
    **dict.fromkeys((*KEY[1:], "team"), pl.String()),
    "tokens": pl.Int64(),
    "effective_cost_usd": COST,
}
"""One row per KEY and team, NULL where no team is known."""


def owned(usage: pl.DataFrame, teams: pl.DataFrame | None) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each scope with the usage of it and its `owner`; what has no owner in a scope is not in it.

    `usage`: KEY, quantity, effective_cost_usd (NULL where unpriced) and more. `teams`: TEAM_COSTS.
    """
    yield ALL, usage.with_columns(owner=pl.lit(ALL))
    for scope in ("account", "project"):
        yield scope, usage.with_columns(owner=pl.col(f"{scope}_id")).drop_nulls("owner")
    if teams is not None and teams["team"].is_not_null().any():
        yield "team", _of_teams(usage, teams)


def _of_teams(usage: pl.DataFrame, teams: pl.DataFrame) -> pl.DataFrame:
    cost, tokens = pl.col("effective_cost_usd").cast(pl.Float64).fill_null(0), pl.col("tokens")
    all_cost, all_tokens = cost.sum().over(KEY), tokens.sum().over(KEY)
    by_tokens = pl.when(all_tokens > 0).then(tokens / all_tokens).otherwise(1.0)
    shares = teams.with_columns(
        share=pl.when(pl.len().over(KEY) == 1).then(1.0).when(all_cost > 0).then(cost / all_cost).otherwise(by_tokens)
    )
    named = shares.drop_nulls("team").select(*KEY, "share", owner="team", whole="effective_cost_usd")
    rows = usage.join(named, on=KEY, nulls_equal=True)
    is_alone = pl.col("share") == 1
    part = (pl.col("effective_cost_usd").cast(pl.Float64) * pl.col("share")).round(12).cast(COST)
    split = rows.with_columns(
        quantity=pl.when(is_alone)
        .then("quantity")
        .otherwise((pl.col("quantity") * pl.col("share")).round().cast(pl.Int64)),
        effective_cost_usd=pl.when(is_alone).then("effective_cost_usd").otherwise(part),
    )
    # What rounding leaves goes to one row, so that a team's sum is the one of main.cost_by_owner.
    of_team = [*KEY, "owner"]
    rest = (pl.col("whole") - pl.col("effective_cost_usd").sum().over(of_team)).cast(COST)
    is_first = (pl.int_range(pl.len()) == pl.col("effective_cost_usd").arg_max()).over(of_team)
    gets_rest = is_first & ~is_alone & pl.col("whole").is_not_null()
    return split.with_columns(
        effective_cost_usd=pl.when(gets_rest)
        .then((pl.col("effective_cost_usd") + rest).cast(COST))
        .otherwise("effective_cost_usd")
    ).drop("share", "whole")
