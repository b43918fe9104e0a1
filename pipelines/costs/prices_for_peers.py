"""The price book in the forms of LiteLLM's price map and of genai-prices. Pure: prices in, JSON out.

What a form cannot say is left out and counted, never put where it means something else: prices by the hour, tiers and
prompt sizes that the form has no name for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.schema.time_windows import ALWAYS
from pipelines.sources.feeds.genai_prices import METERS as GENAI_METERS
from pipelines.sources.feeds.genai_prices import PROVIDERS as GENAI_PROVIDERS
from pipelines.sources.feeds.litellm import METERS as LITELLM_METERS
from pipelines.sources.feeds.litellm import TIERS as LITELLM_TIERS
from pipelines.sources.feeds.litellm_names import SELLERS

BARE = {"openai", "anthropic", "cohere_chat"}
"""LiteLLM's providers whose ids stand without a prefix."""
LITELLM_SKIPPED = {"text-completion-openai", "cohere", "azure_text", "meta_llama", "fireworks_ai-embedding-models"}
LITELLM_SKIPPED |= {"bedrock", "bedrock_converse"}
"""Second names of a seller; and Bedrock, whose ids the book has without their version, so that none would be met."""
EXACT = Decimal(1_000_000)


def for_litellm(book: pl.DataFrame) -> tuple[dict[str, Any], int]:
    """LiteLLM's model_prices_and_context_window.json; and how many prices it cannot say."""
    sellers = _litellm_sellers()
    keys = {meter: key for key, meter in reversed(LITELLM_METERS.items())}
    tiers = {tier: suffix for suffix, tier in LITELLM_TIERS.items() if suffix != "batch_requests"}
    entries: dict[str, dict[str, Any]] = {}
    left_out = 0
    for row in _plain(book):
        seller = sellers.get((row["channel"], row["provider"])) or sellers.get((row["channel"], ""))
        above = _thousands_above(row["context_from"])
        if not seller or row["meter"] not in keys or row["service_tier"] not in tiers or above is None:
            left_out += 1
            continue
        name, prefix = seller
        suffix = tiers[row["service_tier"]]
        key = keys[row["meter"]] + (f"_above_{above}k_tokens" if above else "") + (f"_{suffix}" if suffix else "")
        entry = entries.setdefault(prefix + row["model"], {"litellm_provider": name, "mode": "chat"})
        entry[key] = float(row["usd_per_unit"] / EXACT)
    whole = {model: entry for model, entry in entries.items() if "input_cost_per_token" in entry}
    return whole, left_out + book.height - sum(1 for _ in _plain(book))


def for_genai_prices(book: pl.DataFrame) -> tuple[list[dict[str, Any]], int]:
    """The providers of genai-prices' data.json, each id matched as it is; and how many prices it cannot say."""
    keys = {meter: key for key, (meter, _) in reversed(GENAI_METERS.items())} | {"cache_write_5m": "cache_write_mtok"}
    ids = {provider: name for name, provider in GENAI_PROVIDERS.items()}
    prices: dict[tuple[str, str], dict[str, dict[int, Decimal]]] = defaultdict(lambda: defaultdict(dict))
    said = 0
    for row in _plain(book):
        is_said = row["channel"] == "api" and row["service_tier"] == "standard" and row["meter"] in keys
        if is_said and row["provider"] in ids:
            by_size = prices[ids[row["provider"]], row["model"]][keys[row["meter"]]]
            by_size[max(0, row["context_from"] - 1)] = row["usd_per_unit"]
            said += 1
    providers: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (provider, model), meters in prices.items():
        told = {key: _by_size(sizes) for key, sizes in meters.items() if 0 in sizes}
        if _lacks_a_price_that_joins(told):
            said -= sum(len(sizes) for sizes in meters.values())
            continue
        providers[provider].append({"id": model, "match": {"equals": model}, "prices": told})
    found = [
        {"id": name, "name": name, "api_pattern": rf"https://.*{name}.*", "models": models}
        for name, models in sorted(providers.items())
    ]
    return found, book.height - said


def _lacks_a_price_that_joins(told: Mapping[str, Any]) -> bool:
    """Whether genai-prices refuses the model: it asks what cached audio costs where audio and caching have a price.

    Without the price of audio it would take that of text, so the model is left out whole.
    """
    cached = [one for one in ("read", "write") if f"cache_{one}_mtok" in told]
    needed = {
        f"cache_{kind}_{one}_mtok" for kind in ("audio", "image") if f"input_{kind}_mtok" in told for one in cached
    }
    return not needed <= told.keys()


def _by_size(sizes: dict[int, Decimal]) -> Any:
    """One price, or a price with those of longer prompts: each counts above its start."""
    tiers = [{"start": start, "price": float(usd)} for start, usd in sorted(sizes.items()) if start]
    return {"base": float(sizes[0]), "tiers": tiers} if tiers else float(sizes[0])


def _plain(book: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Prices by the token that hold at all hours and whatever the region: a plain id means those."""
    is_plain = (pl.col("time_window") == ALWAYS) & (pl.col("region") == "global")
    return book.filter(is_plain & (pl.col("unit") == "mtok")).iter_rows(named=True)


def _litellm_sellers() -> dict[tuple[str, str], tuple[str, str]]:
    """(channel, provider) -> LiteLLM's provider and the prefix of its ids."""
    sellers = {}
    for name, seller in SELLERS.items():
        if name not in LITELLM_SKIPPED and (seller.channel, seller.provider) not in sellers:
            sellers[seller.channel, seller.provider] = (name, "" if name in BARE else seller.prefix)
    return sellers


def _thousands_above(context_from: int) -> int | None:
    """200001, the smallest prompt above 200k, as 200; 0 for every prompt; None for what is no whole thousand."""
    if context_from <= 1:
        return 0
    return (context_from - 1) // 1000 if context_from % 1000 == 1 else None


FORMS: dict[str, Callable[[pl.DataFrame], tuple[Any, int]]] = {"litellm": for_litellm, "genai-prices": for_genai_prices}
