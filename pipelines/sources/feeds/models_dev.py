"""models.dev (api.json) -> token prices of the sellers in the tables, in USD per million tokens.

Other sellers are left out on purpose, as are the prices of experimental modes. On Azure an id does not say whose model
it is: its maker is the one that lists the same id itself. 0 is a price only of an id that says ":free".
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipelines.sources.feeds.genai_prices import AZURE_MAKERS
from pipelines.sources.feeds.json_feed import json_amount, json_text, whole_json
from pipelines.sources.feeds.litellm_names import VERTEX_PUBLISHERS
from pipelines.sources.feeds.makers import Named, on_bedrock, on_openrouter
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, RowCollector

MAKERS = {
    "ai21": "ai21",
    "alibaba": "qwen",
    "anthropic": "anthropic",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "google": "google",
    "llama": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshotai": "moonshot",
    "openai": "openai",
    "perplexity": "perplexity",
    "xai": "xai",
    "zai": "zai",
}
HOSTS = {"deepinfra": "deepinfra", "fireworks-ai": "fireworks", "groq": "groq", "togetherai": "together"}
PLATFORMS = ("amazon-bedrock", "azure", "google-vertex", "google-vertex-anthropic", "openrouter")
METERS = {
    "input": "input_uncached",
    "output": "output",
    "cache_read": "cache_read",
    "cache_write": "cache_write_5m",
    "input_audio": "audio_input",
    "output_audio": "audio_output",
}
TIERS, OLD_TIER, REASONING = "tiers", "context_over_200k", "reasoning"
OLD_SIZE, MAX_SIZE = 200_000, 1_000_000_000
UNKNOWN_TOO = "the feed prints 0 for unknown too"

Bands = list[tuple[int, dict[str, Any]]]
"""Prices by the prompt size that a request needs to exceed."""


@dataclass(frozen=True)
class _Cell:
    place: str
    field: str
    amount: object


def parse(body: bytes) -> Parsed:
    """Prices in USD per million tokens. Raises ParseError for a body that is no JSON object, or yields no row."""
    feed, collector, prices = whole_json(body, dict), new_collector(), list[Price]()
    own = _own_models(feed)
    for seller in (*MAKERS, *HOSTS, *PLATFORMS):
        for model, cost in _costs(feed, seller, collector):
            place = f"{seller} {model}"
            who, bands = named(seller, model, own), read_bands(cost)
            if who is None or bands is None:
                reason = "the id does not say whose model it is" if who is None else "price bands of no known form"
                collector.reject(place, json_text(cost), reason)
            else:
                prices += _model_prices(place, who, bands, collector)
    return parsed_prices(prices, collector)


def _costs(feed: dict[str, Any], seller: str, collector: RowCollector) -> Iterator[tuple[str, object]]:
    """Model ids of a seller with their cost; a model without one has no price to read."""
    if seller not in feed:
        return
    entry = feed[seller]
    models = entry.get("models") if isinstance(entry, dict) else None
    if not isinstance(models, dict):
        collector.reject(seller, json_text(entry), "no object of models")
        return
    for model, facts in models.items():
        if not isinstance(facts, dict):
            collector.reject(f"{seller} {model}", json_text(facts), "no object of facts")
        elif facts.get("cost") is not None:
            yield model, facts["cost"]


def _own_models(feed: dict[str, Any]) -> dict[str, set[str]]:
    """The makers by the ids that they list themselves."""
    own: dict[str, set[str]] = defaultdict(set)
    for seller, maker in MAKERS.items():
        entry = feed.get(seller)
        models = entry.get("models") if isinstance(entry, dict) else None
        for model in models if isinstance(models, dict) else ():
            own[model].add(maker)
    return own


def named(seller: str, model: str, own: dict[str, set[str]]) -> Named | None:
    """What the id of a seller's model names; None where it does not tell whose model it is."""
    if seller == "amazon-bedrock":
        return on_bedrock(model)
    if seller == "openrouter":
        return on_openrouter(model)
    if seller == "azure":
        makers = own.get(model) or {AZURE_MAKERS[model]} if model in own or model in AZURE_MAKERS else set()
        return Named(next(iter(makers)), model, "azure") if len(makers) == 1 else None
    if seller in ("google-vertex", "google-vertex-anthropic"):
        return _on_vertex(model, own, "anthropic" if seller == "google-vertex-anthropic" else None)
    return Named(MAKERS.get(seller) or HOSTS[seller], model)


def _on_vertex(model: str, own: dict[str, set[str]], maker: str | None) -> Named | None:
    """By publisher, "deepseek-ai/deepseek-v3.2-maas", or as the maker lists it: "claude-opus-4-5@20251101"."""
    publisher, slash, name = model.rpartition("/")
    if slash:
        return Named(VERTEX_PUBLISHERS[publisher], name, "vertex") if publisher in VERTEX_PUBLISHERS else None
    makers = {maker} if maker else own.get(model) or own.get(name.partition("@")[0]) or own.get(name.replace("@", "-"))
    return Named(next(iter(makers)), model, "vertex") if makers and len(makers) == 1 else None


def read_bands(cost: object) -> Bands | None:
    """The base prices and those of larger prompts, or None where a condition is not a prompt size.

    `context_over_200k` repeats the first of `tiers`, whatever its size, so it is read only where there are none.
    """
    if not isinstance(cost, dict):
        return None
    bands: Bands = [(0, {key: value for key, value in cost.items() if key not in (TIERS, OLD_TIER)})]
    if cost.get(TIERS) is None:
        old = cost.get(OLD_TIER)
        return bands if old is None else [*bands, (OLD_SIZE, old)] if isinstance(old, dict) else None
    tiers = cost[TIERS]
    for tier in tiers if isinstance(tiers, list) else [None]:
        if not isinstance(tier, dict):
            return None
        size = _size(tier.get("tier"))
        if size is None:
            return None
        bands.append((size, {key: value for key, value in tier.items() if key != "tier"}))
    return sorted(bands, key=lambda band: band[0])


def _size(selector: object) -> int | None:
    """The prompt size of {"type": "context", "size": 200000}."""
    if not isinstance(selector, dict) or set(selector) != {"type", "size"} or selector["type"] != "context":
        return None
    size = selector["size"]
    return size if type(size) is int and 0 < size <= MAX_SIZE else None


def _model_prices(place: str, who: Named, bands: Bands, collector: RowCollector) -> Iterator[Price]:
    # xAI's own higher price starts at the boundary itself: its page says "at least 200k".
    past = 0 if (who.provider, who.channel) == ("xai", "api") else 1
    for field in dict.fromkeys(field for _, amounts in bands for field in amounts):
        quoted = [(above, amounts) for above, amounts in bands if amounts.get(field) is not None]
        starts = [above + past if above else 0 for above, _ in quoted]
        for (above, amounts), start, end in zip(quoted, starts, [*starts[1:], None], strict=True):
            cell = _Cell(f"{place} {field}" + (f" above {above}" if above else ""), field, amounts[field])
            usd = _usd(cell, amounts.get("output"), who, collector)
            if usd is not None:
                yield Price(
                    cell.place, who.provider, who.model, METERS[field], usd, f"{field}: {cell.amount}",
                    context_from=start, context_to=end, channel=who.channel, region=who.region,
                )  # fmt: skip


def _usd(cell: _Cell, output: object, who: Named, collector: RowCollector) -> Decimal | None:
    """The price of a cell, or None after refusing it; reasoning at the price of output is part of the output."""
    usd = json_amount(cell.amount)
    if cell.field == REASONING and usd is not None and usd == json_amount(output):
        return None
    if cell.field not in METERS:
        collector.reject(cell.place, json_text(cell.amount), "no meter for this key")
    elif usd is None or usd < 0:
        collector.reject(cell.place, json_text(cell.amount), "not a price")
    elif usd == 0 and not who.model.endswith(":free"):
        collector.reject(cell.place, json_text(cell.amount), UNKNOWN_TOO)
    else:
        return usd
    return None
