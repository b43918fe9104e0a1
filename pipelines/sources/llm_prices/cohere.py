"""Cohere's pricing page -> token prices, from the data of its Next.js scripts: the page holds no tables.

Read: the model cards priced per million tokens and the sentences on legacy models in the questions below them. Left
out on purpose: cards that name no price, prices per search and page, which have no meter, free downloads, and the
hourly prices of Model Vault.
"""

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup

from pipelines.sources.json_body import json_amount, json_text, read_json, read_json_at
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "cohere"
PER_MTOK = "1M tokens"
METERS = {"Input": "input_uncached", "Cost": "input_uncached", "Output": "output"}
"""By label; an embedding model has one cost, that of its input."""
MODEL_IDS = {
    "Command A": "command-a-03-2025",
    "Command R": "command-r-08-2024",
    "Command R+": "command-r-plus-08-2024",
    "Command R7B": "command-r7b-12-2024",
    "Command": "command",
    "Command-light": "command-light",
    "Command R 03-2024": "command-r-03-2024",
    "Command R+ 04-2024": "command-r-plus-04-2024",
    "Command R+ 08-2024": "command-r-plus-08-2024",
    "Embed 4": "embed-v4.0",
    "Embed 5 Pro": "embed-v5.0-pro",
    "Embed 5 Fast": "embed-v5.0-fast",
}
"""Display names and the live ids of docs.cohere.com/docs/models. A name without a date is the live model: the ids
command-r and command-r-plus are aliases of the older ones, whose prices stand among the legacy models."""

_PUSH = re.compile(r"\s*self\.__next_f\.push\((\[.*\])\);?\s*", re.DOTALL)
_GROUPS = '"pricingGroups":'
_TEXT = re.compile(r'"text":("(?:[^"\\]|\\.){1,500}")')
_LEGACY = re.compile(
    r"(.{1,60}?) pricing is (\$[\d.,]*\d)/1M tokens for input and (\$[\d.,]*\d)/1M tokens for output", re.ASCII
)


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the pricing page.

    Raises ParseError when the scripts hold no pricing groups that can be read, or no row is left.
    """
    payload = _payload(body)
    collector = new_collector()
    prices = [price for card in _cards(payload) for price in _card_prices(card, collector)]
    return parsed_prices([*prices, *_legacy_prices(payload, collector)], collector)


def _payload(body: bytes) -> str:
    """The text that the page's scripts push, joined: one value may be cut in two between scripts."""
    chunks = []
    for script in BeautifulSoup(body, "lxml").find_all("script"):
        push = _PUSH.fullmatch(script.string or "")
        try:
            pushed = read_json(push.group(1)) if push else None
        except ParseError:
            continue
        if isinstance(pushed, list) and len(pushed) == 2 and isinstance(pushed[1], str):
            chunks.append(pushed[1])
    return "".join(chunks)


def _cards(payload: str) -> Iterator[dict[str, Any]]:
    """The model cards of all pricing groups. Raises ParseError when there are none in the known structure."""
    found = 0
    for place in re.finditer(re.escape(_GROUPS), payload):
        groups = read_json_at(payload, place.end())
        for group in groups if isinstance(groups, list) else []:
            models = group.get("models") if isinstance(group, dict) else None
            for card in models if isinstance(models, list) else []:
                if isinstance(card, dict):
                    found += 1
                    yield card
    if not found:
        raise ParseError("no model cards in the scripts of the page")


def _card_prices(card: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    """The prices of one card; a card without prices is an offer to get in touch."""
    name, pricings = card.get("modelName"), card.get("pricings") or []
    place = f"card {str(name)[:80]}"
    for pricing in pricings if isinstance(pricings, list) else [pricings]:
        unit = (pricing.get("overridePer") or card.get("per")) if isinstance(pricing, dict) else None
        model = MODEL_IDS.get(name) if isinstance(name, str) else None
        if unit != PER_MTOK:
            collector.reject(place, json_text(pricing), "not a price per 1M tokens")
        elif model is None:
            collector.reject(place, json_text(pricing), "no known API id for this name")
        else:
            yield from _labelled_prices(place, model, pricing, collector)


def _labelled_prices(place: str, model: str, pricing: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    for side in ("input", "output"):
        label, value = pricing.get(f"{side}Label"), pricing.get(f"{side}Price")
        if value is None:
            continue
        meter = METERS.get(label) if isinstance(label, str) else None
        usd = json_amount(value)
        if meter is None or usd is None:
            collector.reject(place, f"{label}: {value}", "not exactly a price under a known label")
        else:
            yield Price(place, PROVIDER, model, meter, usd, f"{label} {value} per {PER_MTOK}")


def _legacy_prices(payload: str, collector: RowCollector) -> Iterator[Price]:
    """The prices of sentences such as "Command pricing is $1.00/1M tokens for input and ... for output"."""
    for quoted in _TEXT.findall(payload):
        sentence = _decoded(quoted)
        if "/1M tokens" not in sentence:
            continue
        known = _LEGACY.fullmatch(sentence)
        model = MODEL_IDS.get(known.group(1)) if known else None
        amounts = [printed_usd(amount) for amount in known.groups()[1:]] if known else []
        if model is None or None in amounts:
            collector.reject("legacy models", sentence, "not exactly the prices of one known model")
            continue
        for meter, usd in zip(("input_uncached", "output"), amounts, strict=True):
            if usd is not None:
                yield Price("legacy models", PROVIDER, model, meter, usd, sentence)


def _decoded(quoted: str) -> str:
    """The text of a JSON string, or the string as it stands where it is none."""
    try:
        return str(read_json(quoted))
    except ParseError:
        return quoted
