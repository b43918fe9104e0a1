"""The data inside OpenAI's pricing page: Astro islands -> decoded props and the service tier of the pane around them.

What a price means belongs to `openai.py`. Props are Astro's serialisation: [0, value] is a value or an object,
[1, items] an array; no other kind occurs in price tables.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bs4 import BeautifulSoup, Tag

from pipelines.sources.json_body import json_text, read_json
from pipelines.sources.page_tables import cell_text, clean_text
from pipelines.sources.parsed import ParseError

PRICE_ISLANDS = ("TextTokenPricingTables", "GroupedPricingTable", "PricingTable")
MAX_ISLANDS = 500
MAX_DEPTH = 30
NO_PANE = "standard"
"""A table outside any tier switcher is the one that an ordinary request pays."""


@dataclass(frozen=True)
class Island:
    """One price component: its name, decoded props, the tier of its pane and the element with the rendered table.

    Pages in Markdown have no rendered table.
    """

    name: str
    props: dict[str, Any]
    pane_tier: str
    node: Tag | None


def price_islands(soup: BeautifulSoup) -> tuple[list[Island], list[tuple[str, str]]]:
    """Price islands in page order, and (name, reason) of those whose props cannot be read.

    Raises ParseError when the page holds more than MAX_ISLANDS.
    """
    islands, unreadable = [], []
    nodes = soup.find_all("astro-island", attrs={"component-export": PRICE_ISLANDS})
    if len(nodes) > MAX_ISLANDS:
        raise ParseError(f"{len(nodes)} islands in one page, more than {MAX_ISLANDS}")
    for node in nodes:
        name = str(node["component-export"])
        try:
            islands.append(Island(name, _props(str(node.get("props", ""))), _pane_tier(node), node))
        except (ValueError, RecursionError) as error:
            unreadable.append((name, str(error)))
    return islands, unreadable


def _props(text: str) -> dict[str, Any]:
    raw = read_json(text)
    if not isinstance(raw, dict):
        raise ValueError("props are no object")
    return {name: _decoded(value, 0) for name, value in raw.items()}


def _decoded(value: Any, depth: int) -> Any:
    """The plain value of a serialised one. [0] alone is a missing value."""
    if depth > MAX_DEPTH:
        raise ValueError(f"props deeper than {MAX_DEPTH}")
    match value:
        case [0]:
            return None
        case [0, dict() as named]:
            return {name: _decoded(inner, depth + 1) for name, inner in named.items()}
        case [0, None | str() | bool() | Decimal() as plain]:
            return plain
        case [1, list() as items]:
            return [_decoded(item, depth + 1) for item in items]
    raise ValueError(f"props of an unknown kind: {str(value)[:80]}")


def _pane_tier(node: Tag) -> str:
    pane = node.find_parent(attrs={"data-content-switcher-pane": True})
    return NO_PANE if pane is None else str(pane.get("data-value", ""))


def island_text(value: Any) -> str:
    """The text of one decoded cell; a number by its digits, a missing value as "". ValueError for any other type."""
    match value:
        case None:
            return ""
        case bool():
            raise ValueError(f"no cell text: {value}")
        case Decimal():
            return str(value)
        case str():
            return clean_text(value)
        case {"__pricingHtml": str() as markup}:
            return cell_text(BeautifulSoup(markup, "lxml"))
        case {"__pricingTooltipHeading": {"label": str() as label}}:
            return clean_text(label)
    raise ValueError(f"no cell text: {json_text(value)[:80]}")
