"""Alerts about days that stand out: one for each cause, however many accounts, projects, teams and models show it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words

NARROWNESS = {"all": 0, "account": 1, "team": 2, "project": 3}
SAME_EXCESS = Decimal("0.9")
"""A narrower view with so much of the excess says where it is."""
LARGE_PART = Decimal("0.5")
"""A view with so much of the excess shows the same cause, whatever it is called there."""

Row = dict[str, Any]


def spend_stands_out(anomalies: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per day and cause: the narrowest view with nearly all of the excess; the others are listed.

    `anomalies` has the columns of SpendAnomaly; what cannot be judged raises nothing. The same excess shows in all
    usage, in its account, team, project and model.
    """
    told = anomalies.filter(pl.col("verdict").is_null() | (pl.col("verdict") == "stands_out"))
    ordered = told.sort(
        "usage_date", "excess_usd", "scope", "owner", "provider", "model", descending=[False, True] + [False] * 4
    )
    causes: list[list[Row]] = []
    for row in ordered.to_dicts():
        of_cause = next((views for views in causes if _is_same(views[0], row)), None)
        if of_cause is None:
            causes.append([row])
        else:
            of_cause.append(row)
    return alert_frame([_alert(views, raised_at) for views in causes])


def _is_same(lead: Row, row: Row) -> bool:
    """Whether a smaller excess of the same day is part of a larger one and has no cause of its own."""
    is_alike = (lead["cause"], lead["cause_id"]) == (row["cause"], row["cause_id"])
    # More volume has no name of its own; but it is not what made prices rise.
    is_alike |= row["cause"] == "volume" and lead["cause"] != "price"
    is_large = row["excess_usd"] >= LARGE_PART * lead["excess_usd"]
    return lead["usage_date"] == row["usage_date"] and _may_overlap(lead, row) and (is_alike or is_large)


def _may_overlap(lead: Row, row: Row) -> bool:
    models = {(one["provider"], one["model"]) for one in (lead, row)} - {("all", "all")}
    is_of_owner = lead["scope"] != row["scope"] or lead["owner"] == row["owner"]
    return len(models) < 2 and is_of_owner


def _alert(views: Sequence[Row], raised_at: datetime) -> Row:
    lead = views[0]
    near = [row for row in views if row["excess_usd"] >= SAME_EXCESS * lead["excess_usd"]]
    row = max(near, key=lambda one: (one["model"] != "all", NARROWNESS[one["scope"]], one["excess_usd"]))
    # What a wider view is named by, such as one key of several, says more than volume.
    named = next((one for one in [row, *views] if one["cause"] != "volume"), row)
    spent, expected = usd_words(row["spent_usd"]), usd_words(row["expected_usd"])
    cause = named["cause"].replace("_", " ") + (f" {named['cause_id']}" if named["cause_id"] else "")
    others = [one for one in views if one is not row and one["scope"] != "all"]
    return alert(
        "spend_anomaly",
        [row["usage_date"], named["cause"], named["cause_id"] or "", row["scope"], row["owner"], row["model"]],
        "warning",
        f"{row['usage_date']}: {_owner(row)} cost {spent}, expected {expected}",
        [
            f"cause: {cause}",
            f"excess: {usd_words(row['excess_usd'], signed=True)}",
            *(f"shows in {_owner(one)}: {usd_words(one['excess_usd'], signed=True)}" for one in others),
        ],
        owner=row["owner"],
        alert_on=row["usage_date"],
        raised_at=raised_at,
        old_value=expected,
        new_value=spent,
        usd_per_month_effect=row["excess_usd"],
    )


def _owner(row: Row) -> str:
    whose = "all" if row["scope"] == "all" else f"{row['scope']} {row['owner']}"
    return whose + ("" if row["model"] == "all" else f", {row['model']}")
