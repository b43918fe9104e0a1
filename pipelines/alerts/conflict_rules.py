"""Alerts about sources that contradict each other: prices of models in use that two sources print differently."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, price_words, usd_words
from pipelines.models.model_ids import undated

MIN_DIFFERENCE = Decimal("0.05")
EXPLAINED = ("rounding", "older", "context range")
"""Likely causes by which nothing is wrong with the price that counts."""

Row = dict[str, Any]


def source_conflict(
    conflicts: pl.DataFrame, used: pl.DataFrame, raised_at: datetime, min_difference: Decimal = MIN_DIFFERENCE
) -> pl.DataFrame:
    """One alert per model in use while another source prints a price that is off by `min_difference` from ours.

    `conflicts` has the columns of PriceConflict. `used`: provider, channel, model, cost_usd of the last 30 days. A
    mere rounding is not told; where all that differs is a price of before or a range of prompt sizes, it is info.
    Models that nobody here uses are in main.price_conflict alone.
    """
    off = pl.col("pct_difference").is_null() | (pl.col("pct_difference").abs() >= float(100 * min_difference))
    rows = _in_use(conflicts.filter(off, pl.col("likely_cause") != "rounding"), used)
    alerts = []
    for (provider, channel, model), frame in rows.sort(
        "meter", "service_tier", "context_from", "other_source"
    ).group_by(["provider", "channel", "model"], maintain_order=True):
        told = sorted(frame.to_dicts(), key=_weight)
        lead = told[0]
        where = "" if channel == "api" else f" on {channel}"
        others = sorted({row["other_source"] for row in told})
        alerts.append(
            alert(
                "source_conflict",
                [provider, channel, model, *sorted({row["believed_source"] for row in told}), "", *others],
                "info" if all(row["likely_cause"] in EXPLAINED for row in told) else "warning",
                f"{provider} {model}{where}: {_words(lead)}" + (f" and {len(told) - 1} more" if told[1:] else ""),
                [
                    f"counted: {lead['believed_source']}, as {lead['reason']}",
                    f"cost of the last 30 days: {usd_words(lead['cost_usd'])}",
                    *map(_words, told),
                    "see main.price_conflict",
                ],
                subject=[provider, channel, model],
                alert_on=raised_at.date(),
                raised_at=raised_at,
                provider=provider,
                model=model,
                source=lead["other_source"],
                old_value=price_words(lead["believed_usd_per_unit"], lead["unit"]),
                new_value=price_words(lead["other_usd_per_unit"], lead["unit"]),
                since=max(lead["believed_since"], lead["other_since"]),
            )
        )
    return alert_frame(sorted(alerts, key=lambda row: str(row["subject"])))


def _in_use(conflicts: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """Conflicts with `cost_usd` of the models that are used by their listed name or a dated one."""
    names = pl.concat([used, used.with_columns(model=undated(pl.col("model"))).join(used, on=used.columns, how="anti")])
    sums = names.group_by("provider", "channel", "model").agg(pl.col("cost_usd").sum())
    return conflicts.join(sums, on=["provider", "channel", "model"], maintain_order="left")


def _weight(row: Row) -> tuple[bool, float]:
    """What nothing explains comes first, then the largest difference."""
    difference = row["pct_difference"]
    return row["likely_cause"] in EXPLAINED, -abs(float("inf") if difference is None else difference)


def _words(row: Row) -> str:
    terms = row["meter"] + ("" if row["service_tier"] == "standard" else f" ({row['service_tier']})")
    if row["context_from"]:
        terms += f" from {row['context_from']:,} tokens"
    ours = price_words(row["believed_usd_per_unit"], row["unit"])
    theirs = price_words(row["other_usd_per_unit"], row["unit"])
    cause = "" if row["likely_cause"] == "unknown" else f" (likely {row['likely_cause']})"
    return f"{terms} is {ours} by {row['believed_source']}, {theirs} by {row['other_source']}{cause}"
