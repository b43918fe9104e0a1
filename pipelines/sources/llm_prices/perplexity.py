"""Perplexity's pricing page (docs.perplexity.ai, Markdown or HTML) -> token prices, request and search fees.

The request fee depends on the search context size, which no meter knows: `requests` takes the fee of the low size,
the API's default as the page says. Refused visibly: the other sizes, Pro Search, citation tokens of deep
research (their count is part of the input's), and the tables of the Agent and Search APIs. Left out on purpose: worked
examples.
"""

import re

from pipelines.sources.llm_prices.host_pages import HostPage, read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "perplexity"
MODELS = {
    "Sonar": "sonar",
    "Sonar Pro": "sonar-pro",
    "Sonar Reasoning": "sonar-reasoning",
    "Sonar Reasoning Pro": "sonar-reasoning-pro",
    "Sonar Deep Research": "sonar-deep-research",
}
TOKEN_COLUMNS = {
    "input tokens ($/1m)": ("input_uncached", "mtok"),
    "output tokens ($/1m)": ("output", "mtok"),
    "reasoning tokens ($/1m)": ("reasoning_output", "mtok"),
    "search queries ($/1k)": ("web_searches", "thousand_calls"),
}
FEE_COLUMNS = {"low context size": ("requests", "thousand_calls")}
EMBEDDING_COLUMNS = {"price ($/1m tokens)": ("input_uncached", "mtok")}
REFUSED = {
    "citation tokens ($/1m)": "no meter for citation tokens",
    "medium context size": "no meter for this search context size",
    "high context size": "no meter for this search context size",
}
FEE_UNIT = "for every 1000 requests"
DEFAULT_SIZE = re.compile(r"Low ?: ?\(default\)")
EXAMPLE_HEADERS = ["component", "cost"]

_EMBEDDING = re.compile(r"pplx-embed-[a-z0-9.-]+", re.ASCII)

Columns = dict[str, tuple[str, str]]


def parse(body: bytes) -> Parsed:
    """USD per million tokens, per 1,000 requests and per 1,000 searches.

    Raises ParseError when the page lacks the token table, the table of request fees (its HTML hides it behind a tab)
    or what these mean: a price book without the fees would make every request look cheaper than it is.
    """
    page = read_page(body)
    _require_fees(page)
    collector, prices = new_collector(), list[Price]()
    for table in page.tables:
        columns = _columns(table)
        if columns:
            prices += _table_prices(table, columns, collector)
        elif [header.casefold() for header in table.headers] != EXAMPLE_HEADERS:
            refuse_if_priced(table, collector)
    return parsed_prices(prices, collector)


def _columns(table: Table) -> Columns:
    """The meters of a table of models; empty for any other table."""
    headers = [header.casefold() for header in table.headers]
    for columns in (TOKEN_COLUMNS, FEE_COLUMNS, EMBEDDING_COLUMNS):
        if headers[:1] == ["model"] and set(columns) <= set(headers):
            return columns
    return {}


def _require_fees(page: HostPage) -> None:
    found = [_columns(table) for table in page.tables]
    lacking = [
        name
        for name, is_there in (
            ("token table", TOKEN_COLUMNS in found),
            ("table of request fees", FEE_COLUMNS in found),
            (f"words '{FEE_UNIT}'", FEE_UNIT in page.text),
            ("statement that low is the default size", DEFAULT_SIZE.search(page.text) is not None),
        )
        if not is_there
    ]
    if lacking:
        raise ParseError(f"the page has no {', no '.join(lacking)}")


def _table_prices(table: Table, columns: Columns, collector: RowCollector) -> list[Price]:
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        place = f"{table.heading}: {row[0][:80]}"
        model = _embedding_id(row[0]) if columns is EMBEDDING_COLUMNS else MODELS.get(row[0])
        if model is None:
            collector.reject(place, " | ".join(row), "no model id is known for this name")
            continue
        for header, cell in zip(table.headers[1:], row[1:], strict=True):
            prices += _cell_prices(place, model, (header, cell), columns, collector)
    return prices


def _embedding_id(text: str) -> str | None:
    return text if _EMBEDDING.fullmatch(text) else None


def _cell_prices(
    place: str, model: str, headed: tuple[str, str], columns: Columns, collector: RowCollector
) -> list[Price]:
    """The price of one cell, if its column has a meter; an amount in any other column is refused."""
    header, cell = headed
    usd, known = printed_usd(cell), columns.get(header.casefold())
    if cell in NO_PRICE or (known is None and "$" not in cell):
        return []
    if known is None:
        reason = REFUSED.get(header.casefold(), "no meter for this column")
    elif usd is None:
        reason = "not exactly a price"
    else:
        meter, unit = known
        return [Price(place, PROVIDER, model, meter, usd, cell, unit=unit)]
    collector.reject(place, f"{header}: {cell}", reason)
    return []
