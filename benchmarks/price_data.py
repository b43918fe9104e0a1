"""Models and their price segments for the benchmarks: a made-up catalog, and real ids that the peers know."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.time_windows import ALWAYS

MODELS, VERSIONS = 400, 8
FETCH_HOURS = (6, 6, 6, 6, 18, 0)
"""Prices are seen at the daily fetch, at a second one, or start at an announced midnight."""
TIER_FACTORS = {"standard": "1", "batch": "0.5", "flex": "0.5", "priority": "1.8", "fast": "2.5", "ultrafast": "6"}
METER_FACTORS = {
    "input_uncached": "1",
    "cache_read": "0.1",
    "cache_write_5m": "1.25",
    "cache_write_1h": "2",
    "output": "5",
}
LONG_PROMPT = 200_000
CHEAP_HOURS = "mon-sun 00:30-08:30"


@dataclass(frozen=True)
class Model:
    """One model of the made-up catalog."""

    name: str
    provider: str
    has_cache_writes: bool = False
    has_long_price: bool = False
    has_cheap_hours: bool = False
    has_searches: bool = False


REAL_MODELS = (
    *(
        Model(name, "openai")
        for name in ("gpt-4o", "gpt-5", "gpt-4o-mini", "gpt-5-mini", "gpt-4.1", "gpt-4.1-mini", "o3", "o4-mini")
    ),
    Model("claude-sonnet-4-5", "anthropic", has_cache_writes=True, has_long_price=True),
    Model("claude-opus-4-5", "anthropic", has_cache_writes=True),
    Model("claude-haiku-4-5", "anthropic", has_cache_writes=True),
    Model("claude-opus-4-6", "anthropic", has_cache_writes=True),
    *(Model(name, "google", has_long_price=True) for name in ("gemini-2.5-flash", "gemini-2.5-pro")),
    Model("gemini-2.5-flash-lite", "google", has_long_price=True),
)
"""Models that the peers of `benchmarks.peers` know, by the ids of their providers."""


def catalog() -> list[Model]:
    """400 models of six providers; two of them charge for cache writes or long prompts, one by the hour."""
    providers = ("openai", "anthropic", "google", "anthropic", "openai", "mistral", "deepseek", "xai")
    models = []
    for number in range(MODELS):
        provider = providers[number % len(providers)]
        is_long = provider == "google" or (provider == "anthropic" and number % 3 == 0)
        models.append(
            Model(
                name=f"{provider}-model-{number:03}",
                provider=provider,
                has_cache_writes=provider == "anthropic",
                has_long_price=is_long,
                has_cheap_hours=provider == "deepseek" and number % 4 != 0,
                has_searches=provider in ("anthropic", "google"),
            )
        )
    return models


def segments(last_day: date, days: int, seed: int) -> pl.DataFrame:
    """SEGMENT_SCHEMA for every model of the catalog: 8 price versions each, in all service tiers; at least 7 days."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for model in catalog():
        moments = _version_starts(rng, last_day, days)
        amount = Decimal(int(np.exp(rng.normal(0, 1)) * 100) + 5) / 100
        for valid_from, valid_to in zip(moments, [*moments[1:], None], strict=True):
            amount = round(amount * Decimal(int(rng.integers(80, 116))) / 100, 4) + Decimal("0.0001")
            for tier, factor in TIER_FACTORS.items():
                held = {"service_tier": tier, "valid_from": valid_from, "valid_to": valid_to}
                rows += _version(model, amount * Decimal(factor), held, len(rows))
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA)


def _version_starts(rng: np.random.Generator, last_day: date, days: int) -> list[datetime]:
    """The first long before the ledger, the others within its days, each on a day of its own."""
    first_day = last_day - timedelta(days=days - 1)
    offsets = sorted(rng.choice(days, size=VERSIONS - 1, replace=False).tolist())
    starts = [datetime.combine(first_day + timedelta(days=offset), datetime.min.time()) for offset in offsets]
    hours = rng.choice(FETCH_HOURS, size=len(starts)).tolist()
    begin = datetime.combine(first_day - timedelta(days=400), datetime.min.time())
    return [begin, *(start + timedelta(hours=hour) for start, hour in zip(starts, hours, strict=True))]


def _version(model: Model, amount: Decimal, held: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """All prices of one model and tier that hold from one moment on."""
    key = {"provider": model.provider, "channel": "api", "region": "global", "model": model.name, **held}
    always: dict[str, Any] = {"context_from": 0, "context_to": None, "time_window": ALWAYS, "source": "benchmark"}
    for meter, factor in METER_FACTORS.items():
        if meter.startswith("cache_write") and not model.has_cache_writes:
            continue
        price = round(amount * Decimal(factor), 6)
        parts = [always | {"usd_per_unit": price}]
        if model.has_long_price:
            parts = [
                always | {"usd_per_unit": price, "context_to": LONG_PROMPT},
                always | {"usd_per_unit": 2 * price, "context_from": LONG_PROMPT},
            ]
        if model.has_cheap_hours:
            parts.append(always | {"usd_per_unit": round(price / 2, 6), "time_window": CHEAP_HOURS})
        segment_id = number
        for part in parts:
            yield key | part | {"meter": meter, "unit": "mtok", "segment_id": segment_id, "price_id": f"{number:020x}"}
            number += 1
    if model.has_searches:
        fee = always | {"usd_per_unit": Decimal(10), "unit": "thousand_calls", "meter": "web_searches"}
        yield key | fee | {"segment_id": number, "price_id": f"{number:020x}"}
