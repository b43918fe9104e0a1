"""Mistral's API price page -> token prices, under the ids that its model cards list.

Read: every table with the columns Model, Input, Cached input and Output, or the list of models in the data of pages of
early 2026 (`mistral_data.py`). Figures without a unit are per million tokens, as the cards of the same models say. Left
out on purpose: prices per page, minute and character, which have no meter, and the batch, priority and regional rules,
which stand on other pages.
"""

import re
from decimal import Decimal

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices.mistral_data import page_data_prices
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "mistral"
METERS = {"Input": "input_uncached", "Cached input": "cache_read", "Output": "output"}
HEADERS = ["Model", *METERS]
FREE = "Free"
CARD_IDS = {
    "mistral-medium-3-5-26-04": ("mistral-medium-3-5", "mistral-medium-3.5", "mistral-medium-2604"),
    "mistral-large-4-0": ("mistral-large-4-0",),
    "leanstral-1-5": ("labs-leanstral-1-5",),
}
"""Cards (docs.mistral.ai/models/<slug>) whose API names the rule does not give; names that move on to the next model
("latest", mistral-medium-3) are left out. The dated id of Medium 3.5 is served though the card does not list it."""

_LINK = re.compile(r"(?:https://(?:docs\.)?mistral\.ai)?/models/([a-z0-9-]{1,80})/?", re.ASCII)
_FAMILY = "mistral-(?:large|medium|small|moderation)|magistral-(?:medium|small)|devstral|codestral(?:-embed)?"
_DATE = r"(2\d)-(0[1-9]|1[0-2])"
_DATED = re.compile(rf"({_FAMILY})(?:-\d{{1,2}}){{0,2}}-{_DATE}", re.ASCII)
_SIZED = re.compile(rf"(ministral)-\d{{1,2}}(-\d{{1,2}}b)-{_DATE}", re.ASCII)
_ZAI = re.compile(r"zai-glm-\d{1,2}(?:-\d{1,2})?", re.ASCII)
_PER_TOKEN = re.compile(r"(\$[\d.,]+)(?: ?/ ?M Tokens)?", re.ASCII)
_PER_OTHER = re.compile(r"\$[\d.,]+ ?/ ?(?!M Tokens).+", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the price page.

    Raises ParseError when neither a table has exactly the known headers nor the page's data names models, or no row is
    left.
    """
    soup = BeautifulSoup(body, "lxml")
    for link in soup.select("td a[href]"):
        card = _LINK.fullmatch(str(link["href"]))
        # The address of the card names the model exactly, the text of the link does not.
        if card:
            link.string = card.group(1)
    tables, collector = html_tables(soup), new_collector()
    known = [table for table in tables if table.headers == HEADERS]
    if not known:
        prices = page_data_prices(body.decode("utf-8", errors="replace"), collector)
        if prices is not None:
            return parsed_prices(prices, collector)
        found = "; ".join(" | ".join(table.headers)[:120] for table in tables[:8]) or "no table"
        raise ParseError(f"no table with headers {' | '.join(HEADERS)}; found: {found}")
    for table in tables:
        _refuse_misfits(table, collector)
    prices = [price for table in known for row in table.rows for price in _row_prices(table, row, collector)]
    return parsed_prices(prices, collector)


def model_ids(slug: str) -> tuple[str, ...]:
    """The ids under which the model of a card is requested; empty for a slug of no known pattern.

    The rule is what the cards list: family and date, without the version ("mistral-large-3-25-12" ->
    mistral-large-2512); Ministral keeps its size ("ministral-3-8b-25-12" -> ministral-8b-2512); cards of Z.ai models
    are named like their id.
    """
    if slug in CARD_IDS:
        return CARD_IDS[slug]
    dated = _DATED.fullmatch(slug) or _SIZED.fullmatch(slug)
    if dated:
        *name, year, month = dated.groups()
        return (f"{''.join(name)}-{year}{month}",)
    return (slug,) if _ZAI.fullmatch(slug) else ()


def _refuse_misfits(table: Table, collector: RowCollector) -> None:
    """Refuse rows that do not fit the headers, and whole tables of prices of no known kind."""
    if table.headers == HEADERS:
        for error in table.errors:
            collector.reject(table.heading, error, "the row does not fit the headers")
    elif any("$" in cell for row in table.rows for cell in row):
        collector.reject(table.heading, " | ".join(table.headers), "a price table of no known kind")


def _row_prices(table: Table, row: list[str], collector: RowCollector) -> list[Price]:
    slug, *cells = row
    place = f"{table.heading}: {slug[:80]}"
    if any(_PER_OTHER.fullmatch(cell) for cell in cells):
        collector.reject(place, " | ".join(row), "not priced per token: no meter for this unit")
        return []
    models = model_ids(slug)
    if not models:
        collector.reject(place, " | ".join(row), "the card is of no known pattern: its API id is unknown")
    prices = []
    for meter, cell in zip(METERS.values(), cells, strict=True):
        usd = _usd(cell)
        if usd is not None:
            prices += [Price(place, PROVIDER, model, meter, usd, cell) for model in models]
        elif cell not in NO_PRICE and models:
            collector.reject(place, cell, "not exactly a price per million tokens")
    return prices


def _usd(cell: str) -> Decimal | None:
    """The price of "$0.5", "$0.5 /M Tokens" or "Free"; only models that are priced per token come here."""
    if cell == FREE:
        return Decimal(0)
    shape = _PER_TOKEN.fullmatch(cell)
    return printed_usd(shape.group(1)) if shape else None
