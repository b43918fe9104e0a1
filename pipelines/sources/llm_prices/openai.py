"""OpenAI's pricing page (Astro HTML) -> token prices and the web search fee.

Rows come from the props of the page's islands, because the rendered tables hide legacy models; long context prices
stand only in the rendered table of the same island. Left out on purpose, as no meter counts them: video per second,
transcription (its table does not say which modality its input price is for), containers, storage and the other
tools, fine-tuning. The plain page without islands does not print its tiers, so it is a ParseError.
"""

import re
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup

from pipelines.schema.token_prices import SERVICE_TIERS
from pipelines.sources.llm_prices.openai_islands import Island, island_text, price_islands
from pipelines.sources.llm_prices.price_rows import (
    ANY_MODEL,
    NO_PRICE,
    Price,
    new_collector,
    parsed_prices,
    printed_usd,
)
from pipelines.sources.parsed import Parsed, ParseError, RowCollector
from pipelines.sources.tables import Table, html_tables

PROVIDER = "openai"
TEXT_METERS = ("input_uncached", "cache_read", "output")
MODALITY_METERS = {
    "Text": TEXT_METERS,
    "Audio": ("audio_input", "audio_cache_read", "audio_output"),
    "Image": ("image_input", "image_cache_read", "image_output"),
}
FLAT_HEADERS = ["Model", "Input", "Cached input", "Output"]
RANGE_HEADERS = ["Model", *(f"{size} context / {kind}" for size in ("Short", "Long") for kind in FLAT_HEADERS[1:])]
MODALITY_HEADINGS = (
    ["Model", "Modality", "Input", "Cached input", "Output"],
    ["Model", "Modality", "Input", "Cached input", "Output / cost"],
)
CATEGORY_HEADINGS = ["Category", "Model", "Input", "Cached input", "Output"]
TOOL_HEADINGS = ["Tool", "Details", "Pricing"]
LEFT_OUT_HEADINGS = (
    ["Model", "Size", "Portrait", "Landscape", "Price per second"],
    ["Model", "Use case", "Input", "Output", "Estimated cost"],
    ["Model", "Training", "Input", "Cached input", "Output"],
)
SEARCH_ROW = "Web search (all models)"
NOTES = frozenset({"Web search tool call charges also apply.", "+ Search content tokens billed at model rates."})
"""Lines under a price that do not change it."""

_MODEL = re.compile(r"[a-z0-9][a-z0-9.:_-]*", re.ASCII | re.IGNORECASE)
_LIMITED_MODEL = re.compile(r"(\S+) \(<(\d{1,5})K context length\)", re.ASCII)
_PER_1K_CALLS = re.compile(r"(\S+) / 1k calls")


@dataclass(frozen=True)
class Row:
    """What the prices of one printed row share, and the meters of its columns."""

    place: str
    model: str
    service_tier: str
    meters: tuple[str, ...]
    context_from: int = 0
    context_to: int | None = None


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and the search fee (USD per 1,000 calls) of the pricing page.

    Raises ParseError when no standard price of a text model is found, naming the island and headers looked for.
    """
    collector, prices = new_collector(), list[Price]()
    islands, unreadable = price_islands(BeautifulSoup(body, "lxml"))
    for name, reason in unreadable:
        collector.reject(name, "", f"unreadable island: {reason}")
    is_known = False
    for island in islands:
        found = _island_prices(island, collector)
        is_known |= island.name == "TextTokenPricingTables" and any(p.service_tier == "standard" for p in found)
        prices += found
    if not is_known:
        raise ParseError(
            "no standard prices in an island TextTokenPricingTables over a table with headers "
            f"{' | '.join(RANGE_HEADERS)} or {' | '.join(FLAT_HEADERS)}; {len(islands)} price islands in the page"
        )
    return parsed_prices(prices, collector)


def _island_prices(island: Island, collector: RowCollector) -> list[Price]:
    """Prices of one island; one of unknown tier or headings is refused whole."""
    tier = island.props.get("tier", island.pane_tier)
    place = f"{island.name} {tier}"
    if tier not in SERVICE_TIERS or tier != island.pane_tier:
        collector.reject(place, str(tier), f"tier {tier} in a pane {island.pane_tier}")
        return []
    try:
        if island.name == "TextTokenPricingTables":
            return _text_prices(island, place, tier, collector)
        headings = [island_text(heading) for heading in _listed(island.props, "headings")]
        if headings in LEFT_OUT_HEADINGS:
            return []
        return _grouped_prices(island, headings, tier, collector)
    except ValueError as error:
        collector.reject(place, str(island.props), str(error))
        return []


def _listed(props: Any, name: str) -> list[Any]:
    items = props.get(name) if isinstance(props, dict) else None
    if not isinstance(items, list):
        raise ValueError(f"no list of {name}")
    return items


def _texts(cells: Any, place: str, width: int, collector: RowCollector) -> list[str] | None:
    """The texts of one row of `width` cells; None for anything else after refusing it."""
    try:
        texts = [island_text(cell) for cell in cells] if isinstance(cells, list) else []
    except ValueError as error:
        collector.reject(place, str(cells), str(error))
        return None
    if len(texts) != width:
        collector.reject(place, str(cells), f"{len(texts)} cells, not {width}")
        return None
    return texts


def _text_prices(island: Island, place: str, tier: str, collector: RowCollector) -> list[Price]:
    """All rows of a tier, short and long context. The rendered headers vouch for the columns of the props."""
    tables = [table for table in html_tables(island.node) if table.headers in (FLAT_HEADERS, RANGE_HEADERS)]
    if not tables:
        raise ValueError("the rendered table has other headers")
    prices, limits = list[Price](), dict[str, int]()
    for cells in _listed(island.props, "rows"):
        texts = _texts(cells, place, len(FLAT_HEADERS), collector)
        if texts is None:
            continue
        limited = _LIMITED_MODEL.fullmatch(texts[0])
        model, limit = (limited.group(1), int(limited.group(2)) * 1000 + 1) if limited else (texts[0], None)
        if limit is not None:
            limits[model] = limit
        prices += _row_prices(Row(place, model, tier, TEXT_METERS, context_to=limit), texts[1:], collector)
    for table in tables:
        prices += _long_prices(table, place, tier, limits, collector)
    return prices


def _long_prices(table: Table, place: str, tier: str, limits: dict[str, int], collector: RowCollector) -> list[Price]:
    """Long context prices of a rendered table; where they start is the limit that the props print for the model."""
    prices = list[Price]()
    for error in table.errors:
        collector.reject(place, error, "the row does not fit the headers")
    for model, *cells in table.rows:
        above = cells[len(TEXT_METERS) :]
        if all(cell in NO_PRICE for cell in above):
            continue
        if model not in limits:
            collector.reject(place, " | ".join([model, *cells]), "long context prices without a printed boundary")
            continue
        prices += _row_prices(Row(place, model, tier, TEXT_METERS, context_from=limits[model]), above, collector)
    return prices


def _row_prices(row: Row, cells: list[str], collector: RowCollector) -> list[Price]:
    """The prices of one row, one cell per meter; "Free" is a printed zero, "-" no price."""
    if not _MODEL.fullmatch(row.model):
        collector.reject(row.place, f"{row.model}: {' | '.join(cells)}", "not a model id")
        return []
    prices = []
    for meter, cell in zip(row.meters, cells, strict=True):
        if cell in NO_PRICE:
            continue
        first, *notes = cell.split("\n")
        usd = printed_usd("0" if first == "Free" else first) if NOTES.issuperset(notes) else None
        if usd is None:
            collector.reject(f"{row.place} {row.model} {meter}", cell, "not exactly a price per million tokens")
            continue
        ends = row.context_from, row.context_to
        prices.append(Price(row.place, PROVIDER, row.model, meter, usd, cell, row.service_tier, *ends))
    return prices


def _grouped_prices(island: Island, headings: list[str], tier: str, collector: RowCollector) -> list[Price]:
    """Prices of a table whose rows come in groups: by model (modalities), by category (models), by tool."""
    if headings not in (*MODALITY_HEADINGS, CATEGORY_HEADINGS, TOOL_HEADINGS):
        raise ValueError(f"unknown headings {' | '.join(headings)}")
    prices = list[Price]()
    for group in _listed(island.props, "groups"):
        name = island_text(group.get("model") if isinstance(group, dict) else None)
        place = f"{headings[0]} {name} {tier}"
        for cells in _listed(group, "rows"):
            texts = _texts(cells, place, len(headings) - 1, collector)
            if texts is None:
                continue
            if headings == TOOL_HEADINGS:
                prices += _search_fee(place, texts, collector)
            elif headings == CATEGORY_HEADINGS:
                prices += _row_prices(Row(place, texts[0], tier, TEXT_METERS), texts[1:], collector)
            elif texts[0] in MODALITY_METERS:
                prices += _row_prices(Row(place, name, tier, MODALITY_METERS[texts[0]]), texts[1:], collector)
            else:
                collector.reject(place, " | ".join(texts), "unknown modality")
    return prices


def _search_fee(place: str, texts: list[str], collector: RowCollector) -> list[Price]:
    """The fee of the web search tool that holds for all models; other tools have no meter."""
    details, printed = texts
    if details != SEARCH_ROW:
        return []
    first, *notes = printed.split("\n")
    fee = _PER_1K_CALLS.fullmatch(first)
    usd = printed_usd(fee.group(1)) if fee and NOTES.issuperset(notes) else None
    if usd is None:
        collector.reject(place, printed, "not exactly a price per 1k calls")
        return []
    return [Price(place, PROVIDER, ANY_MODEL, "web_searches", usd, printed, unit="thousand_calls")]
