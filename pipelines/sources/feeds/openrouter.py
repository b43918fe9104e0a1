"""OpenRouter's model list (openrouter.ai/api/v1/models) -> token prices and fees of its channel.

Ids stay whole, "meta-llama/llama-3.3-70b-instruct:free". "0" means free there. What OpenRouter charges per image has no
meter and is a reject, as is a model whose prices depend on a condition that is not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pipelines.schema.time_windows import ALWAYS, DAYS, MINUTES_PER_DAY, TimeWindow
from pipelines.sources.feeds.json_feed import json_amount, json_text, whole_json
from pipelines.sources.feeds.makers import Named, on_openrouter
from pipelines.sources.feeds.week_hours import daily_window
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

METERS = {
    "prompt": ("input_uncached", "mtok"),
    "completion": ("output", "mtok"),
    "input_cache_read": ("cache_read", "mtok"),
    "input_cache_write": ("cache_write_5m", "mtok"),
    "input_cache_write_1h": ("cache_write_1h", "mtok"),
    "audio": ("audio_input", "mtok"),
    "audio_output": ("audio_output", "mtok"),
    "input_audio_cache": ("audio_cache_read", "mtok"),
    "image_token": ("image_input", "mtok"),
    "request": ("requests", "thousand_calls"),
    "web_search": ("web_searches", "thousand_calls"),
}
CALLS_OR_TOKENS = {"mtok": Decimal(1_000_000), "thousand_calls": Decimal(1000)}
PER_IMAGE = frozenset({"image", "image_output"})
REASONING, OVERRIDES, DISCOUNT = "internal_reasoning", "overrides", "discount"
MIN_PROMPT, START, END, ON_DAYS = "min_prompt_tokens", "utc_start", "utc_end", "utc_days"
TIME_KEYS = frozenset({START, END, ON_DAYS})
DAY_NAMES = dict(
    zip(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), range(1, 8), strict=True)
)

_AMOUNT = re.compile(r"-?\d{1,20}(?:\.\d{1,30})?(?:[eE]-?\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class _Override:
    """Prices in place of the base ones, for prompts of at least `context_from` tokens or inside a time window."""

    amounts: dict[str, Any]
    context_from: int = 0
    window: TimeWindow | None = None


def parse(body: bytes) -> Parsed:
    """Prices in USD per million tokens and fees in USD per thousand calls, exact: the list's are per token and call.

    Raises ParseError for a body that is no JSON object with a list of models, or yields no row.
    """
    models = whole_json(body, dict).get("data")
    if not isinstance(models, list):
        raise ParseError("no list of models under 'data'")
    collector, prices = new_collector(), list[Price]()
    for model in models:
        who = on_openrouter(str(model.get("id"))) if isinstance(model, dict) else None
        if who is None or not isinstance(model.get("pricing"), dict):
            collector.reject("data", json_text(model), "no model with an id and prices")
        else:
            prices += _model_prices(who, model["pricing"], collector)
    return parsed_prices(prices, collector)


def _model_prices(who: Named, pricing: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    overrides = read_overrides(pricing.get(OVERRIDES) or [])
    # The documentation does not say whether the other figures are before or after a discount.
    has_discount = pricing.get(DISCOUNT) is not None and json_amount(pricing[DISCOUNT]) != 0
    if overrides is None or has_discount:
        reason = "a condition of the prices is not understood" if overrides is None else "before or after a discount?"
        collector.reject(who.model, json_text(pricing), reason)
        return
    _refuse_other_keys(who, pricing, collector)
    for key in METERS:
        if pricing.get(key) is not None:
            yield from _key_prices(who, key, pricing[key], overrides, collector)
        elif any(key in override.amounts for override in overrides):
            collector.reject(f"{who.model} {key}", json_text(pricing[OVERRIDES]), "a condition without a base price")


def _key_prices(
    who: Named, key: str, base: object, overrides: list[_Override], collector: RowCollector
) -> Iterator[Price]:
    """The base price of one key and those that override it; larger prompts end the range of smaller ones."""
    chain = [_Override({key: base}), *(override for override in overrides if key in override.amounts)]
    starts = [item.context_from for item in chain if item.window is None]
    ends = dict(pairwise([*starts, None]))
    meter, unit = METERS[key]
    for item in chain:
        place, text = f"{who.model} {key}", item.amounts[key]
        usd = per_unit(text, unit)
        if usd is None or usd < 0:
            reason = "the price is variable" if usd is not None else "not a finite number"
            collector.reject(place, json_text(text), reason)
            continue
        yield Price(
            place, who.provider, who.model, meter, usd, f"{key}: {text}",
            context_from=item.context_from, context_to=ends[item.context_from] if item.window is None else None,
            unit=unit, channel=who.channel, region=who.region,
            time_window=str(item.window) if item.window else ALWAYS,
        )  # fmt: skip


def per_unit(amount: object, unit: str) -> Decimal | None:
    """USD for a million tokens or a thousand calls of a text in USD for one; None where it is no number."""
    if not isinstance(amount, str) or _AMOUNT.fullmatch(amount) is None:
        return None
    return price_or_none(str(Decimal(amount) * CALLS_OR_TOKENS[unit]))


def _refuse_other_keys(who: Named, pricing: dict[str, Any], collector: RowCollector) -> None:
    """Reject what has no meter, unless it is free; reasoning is part of the output where it costs the same."""
    output = per_unit(pricing.get("completion"), "mtok")
    for key, amount in pricing.items():
        if key in METERS or key in (OVERRIDES, DISCOUNT) or amount is None:
            continue
        usd = per_unit(amount, "mtok")
        if usd == 0 or (key == REASONING and usd is not None and usd == output):
            continue
        reason = "no meter counts images" if key in PER_IMAGE else "no meter for this key"
        collector.reject(f"{who.model} {key}", json_text(amount), reason)


def read_overrides(entries: object) -> list[_Override] | None:
    """The conditional prices of a model, or None where they are not all understood.

    Understood are larger and larger prompts ("strictly greater than" the number), or hours that do not overlap.
    """
    if not isinstance(entries, list):
        return None
    read = [_override(entry) for entry in entries]
    known = [override for override in read if override is not None]
    starts = [override.context_from for override in known if override.window is None]
    windows = [override.window for override in known if override.window is not None]
    is_rising = starts == sorted(set(starts))
    if len(known) < len(read) or not is_rising or (starts and windows) or _overlap(windows):
        return None
    return known


def _override(entry: object) -> _Override | None:
    if not isinstance(entry, dict):
        return None
    amounts = {key: amount for key, amount in entry.items() if key != MIN_PROMPT and key not in TIME_KEYS}
    if not set(amounts) <= set(METERS):
        return None
    if MIN_PROMPT not in entry:
        window = _window(entry)
        return replace(_Override(amounts), window=window) if window else None
    above = json_amount(entry[MIN_PROMPT])
    if TIME_KEYS & set(entry) or above is None or above != int(above) or above < 0:
        return None
    return _Override(amounts, context_from=int(above) + 1)


def _window(entry: dict[str, Any]) -> TimeWindow | None:
    """Hours such as 100 to 400 (01:00-04:00) UTC on some days, or on every day; None if they are not readable."""
    if not TIME_KEYS & set(entry) or (START in entry) != (END in entry):
        return None
    days = entry.get(ON_DAYS, list(DAY_NAMES))
    low, high = _minutes(entry.get(START, 0)), _minutes(entry.get(END, 0))
    if not isinstance(days, list) or not days or low is None or high is None:
        return None
    numbers = [DAY_NAMES.get(day) if isinstance(day, str) else None for day in days]
    is_split = low > high and len(days) < len(DAYS)
    if None in numbers or is_split:
        # Whether the hours after midnight belong to the day before is not said.
        return None
    return replace(daily_window(low, high), weekdays=frozenset(number for number in numbers if number))


def _minutes(clock: object) -> int | None:
    """Minutes since midnight of a number such as 1030."""
    number = json_amount(clock)
    if number is None or number != int(number):
        return None
    hours, minutes = divmod(int(number), 100)
    total = hours * 60 + minutes
    return total if 0 <= total <= MINUTES_PER_DAY and 0 <= minutes < 60 else None


def _overlap(windows: list[TimeWindow]) -> bool:
    intervals = sorted(
        (day, low, high) for window in windows for day in window.weekdays for low, high in window.intervals
    )
    return any(day == next_day and high > low for (day, _, high), (next_day, low, _) in pairwise(intervals))
