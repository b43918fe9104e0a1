"""Alerts about sources: how each stands in, alert rows out. A cause that many share is one alert of its own."""

from datetime import datetime
from decimal import Decimal

import polars as pl

from pipelines.alerts.message import alert, alert_frame

MIN_UNREACHABLE_SHARE = Decimal("0.50")
MIN_UNREACHABLE = 3
ADDRESS = r"https?://\S+?:? "


def source_failing(health: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per source and streak of failures, or per last success where it only went stale.

    `health` has the columns of SourceHealth. A source that was never tried, or has no key, is no alert. One that has
    never met a live page says so: its parser is then the first suspect.
    """
    alerts = []
    for row in health.filter(~pl.col("status").is_in(["ok", "no_key"])).sort("source").iter_rows(named=True):
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
                    *([] if row["is_proven"] else ["its parser has not been proven by a real answer yet"]),
                ],
                subject=[row["source"]],
                alert_on=begin.date(),
                raised_at=raised_at,
                source=row["source"],
                since=begin,
                link=row["url"],
            )
        )
    return alert_frame(alerts)


def sources_unreachable(
    health: pl.DataFrame, raised_at: datetime, min_share: Decimal = MIN_UNREACHABLE_SHARE
) -> pl.DataFrame:
    """One alert while at least `min_share` of the sources that are asked fail at once: one cause, not one per source.

    `health` has the columns of SourceHealth. Sources that never answered, or have no key, are not counted.
    """
    asked = health.filter(pl.col("status").is_in(["ok", "stale", "failing"]), pl.col("last_success_at").is_not_null())
    down = asked.filter(status="failing").sort("failing_since", "source")
    if down.height < max(Decimal(MIN_UNREACHABLE), min_share * asked.height):
        return alert_frame([])
    begin: datetime = max(down["failing_since"].to_list())
    reasons = down.group_by(pl.col("reason").str.replace(ADDRESS, "").alias("reason")).len().sort("len", "reason")
    reason, count = reasons.row(-1)
    return alert_frame(
        [
            alert(
                "sources_unreachable",
                [begin],
                "warning",
                f"{down.height} of {asked.height} sources fail at once: the network, or what is before it",
                [
                    f"most frequent reason ({count} times): {reason or 'none recorded'}",
                    "each keeps its last good version; their own alerts are held back meanwhile",
                    f"sources: {', '.join(down['source'])}",
                ],
                subject=[],
                alert_on=begin.date(),
                raised_at=raised_at,
                since=begin,
            )
        ]
    )
