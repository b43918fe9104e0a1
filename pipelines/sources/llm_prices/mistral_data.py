"""The data inside Mistral's pricing page of early 2026 (Next.js): a list of models with their endpoint and prices.

The endpoint is the id of requests. Several models under one endpoint ("mistral-small-latest") contradict each other
and are refused where all prices come together. Left out on purpose: training and storage of fine-tuned models.
"""

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup

from pipelines.sources.json_body import read_json, read_json_at
from pipelines.sources.llm_prices.price_rows import ANY_MODEL, Price, printed_usd
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import RowCollector

PROVIDER = "mistral"
LABELS = {
    "Input (/M tokens)": "input_uncached",
    "Output (/M tokens)": "output",
    "Cached input (/M tokens)": "cache_read",
}
WITHOUT_PRICE = frozenset({"Available on"})
SEARCH_TOOL = "Web search"

_PUSH = re.compile(r"self\.__next_f\.push\(\[1,(\"(?:[^\"\\]|\\.)*\")\]\)")
_LISTS = re.compile(r'"(?:apis|models)":(?=\[\{)')
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{1,80}", re.ASCII)
_SEARCHES = re.compile(r"(\$[\d.,]+) ?/ ?1,?000 calls", re.ASCII)


def page_data_prices(page: str, collector: RowCollector) -> list[Price] | None:
    """The prices of the page's data; None where it holds no list of models."""
    chunks = (read_json(quoted) for quoted in _PUSH.findall(page))
    data = "".join(chunk for chunk in chunks if isinstance(chunk, str))
    cards = [card for place in _LISTS.finditer(data) for card in _cards(read_json_at(data, place.end()))]
    if not cards:
        return None
    return [price for card in cards for price in _card_prices(card, collector)]


def _cards(value: object) -> list[dict[str, Any]]:
    return [card for card in value if isinstance(card, dict)] if isinstance(value, list) else []


def _card_prices(card: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    """The prices of one card; what is sold by page, minute or call has no meter, but for the search tool."""
    name = str(card.get("name"))[:80]
    endpoint = card.get("api_endpoint") or card.get("api")
    for printed in _cards(card.get("price")):
        label, text = str(printed.get("value")).strip(), _plain(printed.get("price_dollar"))
        place, raw_text = f"card {name}: {label[:80]}", f"{endpoint}: {text}"
        if label in WITHOUT_PRICE:
            continue
        fee = _SEARCHES.fullmatch(text)
        if name == SEARCH_TOOL and fee and (usd := printed_usd(fee[1])) is not None:
            yield Price(place, PROVIDER, ANY_MODEL, "web_searches", usd, text, unit="thousand_calls")
        elif label not in LABELS:
            collector.reject(place, raw_text, "not priced per token: no meter for this unit")
        elif not isinstance(endpoint, str) or not _ID.fullmatch(endpoint):
            collector.reject(place, raw_text, "a model without an endpoint: its API id is unknown")
        elif (usd := printed_usd(text)) is None:
            collector.reject(place, raw_text, "not exactly a price per million tokens")
        else:
            yield Price(place, PROVIDER, endpoint, LABELS[label], usd, text)


def _plain(markup: object) -> str:
    """The text of a price; in plain data a dollar sign is doubled, as a template escapes it."""
    text = cell_text(BeautifulSoup(str(markup), "lxml"))
    return text.replace("$$", "$")
