"""The answer of `costs hidden-cost` from logs: main.hidden_cost of the days before one, in the form of a scenario's."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from pipelines.decisions.answer_hidden_cost import usd
from pipelines.decisions.paid_cost import LIST, PAID, paid_by, paid_note
from pipelines.warehouse.published import PublishedWarehouse, WarehouseError

DAYS_PER_MONTH = 30
BY = ("account_id", "team", "cost_center", "project_id", "api_key_id", "user_id", "feature", "provider", "model")
_HOW = {
    "base": "first prompts of conversations, visible answers, and what the logs do not tell apart",
    "system": None,
    "retrieved": None,
    "history": "what prompts have beyond the first one of their conversation, at the prices paid",
    "cache_miss": "what tokens that the call before left in the cache cost above a cache read",
    "reasoning": "reasoning tokens * output price",
    "retries": None,
}
_IN_ALL = object()
"""Of effective costs by owner, that of all owners."""
_SUMS = ", ".join(f"sum({part}_usd)" for part in _HOW)
_WITHIN = "usage_date >= $first AND usage_date < $until"


def answer_logs(warehouse: PublishedWarehouse, days: int, day: date, by: str | None) -> dict[str, Any] | None:
    """What the logs of `days` days before a day tell, scaled to a month; None where nothing is logged.

    Raises ValueError where `by` is no owner or nothing has a price, WarehouseError where the file was published before
    this table was.
    """
    if by is not None and by not in BY:
        raise ValueError(f"--by {by}: write one of {', '.join(BY)}")
    if not warehouse.published_file.exists():
        return None
    when = {"first": day - timedelta(days=days), "until": day}
    with warehouse.read() as connection:
        try:
            total = _rows(connection, None, when)
            owners = _rows(connection, by, when) if by else []
            of_owners = paid_by(connection, (by,), when) if by else {}
            paid = {owner: usd for (owner,), usd in of_owners.items()} | {
                _IN_ALL: paid_by(connection, (), when).get(())
            }
        except duckdb.CatalogException as error:
            older = "the file was published by an older program; `costs build` makes main.hidden_cost"
            raise WarehouseError(older) from error
        reasons = connection.execute(f"SELECT DISTINCT not_in_data FROM main.hidden_cost WHERE {_WITHIN}", when)
        said = sorted({part for (text,) in reasons.fetchall() for part in text.split("; ")})
    if not total:
        return None
    if total[0]["cost"] is None:
        raise ValueError("all usage of these days is without a price: main.cost_unpriced says why")
    return {
        "basis": "logs",
        "date": day.isoformat(),
        "first_day": when["first"].isoformat(),
        "last_day": (day - timedelta(days=1)).isoformat(),
        "model": None,
        "by": by,
        **_figures(total[0], owners, Fraction(DAYS_PER_MONTH, days), said, paid),
        "not_in_your_data": said,
        "settings": [],
    }


def _figures(
    whole: dict[str, Any],
    owners: list[dict[str, Any]],
    scale: Fraction,
    said: list[str],
    paid: Mapping[Any, Decimal | None],
) -> dict[str, Any]:
    """Dollars of a month, in all and by owner. `paid`: effective cost by owner, and of _IN_ALL."""
    return {
        "price_basis": {"*": LIST, "effective_usd_per_month": PAID},
        "effective_usd_per_month": _scaled(paid.get(_IN_ALL), scale),
        "days_per_month": DAYS_PER_MONTH,
        "naive_usd_per_month": _scaled(whole["naive"], scale),
        "total_usd_per_month": _scaled(whole["cost"], scale),
        "ratio": _ratio(whole["cost"], whole["naive"]),
        "calls_per_month": usd(Fraction(whole["calls"]) * scale, 0),
        "parts": [_part(name, whole, scale, said) for name in _HOW],
        "owners": [
            {
                "owner": row["owner"],
                "naive_usd_per_month": _scaled(row["naive"], scale),
                "total_usd_per_month": _scaled(row["cost"], scale),
                "effective_usd_per_month": _scaled(paid.get(row["owner"]), scale),
                "ratio": _ratio(row["cost"], row["naive"]),
                **{f"{name}_usd_per_month": _scaled(row[name], scale) for name in _HOW},
            }
            for row in owners
        ],
        "unpriced_quantity": int(whole["unpriced"]),
        "notes": [*_notes(whole), paid_note(whole["cost"], paid.get(_IN_ALL))],
    }


def _rows(connection: duckdb.DuckDBPyConnection, by: str | None, when: dict[str, date]) -> list[dict[str, Any]]:
    """Sums of the table, dearest owner first; one row without `by`, none without usage."""
    query = f"""
        SELECT {by or "NULL"} AS owner, sum(cost_usd), sum(naive_usd), sum(calls), sum(calls_in_conversations),
            sum(unpriced_quantity), {_SUMS}
        FROM main.hidden_cost WHERE {_WITHIN} GROUP BY owner ORDER BY sum(cost_usd) DESC NULLS LAST, owner
    """
    names = ("owner", "cost", "naive", "calls", "in_conversations", "unpriced", *_HOW)
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, when).fetchall()]


def _part(name: str, row: dict[str, Any], scale: Fraction, said: list[str]) -> dict[str, Any]:
    words = {"cache_miss": "cache misses"}.get(name, name)
    reason = next((text for text in said if words in text.split(":")[0]), None)
    return {
        "part": name,
        "usd_per_month": _scaled(row[name], scale),
        "share": _ratio(row[name], row["cost"]),
        "formula": _HOW[name],
        "reason": reason if row[name] is None else None,
    }


def _notes(row: dict[str, Any]) -> list[str]:
    """What changes the meaning of the ratio."""
    notes = ["system prompts, documents and retries are in base and in the naive figure: the ratio is at least this"]
    if row["calls"] and row["in_conversations"] < row["calls"]:
        notes.append(
            f"history and cache misses are known of {row['in_conversations']:,} of {row['calls']:,} calls, those whose "
            "logs name their conversation"
        )
    if row["unpriced"]:
        notes.append(f"{row['unpriced']:,} tokens and calls have no price and are in no figure")
    return notes


def _scaled(amount: Decimal | None, scale: Fraction) -> str | None:
    return None if amount is None else usd(Fraction(amount) * scale)


def _ratio(amount: Decimal | None, of: Decimal | None) -> str | None:
    return usd(Fraction(amount) / Fraction(of), 4) if amount is not None and of else None
