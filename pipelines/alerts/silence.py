"""Who said that which alerts are not to be told until when, and which alerts that holds for. Frames in, frames out."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

MATCHED = ("rule", "provider", "model", "source", "owner")
"""Columns that a silence and an alert have in common: what a silence leaves open holds for any."""


def in_force(silences: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The last word of each silence, where it has not ended."""
    last = silences.sort("said_at", maintain_order=True).unique("silence_id", keep="last", maintain_order=True)
    return last.filter(pl.col("until") > now)


def silenced(alerts: pl.DataFrame, silences: pl.DataFrame, now: datetime) -> dict[str, Mapping[str, object]]:
    """alert_id -> the silence that holds for it, for alerts in the columns of Alert."""
    found: dict[str, Mapping[str, object]] = {}
    subjects = dict(alerts.select("alert_id", "subject").iter_rows())
    for silence in in_force(silences, now).to_dicts():
        subject = subjects.get(silence["alert_id"])
        for row in alerts.iter_rows(named=True):
            is_it = silence["alert_id"] in (None, row["alert_id"]) or (
                subject is not None and subject == row["subject"]
            )
            if is_it and all(silence[name] in (None, row[name]) for name in MATCHED):
                found.setdefault(row["alert_id"], silence)
    return found
