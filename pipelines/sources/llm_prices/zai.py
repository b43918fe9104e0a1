"""Z.ai's price page (docs.z.ai, Markdown or HTML) -> token prices and the search fee.

A model on promotion shows its list price struck through, before the price that is billed. Left out on purpose: the
storage of cached input, which no meter counts. Prices per image, video or agent are visible as rejects.
"""

import re
from decimal import Decimal

from pipelines.sources.llm_prices.host_pages import HostPage, read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import (
    ANY_MODEL,
    NO_PRICE,
    Price,
    new_collector,
    parsed_prices,
    printed_usd,
)
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "zai"
UNIT = "Prices per 1M tokens"
METERS = {"input": "input_uncached", "cached input": "cache_read", "output": "output"}
STORAGE = "cached input storage"
TOKEN_HEADERS = {"model", STORAGE, *METERS}
TOOL_HEADERS = ["tool", "cost"]
WEB_SEARCH = "Web Search"
FREE = frozenset({"Free", "Limited-time Free"})
BLANK = NO_PRICE | {"\\", "\\\\"}

_STRUCK_TAG = re.compile(rb"<(del|s)(?:\s[^<>]{0,200})?>([^<>]{0,200})</\1>", re.IGNORECASE)
_STRUCK = re.compile(r"~~[^~]{1,100}~~")
_MODEL = re.compile(r"glm-[a-z0-9][a-z0-9.-]{0,60}", re.ASCII)
_PER_USE = re.compile(r"(\$[\d.,]*\d) / use", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and the search fee (USD per thousand).

    Raises ParseError when the page does not say that prices are per 1M tokens, or no known table yields a row.
    """
    page = read_page(_STRUCK_TAG.sub(rb"~~\2~~ ", body))
    if UNIT not in page.text:
        raise ParseError(f"the page does not say {UNIT!r}; found: {_headers(page)}")
    collector, prices = new_collector(), list[Price]()
    for table in page.tables:
        headers = [header.rstrip(".").casefold() for header in table.headers]
        if len(headers) == len(TOKEN_HEADERS) and set(headers) == TOKEN_HEADERS:
            prices += _token_prices(table, headers, collector)
        elif headers == TOOL_HEADERS:
            prices += _search_fee(table, collector)
        else:
            refuse_if_priced(table, collector)
    return parsed_prices(prices, collector)


def _headers(page: HostPage) -> str:
    return "; ".join(" | ".join(table.headers)[:120] for table in page.tables[:8]) or "no table"


def _token_prices(table: Table, headers: list[str], collector: RowCollector) -> list[Price]:
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        cells = dict(zip(headers, row, strict=True))
        # The ids in the page's own examples are the display names in lower case.
        place, model = f"{table.heading}: {cells['model'][:80]}", cells["model"].lower()
        if _MODEL.fullmatch(model) is None:
            collector.reject(place, " | ".join(row), "the name is not of the form of a model id")
            continue
        if cells[STORAGE] not in BLANK | FREE:
            collector.reject(place, cells[STORAGE], "no meter counts the storage of cached input")
        for header, meter in METERS.items():
            usd = _usd(place, cells[header], collector)
            if usd is not None:
                prices.append(Price(place, PROVIDER, model, meter, usd, cells[header]))
    return prices


def _usd(place: str, cell: str, collector: RowCollector) -> Decimal | None:
    """The billed price of a cell "$0.6", "~~$0.15~~ $0.075" or "Free"; None for no price or after refusing it."""
    billed = _STRUCK.sub("", cell).strip()
    if cell in BLANK:
        return None
    if billed in FREE:
        return Decimal(0)
    usd = printed_usd(billed) if billed.startswith("$") else None
    if usd is None:
        collector.reject(place, cell, "not exactly one price in USD")
    return usd


def _search_fee(table: Table, collector: RowCollector) -> list[Price]:
    """The fee of the built-in web search, the same for all models; other tools have no meter."""
    refuse_errors(table, collector)
    prices = []
    for tool, cost in table.rows:
        place, fee = f"{table.heading}: {tool[:80]}", _PER_USE.fullmatch(cost)
        usd = printed_usd(fee.group(1)) if fee else None
        if tool == WEB_SEARCH and usd is not None:
            fee_row = Price(place, PROVIDER, ANY_MODEL, "web_searches", usd * 1000, cost, unit="thousand_calls")
            prices.append(fee_row)
        else:
            collector.reject(place, cost, "not the fee of a known tool per use")
    return prices
