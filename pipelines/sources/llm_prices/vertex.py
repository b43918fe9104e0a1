"""Google Cloud's price page of generative models (HTML) -> token prices on channel 'vertex'.

Read: tables with the columns Model, Type, maybe Region, and prices per million tokens, for Gemini models and for
Claude. A blank model or type is that of the row above; a region is never carried. The service tier comes from the
price header ("with Priority") or from the tab; the tab "Flex/Batch" is two tiers at one price. Tabs of regions set
the region; without column and tab the price does not depend on it: 'global'. Two ranges of prompts at one price are
one row.

Refused, so that they show: models whose request id does not follow from their name by rule (other makers, nicknames,
Live API), types per picture or second, and every other table of prices. Grounding and tuning are such tables.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices import anthropic
from pipelines.sources.llm_prices.google_terms import Term, TermPrice, followed_prices, split_term
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.llm_prices.vertex_columns import BATCH, REGIONS, STANDARD, Column, price_columns
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

CHANNEL = "vertex"
TYPES = {
    "input": ("input_uncached",),
    "input (text, image, video, audio)": ("input_uncached", "image_input", "audio_input"),
    "input (text, image, video)": ("input_uncached", "image_input"),
    "input (text, image)": ("input_uncached", "image_input"),
    "input (audio)": ("audio_input",),
    "audio input": ("audio_input",),
    "output": ("output",),
    "text output": ("output",),
    "text output (response and reasoning)": ("output",),
    "image output": ("image_output",),
    "cache hit": ("cache_read",),
    "5m cache write": ("cache_write_5m",),
    "1h cache write": ("cache_write_1h",),
}
CACHED = {"input_uncached": "cache_read", "image_input": "image_cache_read", "audio_input": "audio_cache_read"}
"""The meter that a column of cached tokens counts on a row of input."""

_GEMINI = re.compile(r"Gemini \d{1,2}(?:\.\d{1,2})? (?:Pro|Flash|Flash[- ]Lite)(?: Image)?(?: Preview)?", re.ASCII)
_CLAUDE = re.compile(r"(?:Claude )?(?:Opus|Sonnet|Haiku|Fable|Mythos) \d{1,2}(?:\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True)
class _Band:
    """A price for one range of prompt sizes."""

    context_from: int
    context_to: int | None
    usd_per_mtok: Decimal
    printed: str


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


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the Gemini and Claude tables.

    Raises ParseError when no table has the columns Model, Type and prices per million tokens, or no row is found.
    """
    soup = BeautifulSoup(body, "lxml")
    collector, terms, is_known = new_collector(), list[TermPrice](), False
    tables = html_tables(soup)
    for table in tables:
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
    return parsed_prices(followed_prices(terms, collector), collector)


def model_of(name: str) -> tuple[str, str] | None:
    """Provider and request id of a display name by rule, or None.

    "Gemini 3.1 Pro Preview" -> gemini-3.1-pro-preview; "Opus 4.5" or "Claude Opus 4.5" -> claude-opus-4-5.
    """
    if _GEMINI.fullmatch(name):
        return "google", name.lower().replace(" ", "-")
    model = anthropic.model_id(name) if _CLAUDE.fullmatch(name) else None
    return ("anthropic", model) if model else None


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
        if NO_PRICE.issuperset(cells[-len(columns) :]):
            continue
        place = f"{table.heading}: {name[:80]} / {kind[:80]}"
        try:
            row = _row(place, name, kind, region or REGIONS.get(cells[2]))
            yield from _row_prices(row, list(zip(columns, cells[-len(columns) :], strict=True)), collector)
        except ValueError as error:
            collector.reject(place, " | ".join(cells), str(error))


def _row(place: str, name: str, kind: str, region: str | None) -> _Row:
    """The row of a model, type and region as printed. Raises ValueError where one is of no known form."""
    bare_name, term = split_term(name)
    known = model_of(bare_name.rstrip("* "))
    if known is None:
        raise ValueError("the model name is of no known pattern")
    bare_kind = kind.rstrip("*: ").casefold()
    meters = TYPES.get(bare_kind.removeprefix("batch "))
    if meters is None:
        raise ValueError("a type of no known kind")
    if region is None:
        raise ValueError("no known region")
    return _Row(place, *known, meters, bare_kind.startswith("batch "), region, term)


def _row_prices(row: _Row, cells: list[tuple[Column, str]], collector: RowCollector) -> Iterator[TermPrice]:
    """The prices of one row. Raises ValueError where type and column do not go together."""
    bands: dict[tuple[tuple[str, ...], bool], list[_Band]] = defaultdict(list)
    for column, cell in cells:
        usd = printed_usd(cell)
        if usd is not None:
            bands[column.service_tiers, column.is_cached].append(
                _Band(column.context_from, column.context_to, usd, cell)
            )
        elif cell not in NO_PRICE:
            collector.reject(row.place, cell, "not exactly a price")
    for (tiers, is_cached), group in bands.items():
        for band, tier, meter in product(_joined(group), _tiers(row, tiers), _meters(row, is_cached)):
            price = Price(
                row.place,
                row.provider,
                row.model,
                meter,
                band.usd_per_mtok,
                band.printed,
                tier,
                band.context_from,
                band.context_to,
                channel=CHANNEL,
                region=row.region,
                effective_from=row.term.effective_from,
            )
            yield TermPrice(price, row.term.ends_on)


def _joined(bands: list[_Band]) -> list[_Band]:
    """Two ranges of prompts that meet, at one price, as one: a bucket of usage then has a price, not a lower bound."""
    if len(bands) == 2 and bands[0].usd_per_mtok == bands[1].usd_per_mtok:
        low, high = bands
        if low.context_to == high.context_from:
            return [replace(low, context_to=high.context_to)]
    return bands


def _tiers(row: _Row, tiers: tuple[str, ...]) -> tuple[str, ...]:
    if not row.is_batch:
        return tiers
    if tiers not in (STANDARD, BATCH):
        raise ValueError("a batch price under another service tier")
    return BATCH


def _meters(row: _Row, is_cached: bool) -> list[str]:
    if not is_cached:
        return list(row.meters)
    if not CACHED.keys() >= set(row.meters):
        raise ValueError("a cached price of what is no input")
    return [CACHED[meter] for meter in row.meters]
