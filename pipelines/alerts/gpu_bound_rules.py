"""Alerts about GPU rates that are beyond a bound: the user's own for a card, or far from what they were a month ago."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.alerts.message import alert, alert_frame, figure_words, percent_words
from pipelines.snapshots.current import holds_at

MAX_MOVE = Decimal("0.25")
MOVE_SPAN = timedelta(days=30)
OFFER = ["source", "provider", "tier", "sku", "gpu", "variant", "memory_gb", "gpu_count", "region", "currency"]
NO_BOUNDS: Mapping[str, Decimal] = {}

Row = dict[str, Any]


def gpu_rate_beyond(
    rates: pl.DataFrame,
    raised_at: datetime,
    max_move: Decimal = MAX_MOVE,
    above: Mapping[str, Decimal] = NO_BOUNDS,
    below: Mapping[str, Decimal] = NO_BOUNDS,
) -> pl.DataFrame:
    """One alert per card beyond a bound of yours, and per provider and card whose rate moved by more than `max_move`.

    `rates` has the columns of GpuRateHistory; whole cards on demand at quoted rates count. `above` and `below`: USD per
    GPU and hour by card; the least rate of all providers is held against them. A move is against the rate 30 days
    before.
    """
    offered = rates.filter(
        pl.col("is_listed"),
        pricing="on_demand",
        price_kind="quoted",
        gpu_fraction=1,
    ).filter(~pl.col("is_sold_out").fill_null(value=False))
    now = offered.filter(holds_at("valid_from", "valid_to", pl.lit(raised_at)))
    moved = _moved(offered, now, raised_at, max_move)
    return alert_frame([*_beyond_bounds(now, raised_at, above, below), *moved])


def _beyond_bounds(
    now: pl.DataFrame, raised_at: datetime, above: Mapping[str, Decimal], below: Mapping[str, Decimal]
) -> Iterable[Row]:
    least = now.drop_nulls("usd_per_gpu_hour").sort("usd_per_gpu_hour", *OFFER).unique("gpu", keep="first")
    by_card = {row["gpu"].casefold(): row for row in least.to_dicts()}
    for word, bounds in (("above", above), ("below", below)):
        for card, bound in sorted(bounds.items()):
            row = by_card.get(card.casefold())
            rate = None if row is None else row["usd_per_gpu_hour"]
            if row is None or rate is None or not (rate > bound if word == "above" else rate < bound):
                continue
            yield alert(
                "gpu_rate_beyond",
                ["bound", row["gpu"], word, bound],
                "warning" if word == "above" else "info",
                f"{row['gpu']}: the least rate is {word} {figure_words(bound)} USD per GPU and hour: "
                f"{figure_words(rate)} at {row['provider']}",
                _lines(row),
                subject=["bound", row["gpu"], word],
                old_value=f"{figure_words(bound)} USD per GPU and hour",
                new_value=f"{figure_words(rate)} USD per GPU and hour",
                **_facts(row, raised_at),
            )


def _moved(offered: pl.DataFrame, now: pl.DataFrame, raised_at: datetime, max_move: Decimal) -> Iterable[Row]:
    past = offered.filter(holds_at("valid_from", "valid_to", pl.lit(raised_at - MOVE_SPAN)))
    before = past.select(*OFFER, before="local_per_gpu_hour").unique(OFFER, keep="first", maintain_order=True)
    both = now.join(before, on=OFFER, maintain_order="left").sort(*OFFER, "rate_id")
    for (provider, gpu), rows in both.group_by(["provider", "gpu"], maintain_order=True):
        far = [row for row in rows.to_dicts() if abs(_move(row)) > max_move]
        if not far:
            continue
        lead = max(far, key=lambda row: abs(_move(row)))
        old, new, currency = lead["before"], lead["local_per_gpu_hour"], lead["currency"]
        more = f" and {len(far) - 1} more" if far[1:] else ""
        yield alert(
            "gpu_rate_beyond",
            [provider, gpu, lead["valid_from"].date(), new > old],
            "warning" if any(_move(row) > 0 for row in far) else "info",
            f"{provider} {gpu}: {figure_words(old)} -> {figure_words(new)} {currency} per GPU and hour"
            f"{percent_words(old, new)} within 30 days{more}",
            [line for row in far for line in _lines(row)],
            subject=[provider, gpu],
            old_value=f"{figure_words(old)} {currency} per GPU and hour",
            new_value=f"{figure_words(new)} {currency} per GPU and hour",
            **_facts(lead, raised_at),
        )


def _move(row: Row) -> Decimal:
    move: Decimal = row["local_per_gpu_hour"] / row["before"] - 1
    return move


def _lines(row: Row) -> list[str]:
    card = " ".join(filter(None, [row["variant"], f"{row['memory_gb']} GB"]))
    rate = f"{figure_words(row['local_per_gpu_hour'])} {row['currency']}"
    was = f"{figure_words(row['before'])} -> " if row.get("before") else ""
    source = [f"source: {row['url']}"] if row["url"] else []
    return [f"{card}, {row['tier']}, {row['gpu_count']} GPUs, {row['region']}: {was}{rate}", *source]


def _facts(row: Row, raised_at: datetime) -> Row:
    return {
        "alert_on": row["valid_from"].date(),
        "raised_at": raised_at,
        "provider": row["provider"],
        "source": row["source"],
        "since": row["valid_from"],
        "link": row["url"],
        "evidence_id": row["rate_id"],
    }
