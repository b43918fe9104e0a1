"""AI21's pricing page (HTML without tables) -> token prices of the Jamba models.

Built from what the page says ("Jamba Mini", "$0.2 / 1M input tokens"), not from its markup: a price belongs to the
model that was named last above it. Plans and credits are left out on purpose.
"""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.parsed import Parsed
from pipelines.sources.shown_text import seen_strings

PROVIDER = "ai21"
MODEL_OF_NAME = {
    "Jamba Mini": "jamba-mini",
    "Jamba Large": "jamba-large",
    "Jamba 1.5 Mini": "jamba-1.5-mini",
    "Jamba 1.5 Large": "jamba-1.5-large",
}
METERS = {"input": "input_uncached", "output": "output"}
UNNAMED = ""

_HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
_PRICE = re.compile(r"(\$ ?\d[\d.,]*) ?(?:/|per) ?1M (input|output) tokens", re.ASCII)
_PART_OF_PRICE = re.compile(r"\$|\btokens\b")
_OTHER_PRICE = re.compile(r"\$ ?\d[^$]{0,40}?\btokens?\b", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens. Raises ParseError when no known model has a price."""
    soup = BeautifulSoup(body, "lxml")
    collector, prices = new_collector(), list[Price]()
    for name, text in _sections(soup):
        rest = _PRICE.sub("", text)
        if name != UNNAMED and "$" in _OTHER_PRICE.sub("", rest):
            collector.reject(name, text, "another amount beside the price")
            continue
        for printed, side in _PRICE.findall(text):
            usd, shown = printed_usd(printed.replace(" ", "")), f"{printed} / 1M {side} tokens"
            if usd is None or name == UNNAMED:
                collector.reject(name or "page", shown, "not a price of a known model")
            else:
                prices.append(Price(name, PROVIDER, MODEL_OF_NAME[name], METERS[side], usd, shown))
        for other in _OTHER_PRICE.findall(rest):
            collector.reject(name or "page", other, "not exactly a price per 1M input or output tokens")
    return parsed_prices(prices, collector)


def _sections(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Texts by the model named above them; a name ends a section, and so does a heading that is no part of a price."""
    name, texts = UNNAMED, list[str]()
    for string in seen_strings(soup):
        text = " ".join(string.split())
        is_heading = string.find_parent(_HEADINGS) is not None and not _PART_OF_PRICE.search(text)
        if text in MODEL_OF_NAME or (text and is_heading):
            yield name, " ".join(texts)
            name, texts = text if text in MODEL_OF_NAME else UNNAMED, []
        elif text:
            texts.append(text)
    yield name, " ".join(texts)
