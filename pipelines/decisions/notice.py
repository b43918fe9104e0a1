"""How long before the end providers tell it, from their own announcements. What that means for a model is risk's word.

Whose notice it is: on its own API that of the provider, on a platform (Azure, Bedrock, Vertex AI) that of the platform,
which sets its own dates for the models of all makers.
"""

from datetime import date, timedelta

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import NoticeStatistics

WINDOW_DAYS = 365
ANNOUNCER = pl.when(pl.col("channel") == "api").then("provider").otherwise("channel").alias("announcer")
_MODEL = ("provider", "channel", "model", "version", "scope")


def notice_statistics(lifecycles: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Rows of main.notice_statistics: days of notice by announcer, over the last 12 months and over all time.

    `lifecycles`: versions of core.model_lifecycle known at `as_of`. One notice per model, version and scope, from its
    latest version; only exact dates count, and only notices given up to `as_of`.
    """
    order = ["known_from", "valid_from", "lifecycle_id"]
    latest = lifecycles.sort(order).unique(_MODEL, keep="last").filter(retires_precision="day").with_columns(ANNOUNCER)
    since = as_of - timedelta(days=WINDOW_DAYS)
    parts = []
    for basis, told_on in (("announced", "announced_on"), ("legacy", "legacy_on")):
        told = latest.filter(pl.col(told_on) <= as_of).with_columns(told_on=told_on)
        parts += [
            _summed(told.filter(pl.col("told_on") > since), basis, "12_months"),
            _summed(told, basis, "all_time"),
        ]
    columns = polars_schema(NoticeStatistics)
    rows = pl.concat(parts).with_columns(as_of=pl.lit(as_of))
    return rows.select(pl.col(name).cast(dtype) for name, dtype in columns.items()).sort("announcer", "basis", "period")


def notice_days(lifecycles: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """announcer, notice_median_days, notice_p10_days, notice_event_count of the last 12 months' announcements."""
    recent = notice_statistics(lifecycles, as_of).filter(basis="announced", period="12_months")
    return recent.select(
        "announcer",
        notice_median_days="median_days",
        notice_p10_days="p10_days",
        notice_event_count="event_count",
    )


def _summed(told: pl.DataFrame, basis: str, period: str) -> pl.DataFrame:
    """One row per announcer. An event is a day on which it told of one or more models."""
    days = (pl.col("retires_on") - pl.col("told_on")).dt.total_days()
    return told.group_by("announcer").agg(
        basis=pl.lit(basis),
        period=pl.lit(period),
        model_count=pl.len(),
        event_count=pl.col("told_on").n_unique(),
        median_days=days.median(),
        min_days=days.min(),
        p10_days=days.quantile(0.1, interpolation="lower"),
        max_days=days.max(),
        last_told_on=pl.col("told_on").max(),
    )
