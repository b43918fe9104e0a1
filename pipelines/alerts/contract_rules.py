"""Alerts about what was agreed with who bills: terms that end soon, and those that nothing took the place of."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, figure_words, usd_words
from pipelines.schema.contract_terms import PRICE_KINDS, TERM_SCOPE

THRESHOLD_DAYS = (1, 7, 30)
SOON_DAYS = 7
TOLD_FOR_DAYS = 30
"""What has ended longer ago is how things are."""

_NO_RATE = "what is left is not known: exchange_rates.csv lacks a rate of its days"

Row = dict[str, Any]


def contract_ending(
    terms: pl.DataFrame,
    charges: pl.DataFrame,
    day: date,
    raised_at: datetime,
    thresholds: Sequence[int] = THRESHOLD_DAYS,
) -> pl.DataFrame:
    """One alert per term of the contract that ends, and the smallest threshold of 30/7/1 days reached.

    `terms`: core.contract_term as it is current; one that another of the same kind and scope follows is no alert.
    `charges`: rows of ContractCharge: what of a commitment is not used yet, and of a credit not drawn. `thresholds`, in
    days, are sorted.
    """
    alerts = []
    for row in _ending(terms):
        left = (row["valid_to"] - day).days
        if _begins(row) > day or not 0 < left <= thresholds[-1]:
            continue
        threshold = next(days for days in thresholds if left <= days)
        last = row["valid_to"] - timedelta(days=1)
        alerts.append(
            alert(
                "contract_ending",
                [row["term_id"], threshold],
                "warning" if threshold <= SOON_DAYS else "info",
                f"{_named(row)} ends: last day {last}, days left: {left}",
                [*_left_words(row, charges, day), *_note(row), "write its successor into contract_prices.csv"],
                **_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def contract_ended(terms: pl.DataFrame, paid: pl.DataFrame, day: date, raised_at: datetime) -> pl.DataFrame:
    """One alert per term that ended in the last 30 days, if usage was paid by it or a sum was agreed.

    `terms` as above. `paid`: term_id, cost_usd and effective_cost_usd of usage of the 30 days before the term's end. It
    ends when a successor is written down, or after 30 days.
    """
    sums = {row["term_id"]: (row["cost_usd"], row["effective_cost_usd"]) for row in paid.to_dicts()}
    alerts = []
    for row in _ending(terms):
        ended = row["valid_to"]
        is_used = row["term_id"] in sums or row["kind"] not in PRICE_KINDS
        if not (ended <= day < ended + timedelta(days=TOLD_FOR_DAYS) and is_used):
            continue
        listed, agreed = sums.get(row["term_id"], (None, None))
        more, effect = None, []
        if listed is not None and agreed is not None:
            more = listed - agreed
            effect = [f"its usage of the last 30 days cost {usd_words(agreed)}, at list prices {usd_words(listed)}"]
        alerts.append(
            alert(
                "contract_ended",
                [row["term_id"]],
                "warning",
                f"{_named(row)} has ended on {ended}" + (f"; {usd_words(more)} a month more at list" if more else ""),
                [
                    *effect,
                    *_note(row),
                    "if it goes on, write its successor into contract_prices.csv",
                ],
                usd_per_month_effect=more,
                **_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def _ending(terms: pl.DataFrame) -> list[Row]:
    """Terms with an end that nothing of the same kind and scope follows without a gap; of bands of volume the first."""
    rows = [row for row in terms.sort("term_id").to_dicts() if not row["from_quantity"]]
    return [
        row
        for row in rows
        if row["valid_to"] is not None
        and not any(
            _is_alike(row, other) and _begins(other) <= row["valid_to"] < (other["valid_to"] or date.max)
            for other in rows
        )
    ]


def _is_alike(row: Row, other: Row) -> bool:
    return all(row[name] == other[name] for name in ("kind", *TERM_SCOPE))


def _begins(row: Row) -> date:
    begin: date = row["valid_from"] or date.min
    return begin


def _named(row: Row) -> str:
    """What was agreed: "discount of 40 % for account prod, openai gpt-5-mini"."""
    value = row["value"] if row["currency"] is None else row["local_value"]
    amount = figure_words(value) if row["kind"] == "price" else f"{value.normalize():f}"
    currency = row["currency"] or "USD"
    unit = {"price": f"{currency} per unit", "commitment": currency, "credit": currency}.get(row["kind"], "%")
    per = f" a {row['per']}" if row["kind"] == "commitment" else ""
    scope = [f"account {row['account_id']}"] if row["account_id"] else []
    scope += [" ".join(filter(None, (row["provider"], row["model"])))] if row["provider"] or row["model"] else []
    scope += [row[name] for name in ("channel", "service_tier", "meter") if row[name]]
    whose = f" for {', '.join(scope)}" if scope else ""
    return f"{row['kind']} of {amount} {unit}{per}{whose}"


def _left_words(row: Row, charges: pl.DataFrame, day: date) -> list[str]:
    """What of a commitment or a credit would be lost, as the last period stands."""
    own = charges.filter(pl.col("term_id") == row["term_id"], pl.col("period_from") <= day).sort("period_from")
    if own.is_empty() or row["kind"] not in ("commitment", "credit"):
        return []
    last = own.row(-1, named=True)
    if row["kind"] == "credit":
        own_words = (last["agreed_local"], last["charge_local"]) if row["currency"] else None
        agreed, charge = own_words or (last["agreed_usd"] or Decimal(0), last["charge_usd"])
        if agreed is None or charge is None:
            return [_NO_RATE]
        left = agreed + charge
        words = f"{left:,.2f} {row['currency']}" if row["currency"] else usd_words(left)
        return [f"credit not used yet: {words}"]
    if last["charge_usd"] is None:
        return [f"used since {last['period_from']}: {usd_words(last['base_usd'])}", _NO_RATE]
    used = f"used since {last['period_from']}: {usd_words(last['base_usd'])} of {usd_words(last['agreed_usd'])}"
    return [used, f"falls due all the same: {usd_words(last['charge_usd'])}"] if last["charge_usd"] else [used]


def _note(row: Row) -> list[str]:
    return [f"note: {row['note']}"] if row["note"] else []


def _facts(row: Row, raised_at: datetime) -> Row:
    return {
        "subject": [row["term_id"]],
        "alert_on": row["valid_to"],
        "raised_at": raised_at,
        "provider": row["provider"],
        "model": row["model"],
        "since": datetime.combine(row["valid_to"], time()),
        "evidence_id": row["term_id"],
    }
