"""Alerts about models in use that have an end: before it, and where they are used after it. Moves: retirement_rules.py.

Every rule is a pure function that returns a frame in the columns of Alert. A repeated run gives the same
alert_id for the same event; what is stored already is not stored again.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words
from pipelines.alerts.retirement_rules import named, spend_words

THRESHOLD_DAYS = (1, 7, 14, 30, 60, 90)
USED_LATELY = "-14d"
"""A model that nobody has used for so long is no longer used after its end."""

Row = dict[str, Any]


def retirement_near(
    risks: pl.DataFrame, raised_at: datetime, thresholds: Sequence[int] = THRESHOLD_DAYS
) -> pl.DataFrame:
    """One alert per provider, model, retirement date and the smallest threshold of 90/60/30/14/7/1 days reached.

    `thresholds`, in days, are sorted. `risks` has the columns of DeprecationRisk.
    Only printed dates of models used in the last 30 days count.
    """
    near = risks.filter(
        pl.col("days_left").is_between(0, thresholds[-1]),
        pl.col("days_basis").is_in(["firm", "floor"]),
        pl.col("last_used_on") >= pl.col("as_of").dt.offset_by("-30d"),
    )
    alerts = []
    for row in _per_model(near).iter_rows(named=True):
        threshold = next(days for days in thresholds if row["days_left"] <= days)
        gone = ("not before " if row["days_basis"] == "floor" else "") + str(row["retires_on"])
        title = f"retires {gone}, days left: {row['days_left']}; replacement: {row['replacement'] or 'none named'}"
        delta = row["monthly_delta_usd"]
        alerts.append(
            alert(
                "retirement_near",
                [*_whose(row), row["retires_on"], threshold],
                "critical" if threshold <= 7 else "warning" if threshold <= 30 else "info",
                f"{named(row)}: {title}",
                [
                    spend_words(row["spend_30d_usd"]),
                    "cost of the move: "
                    + ("unknown" if delta is None else f"{usd_words(delta, signed=True)} a month on your usage"),
                ],
                subject=_whose(row),
                usd_per_month_effect=delta,
                **_risk_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def used_after_retirement(risks: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One critical alert per provider, model and month in which usage is logged although the model is gone.

    `risks` has the columns of DeprecationRisk; is_used_after_retirement decides. It ends two weeks after the last use.
    """
    alerts = []
    is_late = pl.col("last_used_on") >= pl.col("as_of").dt.offset_by(USED_LATELY)
    for row in _per_model(risks.filter(pl.col("is_used_after_retirement") & is_late)).iter_rows(named=True):
        used_on = row["last_used_on"]
        alerts.append(
            alert(
                "used_after_retirement",
                [*_whose(row), f"{used_on:%Y-%m}"],
                "critical",
                f"{named(row)}: used on {used_on}, though retired {row['expected_end_on']}",
                [
                    "requests may be answered, and billed, by another model",
                    spend_words(row["spend_30d_usd"]),
                    f"replacement: {row['replacement'] or 'none named'}",
                ],
                subject=_whose(row),
                **_risk_facts(row, raised_at),
            )
        )
    return alert_frame(alerts)


def _whose(row: Row) -> list[Any]:
    """What makes an alert another one: the parts of `named`, as far as they are not the whole."""
    parts = [row["channel"] if row["channel"] != "api" else "", row["version"], row["scope"]]
    return [row["provider"], row["model"], *(parts if any(parts[:2]) or parts[2] != "all" else [])]


def _per_model(risks: pl.DataFrame) -> pl.DataFrame:
    """Owners of the same model together; a sum with an unknown part is unknown."""
    amounts = [
        pl.when(pl.col(name).is_null().any()).then(None).otherwise(pl.col(name).sum()).alias(name)
        for name in ("spend_30d_usd", "monthly_delta_usd")
    ]
    facts = pl.col("days_left", "days_basis", "expected_end_on", "replacement", "lifecycle_id").first()
    keys = ["as_of", "provider", "channel", "model", "version", "scope", "retires_on"]
    by_model = risks.sort(*keys, "lifecycle_id", "replacement").group_by(keys, maintain_order=True)
    return by_model.agg(facts, *amounts, pl.col("last_used_on").max())


def _risk_facts(row: Row, raised_at: datetime) -> Row:
    return {
        "alert_on": row["as_of"],
        "raised_at": raised_at,
        "provider": row["provider"],
        "model": row["model"],
        "new_value": str(row["retires_on"] or row["expected_end_on"]),
        "since": datetime.combine(row["expected_end_on"], time()),
        "evidence_id": row["lifecycle_id"],
    }
