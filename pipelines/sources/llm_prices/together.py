"""Together's serverless model catalog (docs.together.ai/docs/serverless/models, Markdown or HTML) -> token prices.

Read: every table with an API model string and prices per million tokens. Refused visibly, one reject per table:
images, video and audio. Left out on purpose: the batch discount, "up to 50%" for models that the page does not name.
"""

import re
from decimal import Decimal

from pipelines.sources.llm_prices.host_pages import read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector

PROVIDER = "together"
MODEL_HEADER = "api model string"
METERS = {
    "input pricing (per 1m tokens)": "input_uncached",
    "cached input pricing (per 1m tokens)": "cache_read",
    "output pricing (per 1m tokens)": "output",
}
FREE = "Free"

_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens; "Free" is 0. Raises ParseError when no table yields a row."""
    collector, prices = new_collector(), list[Price]()
    for table in read_page(body).tables:
        headers = [header.casefold() for header in table.headers]
        if headers.count(MODEL_HEADER) == 1 and set(METERS).intersection(headers):
            prices += _table_prices(table, headers, collector)
        else:
            refuse_if_priced(table, collector)
    return parsed_prices(prices, collector)


def _table_prices(table: Table, headers: list[str], collector: RowCollector) -> list[Price]:
    """One price per model and known column; a price column of no known meter is refused once."""
    refuse_errors(table, collector)
    for header in headers:
        if header not in METERS and re.search(r"\b(?:pric(?:e|es|ing)|cost)\b", header):
            collector.reject(table.heading, header, "no meter for this price column")
    prices = []
    for row in table.rows:
        cells = dict(zip(headers, row, strict=True))
        model = cells[MODEL_HEADER]
        place = f"{table.heading}: {model[:80]}"
        if not _ID.fullmatch(model):
            collector.reject(place, " | ".join(row), "no model id")
            continue
        for header, meter in METERS.items():
            cell = cells.get(header, "")
            usd = Decimal(0) if cell == FREE else printed_usd(cell)
            if usd is not None:
                prices.append(Price(place, PROVIDER, model, meter, usd, cell))
            elif cell not in NO_PRICE:
                collector.reject(place, cell, "not exactly a price per million tokens")
    return prices
