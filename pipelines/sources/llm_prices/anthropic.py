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
from pipelines.sources.llm_prices.anthropic_ranges import (
    LongPrice,
    boundary,
    long_prices,
    mentioned,
    models_of,
    window_range,
)
from pipelines.sources.llm_prices.anthropic_rules import read_rules, with_derived
from pipelines.sources.llm_prices.price_rows import (
    ANY_MODEL,
    NO_PRICE,
    Price,
    new_collector,
    parsed_prices,
    printed_usd,
)
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table, cell_text, html_tables
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
WINDOW = "context window"
FAST_HEADING = "fast mode"
LONG_CONTEXT_HEADING = "long context"
WEB_SEARCH_HEADING = "Web search tool"

_PER_MTOK = re.compile(r"(\S+) / MTok(?:<sup>\d{1,2}</sup>)?")
_MODEL_IN_PROSE = re.compile(r"\b(?:Opus|Sonnet|Haiku) \d+(?:\.\d+)?\b", re.ASCII)
_SEARCH_FEE = re.compile(r"(\$[\d.,]*\d) per 1,000 searches", re.ASCII)
_ANY_SIZE = re.compile(r"(\d{1,5})[Kk] (?:input )?tokens", re.ASCII)


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
    """Whether the headers are Model and each meter of the map once; other columns may stand among them."""
    headers = [header.casefold() for header in table.headers]
    found = [meters[header] for header in headers[1:] if header in meters]
    return headers[:1] == ["model"] and len(found) == len(set(meters.values())) == len(set(found))


def _table_prices(page: _Page, table: Table, collector: RowCollector) -> list[Price]:
    """Prices of one table; a table of prices that is of no known kind is refused whole."""
    for meters, tier in ((MODEL_METERS, "standard"), (BATCH_METERS, "batch"), (FAST_METERS, "fast")):
        if _is_metered(table, meters) and (tier != "fast" or _is_fast(table)):
            for error in table.errors:
                collector.reject(table.heading, error, "the row does not fit the headers")
            return _metered_prices(table, meters, tier, collector)
    headers = [header.casefold() for header in table.headers]
    if _is_fast(table) and headers in (list(FAST_METERS), [WINDOW, *FAST_METERS]):
        return _fast_prices(page, table, collector)
    if boundary(table) is None and any("/ MTok" in cell for row in table.rows for cell in row):
        collector.reject(table.heading, " | ".join(table.headers), "a price table of no known kind")
    return []


def _is_fast(table: Table) -> bool:
    return table.heading.casefold().startswith(FAST_HEADING)


def _is_long(table: Table) -> bool:
    return boundary(table) is not None or table.heading.casefold().startswith(LONG_CONTEXT_HEADING)


def _metered_prices(table: Table, meters: dict[str, str], tier: str, collector: RowCollector) -> list[Price]:
    """One price per row and column; a row may hold for several models: "Claude Opus 5 / Claude Opus 4.8".

    Columns of no known meter are no prices of ours; those that hold prices are refused by name.
    """
    prices = []
    others = [place for place, header in enumerate(table.headers) if place and header.casefold() not in meters]
    for column in others:
        if any("/ MTok" in row[column] for row in table.rows):
            collector.reject(table.heading, table.headers[column], "a column of prices of no known meter")
    for name, cells in ((name, cells) for names, *cells in table.rows for name in names.split(" / ")):
        place = f"{table.heading}: {name[:80]}"
        row = row_name(name)
        if row is None:
            collector.reject(place, " | ".join([name, *cells]), "the model name is of no known pattern")
            continue
        known = [(h, c) for h, c in zip(table.headers[1:], cells, strict=True) if h.casefold() in meters]
        for header, cell in known:
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
    """A fast mode table without models, with or without a row per context window: the text names exactly one."""
    names = set(_MODEL_IN_PROSE.findall(page.sections.get(table.heading, "")))
    model = model_id(names.pop()) if len(names) == 1 else None
    has_windows = len(table.headers) > len(FAST_METERS)
    windows = [window_range(row[0]) if has_windows else (0, None) for row in table.rows]
    ends = [window for window in windows if window is not None]
    is_whole = bool(ends) and len(set(ends)) == len(windows)
    if model is None or not is_whole:
        collector.reject(table.heading, str(table.rows), "the page does not say for which one model or prompts this is")
        return []
    prices = []
    for (start, end), row in zip(ends, table.rows, strict=True):
        for meter, cell in zip(FAST_METERS.values(), row[has_windows:], strict=True):
            usd = _usd(table.heading, cell, collector)
            if usd is not None:
                prices.append(Price(table.heading, PROVIDER, model, meter, usd, cell, "fast", start, end))
    return prices


def _with_long_context(page: _Page, prices: list[Price], collector: RowCollector) -> list[Price]:
    """Add prices above the boundary for the models that the table or its section names, and end the others there.

    Cache and batch prices above the boundary are not printed: the page states them by rule or not at all. Where a
    table cannot be read, its models' prices end at its boundary all the same: what long prompts cost is not known.
    """
    for table in filter(_is_long, page.tables):
        in_prose = _MODEL_IN_PROSE.findall(page.sections.get(table.heading, ""))
        ended = mentioned(table) or {model_id(name) for name in in_prose}
        end = boundary(table)
        above = list[Price]()
        if end is None:
            sizes = {int(size) * 1000 for size in _ANY_SIZE.findall(" ".join(table.headers))}
            end = sizes.pop() if len(sizes) == 1 else None
        else:
            try:
                for row in long_prices(table):
                    above += _long_prices(table.heading, row, end, ended, prices, collector)
                # Those named whose row is refused end there too: what their long prompts cost is not known.
                ended = mentioned(table).union(price.model for price in above)
            except ValueError as error:
                above = []
                collector.reject(table.heading, " | ".join(table.headers), str(error))
        if end is not None:
            prices = [replace(p, context_to=end + 1) if _is_short(p, ended) else p for p in prices]
        prices += above
    return prices


def _is_short(price: Price, models: set[str | None]) -> bool:
    """Whether a price is that of short prompts of one of these models, and no table of its own says where it ends."""
    has_own_end = price.service_tier == "fast"
    return price.model in models and not price.context_from and price.context_to is None and not has_own_end


def _long_prices(
    place: str, row: LongPrice, end: int, in_prose: set[str | None], prices: list[Price], collector: RowCollector
) -> list[Price]:
    """The prices of one row, for those of its models whose base price is the left one."""
    base_usd, usd = (_usd(place, cell, collector) for cell in (row.base, row.above))
    base_prices = [p for p in prices if p.meter == row.meter and p.service_tier == "standard" and not p.context_from]
    standard = {p.model: p.usd_per_unit for p in base_prices}
    asked = models_of(row.names) if row.names else sorted(model for model in in_prose if model)
    named = [model for model in asked if standard.get(model) == base_usd]
    if not named or (row.names and named != asked):
        raw_text = f"{' / '.join(row.names or [])} {row.base} | {row.above}"
        collector.reject(place, raw_text, "no model that the text names has this base price")
    printed, start = row.above, end + 1
    found = [Price(place, PROVIDER, m, row.meter, usd, printed) for m in named if usd is not None]
    return [replace(price, context_from=start) for price in found]


def _search_fee(page: _Page, collector: RowCollector) -> list[Price]:
    """The fee per 1,000 web searches, the same for all models."""
    fees = set(_SEARCH_FEE.findall(page.sections.get(WEB_SEARCH_HEADING, "")))
    usd = printed_usd(next(iter(fees))) if len(fees) == 1 else None
    if usd is None:
        collector.reject(WEB_SEARCH_HEADING, ", ".join(sorted(fees)), "not exactly one fee per 1,000 searches")
        return []
    printed = f"{fees.pop()} per 1,000 searches"
    return [Price(WEB_SEARCH_HEADING, PROVIDER, ANY_MODEL, "web_searches", usd, printed, unit="thousand_calls")]
