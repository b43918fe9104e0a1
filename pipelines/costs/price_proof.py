"""How far a price is proven at a moment: since when it was seen printed, by whom, until when, and what is not known.

Which price counts is decided in `snapshots.resolve_prices`; nothing here changes it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from pipelines.sources.catalog import SOURCES_BY_KEY

STALE_AFTER = {"openrouter": timedelta(days=3)}
"""By channel: a marketplace's prices move with its hosts'. An aggregator's word on it is old sooner."""
STALE_AFTER_ELSE = timedelta(days=90)
STALE_AFTER_PROVIDER = timedelta(days=365)
MOVING = ("-latest", "latest")
KEY = ("source", "provider", "channel", "region", "model", "meter", "service_tier", "context_from", "time_window")


def proof(
    version: Mapping[str, Any], versions: pl.DataFrame, read_at: Mapping[str, datetime], at: datetime
) -> dict[str, Any]:
    """Of one version in force at a moment: authority, proven_from, proven_until, is_assumed, is_stale, notes.

    `versions`: rows of core.token_price among which it is. `read_at`: when each source was last read. Notes are
    sentences for people.
    """
    first, last = _span(version, read_at)
    authority = _authority(version)
    is_assumed = version["basis"] == "assumed"
    is_stale = last is not None and at > last + _horizon(version, authority)
    told: dict[str, Any] = {
        "authority": authority,
        "proven_from": f"{first.isoformat()}Z",
        "proven_until": f"{last.isoformat()}Z" if last else None,
        "is_assumed": is_assumed,
        "is_stale": is_stale,
    }
    what = f"{version['model']} {version['meter']}"
    notes = []
    if is_assumed:
        notes.append(f"{what}: assumed; nobody is known to have printed this price before {first:%Y-%m-%d}")
    elif first > at:
        notes.append(f"{what}: dated back; it was first seen printed on {first:%Y-%m-%d}")
    else:
        notes.append(f"{what}: proven since {first:%Y-%m-%d} by {_by(version, authority)}")
    if is_stale and last is not None and not is_assumed:
        notes.append(f"{what}: stale; last seen printed on {last:%Y-%m-%d}, {(at - last).days} days before")
    unknown = _unknown_day(version, versions)
    if unknown is not None:
        told["moved_after"], told["moved_before"] = (f"{moment.isoformat()}Z" for moment in unknown)
        notes.append(
            f"{what}: a moving name; it came to this price on an unknown day after {unknown[0]:%Y-%m-%d} "
            f"and not later than {unknown[1]:%Y-%m-%d}"
        )
    return told | {"notes": notes}


def _span(version: Mapping[str, Any], read_at: Mapping[str, datetime]) -> tuple[datetime, datetime | None]:
    """When it was first and last seen printed; None where the last reading is not known."""
    if version["proven_from"] is not None:
        return version["proven_from"], version["proven_until"]
    last = read_at.get(version["source"]) if version["is_listed"] else version["valid_from"]
    if last is not None and version["valid_to"] is not None:
        last = min(last, version["valid_to"])
    return max(version["valid_from"], version["known_from"]), last


def _authority(version: Mapping[str, Any]) -> str:
    source = SOURCES_BY_KEY.get(version["source"])
    if source is None:
        return version["authority"] or "aggregator"
    return "aggregator" if source.standing == "aggregator" else "provider"


def _by(version: Mapping[str, Any], authority: str) -> str:
    named = f" ({version['source']})" if version["source"] in SOURCES_BY_KEY else ""
    return ("the provider's word" if authority == "provider" else "an aggregator alone") + named


def _horizon(version: Mapping[str, Any], authority: str) -> timedelta:
    if version["channel"] in STALE_AFTER:
        return STALE_AFTER[version["channel"]]
    return STALE_AFTER_PROVIDER if authority == "provider" else STALE_AFTER_ELSE


def _unknown_day(version: Mapping[str, Any], versions: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Between which moments a moving name came to mean what it costs now, where no source names the day."""
    if not version["model"].endswith(MOVING) or version["proven_from"] is None:
        return None
    same = [pl.col(name) == version[name] for name in KEY]
    before = versions.filter(*same, pl.col("valid_from") < version["valid_from"]).sort("valid_from")
    before = before.filter(pl.col("usd_per_unit") != version["usd_per_unit"])
    if before.is_empty():
        return None
    last = before["proven_until"][-1]
    return (last, version["proven_from"]) if last is not None and last < version["valid_from"] else None
