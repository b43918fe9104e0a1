"""LiteLLM's model_prices_and_context_window.json -> token prices of OpenAI and Anthropic.

Other providers are ignored on purpose, as are prices that no meter counts (per image, pixel, character, second,
session, search by context size). A key that is a price per token but of no known meter or tier is a reject.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

PROVIDERS = {"openai": "openai", "text-completion-openai": "openai", "anthropic": "anthropic"}
ROUTE_PREFIXES = ("openai/", "anthropic/")
METERS = {
    "input_cost_per_token": "input_uncached",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "input_cost_per_audio_token": "audio_input",
    "cache_read_input_audio_token_cost": "audio_cache_read",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "image_input",
    "cache_read_input_image_token_cost": "image_cache_read",
    "output_cost_per_image_token": "image_output",
}
ANTHROPIC_METERS = {
    "cache_creation_input_token_cost": "cache_write_5m",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
}
TIERS = {"": "standard", "_batches": "batch", "_flex": "flex", "_priority": "priority"}
USD_PER_TOKEN_TO_MTOK = Decimal(1_000_000)

_TOKEN_PRICE = re.compile(r".*(?:token_cost|cost_per_(?:\w+_)?token)(?:_.*)?")
_KEY = re.compile(r"(\w+?)(?:_above_(\d{1,5})k_tokens)?(_batches|_flex|_priority)?", re.ASCII)


@dataclass(frozen=True)
class _Quoted:
    """One price of a model as the feed quotes it; `above` is the prompt size that it needs to exceed."""

    meter: str
    tier: str
    above: int
    usd_per_mtok: Decimal
    printed: str


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the feed, exact: its USD per token x 10^6.

    Raises ParseError for a body that is no JSON object (cut off, a page instead of the feed) or yields no row.
    """
    try:
        feed = json.loads(body, parse_float=Decimal, parse_constant=Decimal)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {error}") from error
    if not isinstance(feed, dict):
        raise ParseError(f"expected a JSON object by model id, got {type(feed).__name__}")
    collector, prices = new_collector(), list[Price]()
    for key, entry in feed.items():
        if key == "sample_spec":
            continue
        if not isinstance(entry, dict):
            collector.reject(key, str(entry), "no object of prices")
            continue
        provider = entry.get("litellm_provider")
        if isinstance(provider, str) and provider in PROVIDERS:
            quoted = list(_quoted(key, entry, PROVIDERS[provider], collector))
            prices += _ranged(key, _model_id(key, feed), PROVIDERS[provider], quoted, collector)
    return parsed_prices(prices, collector)


def _model_id(key: str, feed: dict[str, Any]) -> str | None:
    """The key without a routing prefix; None for a key that names another platform or an image size."""
    for prefix in ROUTE_PREFIXES:
        bare = key.removeprefix(prefix)
        if bare != key and bare not in feed:
            return None if "/" in bare else bare
    return key if "/" not in key or key.startswith(ROUTE_PREFIXES) else None


def _quoted(model: str, entry: dict[str, Any], provider: str, collector: RowCollector) -> Iterator[_Quoted]:
    """The prices per token of one entry; those that cannot be taken become rejects."""
    meters = METERS | ANTHROPIC_METERS if provider == "anthropic" else METERS
    for name, value in entry.items():
        if value is None or not _TOKEN_PRICE.fullmatch(name):
            continue
        place, parts = f"{model} {name}", _KEY.fullmatch(name)
        meter = meters.get(parts.group(1)) if parts else None
        if parts is None or meter is None:
            collector.reject(place, str(value), f"no meter or service tier of {provider} for this key")
            continue
        usd = _usd_per_mtok(value)
        if usd is None:
            collector.reject(place, str(value), "not a finite number")
        elif usd == 0:
            collector.reject(place, str(value), "the feed prints 0 for unknown too")
        else:
            above = int(parts.group(2) or 0) * 1000
            yield _Quoted(meter, TIERS[parts.group(3) or ""], above, usd, f"{name}: {value}")


def _usd_per_mtok(value: object) -> Decimal | None:
    """USD per million tokens of a JSON number in USD per token; None for any other type, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    usd = price_or_none(str(value))
    return None if usd is None else price_or_none(str(usd * USD_PER_TOKEN_TO_MTOK))


def _ranged(
    key: str, model: str | None, provider: str, quoted: list[_Quoted], collector: RowCollector
) -> Iterator[Price]:
    """Prices with their context ranges: "above 200k" starts at 200,001 tokens, where the one before it ends."""
    if model is None:
        for quote in quoted:
            collector.reject(key, quote.printed, "the key names a route to another platform, not a model")
        return
    by_meter: dict[tuple[str, str], list[_Quoted]] = {}
    for quote in sorted(quoted, key=lambda quote: quote.above):
        by_meter.setdefault((quote.meter, quote.tier), []).append(quote)
    for (meter, tier), ranges in by_meter.items():
        ends = [quote.above + 1 for quote in ranges[1:]]
        for quote, end in zip_longest(ranges, ends):
            start = quote.above + 1 if quote.above else 0
            yield Price(key, provider, model, meter, quote.usd_per_mtok, quote.printed, tier, start, end)
