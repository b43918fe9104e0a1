"""Alerts about the pipeline's own health and about the month's spend: frames in, alert rows out."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, percent_words, usd_words

MIN_SHIFT = Decimal("0.10")
MIN_SHIFT_USD = Decimal(1)

Row = dict[str, Any]


def source_failing(health: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per source and streak of failures, or per last success where it only went stale.

    `health`: main.source_health: source, status (ok, stale, failing, never), consecutive_failures,
    last_success_at (NULL if never), failing_since (first failure of the streak, NULL if none), reason (NULL if none).
    A source that was never tried is no alert.
    """
    alerts = []
    for row in health.filter(pl.col("status") != "ok").sort("source").iter_rows(named=True):
        begin = row["failing_since"] or row["last_success_at"]
        if begin is None:
            continue
        last = "never" if row["last_success_at"] is None else f"{row['last_success_at']:%Y-%m-%d %H:%M} UTC"
        alerts.append(
            alert(
                "source_failing",
                [row["source"], begin],
                "warning",
                f"{row['source']}: {'stale' if row['status'] == 'stale' else 'failing'}, last success {last}",
                [
                    f"reason: {row['reason'] or 'none recorded'}",
                    f"failures in a row: {row['consecutive_failures']}",
                    "its last good version stays in force",
                ],
                alert_on=begin.date(),
                raised_at=raised_at,
                source=row["source"],
                since=begin,
            )
        )
    return alert_frame(alerts)


def projection_moved(
    forecasts: pl.DataFrame, raised_at: datetime, min_shift: Decimal = MIN_SHIFT, min_usd: Decimal = MIN_SHIFT_USD
) -> pl.DataFrame:
    """One alert per month and as-of day whose month-end projection moved by at least both limits in one day.

    `forecasts`: totals of main.spend_forecast: as_of (day), month (first day, or text YYYY-MM), projected_usd,
    projected_usd_before (the same month's as of the day before; NULL if there was none, which raises nothing).
    `min_shift` is a share: 0.10 is 10 %.
    """
    alerts = []
    for row in forecasts.drop_nulls(["projected_usd", "projected_usd_before"]).sort("as_of", "month").to_dicts():
        old, new = _usd(row["projected_usd_before"]), _usd(row["projected_usd"])
        shift = new - old
        if abs(shift) < min_usd or abs(shift) < min_shift * abs(old):
            continue
        month = _month(row["month"])
        move = f"from {usd_words(old)} to {usd_words(new)}{percent_words(old, new)}"
        alerts.append(
            alert(
                "projection_moved",
                [month, row["as_of"]],
                "warning" if shift > 0 else "info",
                f"{month}: month-end projection moved {move}",
                [f"change against the day before: {usd_words(shift, signed=True)}"],
                alert_on=row["as_of"],
                raised_at=raised_at,
                old_value=usd_words(old),
                new_value=usd_words(new),
                usd_per_month_effect=shift,
            )
        )
    return alert_frame(alerts)


def budget_exceeded(
    forecasts: pl.DataFrame, budget_usd: Decimal | Mapping[str, Decimal], raised_at: datetime
) -> pl.DataFrame:
    """One alert per month and severity: warning if the projection passes the budget, critical if it is all but sure.

    `forecasts`: totals of main.spend_forecast: as_of, month, projected_usd, low_usd (lower bound of the projection,
    NULL if there is none), spent_usd. `budget_usd`: one monthly budget, or one per "YYYY-MM"; months without one
    raise nothing. Exactly on budget is within it.
    """
    alerts = []
    for row in forecasts.sort("as_of", "month").iter_rows(named=True):
        month = _month(row["month"])
        budget = budget_usd.get(month) if isinstance(budget_usd, Mapping) else budget_usd
        severity = None if budget is None else _budget_severity(row, budget)
        if budget is None or severity is None:
            continue
        projected, spent = _words(row["projected_usd"]), _words(row["spent_usd"])
        sure = "is" if severity == "critical" else "may be"
        alerts.append(
            alert(
                "budget",
                [month, severity],
                severity,
                f"{month}: budget of {usd_words(budget)} {sure} exceeded; projection {projected}, spent {spent}",
                [f"spent: {spent}", f"projection: {projected}, at least {_words(row['low_usd'])}"],
                alert_on=row["as_of"],
                raised_at=raised_at,
                old_value=usd_words(budget),
                new_value=projected,
            )
        )
    return alert_frame(alerts).unique("alert_id", keep="first", maintain_order=True)


def _budget_severity(row: Row, budget: Decimal) -> str | None:
    def passes(name: str) -> bool:
        return row[name] is not None and _usd(row[name]) > budget

    if passes("spent_usd") or passes("low_usd"):
        return "critical"
    return "warning" if passes("projected_usd") else None


def _month(month: date | str) -> str:
    return str(month)[:7]


def _usd(amount: Decimal | float) -> Decimal:
    """Forecasts may be floats, as they are estimates; str() keeps what is printed of them."""
    return Decimal(str(amount)).quantize(Decimal("1e-6"))


def _words(amount: Decimal | float | None) -> str:
    return "unknown" if amount is None else usd_words(_usd(amount))
