"""pydantic/genai-prices, prices/new_data/v2/data.json -> token prices and fees, with their start dates and hours.

A model is listed under its own id and the ids that its match rule names exactly; "starts_with", "contains" and other
rules are not read. Providers that are not in the table are left out on purpose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pipelines.schema.time_windows import ALWAYS
from pipelines.sources.feeds.makers import Named, on_bedrock, on_openrouter
from pipelines.sources.feeds.week_hours import daily_window
from pipelines.sources.json_body import json_amount, json_text, read_json_of, whole_or_none
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, RowCollector

PROVIDERS = {
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "google": "google",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "openai": "openai",
    "perplexity": "perplexity",
    "together": "together",
    "x-ai": "xai",
    "zai": "zai",
}
PLATFORMS = frozenset({"aws", "azure", "openrouter"})
AZURE_MODELS = {
    "openai": "ada babbage curie davinci o1 o1-mini o3-2025-04-16 o3-mini o4-mini text-embedding-3-large "
    "text-embedding-3-small",
    "microsoft": "mai-ds-r1:free phi-3-medium-128k-instruct phi-3-mini-128k-instruct phi-3.5-mini-128k-instruct phi-4 "
    "phi-4-mini-instruct phi-4-multimodal-instruct phi-4-reasoning-plus phi-4-reasoning-plus:free "
    "phi-4-reasoning:free wizardlm-2-8x22b",
}
AZURE_MAKERS = {model: maker for maker, models in AZURE_MODELS.items() for model in models.split()}
METERS = {
    "input_mtok": ("input_uncached", "mtok"),
    "output_mtok": ("output", "mtok"),
    "cache_read_mtok": ("cache_read", "mtok"),
    "cache_write_mtok": ("cache_write_5m", "mtok"),
    "cache_write_5m_mtok": ("cache_write_5m", "mtok"),
    "cache_write_1h_mtok": ("cache_write_1h", "mtok"),
    "input_audio_mtok": ("audio_input", "mtok"),
    "cache_audio_read_mtok": ("audio_cache_read", "mtok"),
    "output_audio_mtok": ("audio_output", "mtok"),
    "input_image_mtok": ("image_input", "mtok"),
    "cache_image_read_mtok": ("image_cache_read", "mtok"),
    "output_image_mtok": ("image_output", "mtok"),
    "requests_kcount": ("requests", "thousand_calls"),
    "web_searches_kcount": ("web_searches", "thousand_calls"),
}
FREE = {"input_mtok": Decimal("0.0"), "output_mtok": Decimal("0.0")}
"""What no price at all means for an id that ends in ':free'."""
REGIONAL = "regional."
"""The feed's own mark of Bedrock ids that are priced alike in a region and in the areas (us, eu, ...)."""


@dataclass(frozen=True)
class _Condition:
    """When a set of prices holds."""

    effective_from: datetime | None = None
    time_window: str = ALWAYS


@dataclass(frozen=True)
class _Cell:
    """One price of one set: an amount, or amounts by prompt size."""

    place: str
    key: str
    value: object
    condition: _Condition


def parse(body: bytes) -> Parsed:
    """Prices in USD per million tokens and per thousand calls.

    Raises ParseError for a body that is no JSON list (cut off, a page instead of the feed) or yields no row.
    """
    collector, prices = new_collector(), list[Price]()
    for provider in read_json_of(list, body):
        name = provider.get("id") if isinstance(provider, dict) else None
        models = provider.get("models") if isinstance(provider, dict) else None
        if not isinstance(name, str) or not isinstance(models, list):
            collector.reject("providers", str(provider), "no provider with an id and models")
        elif name in PROVIDERS or name in PLATFORMS:
            for model in models:
                prices += _model_prices(name, model, collector)
    return parsed_prices(prices, collector)


def _model_prices(feed_provider: str, model: object, collector: RowCollector) -> Iterator[Price]:
    """The prices of one model under each of its ids that names one."""
    model_id = model.get("id") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(model_id, str):
        collector.reject(feed_provider, str(model), "no model with an id")
        return
    place = f"{feed_provider} {model_id}"
    ids = dict.fromkeys([model_id, *_exact_ids(model.get("match"))])
    who = [found for found in (_named(feed_provider, model_id, one) for one in ids) if found]
    if not who:
        collector.reject(place, str(list(ids)), "no id as used in requests, or of an unknown maker")
        return
    for price in _by_condition(place, model.get("prices"), model_id.endswith(":free"), collector):
        for one in who:
            yield replace(price, provider=one.provider, model=one.model, channel=one.channel, region=one.region)


def _exact_ids(match: object) -> Iterator[str]:
    """Ids that a match rule names in full, alone or as one of several."""
    if isinstance(match, dict):
        if isinstance(match.get("equals"), str):
            yield match["equals"]
        for one in match["or"] if isinstance(match.get("or"), list) else []:
            if isinstance(one, dict) and isinstance(one.get("equals"), str):
                yield one["equals"]


def _named(feed_provider: str, model_id: str, one_id: str) -> Named | None:
    """Whose model one of the ids of `model_id` is, and where; None for an id that the channel does not know."""
    if feed_provider == "aws":
        return on_bedrock(one_id.removeprefix(REGIONAL))
    if feed_provider == "openrouter":
        return on_openrouter(one_id)
    if feed_provider == "azure":
        maker = AZURE_MAKERS.get(model_id)
        return Named(maker, one_id, "azure") if maker else None
    if feed_provider == "google" and model_id.startswith("claude-"):
        return Named("anthropic", one_id, "vertex")
    return Named(PROVIDERS[feed_provider], one_id)


def _by_condition(place: str, prices: object, is_free: bool, collector: RowCollector) -> Iterator[Price]:
    """Every set of prices with its condition; which model it is of is filled in by the caller."""
    sets = prices if isinstance(prices, list) else [{"prices": prices}]
    read = list[tuple[_Condition, dict[str, Any]]]()
    for one in sets:
        amounts = one.get("prices") if isinstance(one, dict) else None
        condition = _condition(one.get("constraint")) if isinstance(one, dict) else None
        if not isinstance(amounts, dict) or condition is None:
            collector.reject(place, str(one), "no set of prices with a known condition")
        elif amounts or is_free:
            read.append((condition, amounts or FREE))
        else:
            collector.reject(place, str(one), "no price, and the id does not say that it is free")
    for key in dict.fromkeys(key for _, amounts in read for key in amounts):
        cells = [_Cell(f"{place} {key}", key, amounts[key], condition) for condition, amounts in read if key in amounts]
        # A later set without a tier ends the tier of an earlier one, so each set is cut at the boundaries of all.
        starts = sorted({start for cell in cells for start in _tiers(cell.value) or {}})
        for cell in cells:
            yield from _ranged(cell, starts, is_free, collector)


def _tiers(value: object) -> dict[int, object] | None:
    """Amounts by the smallest prompt that they hold for: "start" is the size that a prompt exceeds."""
    if not isinstance(value, dict):
        return {0: value}
    tiers = value.get("tiers")
    if set(value) != {"base", "tiers"} or not isinstance(tiers, list):
        return None
    amounts = {0: value["base"]}
    for tier in tiers:
        start = whole_or_none(tier.get("start")) if isinstance(tier, dict) else None
        if not start or set(tier) != {"start", "price"}:
            return None
        amounts[start + 1] = tier["price"]
    return amounts


def _ranged(cell: _Cell, starts: list[int], is_free: bool, collector: RowCollector) -> Iterator[Price]:
    """One price for each of the prompt sizes `starts`."""
    tiers, printed = _tiers(cell.value), f"{cell.key}: {json_text(cell.value)}"
    if tiers is None or cell.key not in METERS:
        collector.reject(cell.place, printed, "no meter for this key" if tiers else "tiers of an unknown form")
        return
    meter, unit = METERS[cell.key]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        amount = tiers[max(known for known in tiers if known <= start)]
        usd = json_amount(amount)
        if usd is None:
            collector.reject(cell.place, printed, "not a finite number")
        elif usd == 0 and not is_free:
            collector.reject(cell.place, printed, "the feed does not say that 0 is free")
        else:
            yield Price(
                cell.place, "", "", meter, usd, printed, context_from=start, context_to=end, unit=unit,
                time_window=cell.condition.time_window, effective_from=cell.condition.effective_from,
            )  # fmt: skip


def _condition(constraint: object) -> _Condition | None:
    """From midnight UTC of "start_date", and between "start_time" and "end_time" of every day; None if unreadable."""
    if constraint is None:
        return _Condition()
    if not isinstance(constraint, dict) or not all(isinstance(text, str) for text in constraint.values()):
        return None
    rest = dict(constraint)
    day, low, high = (rest.pop(name, None) for name in ("start_date", "start_time", "end_time"))
    if rest or (low is None) != (high is None) or not (day or low):
        return None
    try:
        start = datetime.combine(date.fromisoformat(day), time()) if day else None
        window = str(daily_window(_minutes(low), _minutes(high))) if low and high else ALWAYS
    except ValueError:
        return None
    return _Condition(start, window)


def _minutes(clock: str) -> int:
    """Minutes since midnight of "16:30:00Z"; ValueError for another zone or seconds that are left over."""
    if not clock.endswith(":00Z"):
        raise ValueError(f"no full minute in UTC: {clock!r}")
    read = time.fromisoformat(clock.removesuffix("Z"))
    return read.hour * 60 + read.minute
