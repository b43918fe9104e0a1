"""The Gemini API's pricing page (HTML, or a reader's Markdown) -> token prices and search fees of Google's own API.

Read: the paid column of each "per 1M tokens" table, for every request id that its section names, with the service
tier of its tab. A price "(text / image / video)" is one for each kind that has a meter; video has none, so a price of
video alone is refused, and where video shares a price only the other kinds are rows. A price that names no kind is
that of text.

Search grounding is the fee beyond the free allowance: allowances are shared by models and renewed daily or monthly,
so no row can hold them. Gemini 2.x bills a grounded prompt once, however many searches it ran; `printed` says which.

Left out on purpose: the free column, the hourly storage of caches, grounding with Maps, tuning, what tools cost (the
model sections print the search fee), and images, video and songs sold by the piece. An amount per image inside a
token table is refused, unless a footnote of the section states the price per token of that very amount.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

from pipelines.sources.llm_prices.gemini_lines import (
    Offer,
    image_offers,
    is_per_image,
    is_storage,
    search_offers,
    token_offers,
)
from pipelines.sources.llm_prices.gemini_reader import as_html, is_reader_page
from pipelines.sources.llm_prices.google_terms import TermPrice, followed_prices
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices
from pipelines.sources.page_tables import Table, cell_text, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "google"
HEADERS = ["", "Free Tier", "Paid Tier, per 1M tokens in USD"]
LEFT_OUT_HEADERS = tuple(["", "Free Tier", f"Paid Tier, per {unit} in USD"] for unit in ("Image", "second", "request"))
LEFT_OUT_SECTIONS = frozenset({"Pricing for tools"})
TIERS = {"Standard": "standard", "Batch": "batch", "Flex": "flex", "Priority": "priority"}
ROWS = {
    "Input price": ("input", "text"),
    "Input price (text, image, video)": ("input", "text"),
    "Text input price": ("input", "text"),
    "Image input price": ("input", "image"),
    "Audio input price": ("input", "audio"),
    "Video input price": ("input", "video"),
    "Output price": ("output", "text"),
    "Output price (including thinking tokens)": ("output", "text"),
    "Context caching price": ("cache", "text"),
}
"""Side of each row, and the kind of those of its prices that name none."""
SEARCH_ROWS = frozenset({"Grounding with Google Search", "Grounding with Google Web and Image Search"})
LEFT_OUT_ROWS = frozenset(
    {
        "Context caching (storage)",
        "Grounding with Google Maps",
        "Image generation pricing",
        "Tuning price",
        "Used to improve our products",
    }
)
NOTES = NO_PRICE | {"Not available", "Same as Standard", "Same as Standard, Batch pricing not yet implemented"}
"""Lines that state no price."""
MAX_PARAGRAPHS = 200

_MODEL = re.compile(r"[a-z0-9][a-z0-9.-]*", re.ASCII)


@dataclass(frozen=True)
class _Section:
    """What the prices of one table share; `notes` are the paragraphs of the section."""

    place: str
    models: tuple[str, ...]
    service_tier: str
    notes: list[str]


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and search fees (USD per 1,000) of the pricing page.

    Raises ParseError when no table has exactly the headers of the token tables, or no row is found.
    """
    soup = BeautifulSoup(as_html(body) if is_reader_page(body) else body, "lxml")
    for mark in soup.find_all("sup"):
        # "$0.0006 (image)*" is a price per image: without its mark it would read as one per million tokens. A number
        # is a footnote and would read as further digits.
        if not mark.get_text(strip=True).strip("[]()").isdigit():
            mark.unwrap()
    collector, terms = new_collector(), list[TermPrice]()
    tables = html_tables(soup)
    if not any(table.headers == HEADERS for table in tables):
        found = "; ".join(" | ".join(table.headers)[:120] for table in tables[:8]) or "no table"
        raise ParseError(f"no table with headers {' | '.join(HEADERS)}; found: {found}")
    for table in tables:
        terms += _table_prices(table, collector)
    return parsed_prices(followed_prices(terms, collector), collector)


def _table_prices(table: Table, collector: RowCollector) -> list[TermPrice]:
    """Prices of one table; one that holds prices but is of no known kind is refused whole."""
    heading = table.node.find_previous("h2") if table.node else None
    title = cell_text(heading) if heading else ""
    if table.headers in LEFT_OUT_HEADERS or title in LEFT_OUT_SECTIONS:
        return []
    try:
        section = _section(table, heading, title)
    except ValueError as error:
        if any("$" in cell for row in table.rows for cell in row) or table.errors:
            collector.reject(f"{title} / {table.heading}", " | ".join(table.headers), str(error))
        return []
    for error_text in table.errors:
        collector.reject(section.place, error_text, "the row does not fit the headers")
    return [price for label, _, paid in table.rows for price in _row_prices(section, label, paid, collector)]


def _section(table: Table, heading: Tag | None, title: str) -> _Section:
    """The section of a token table. Raises ValueError where the page does not say whose prices they are."""
    if heading is None or table.headers != HEADERS:
        raise ValueError("a price table of no known kind")
    tier = "standard" if table.heading == title else TIERS.get(table.heading)
    if tier is None:
        raise ValueError("a tab of no known service tier")
    models = _models(heading)
    if not models:
        raise ValueError("the section names no request id")
    return _Section(f"{title} / {tier}", models, tier, _paragraphs(heading))


def _models(heading: Tag) -> tuple[str, ...]:
    """The request ids that stand right below the heading of a section."""
    line = heading.find_next_sibling("em")
    if line is None or line.find_previous("h2") is not heading:
        return ()
    ids = [cell_text(code) for code in line.find_all("code")]
    return tuple(ids) if all(_MODEL.fullmatch(name) for name in ids) else ()


def _paragraphs(heading: Tag) -> list[str]:
    """The paragraphs between a heading and the next."""
    texts = list[str]()
    # Not `find_all_next`, which collects all of them before it gives the first.
    for node in heading.next_elements:
        if not isinstance(node, Tag) or node.name not in {"h2", "p"}:
            continue
        if node.name == "h2" or len(texts) == MAX_PARAGRAPHS:
            break
        texts.append(" ".join(cell_text(node).split()))
    return texts


def _row_prices(section: _Section, label: str, paid: str, collector: RowCollector) -> Iterator[TermPrice]:
    """The prices of one row, for each model of the section."""
    label = " ".join(label.rstrip("*").split())
    place = f"{section.place}: {label}"
    if label in LEFT_OUT_ROWS:
        return
    if label in ROWS or label in SEARCH_ROWS:
        for offer in _cell_offers(section, place, label, paid, collector):
            for model in section.models:
                yield _term_price(section, place, model, offer)
    elif "$" in paid:
        collector.reject(place, paid, "a row of no known kind")


def _cell_offers(section: _Section, place: str, label: str, paid: str, collector: RowCollector) -> Iterator[Offer]:
    """The prices of one cell, a line each; what a line says again per image is passed over."""
    is_priced = is_equivalent = False
    for line in paid.split("\n"):
        is_equivalent |= is_priced and line.casefold().startswith("equivalent to ")
        if line in NOTES or is_storage(line) or (is_equivalent and is_per_image(line)):
            continue
        try:
            offers = _line_offers(section, label, line)
        except ValueError as error:
            collector.reject(place, line, str(error))
            continue
        is_priced = True
        yield from offers


def _line_offers(section: _Section, label: str, line: str) -> list[Offer]:
    if label in SEARCH_ROWS:
        return search_offers(line)
    side, kind = ROWS[label]
    if is_per_image(line):
        return image_offers(line, section.notes if side == "output" else [])
    return token_offers(line, side, kind)


def _term_price(section: _Section, place: str, model: str, offer: Offer) -> TermPrice:
    price = Price(
        place,
        PROVIDER,
        model,
        offer.meter,
        offer.usd_per_unit,
        offer.printed,
        section.service_tier,
        offer.context_from,
        offer.context_to,
        offer.unit,
        effective_from=offer.term.effective_from,
    )
    return TermPrice(price, offer.term.ends_on)
