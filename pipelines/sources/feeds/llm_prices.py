"""simonw/llm-prices -> token prices with their start dates: historical-v1.json of the site, or one vendor's data file.

Ids stay as they stand: display names in the form of an id ("claude-3.5-sonnet") match no usage and do no harm. The
price of long prompts is a model of its own there ("gpt-5.5-272k", named "GPT-5.5 >272k"), which no request can name.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from pipelines.sources.feeds.json_feed import json_amount, json_text, whole_json
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

VENDORS = {
    "amazon": "amazon",
    "anthropic": "anthropic",
    "deepseek": "deepseek",
    "google": "google",
    "meta-ai": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot-ai": "moonshot",
    "openai": "openai",
    "qwen": "qwen",
    "xai": "xai",
    "z.ai": "zai",
}
METERS = {"input": "input_uncached", "output": "output", "input_cached": "cache_read"}

_UP_TO = re.compile(r".*\N{LESS-THAN OR EQUAL TO}(\d{1,5})k", re.ASCII)
_ABOVE = re.compile(r".*>(\d{1,5})k", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Prices in USD per million tokens, valid from midnight UTC of their `from_date`.

    Raises ParseError for a body that is no JSON object of one of the two forms, or yields no row.
    """
    collector, prices = new_collector(), list[Price]()
    by_model: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for entry in _entries(whole_json(body, dict)):
        if isinstance(entry, dict):
            by_model[str(entry.get("vendor")), str(entry.get("id"))].append(entry)
        else:
            collector.reject("prices", str(entry), "no object of prices")
    for (vendor, model), entries in by_model.items():
        for entry in entries:
            starts = {str(other.get("from_date")) for other in entries}
            reason = _refusal(entry, vendor, model, starts)
            if reason:
                collector.reject(f"{vendor} {model}", json_text(entry), reason)
            else:
                prices += _prices(entry, VENDORS[vendor], model, collector)
    return parsed_prices(prices, collector)


def _entries(feed: dict[str, object]) -> list[object]:
    """The price records of either form; a vendor's models are flattened into the form of the site."""
    prices, models = feed.get("prices"), feed.get("models")
    if isinstance(prices, list):
        return prices
    if isinstance(models, list):
        return [record for model in models for record in _flat(feed.get("vendor"), model)]
    raise ParseError("expected a JSON object with a list of prices or models")


def _flat(vendor: object, model: object) -> list[object]:
    history = model.get("price_history") if isinstance(model, dict) else None
    if not isinstance(model, dict) or not isinstance(history, list):
        return [model]
    who = {"vendor": vendor, "id": model.get("id"), "name": model.get("name")}
    return [who | record if isinstance(record, dict) else record for record in history]


def _refusal(entry: dict[str, Any], vendor: str, model: str, starts: set[str]) -> str | None:
    """Why a record is no price of a model that requests can name; None where it is one."""
    above = _ABOVE.fullmatch(str(entry.get("name")))
    until = entry.get("to_date")
    if vendor not in VENDORS:
        return "unknown vendor"
    if not isinstance(entry.get("id"), str) or not model:
        return "no model id"
    if above and model.endswith(f"-{above[1]}k"):
        return "a price of long prompts, not a model"
    if until is not None and str(until) not in starts:
        return "the price ended and nothing follows it"
    if entry.get("from_date") is not None and _midnight(entry["from_date"]) is None:
        return "not a date"
    return None


def _prices(entry: dict[str, Any], provider: str, model: str, collector: RowCollector) -> Iterator[Price]:
    up_to = _UP_TO.fullmatch(str(entry.get("name")))
    for name, meter in METERS.items():
        value = entry.get(name)
        if value is None:
            continue
        place = f"{provider} {model} {name}"
        usd = json_amount(value)
        if usd is None:
            collector.reject(place, str(value), "not a finite number")
        elif usd == 0:
            collector.reject(place, str(value), "the feed does not say that 0 is free")
        else:
            yield Price(
                place=place,
                provider=provider,
                model=model,
                meter=meter,
                usd_per_unit=usd,
                printed=f"{name}: {value}",
                context_to=int(up_to[1]) * 1000 + 1 if up_to else None,
                effective_from=_midnight(entry.get("from_date")),
            )


def _midnight(day: object) -> datetime | None:
    """Naive UTC midnight of "2026-07-30"; None for anything else."""
    try:
        return datetime.combine(date.fromisoformat(day), time()) if isinstance(day, str) else None
    except ValueError:
        return None
