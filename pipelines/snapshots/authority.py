"""Whose word counts at a moment, where several sources state a price of one key.

A provider's word outranks an aggregator's, and both outrank what is only assumed. The shipped history has the
authority of what each of its rows rests on, and competes with the sources by date of statement. An aggregator that
disagrees with it is believed about a move that it has seen itself, not about a figure that it merely still prints.
Choosing among the names of one source is `resolve_prices`' work.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

Offers = list[dict[str, Any]]
PROVIDER, AGGREGATOR, ASSUMED = 0, 1, 2
_EVER = datetime(9999, 12, 31)


def with_standing(offers: pl.DataFrame) -> pl.DataFrame:
    """Adds `weight` (PROVIDER, AGGREGATOR, ASSUMED; the lower counts first), `is_history` and `said_until`.

    `offers`: rows of core.token_price with standing and read_at of their source. What a row says of a moment after
    `said_until` nobody has repeated since.
    """
    is_history = pl.col("standing").is_null()
    word = pl.coalesce(pl.when(is_history).then("authority"), pl.lit("aggregator"))
    is_provider = pl.when(is_history).then(word == "provider").otherwise(pl.col("standing") != "aggregator")
    return offers.with_columns(
        is_history=is_history,
        weight=pl.when(pl.col("basis") == "assumed")
        .then(ASSUMED)
        .when(is_provider)
        .then(PROVIDER)
        .otherwise(AGGREGATOR),
        said_until=pl.when(is_history)
        .then(pl.coalesce("proven_until", "valid_from"))
        .otherwise(pl.coalesce("read_at", pl.lit(_EVER))),
    )


def best_source(named: list[Offers], offers: Offers, at: datetime) -> Offers:
    """Of the offers of several sources at a moment, those to believe. `offers`: all of the key, of any time."""
    best, *others = sorted(named, key=lambda rows: rows[0]["rank"])
    for rows in others:
        if _outranks(rows, best, offers, at):
            best = rows
    return best


def _outranks(rows: Offers, best: Offers, offers: Offers, at: datetime) -> bool:
    """Whether offers of a source that comes later in the catalog count before those of `best`."""
    ours, theirs = _weight(rows), _weight(best)
    is_mixed = rows[0]["is_history"] != best[0]["is_history"]
    if is_mixed and AGGREGATOR in {ours, theirs} and ASSUMED not in {ours, theirs}:
        history, live = (rows, best) if rows[0]["is_history"] else (best, rows)
        if _weight(live) == AGGREGATOR:
            return _holds_against(history, live, offers, at) == (rows is history)
    if ours != theirs:
        return ours < theirs
    return is_mixed and _said(rows, at) > _said(best, at)


def _holds_against(history: Offers, live: Offers, offers: Offers, at: datetime) -> bool:
    """Whether the shipped history is believed against an aggregator that is read."""
    known, printed = history[0], live[0]
    if _has_moved(known, printed, offers):
        return False
    if _weight(history) == PROVIDER:
        return True
    if printed["usd_per_unit"] == known["usd_per_unit"]:  # the history may know more: long prompts, hours
        return True
    late = {Decimal(text) for text in (known["disputed_usd"] or "").split(";") if text}
    return printed["usd_per_unit"] in late or _said(history, at) >= _said(live, at)


def _has_moved(known: dict[str, Any], printed: dict[str, Any], offers: Offers) -> bool:
    """Whether an aggregator left the price that the history knows, after anybody last stated it."""
    if printed["valid_from"] < known["said_until"]:
        return False
    return any(
        row["source"] == printed["source"]
        and _is_alike(row, printed)
        and row["valid_from"] < printed["valid_from"]
        and row["usd_per_unit"] == known["usd_per_unit"]
        for row in offers
    )


def _is_alike(row: dict[str, Any], other: dict[str, Any]) -> bool:
    names = ("listed_model", "listed_region", "context_from", "time_window")
    return all(row[name] == other[name] for name in names)


def _weight(rows: Offers) -> int:
    return min(int(row["weight"]) for row in rows)


def _said(rows: Offers, at: datetime) -> datetime:
    """When a source last spoke about a moment: then, or when it was last heard."""
    last: datetime = max(row["said_until"] for row in rows)
    return min(at, last)
