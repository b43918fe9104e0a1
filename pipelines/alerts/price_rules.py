"""Alerts about prices: frames of changes and held prices in, alert rows out. One price move is one message."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, figure_words, percent_words, price_words
from pipelines.alerts.price_words import (
    and_more,
    correction_words,
    effect_words,
    model_words,
    move_words,
    since_words,
    total,
)
from pipelines.schema.meters import METERS
from pipelines.snapshots.current import holds_at

MANY_MODELS = 5
"""More models than this, that nobody here uses, are one alert: what a feed moves at once is one piece of news."""
MANY_WORDS = {
    "model_new": "new models",
    "model_vanished": "models no longer listed",
    "price_changed": "models repriced",
}
MODEL_KEY = ["source", "known_from", "provider", "channel", "model"]

Row = dict[str, Any]


def price_changed(
    changes: pl.DataFrame, prices: pl.DataFrame, raised_at: datetime, many_models: int = MANY_MODELS
) -> pl.DataFrame:
    """One alert per source, model on one channel, and moment of knowledge that lists every price which moved.

    `changes` has the columns of PriceChange; rows of a source's first snapshot raise nothing. `prices` are all
    versions of core.token_price: they tell whether a model is new, or gone, as a whole. Where more than `many_models`
    that had no usage in the last 30 days are new, gone or repriced at one moment of one source, these become one alert.
    What does nothing to usage is info, which waits for the digest; what touches it is a warning where dearer or gone.
    """
    moved = _with_whole_models(changes.filter(~pl.col("is_first_snapshot")), prices)
    moved = moved.sort(*MODEL_KEY, "service_tier", "meter", "context_from", "price_id", "kind")
    alerts = []
    for (source, known_from), fetch in moved.group_by(MODEL_KEY[:2], maintain_order=True):
        unused: dict[str, list[list[Row]]] = {}
        for _, frame in fetch.group_by(MODEL_KEY[2:], maintain_order=True):
            rows = list(frame.iter_rows(named=True))
            if _is_used(rows):
                alerts.append(_model_alert(rows, raised_at))
            else:
                unused.setdefault(_rule_of(rows), []).append(rows)
        for rule, models in unused.items():
            if len(models) > many_models:
                alerts.append(_many_models(rule, source, known_from, models, raised_at))
            else:
                alerts += [_model_alert(rows, raised_at) for rows in models]
    return alert_frame(alerts)


def price_held(holds: pl.DataFrame, raised_at: datetime) -> pl.DataFrame:
    """One alert per source and fetch whose prices wait for confirmation, listing them.

    `holds` has the columns of PriceHold; only status 'open' counts.
    """
    alerts = []
    waiting = holds.filter(pl.col("status") == "open").sort("source", "first_seen_at", "price_key", "hold_id")
    for (source, first_seen_at), rows in waiting.group_by("source", "first_seen_at", maintain_order=True):
        held = list(rows.iter_rows(named=True))
        words = [_hold_words(row) for row in held]
        alerts.append(
            alert(
                "price_held",
                [source, first_seen_at],
                "warning",
                f"{source}: {words[0]}{and_more(held)} held until confirmed",
                [f"accept with: costs sources accept {source}", *words],
                alert_on=first_seen_at.date(),
                raised_at=raised_at,
                source=source,
                old_value=f"{figure_words(held[0]['old_amount'])} {held[0]['currency']}",
                new_value=f"{figure_words(held[0]['new_amount'])} {held[0]['currency']}",
                since=first_seen_at,
                evidence_id=held[0]["fetch_id"],
            )
        )
    return alert_frame(alerts)


def _hold_words(row: Row) -> str:
    old, new = row["old_amount"], row["new_amount"]
    key = " ".join(filter(None, row["price_key"].split("|")))
    why = f" ({row['reason']}: another source or a person confirms it)" if row.get("reason") else ""
    return f"{key} {figure_words(old)} -> {figure_words(new)} {row['currency']}{percent_words(old, new)}{why}"


def _with_whole_models(changes: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Adds is_whole_new (the source priced the model never before) and is_whole_vanished (it prints none of it now).

    Both as known at the change, so that a later run on the same day gives the same answer.
    """
    moments = changes.select(MODEL_KEY).unique()
    model = [name for name in MODEL_KEY if name != "known_from"]
    versions = prices.select(*model, "is_listed", "valid_to", "known_to", known="known_from")
    at = pl.col("known_from")
    ends = pl.col("valid_to")
    is_printed = holds_at("known", "known_to", at) & pl.col("is_listed") & (ends.is_null() | (at < ends))
    whole = (
        moments.join(versions, on=model)
        .group_by(MODEL_KEY)
        .agg(is_whole_new=(pl.col("known") >= at).all(), is_whole_vanished=~is_printed.any())
    )
    return changes.join(whole, on=MODEL_KEY, how="left")


def _is_whole(rows: Sequence[Row], kind: str) -> bool:
    return all(row["kind"] == kind and row[f"is_whole_{kind}"] for row in rows)


def _is_used(rows: Sequence[Row]) -> bool:
    """Whether any of these prices applied to usage of the last 30 days, or to usage that is corrected now."""
    return any(row["usd_per_month_effect"] is not None or row["usd_correction"] for row in rows)


def _rule_of(rows: Sequence[Row]) -> str:
    whole = [f"model_{kind}" for kind in ("new", "vanished") if _is_whole(rows, kind)]
    return whole[0] if whole else "price_changed"


def _model_alert(rows: list[Row], raised_at: datetime) -> Row:
    """One message for everything that one source changed about one model at one moment."""
    lead, rule = min(rows, key=_weight), _rule_of(rows)
    effect = total(row["usd_per_month_effect"] for row in rows)
    is_bad = rule == "model_vanished" or any(_is_dearer(row) for row in rows)
    severity = "warning" if is_bad and _is_used(rows) else "info"
    words = {"model_new": "new model, ", "model_vanished": "model no longer on the price page, "}
    what = f"{words.get(rule, '')}{move_words(lead)}{and_more(rows)}"
    title = f"{model_words(lead)}: {what}{since_words(lead)}{correction_words(rows)}{effect_words(rows, effect)}"
    lines = [move_words(row) for row in rows]
    if lead["url"]:
        lines.insert(0, f"source: {lead['url']}")
    return alert(
        rule,
        [lead[key] for key in MODEL_KEY],
        severity,
        title,
        lines,
        alert_on=lead["known_from"].date(),
        raised_at=raised_at,
        since=lead["valid_from"],
        usd_per_month_effect=effect,
        link=lead["url"],
        evidence_id=lead["price_id"],
        **_values(lead),
    )


def _many_models(rule: str, source: str, known_from: datetime, models: Sequence[list[Row]], raised_at: datetime) -> Row:
    leads = [min(rows, key=_weight) for rows in models]
    dearer = sum(any(_is_dearer(row) for row in rows) for rows in models)
    whose = f", {dearer} of them dearer" if dearer else ""
    named = [model_words(row) if rule == "model_new" else f"{model_words(row)}: {move_words(row)}" for row in leads]
    return alert(
        rule,
        [source, known_from],
        "info",
        f"{source}: {len(models)} {MANY_WORDS[rule]}{whose}; none of them with cost here",
        named,
        alert_on=known_from.date(),
        raised_at=raised_at,
        source=source,
        link=leads[0]["url"],
        evidence_id=leads[0]["price_id"],
    )


def _weight(row: Row) -> tuple[Decimal, Decimal, int]:
    """Sorts first what matters most: effect on the team, then size of the move, then the order of the meters."""
    old, new = row["old_usd_per_unit"], row["new_usd_per_unit"]
    size = abs((new - old) / old) if old and new is not None else Decimal(0)
    return -abs(row["usd_per_month_effect"] or Decimal(0)), -size, METERS.index(row["meter"])


def _values(row: Row) -> Row:
    """The columns of Alert that belong to one price."""
    old, new, unit = row["old_usd_per_unit"], row["new_usd_per_unit"], row["unit"]
    return {
        "provider": row["provider"],
        "model": row["model"],
        "source": row["source"],
        "old_value": None if old is None else price_words(old, unit),
        "new_value": None if new is None else price_words(new, unit),
    }


def _is_dearer(row: Row) -> bool:
    old, new = row["old_usd_per_unit"], row["new_usd_per_unit"]
    return old is not None and new is not None and bool(new > old)
