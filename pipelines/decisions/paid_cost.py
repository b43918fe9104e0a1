"""What usage before a day cost by the contract and under plans, beside its list cost: for answers that price at lists.

Parts and levers are reckoned at list prices, since a contract names no part of a prompt. So each answer says which of
its figures are list prices, and what the same usage is paid with.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

_PEOPLE = ("team", "cost_center", "user_id", "feature")
"""Columns that only main.cost_by_owner has; core.usage_cost has offers, accounts, projects and keys."""
LIST = "list"
CONTRACT = "contract"
PAID = "contract and plans"


def paid_by(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[str, ...],
    when: Mapping[str, date],
    where: Mapping[str, str] | None = None,
) -> dict[tuple[Any, ...], Decimal]:
    """Effective cost in USD of `first` <= day < `until` by some columns; of () one sum. What has no cost is left out.

    `where`: values that columns must have. Owners and offers stand in two tables: raises ValueError for both at once.
    """
    named = {*columns, *(where or {})}
    of_people = named & set(_PEOPLE)
    if of_people and named & {"provider", "channel", "region", "model", "service_tier"}:
        raise ValueError(f"what is paid is not known by {', '.join(sorted(of_people))} and model together")
    table = "main.cost_by_owner" if of_people else "core.usage_cost"
    keys = ", ".join((*columns, "1"))
    matches = "".join(f" AND {name}::VARCHAR = ${name}" for name in where or {})
    query = f"""
        SELECT {", ".join((*columns, "sum(coalesce(effective_cost_usd, cost_usd))::DECIMAL(38, 12)"))} FROM {table}
        WHERE usage_date >= $first AND usage_date < $until{matches} GROUP BY {keys if columns else "ALL"}
    """
    rows = connection.execute(query, {**when, **(where or {})}).fetchall()
    return {tuple(row[:-1]): row[-1] for row in rows if row[-1] is not None}


def has_plan(connection: duckdb.DuckDBPyConnection, when: Mapping[str, date], where: Mapping[str, str]) -> bool:
    """Whether a plan covers any usage of `first` <= day < `until` of some accounts, projects, keys, users, features."""
    matches = "".join(f" AND {name}::VARCHAR = ${name}" for name in where)
    query = f"""
        SELECT count(*) FROM main.cost_by_owner
        WHERE usage_date >= $first AND usage_date < $until AND plan_id IS NOT NULL{matches}
    """
    return bool(connection.execute(query, {**when, **where}).fetchall()[0][0])


def paid_note(listed: Decimal | None, paid: Decimal | None) -> str:
    """Which basis the figures of an answer have, in one sentence."""
    if paid is None:
        return "all figures are at list prices"
    if listed is not None and listed == paid:
        return "all figures are at list prices, which is what is paid: no contract and no plan changes them"
    return "all figures but the effective ones are at list prices; effective is what contract and plans make of it"
