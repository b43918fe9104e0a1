"""What was spent, summed the way that a person asks, from a published file. How it is printed is for `cli`."""

from datetime import date

import polars as pl

from pipelines.schema.meters import TOKEN_METERS
from pipelines.warehouse.published import PublishedWarehouse

OWNER_KINDS = {
    "team": "coalesce(team, 'not mapped')",
    "user": "coalesce(user_id, 'not told')",
    "feature": "coalesce(feature, 'not told')",
    "project": "coalesce(project_id, 'not told')",
    "key": "coalesce(api_key_id, 'not told')",
}
PERIODS = {
    "day": "usage_date",
    "week": "date_trunc('week', usage_date)::DATE",
    "month": "strftime(usage_date, '%Y-%m')",
}
WAYS = (*PERIODS, "model", *OWNER_KINDS, "account")
_IS_OF = "$owner IN (team, cost_center, account_id, project_id, api_key_id, user_id, feature)"
_TABLES = {
    "daily": """
        SELECT {what} AS "{by}", sum(quantity) FILTER (meter_group NOT IN ('fee', 'plan_fee'))::BIGINT AS tokens,
            sum(cost_usd)::DECIMAL(38, 12) AS list_usd,
            sum(coalesce(effective_cost_usd, cost_usd))::DECIMAL(38, 12) AS owed_usd,
            bool_or(is_lower_bound) AS is_lower_bound
        FROM (
            FROM main.cost_daily
            UNION ALL BY NAME
            SELECT usage_date, model, account_id, quantity, true AS is_lower_bound,
                CASE WHEN meter IN {token_meters} THEN 'token' ELSE 'fee' END AS meter_group
            FROM main.cost_unpriced
        )""",
    "owners": """
        SELECT {what} AS "{by}", sum(tokens)::BIGINT AS tokens, sum(cost_usd)::DECIMAL(38, 12) AS list_usd,
            sum(coalesce(effective_cost_usd, cost_usd))::DECIMAL(38, 12) AS owed_usd,
            bool_or(is_lower_bound OR unpriced_quantity > 0) AS is_lower_bound
        FROM main.cost_by_owner""",
    "models": """
        SELECT {what} AS "{by}", sum(usage_rows)::BIGINT AS usage_rows, sum(cost_usd)::DECIMAL(38, 12) AS list_usd
        FROM main.hidden_cost""",
}

_WHY_UNPRICED = {
    "unknown_model": "no list has it",
    "before_first_price": "its first price is of {since}",
    "no_price_for_tier": "no price for tier {tiers}",
    "no_price_for_meter": "no price for {meters}",
}


def spend_by(
    warehouse: PublishedWarehouse, by: str, first: date | None = None, last: date | None = None, owner: str = ""
) -> pl.DataFrame:
    """Dollars by one of WAYS, both days included: periods in their order, all else dearest first.

    list_usd: at list price; owed_usd: by the contract, and nothing for usage under a plan. Of an owner's models only
    the list price is known. Usage without a price has its tokens and no dollars, so that a sum is a lower bound. Raises
    WarehouseError without a published file.
    """
    table = "owners" if by in OWNER_KINDS or owner else "daily"
    if by == "model" and owner:
        table = "models"
    what = PERIODS.get(by) or OWNER_KINDS.get(by) or {"model": "model", "account": "account_id"}[by]
    given = {"first": first, "last": last, "owner": owner}
    wanted = {"first": "usage_date >= $first", "last": "usage_date <= $last", "owner": _IS_OF}
    where = [wanted[name] for name, value in given.items() if value]
    order = f'"{by}"' if by in PERIODS else f'list_usd DESC NULLS LAST, "{by}"'
    statement = _TABLES[table].format(what=what, by=by, token_meters=TOKEN_METERS)
    statement += f"\nWHERE {' AND '.join(where) or 'true'}\nGROUP BY ALL ORDER BY {order}"
    with warehouse.read() as connection:
        asked = {name: value for name, value in given.items() if value}
        found: pl.DataFrame = connection.sql(statement, params=asked).pl()
    return found


def unpriced_models(
    warehouse: PublishedWarehouse, first: date | None = None, last: date | None = None
) -> dict[str, str]:
    """Models of a period, both days included, some of whose usage has no price, and why in words."""
    query = """
        SELECT model, unpriced_reason, string_agg(DISTINCT service_tier, ', ' ORDER BY service_tier) AS tiers,
            string_agg(DISTINCT meter, ', ' ORDER BY meter) AS meters, min(first_price_on) AS since
        FROM main.cost_unpriced
        WHERE usage_date >= coalesce($first, usage_date) AND usage_date <= coalesce($last, usage_date)
        GROUP BY model, unpriced_reason ORDER BY model, unpriced_reason
    """
    with warehouse.read() as connection:
        rows = connection.execute(query, {"first": first, "last": last}).fetchall()
    found: dict[str, list[str]] = {}
    for model, reason, *words in rows:
        tiers, meters, since = words
        why = _WHY_UNPRICED.get(reason, "no price for prompts of its size")
        found.setdefault(model, []).append(why.format(tiers=tiers, meters=meters, since=since))
    return {model: ", ".join(reasons) for model, reasons in found.items()}
