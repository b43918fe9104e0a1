"""Anthropic's pricing page, as HTML or as Markdown -> token prices.

Read: the model, batch, fast mode and long context tables and the web search fee. Prices that follow only from a
multiplier in prose are those of `anthropic_rules.py`. Left out on purpose: token counts of tools, session and
container hours, worked examples.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices.anthropic_names import model_id, row_name
from pipelines.sources.llm_prices.anthropic_rules import read_rules, with_derived
from pipelines.sources.llm_prices.price_rows import (
    ANY_MODEL,
    NO_PRICE,
    Price,
    new_collector,
    parsed_prices,
    printed_usd,
)
from pipelines.sources.page_tables import Table, cell_text, headed_lines, html_tables, markdown_tables, plain_markdown
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

__all__ = ["model_id", "parse"]

PROVIDER = "anthropic"
MODEL_METERS = {
    "base input tokens": "input_uncached",
    "5m cache writes": "cache_write_5m",
    "1h cache writes": "cache_write_1h",
    "cache hits & refreshes": "cache_read",
    "cache hits and refreshes": "cache_read",
    "output tokens": "output",
}
BATCH_METERS = {"batch input": "input_uncached", "batch output": "output"}
FAST_METERS = {"input": "input_uncached", "output": "output"}
FAST_HEADING = "Fast mode pricing"
LONG_CONTEXT_HEADING = "Long context pricing"
WEB_SEARCH_HEADING = "Web search tool"

_PER_MTOK = re.compile(r"(\S+) / MTok(?:<sup>\d{1,2}</sup>)?")
_MODEL_IN_PROSE = re.compile(r"\b(?:Opus|Sonnet|Haiku) \d+(?:\.\d+)?\b", re.ASCII)
_SEARCH_FEE = re.compile(r"(\$[\d.,]*\d) per 1,000 searches", re.ASCII)
_BASE_RANGE = re.compile(r"\N{LESS-THAN OR EQUAL TO} (\d{1,5})K input tokens", re.ASCII)
_LONG_RANGE = re.compile(r"> (\d{1,5})K input tokens", re.ASCII)
_LABELLED = re.compile(r"(Input|Output): (.+)")


@dataclass(frozen=True)
class _Page:
    tables: list[Table]
    sections: dict[str, str]
    """Paragraph text by heading."""


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and the search fee (USD per 1,000) of the pricing page.

    Raises ParseError when the page has no table with exactly the known headers of the model table, or no row.
    """
    page = _read(body)
    collector, prices = new_collector(), list[Price]()
    model_tables = [table for table in page.tables if _is_metered(table, MODEL_METERS)]
    if not model_tables:
        found = "; ".join(" | ".join(table.headers)[:120] for table in page.tables[:8]) or "no table"
        raise ParseError(f"no model pricing table with headers Model | {' | '.join(MODEL_METERS)}; found: {found}")
    for table in page.tables:
        prices += _table_prices(page, table, collector)
    prices = with_derived(_with_long_context(page, prices, collector), read_rules(page.sections, collector))
    return parsed_prices([*prices, *_search_fee(page, collector)], collector)


def _read(body: bytes) -> _Page:
    """Tables and sections of either form; HTML starts with a tag."""
    sections: dict[str, list[str]] = defaultdict(list)
    if body.lstrip().startswith(b"<"):
        soup = BeautifulSoup(body, "lxml")
        heading = ""
        for node in soup.find_all(["h1", "h2", "h3", "h4", "h5", "p", "li"]):
            text = " ".join(cell_text(node).split())
            if node.name.startswith("h"):
                heading = text
            else:
                sections[heading].append(text)
        return _Page(html_tables(soup), {name: "\n".join(texts) for name, texts in sections.items()})
    text = body.decode("utf-8", errors="replace")
    for heading, line in headed_lines(text):
        sections[heading].append(plain_markdown(line))
    return _Page(markdown_tables(text), {name: "\n".join(texts) for name, texts in sections.items()})


def _is_metered(table: Table, meters: dict[str, str]) -> bool:
    """Whether the headers are Model and each meter of the map once, and nothing else."""
    headers = [header.casefold() for header in table.headers]
    found = [meters.get(header) for header in headers[1:]]
    return headers[:1] == ["model"] and len(found) == len(set(meters.values())) and set(found) == set(meters.values())


def _table_prices(page: _Page, table: Table, collector: RowCollector) -> list[Price]:
    """Prices of one table; a table of prices that is of no known kind is refused whole."""
    for meters, tier in ((MODEL_METERS, "standard"), (BATCH_METERS, "batch"), (FAST_METERS, "fast")):
        if _is_metered(table, meters) and (tier != "fast" or table.heading == FAST_HEADING):
            for error in table.errors:
                collector.reject(table.heading, error, "the row does not fit the headers")
            return _metered_prices(table, meters, tier, collector)
    if table.heading == FAST_HEADING and [header.casefold() for header in table.headers] == list(FAST_METERS):
        return _fast_prices(page, table, collector)
    is_long_context = table.heading == LONG_CONTEXT_HEADING and _boundary(table) is not None
    if not is_long_context and any("/ MTok" in cell for row in table.rows for cell in row):
        collector.reject(table.heading, " | ".join(table.headers), "a price table of no known kind")
    return []


def _metered_prices(table: Table, meters: dict[str, str], tier: str, collector: RowCollector) -> list[Price]:
    """One price per row and column; a row may hold for several models: "Claude Opus 5 / Claude Opus 4.8"."""
    prices = []
    for name, cells in ((name, cells) for names, *cells in table.rows for name in names.split(" / ")):
        place = f"{table.heading}: {name[:80]}"
        row = row_name(name)
        if row is None:
            collector.reject(place, " | ".join([name, *cells]), "the model name is of no known pattern")
            continue
        for header, cell in zip(table.headers[1:], cells, strict=True):
            usd, meter = _usd(place, cell, collector), meters[header.casefold()]
            if usd is not None:
                range_, start = (row.context_from, row.context_to), row.effective_from
                prices.append(Price(place, PROVIDER, row.model, meter, usd, cell, tier, *range_, effective_from=start))
    return prices


def _usd(place: str, cell: str, collector: RowCollector) -> Decimal | None:
    """The price of a cell "$5 / MTok"; None for no price, and for anything else after refusing it."""
    if cell in NO_PRICE:
        return None
    shape = _PER_MTOK.fullmatch(cell)
    usd = printed_usd(shape.group(1)) if shape else None
    if usd is None:
        collector.reject(place, cell, "not exactly a price per MTok")
    return usd


def _fast_prices(page: _Page, table: Table, collector: RowCollector) -> list[Price]:
    """A fast mode table without models: the text around it must name exactly one."""
    names = set(_MODEL_IN_PROSE.findall(page.sections.get(FAST_HEADING, "")))
    model = model_id(names.pop()) if len(names) == 1 else None
    if model is None or len(table.rows) != 1:
        collector.reject(table.heading, str(table.rows), "the page does not say for which one model this is")
        return []
    cells = zip(FAST_METERS.values(), table.rows[0], strict=True)
    priced = [(meter, cell, _usd(table.heading, cell, collector)) for meter, cell in cells]
    return [Price(table.heading, PROVIDER, model, m, usd, cell, "fast") for m, cell, usd in priced if usd is not None]


def _boundary(table: Table) -> int | None:
    """The largest prompt in tokens at base price, if the headers are two ranges that meet."""
    if len(table.headers) != 2:
        return None
    base, above = _BASE_RANGE.fullmatch(table.headers[0]), _LONG_RANGE.fullmatch(table.headers[1])
    return int(base.group(1)) * 1000 if base and above and base.group(1) == above.group(1) else None


def _with_long_context(page: _Page, prices: list[Price], collector: RowCollector) -> list[Price]:
    """Add prices above the boundary for the models that the section names, and end their other prices there.

    Cache and batch prices above the boundary are not printed: the page states them by rule or not at all.
    """
    models = {model_id(name) for name in _MODEL_IN_PROSE.findall(page.sections.get(LONG_CONTEXT_HEADING, ""))}
    for table in page.tables:
        boundary = _boundary(table) if table.heading == LONG_CONTEXT_HEADING else None
        if boundary is None:
            continue
        above = [price for row in table.rows for price in _long_prices(row, boundary, models, prices, collector)]
        ended = {price.model for price in above}
        prices = [replace(p, context_to=boundary + 1) if p.model in ended and not p.context_from else p for p in prices]
        prices += above
    return prices


def _long_prices(
    row: list[str], boundary: int, models: set[str | None], prices: list[Price], collector: RowCollector
) -> list[Price]:
    """The prices of one row "Input: $3 / MTok | Input: $6 / MTok", for models whose base price is the left one."""
    base, above = _LABELLED.fullmatch(row[0]), _LABELLED.fullmatch(row[1])
    if base is None or above is None or base.group(1) != above.group(1):
        collector.reject(LONG_CONTEXT_HEADING, " | ".join(row), "not one meter at two prices")
        return []
    meter = FAST_METERS[base.group(1).casefold()]
    base_usd, usd = (_usd(LONG_CONTEXT_HEADING, cell.group(2), collector) for cell in (base, above))
    base_prices = [p for p in prices if p.meter == meter and p.service_tier == "standard" and not p.context_from]
    standard = {p.model: p.usd_per_unit for p in base_prices}
    named = sorted(model for model in models if model in standard and standard[model] == base_usd)
    if not named:
        collector.reject(LONG_CONTEXT_HEADING, " | ".join(row), "no model that the text names has this base price")
    place, text = LONG_CONTEXT_HEADING, row[1]
    start = boundary + 1
    return [Price(place, PROVIDER, m, meter, usd, text, context_from=start) for m in named if m and usd is not None]


def _search_fee(page: _Page, collector: RowCollector) -> list[Price]:
    """The fee per 1,000 web searches, the same for all models."""
    fees = set(_SEARCH_FEE.findall(page.sections.get(WEB_SEARCH_HEADING, "")))
    usd = printed_usd(next(iter(fees))) if len(fees) == 1 else None
    if usd is None:
        collector.reject(WEB_SEARCH_HEADING, ", ".join(sorted(fees)), "not exactly one fee per 1,000 searches")
        return []
    printed = f"{fees.pop()} per 1,000 searches"
    return [Price(WEB_SEARCH_HEADING, PROVIDER, ANY_MODEL, "web_searches", usd, printed, unit="thousand_calls")]
