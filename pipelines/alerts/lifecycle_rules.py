"""Alerts about retirements, sources, projection and budget: frames in, alert rows out. Prices: price_rules.py.

Every rule is a pure function that returns a frame in the columns of Alert. A repeated run gives the same
alert_id for the same event; `outbox.unseen` keeps what is not stored yet.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from dateutil.relativedelta import relativedelta

from pipelines.alerts.message import alert, alert_frame, usd_words

THRESHOLD_DAYS = (1, 7, 14, 30, 60, 90)

Row = dict[str, Any]


def retirement_moved(moves: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per version of a model's lifecycle whose date, precision or state differs from the one before.

    `moves`: consecutive versions: provider, model, old_retires_on, new_retires_on, old_precision, new_precision,
    old_state, new_state (old_* NULL where the source named the model for the first time), known_from,
    lifecycle_id, source, url, spend_30d_usd (NULL if unknown), is_first_snapshot (such rows raise nothing).
    """
    alerts = []
    for row in moves.filter(~pl.col("is_first_snapshot")).sort("lifecycle_id").iter_rows(named=True):
        old = retirement_words(row["old_retires_on"], row["old_precision"])
        new = retirement_words(row["new_retires_on"], row["new_precision"])
        if old == new and row["old_state"] == row["new_state"]:
            continue
        is_worse = new != old and not _is_postponed(row) and row["new_retires_on"] is not None
        is_used = bool(row["spend_30d_usd"])
        alerts.append(
            alert(
                "retirement_moved",
                [row["lifecycle_id"]],
                "warning" if is_used and (is_worse or row["new_state"] == "retired") else "info",
                f"{row['provider']} {row['model']}: {_moved_words(row, old, new)}",
                [
                    f"state: {row['old_state'] or 'not listed'} -> {row['new_state']}",
                    f"retirement: {old} -> {new}",
                    _spend_words(row["spend_30d_usd"]),
                    f"source: {row['url'] or row['source']}",
                ],
                alert_on=row["known_from"].date(),
                raised_at=raised_at,
                old_value=old,
                new_value=new,
                since=row["known_from"],
                **_lifecycle_facts(row),
            )
        )
    return alert_frame(alerts)


def retirement_near(risks: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per provider, model, retirement date and the smallest threshold of 90/60/30/14/7/1 days reached.

    `risks`: main.deprecation_risk at one as-of day, one row per model or per owner of its use: provider, model,
    retires_on, retires_precision, days_left, spend_30d_usd (NULL: used, cost unknown; 0: not used, no alert),
    replacement, monthly_delta_usd, lifecycle_id, source, url.
    """
    near = risks.filter(pl.col("days_left").is_between(0, THRESHOLD_DAYS[-1]), pl.col("retires_on").is_not_null())
    alerts = []
    for row in _per_model(near).iter_rows(named=True):
        if row["spend_30d_usd"] == 0:
            continue
        days_left = row["days_left"]
        threshold = next(days for days in THRESHOLD_DAYS if days_left <= days)
        gone = retirement_words(row["retires_on"], row["retires_precision"])
        replacement = row["replacement"] or "none named"
        delta = row["monthly_delta_usd"]
        alerts.append(
            alert(
                "retirement_near",
                [row["provider"], row["model"], row["retires_on"], threshold],
                "critical" if threshold <= 7 else "warning" if threshold <= 30 else "info",
                f"{row['provider']} {row['model']}: retires {gone}, days left: {days_left}; replacement {replacement}",
                [
                    _spend_words(row["spend_30d_usd"]),
                    f"replacement: {replacement}"
                    + ("" if delta is None else f", {usd_words(delta, signed=True)} a month on your usage"),
                    f"source: {row['url'] or row['source']}",
                ],
                alert_on=row["retires_on"] - timedelta(days=days_left),
                raised_at=raised_at,
                new_value=gone,
                since=datetime.combine(row["retires_on"], time()),
                usd_per_month_effect=delta,
                **_lifecycle_facts(row),
            )
        )
    return alert_frame(alerts)


def used_after_retirement(risks: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One critical alert per provider, model and month in which usage is logged after the model was surely gone.

    `risks`: as for `retirement_near`, and last_used_on (day of the last usage, NULL if never).
    A month's date counts from the month's end; a floor ("not before") never counts.
    """
    alerts = []
    for row in _per_model(risks.filter(pl.col("last_used_on").is_not_null())).iter_rows(named=True):
        last_day = _last_possible_day(row["retires_on"], row["retires_precision"])
        used_on = row["last_used_on"]
        if last_day is None or used_on <= last_day:
            continue
        gone = retirement_words(row["retires_on"], row["retires_precision"])
        alerts.append(
            alert(
                "used_after_retirement",
                [row["provider"], row["model"], f"{used_on:%Y-%m}"],
                "critical",
                f"{row['provider']} {row['model']}: used on {used_on}, though retired {gone}",
                [
                    "requests may be answered, and billed, by another model",
                    _spend_words(row["spend_30d_usd"]),
                    f"replacement: {row['replacement'] or 'none named'}",
                    f"source: {row['url'] or row['source']}",
                ],
                alert_on=used_on,
                raised_at=raised_at,
                new_value=gone,
                since=datetime.combine(row["retires_on"], time()),
                **_lifecycle_facts(row),
            )
        )
    return alert_frame(alerts)


def retirement_words(retires_on: date | None, precision: str | None) -> str:
    """The date as exact as the source gave it: "2026-10-01", "in 2026-10", "not before 2026-10-01", "no date"."""
    if retires_on is None:
        return "no date"
    return {"month": f"in {retires_on:%Y-%m}", "floor": f"not before {retires_on}"}.get(
        precision or "", str(retires_on)
    )


def _last_possible_day(retires_on: date | None, precision: str) -> date | None:
    """The last day on which use is no surprise; the retirement day itself is one, as its hour is not known."""
    if retires_on is None or precision not in {"day", "month"}:
        return None
    return retires_on if precision == "day" else retires_on + relativedelta(day=31)


def _per_model(risks: pl.DataFrame) -> pl.DataFrame:
    """Owners of the same model together; a sum with an unknown part is unknown."""
    amounts = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name)
        for name in ("spend_30d_usd", "monthly_delta_usd")
    ]
    last_used = [pl.col("last_used_on").max()] if "last_used_on" in risks.columns else []
    facts = pl.col("days_left", "replacement", "lifecycle_id", "source", "url").first()
    keys = ["provider", "model", "retires_on", "retires_precision"]
    return risks.sort(*keys, "lifecycle_id").group_by(keys, maintain_order=True).agg(facts, *amounts, *last_used)


def _is_postponed(row: Row) -> bool:
    old, new = row["old_retires_on"], row["new_retires_on"]
    return old is not None and new is not None and new > old


def _moved_words(row: Row, old: str, new: str) -> str:
    if old == new:
        return f"now {row['new_state']}, was {row['old_state'] or 'not listed'}; retirement {new}"
    if row["old_retires_on"] is None:
        return f"retirement announced: {new}"
    if row["new_retires_on"] is None:
        return f"retirement date withdrawn, was {old}"
    days = (row["new_retires_on"] - row["old_retires_on"]).days
    return f"retirement moved from {old} to {new} ({days:+d} days)"


def _spend_words(spend_30d_usd: Decimal | None) -> str:
    return "spend of the last 30 days: " + ("unknown" if spend_30d_usd is None else usd_words(spend_30d_usd))


def _lifecycle_facts(row: Row) -> Row:
    facts = {name: row[name] for name in ("provider", "model", "source")}
    return {**facts, "link": row["url"], "evidence_id": row["lifecycle_id"]}
