"""Moonshot's price page (platform.kimi.ai, MDX with <DocTable> elements) -> token prices in USD.

The same page on platform.kimi.com is in CNY and is refused whole. Left out on purpose: batch prices and the search
fee, which other pages state.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.sources.json_body import json_text, read_json
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "moonshot"
METERS = {
    "Input Price (Cache Hit)": "cache_read",
    "Cached Input Price": "cache_read",
    "Input Price (Cache Miss)": "input_uncached",
    "Input Price": "input_uncached",
    "Cache Write Price (TTL 5min)": "cache_write_5m",
    "Cache Write Price (TTL 1h)": "cache_write_1h",
    "Output Price": "output",
}
MODEL, UNIT, CONTEXT = "Model", "Unit", "Context Window"
PER_MTOK = "1M tokens"
CNY_SIGNS = ("\N{YEN SIGN}", "\N{FULLWIDTH YEN SIGN}", "\u5143")
ELEMENT = "<DocTable"

_TABLE = re.compile(
    r"<DocTable\s+columns=\{\[(?P<columns>[^\[\]]{0,5000})\]\}\s+"
    r"rows=\{\[(?P<rows>(?:(?!<DocTable).){0,50000}?)\]\}\s*/>",
    re.DOTALL,
)
_TITLE = re.compile(r'\{\s*title:\s*"([^"\\]{0,200})"[^{}]{0,200}\}')
_FRAGMENT = re.compile(r'<>((?:[^<>{}"]|\{"[^"{}\\]{0,20}"\}){0,100})</>')
_QUOTED = re.compile(r'\{"([^"{}]*)"\}')
_LAST_COMMA = re.compile(r",(\s*(?:\]|$))")
_MODEL = re.compile(r"(?:kimi|moonshot)-[a-z0-9][a-z0-9.-]{0,60}", re.ASCII)


@dataclass(frozen=True)
class _DocTable:
    titles: list[str]
    rows: list[object]


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens.

    Raises ParseError for a page in CNY, a page without a table whose columns are all known, or no row.
    """
    text = body.decode("utf-8", errors="replace")
    collector, prices = new_collector(), list[Price]()
    tables = list(_tables(text, collector))
    if any(sign in str([t.titles, t.rows]) for t in tables for sign in CNY_SIGNS):
        raise ParseError("the prices are in CNY: this is not the international page")
    for table in tables:
        prices += _table_prices(table, collector)
    return parsed_prices(prices, collector)


def _tables(text: str, collector: RowCollector) -> Iterator[_DocTable]:
    """The tables of the page; an element that is not of the known form becomes a reject."""
    known = {match.start(): match for match in _TABLE.finditer(text)}
    for start in (found.start() for found in re.finditer(ELEMENT, text)):
        rows = _rows(known[start]["rows"]) if start in known else None
        if rows is None:
            collector.reject(ELEMENT, text[start : start + 500], "a table of no known form")
        else:
            yield _DocTable(_TITLE.findall(known[start]["columns"]), rows)


def _rows(literal: str) -> list[object] | None:
    """The array literal as data: strings stay, a fragment <>{"$"}3.00</> is its text "$3.00"; None if there is more.

    Read as JSON, so that nothing in it can run.
    """
    plain = _FRAGMENT.sub(lambda fragment: json_text(_QUOTED.sub(r"\1", fragment.group(1))), literal)
    try:
        rows = read_json("[" + _LAST_COMMA.sub(r"\1", plain) + "]")
    except ParseError:
        return None
    return rows if isinstance(rows, list) else None


def _table_prices(table: _DocTable, collector: RowCollector) -> Iterator[Price]:
    meters = [METERS[title] for title in table.titles if title in METERS]
    is_known = set(table.titles) <= {MODEL, UNIT, CONTEXT, *METERS} and {MODEL, UNIT} <= set(table.titles)
    if not is_known or not meters or len(table.titles) != len(set(table.titles)) or len(meters) != len(set(meters)):
        collector.reject(" | ".join(table.titles), json_text(table.rows[:3]), "a table with other columns")
        return
    for row in table.rows:
        if not isinstance(row, list) or len(row) != len(table.titles) or not all(isinstance(c, str) for c in row):
            collector.reject(" | ".join(table.titles), json_text(row), "the row does not fit the columns")
            continue
        cells = dict(zip(table.titles, row, strict=True))
        if _MODEL.fullmatch(cells[MODEL]) is None or cells[UNIT] != PER_MTOK:
            collector.reject(cells[MODEL][:80], " | ".join(row), f"not a model priced per {PER_MTOK}")
            continue
        yield from _row_prices(cells, collector)


def _row_prices(cells: dict[str, str], collector: RowCollector) -> Iterator[Price]:
    for title, meter in METERS.items():
        cell = cells.get(title, "")
        if cell in NO_PRICE:
            continue
        usd, place = printed_usd(cell), f"{cells[MODEL]}: {title}"
        if usd is None or not cell.startswith("$"):
            collector.reject(place, cell, "not exactly a price in USD")
        else:
            yield Price(place, PROVIDER, cells[MODEL], meter, usd, cell)
