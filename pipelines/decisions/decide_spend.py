"""Decisions about spend, of one day from what was known then: the forecast and budgets. It reads, others think."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.resolve_segments import segments_in_force
from pipelines.decisions.budget import budget_status, group_of
from pipelines.decisions.contract_on import contract_on
from pipelines.decisions.failing_models import failing, stopped, with_ends
from pipelines.decisions.forecast import forecast_of, spend_outlooks
from pipelines.decisions.forecast_accuracy import forecast_accuracy
from pipelines.decisions.forecast_outlook import model_outlook
from pipelines.decisions.forecast_owners import COLUMNS, TEAM_SCHEMA, OwnerUsage, owner_outlook
from pipelines.decisions.forecast_paid import PAID_SCHEMA, with_paid
from pipelines.decisions.known_ends import known_ends
from pipelines.decisions.owed_shares import owed_shares
from pipelines.decisions.owner_scopes import TEAM_COSTS
from pipelines.decisions.rebilled_prices import rebilled, rebillings, successors_of
from pipelines.decisions.spend_anomaly import spend_anomaly
from pipelines.decisions.spend_change import DAYS, spend_change
from pipelines.schema.columns import polars_schema
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.spend import BudgetStatus
from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.current import end_of_day, in_force_at
from pipelines.snapshots.holiday_setting import holidays_of
from pipelines.snapshots.user_inputs import budgets_in_force
from pipelines.warehouse.publish import usage_query
from pipelines.warehouse.rows import read_table

HISTORY_DAYS = 460
"""Usage before the day that a forecast and its past errors are made of."""
LONGEST = 31
"""Days of the longest period of a budget."""
LONGEST_FORECAST = 100
"""Days that a forecast looks ahead, at most (90, or the rest of this month and the next)."""
NO_SETTINGS: Mapping[str, str] = {}
BUDGET_DAYS = 62
"""Costs before the day that what is owed until then is taken from."""
_TEAMS = """
SELECT usage_date, account_id, project_id, api_key_id, team, sum(tokens)::BIGINT AS tokens,
       sum(cost_usd)::DECIMAL(38, 12) AS cost_usd, coalesce(bool_or(unpriced_quantity > 0), false) AS has_unpriced
FROM main.cost_by_owner
WHERE usage_date BETWEEN $first AND $day AND plan_id IS NULL
GROUP BY ALL
"""
_TEAM_COSTS = """
SELECT usage_date, account_id, project_id, api_key_id, team, sum(tokens)::BIGINT AS tokens,
       sum(effective_cost_usd)::DECIMAL(38, 12) AS effective_cost_usd
FROM main.cost_by_owner
WHERE usage_date >= $first AND usage_date < $day
GROUP BY ALL
"""
# Where what was agreed has no rate of exchange, spend stands at list price, and never at nothing.
_PAID = """
SELECT usage_date, {provider} AS provider, {model} AS model, {owner} AS owner,
       sum(effective_usd)::DECIMAL(38, 12) AS effective_usd, sum(cost_usd)::DECIMAL(38, 12) AS list_usd,
       coalesce(sum(fee_usd), 0)::DECIMAL(38, 12) AS fee_usd
FROM (
    SELECT usage_date, provider, model, account_id, project_id, cost_usd,
           coalesce(effective_cost_usd, cost_usd) AS effective_usd, NULL AS fee_usd
    FROM core.usage_cost
    UNION ALL
    SELECT usage_date, provider, plan, CASE WHEN kind = 'account' THEN id ELSE 'default' END,
           CASE WHEN kind = 'project' THEN id END, NULL, fee_usd, fee_usd
    FROM core.plan_fee
    WHERE fee_usd IS NOT NULL
)
WHERE usage_date BETWEEN $first AND $day AND ({owner} IS NOT NULL OR {is_ownerless})
GROUP BY ALL
"""
_PAID_BY_TEAM = """
SELECT usage_date, 'all' AS provider, 'all' AS model, team AS owner,
       sum(coalesce(effective_cost_usd, cost_usd))::DECIMAL(38, 12) AS effective_usd,
       sum(cost_usd)::DECIMAL(38, 12) AS list_usd, 0::DECIMAL(38, 12) AS fee_usd
FROM main.cost_by_owner
WHERE usage_date BETWEEN $first AND $day AND team IS NOT NULL AND coalesce(effective_cost_usd, cost_usd) IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT usage_date, 'all', 'all', id, sum(fee_usd)::DECIMAL(38, 12), NULL, sum(fee_usd)::DECIMAL(38, 12)
FROM core.plan_fee
WHERE usage_date BETWEEN $first AND $day AND kind = 'team' AND fee_usd IS NOT NULL
GROUP BY ALL
"""


@dataclass(frozen=True)
class _Known:
    """What a forecast of a day is made from, and of what is owed of it."""

    usage: pl.DataFrame
    prices: pl.DataFrame
    owners: OwnerUsage
    seen: float
    gone: pl.DataFrame
    """Models of which nothing is expected from a moment on."""
    rebilled: pl.DataFrame
    """Models in whose place others are billed from a moment on."""
    paid: pl.DataFrame
    shares: pl.DataFrame
    """As `forecast_paid.owed_by` takes them."""


def forecast_on(
    connection: duckdb.DuckDBPyConnection, folder: Path, day: date, environ: Mapping[str, str] = NO_SETTINGS
) -> dict[str, pl.DataFrame]:
    """Spend to come by model, provider, account, team and project, and how good the forecasts before the day were.

    At list price of what is billed by use; what is owed by contract and plans beside it.
    """
    known = _known(connection, folder, day)
    costs = known.usage.select("usage_date", "provider", "model", "cost_usd")
    country, _ = holidays_of(environ)
    outlooks = spend_outlooks(known.usage, costs, known.prices, day, known.owners, known.seen, country)
    forecast = with_ends(forecast_of(outlooks, day, known.seen), known.gone, known.rebilled)
    return {
        "main.spend_forecast": with_paid(forecast, outlooks, known.paid, known.shares, day),
        "main.forecast_accuracy": pl.concat([forecast_accuracy(outlook, day) for outlook in outlooks]),
    }


def budget_status_on(
    connection: duckdb.DuckDBPyConnection, folder: Path, day: date, environ: Mapping[str, str]
) -> pl.DataFrame:
    """Every budget that holds on a day, against what is spent and expected; nothing is read where there is none."""
    budgets = budgets_in_force(folder, environ, day)
    if not budgets:
        return pl.DataFrame(schema=polars_schema(BudgetStatus))
    known = _known(connection, folder, day)
    groups = sorted({group_of(budget) for budget in budgets}, key=str)
    costs = known.usage.select("usage_date", "provider", "model", "cost_usd")
    of_models = [group for group in groups if group.owner is None]
    of_owners = [group for group in groups if group.owner is not None]
    outlooks = []
    country, _ = holidays_of(environ)
    if of_models:
        outlooks.append(model_outlook(known.usage, costs, known.prices, day, LONGEST, known.seen, of_models, country))
    if of_owners:
        outlooks.append(owner_outlook(known.owners, known.prices, day, LONGEST, known.seen, of_owners, country))
    return budget_status(budgets, outlooks, known.paid, known.shares, day, known.seen)


def spend_change_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Why the day, week and month before a day differ from those before them."""
    days = 2 * max(DAYS.values())
    return spend_change(_costs_before(connection, day, days), day, _teams_before(connection, day, days))


def spend_anomaly_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Whose spend of the day before a day stands out, and why."""
    judged = day - timedelta(days=1)
    conversations = read_table(connection, "main.conversation_cost", "usage_date = $judged", judged=judged)
    teams = _teams_before(connection, day, HISTORY_DAYS)
    return spend_anomaly(_costs_before(connection, day, HISTORY_DAYS), conversations, day, teams=teams)


def _costs_before(connection: duckdb.DuckDBPyConnection, day: date, days: int) -> pl.DataFrame:
    span = {"first": day - timedelta(days=days), "day": day}
    return read_table(connection, "core.usage_cost", "usage_date >= $first AND usage_date < $day", **span)


def _teams_before(connection: duckdb.DuckDBPyConnection, day: date, days: int) -> pl.DataFrame:
    span = {"first": day - timedelta(days=days), "day": day}
    costs: pl.DataFrame = connection.sql(_TEAM_COSTS, params=span).pl().cast(TEAM_COSTS)
    return costs


def _known(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> _Known:
    span = {"first": day - timedelta(days=HISTORY_DAYS), "day": day}
    billed = "usage_date BETWEEN $first AND $day AND plan_id IS NULL"
    usage = read_table(connection, "core.usage_cost", billed, **span)
    models = usage.select(MODEL_KEY).unique().sort(MODEL_KEY)
    teams = connection.sql(_TEAMS, params=span).pl().cast(TEAM_SCHEMA)
    ends = in_force_at(known_ends(connection, day), end_of_day(day))
    told = rebillings(ends, models.select("provider", "channel", "model"), day)
    asked = pl.concat([models, successors_of(told, models)]).unique()
    segments = segments_in_force(connection, folder, asked, end_of_day(day)).filter(context_from=0, time_window=ALWAYS)
    gone = failing(ends, usage.filter(pl.col("usage_date") < day), day)
    prices = stopped(rebilled(segments, told), gone)
    shares = owed_shares(usage, teams, contract_on(connection, day), day, LONGEST_FORECAST)
    paid = _paid(connection, day)
    return _Known(usage, prices, OwnerUsage(usage, teams), _seen(connection, folder, day), gone, told, paid, shares)


def _seen(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> float:
    """Part of a day that is over in the ledger, by its last moment; 0 where the ledger has nothing of it."""
    paths = [
        path
        for (path,) in connection.execute("SELECT path FROM core.ledger_file WHERE usage_date = $1", [day]).fetchall()
        if (folder / path).is_file()
    ]
    if not paths:
        return 0.0
    query = f"SELECT max(coalesce(usage_until, usage_at)) FROM ({usage_query(folder, paths)})"
    (last,) = connection.execute(query).fetchall()[0]
    begun = datetime.combine(day, time())
    return 0.0 if last is None else min(max((last - begun) / timedelta(days=1), 0.0), 1.0)


def _paid(connection: duckdb.DuckDBPyConnection, day: date) -> pl.DataFrame:
    """PAID_SCHEMA of the days before one and of it, for every owner of a scope."""
    span = {"first": day - timedelta(days=BUDGET_DAYS), "day": day}
    whole = {"provider": "'all'", "model": "'all'", "owner": "NULL::VARCHAR"}
    scopes = {
        "all": whole,
        "provider": whole | {"provider": "provider"},
        "model": whole | {"provider": "provider", "model": "model"},
        **{scope: whole | {"owner": column} for scope, column in COLUMNS.items()},
    }
    queries = {
        scope: _PAID.format(**columns, is_ownerless="true" if columns["owner"] == whole["owner"] else "false")
        for scope, columns in scopes.items()
    } | {"team": _PAID_BY_TEAM}
    parts = [
        connection.sql(query, params=span).pl().with_columns(scope=pl.lit(scope)) for scope, query in queries.items()
    ]
    paid: pl.DataFrame = pl.concat([part.select(PAID_SCHEMA.keys()).cast(PAID_SCHEMA) for part in parts])
    return paid
