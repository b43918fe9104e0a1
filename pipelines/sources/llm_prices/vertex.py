"""Google Cloud's price page of generative models (HTML) -> token prices on channel 'vertex'.

Read: tables with the columns Model, Type, maybe Region, and prices per million tokens; those of `vertex_lists.py`.
A blank model or type is that of the row above; a region is never carried. The service tier comes from the
price header ("with Priority") or from the tab; the tab "Flex/Batch" is two tiers at one price. Tabs of regions set
the region, or a cell does, "$0.25 (Global)"; else the price does not depend on it: 'global'. Two ranges of prompts at
one price are one row.

Refused, so that they show: models whose request id does not follow from their name by rule (nicknames,
Live API), types per picture or second, and every other table of prices. Grounding and tuning are such tables.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices.google_terms import (
    Term,
    TermPrice,
    followed_prices,
    joined_ranges,
    split_term,
)
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.llm_prices.vertex_columns import BATCH, CHANNEL, REGIONS, STANDARD, Column, price_columns
from pipelines.sources.llm_prices.vertex_lists import FEE_HEADERS, fee_prices, is_list, list_prices
from pipelines.sources.llm_prices.vertex_names import model_of
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

TYPES = {
    "input": ("input_uncached",),
    "input (text, image, video, audio)": ("input_uncached", "image_input", "audio_input"),
    "input (text, image, video)": ("input_uncached", "image_input"),
    "input (text, image)": ("input_uncached", "image_input"),
    "input (audio)": ("audio_input",),
    "audio input": ("audio_input",),
    "input text": ("input_uncached",),
    "input audio": ("audio_input",),
    "input video": ("image_input",),
    "input video/image": ("image_input",),
    "output": ("output",),
    "text output": ("output",),
    "text output (response and reasoning)": ("output",),
    "image output": ("image_output",),
    "output text": ("output",),
    "output image": ("image_output",),
    "output audio": ("audio_output",),
    "cache hit": ("cache_read",),
    "5m cache write": ("cache_write_5m",),
    "1h cache write": ("cache_write_1h",),
}
CACHED = {"input_uncached": "cache_read", "image_input": "image_cache_read", "audio_input": "audio_cache_read"}
"""The meter that a column of cached tokens counts on a row of input."""

FREE = frozenset({"No charge"})
"""What is not billed at all, as the output of embeddings."""
_OTHER_UNIT = re.compile(r"\(\$/(?!1?M tok)", re.ASCII)
_REGIONAL = re.compile(r"(\$\S+) \((Global|Non-[Gg]lobal)\)\*{0,3}", re.ASCII)


@dataclass(frozen=True)
class _Row:
    """What the prices of one row share, blanks filled in."""

    place: str
    provider: str
    model: str
    meters: tuple[str, ...]
    is_batch: bool
    region: str
    term: Term
    is_per_mtok: bool


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the Gemini and Claude tables.

    Raises ParseError when no table has the columns Model, Type and prices per million tokens, or no row is found.
    """
    soup = BeautifulSoup(body, "lxml")
    collector, terms, is_known = new_collector(), list[TermPrice](), False
    tables, lists = html_tables(soup, is_padded=True), list[Price]()
    for table in tables:
        if is_list(table):
            lists += list_prices(table, collector)
            continue
        if table.headers == FEE_HEADERS:
            lists += fee_prices(table, collector)
            continue
        try:
            columns, region = price_columns(table, soup)
        except ValueError as error:
            if table.errors or any("$" in cell for row in table.rows for cell in row):
                collector.reject(table.heading, " | ".join(table.headers), str(error))
            continue
        is_known = True
        terms += _table_prices(table, columns, region, collector)
    if not is_known:
        found = "; ".join(" | ".join(table.headers)[:120] for table in tables[:8]) or "no table"
        raise ParseError(f"no table with headers Model | Type | Price (/1M tokens) ...; found: {found}")
    return parsed_prices([*followed_prices(terms, collector), *lists], collector)


def _table_prices(
    table: Table, columns: list[Column], region: str | None, collector: RowCollector
) -> Iterator[TermPrice]:
    for error in table.errors:
        collector.reject(table.heading, error, "the row does not fit the headers")
    name = kind = ""
    for cells in table.rows:
        if cells[0]:
            name, kind = " ".join(cells[0].split()), ""
        kind = cells[1] or kind
        printed = cells[-len(columns) :]
        if NO_PRICE.issuperset(printed) or FREE.issuperset(printed):
            continue
        place = f"{table.heading}: {name[:80]} / {kind[:80]}"
        try:
            row = _row(place, name, kind, region or REGIONS.get(cells[2]))
            yield from _row_prices(row, list(zip(columns, printed, strict=True)), collector)
        except ValueError as error:
            collector.reject(place, " | ".join(cells), str(error))


def _row(place: str, name: str, kind: str, region: str | None) -> _Row:
    """The row of a model, type and region as printed. Raises ValueError where one is of no known form."""
    bare_name, term = split_term(name)
    known = model_of(bare_name.rstrip("* "))
    if known is None:
        raise ValueError("the model name is of no known pattern")
    bare_kind = kind.rstrip("*: ").casefold()
    meters = TYPES.get(bare_kind.removeprefix("batch ").removeprefix("1m ").removesuffix(" tokens"))
    if meters is None:
        is_other = _OTHER_UNIT.search(kind) is not None
        raise ValueError("no meter counts this unit" if is_other else "a type of no known kind")
    if region is None:
        raise ValueError("no known region")
    return _Row(place, *known, meters, bare_kind.startswith("batch "), region, term, bare_kind.startswith("1m "))


def _row_prices(row: _Row, cells: list[tuple[Column, str]], collector: RowCollector) -> Iterator[TermPrice]:
    """The prices of one row. Raises ValueError where type and column do not go together."""
    prices = list[Price]()
    for column, cell in cells:
        if cell in NO_PRICE:
            continue
        amounts = _amounts(row, cell)
        if not amounts:
            collector.reject(row.place, cell, "not exactly a price")
        elif not column.is_per_mtok and not row.is_per_mtok:
            raise ValueError("neither header nor type says that the price is per million tokens")
        for (region, usd), tier, meter in product(amounts, _tiers(row, column.service_tiers), _meters(row, column)):
            price = Price(row.place, row.provider, row.model, meter, usd, cell, tier, column.context_from)
            start = row.term.effective_from
            prices.append(
                replace(price, context_to=column.context_to, channel=CHANNEL, region=region, effective_from=start)
            )
    for price in joined_ranges(prices):
        yield TermPrice(price, row.term.ends_on)


def _amounts(row: _Row, cell: str) -> list[tuple[str, Decimal]]:
    """Region and price of a cell: one of the row's region, or "$0.25 (Global)", a line each; [] for anything else."""
    usd = printed_usd(cell)
    if usd is not None:
        return [(row.region, usd)]
    lines = [_REGIONAL.fullmatch(line) for line in cell.split("\n")]
    found = {
        REGIONS[line[2].capitalize()]: amount
        for line in lines
        if line is not None and (amount := printed_usd(line[1])) is not None
    }
    return list(found.items()) if len(found) == len(lines) and row.region == "global" else []


def _tiers(row: _Row, tiers: tuple[str, ...]) -> tuple[str, ...]:
    if not row.is_batch:
        return tiers
    if tiers not in (STANDARD, BATCH):
        raise ValueError("a batch price under another service tier")
    return BATCH


def _meters(row: _Row, column: Column) -> list[str]:
    if not column.is_cached:
        return list(row.meters)
    if not CACHED.keys() >= set(row.meters):
        raise ValueError("a cached price of what is no input")
    return [CACHED[meter] for meter in row.meters]
