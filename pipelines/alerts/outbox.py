"""Which alerts still have to go where. Frames in, frames out; sending is in delivery.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from pipelines.alerts.delivery import Target

PAIR = ["alert_id", "target"]


def due(
    alerts: pl.DataFrame, deliveries: pl.DataFrame, targets: Sequence[Target], now: datetime, max_age: timedelta
) -> pl.DataFrame:
    """Pairs of alert and target with no delivery yet: Alert columns plus channel and target, one row per pair.

    `alerts` has Alert columns, `deliveries` AlertDelivery columns. Alerts raised more than `max_age` before `now`
    are given up, which ends hopeless retries; a target added later gets what is younger. Pairs that failed least
    often come first, then the oldest, so an alert that a service refuses for good holds back no other.
    """
    addresses = pl.DataFrame(
        [(target.channel, target.digest) for target in targets],
        schema={"channel": pl.String, "target": pl.String},
        orient="row",
    ).unique(maintain_order=True)
    delivered = deliveries.filter(pl.col("outcome") == "delivered")
    failures = deliveries.filter(pl.col("outcome") == "failed").group_by(PAIR).agg(pl.len().alias("failures"))
    return (
        alerts.filter(pl.col("raised_at") >= now - max_age)
        .join(addresses, how="cross")
        .join(delivered, on=PAIR, how="anti")
        .join(failures, on=PAIR, how="left")
        .sort(pl.col("failures").fill_null(0), "raised_at", "alert_id", "target")
        .drop("failures")
    )
