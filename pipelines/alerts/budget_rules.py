"""Alerts about budgets: frames in, alert rows out."""

from datetime import datetime

import polars as pl

from pipelines.alerts.message import alert, alert_frame, usd_words

SEVERITIES = {"exceeded": "critical", "will_exceed": "warning"}


def budget_exceeded(status: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per budget, period and severity: critical once it is exceeded or all but sure to be, else a warning.

    `status` has the columns of BudgetStatus. All but sure: the lower end of the 80 % band is over it. That a budget may
    be exceeded is in the table alone.
    """
    alerts = []
    for row in (
        status.filter(pl.col("status").is_in(list(SEVERITIES))).sort("as_of", "scope", "owner", "period").to_dicts()
    ):
        is_sure = row["low_usd"] is not None and row["low_usd"] > row["budget_usd"]
        severity = "critical" if is_sure else SEVERITIES[row["status"]]
        is_of_all = row["scope"] == "all" and row["period"] == "month"
        about = f"{row['first_on']:%Y-%m}" if is_of_all else f"{_owner(row)}, {row['period']} from {row['first_on']}"
        # The month of all together has had this subject since before there were others.
        subject = [about] if is_of_all else [row["scope"], row["owner"], row["period"], row["first_on"]]
        spent, projected, budget = (usd_words(row[name]) for name in ("spent_usd", "projected_usd", "budget_usd"))
        verb = "is" if row["status"] == "exceeded" else "will be" if is_sure else "may be"
        chance = row["chance_of_overrun"]
        lines = [
            f"spent: {spent} of {row['first_on']} to {row['as_of']}",
            f"projection: {projected}" + ("" if row["low_usd"] is None else f", at least {usd_words(row['low_usd'])}"),
            *([f"used up on {row['exhausted_on']}"] if row["exhausted_on"] else []),
            *([f"chance by past errors: {chance:.0%}"] if chance is not None else []),
            "some usage has no price and is not counted" if row["is_lower_bound"] else "all usage has a price",
            f"stated in {row['source']}",
        ]
        alerts.append(
            alert(
                "budget",
                [*subject, severity],
                severity,
                f"{about}: budget of {budget} {verb} exceeded; projection {projected}, spent {spent}",
                lines,
                subject=subject,
                owner=row["owner"],
                alert_on=row["as_of"],
                raised_at=raised_at,
                old_value=budget,
                new_value=projected,
            )
        )
    return alert_frame(alerts).unique("alert_id", keep="first", maintain_order=True)


def _owner(row: dict[str, str]) -> str:
    return "all" if row["scope"] == "all" else f"{row['scope']} {row['owner']}"
