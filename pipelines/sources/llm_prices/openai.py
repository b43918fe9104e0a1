"""OpenAI's pricing page (Astro HTML, or one of two Markdown forms) -> token prices and the web search fee.

Rows of the HTML come from the props of the page's islands, because the rendered tables hide legacy models; long
context prices stand only in the rendered table of the same island. Left out on purpose, as no meter counts them:
training, video per second, transcription (its table does not say which modality its input price is for), containers,
storage and the other tools. An HTML page without islands does not print its tiers, so it is a ParseError.
"""

from typing import Any

from bs4 import BeautifulSoup

from pipelines.schema.offers import SERVICE_TIERS
from pipelines.sources.llm_prices.openai_components import MARK, price_components
from pipelines.sources.llm_prices.openai_islands import Island, island_text, price_islands
from pipelines.sources.llm_prices.openai_markdown import markdown_prices
from pipelines.sources.llm_prices.openai_rows import (
    GROUP_HEADINGS,
    LEFT_OUT_HEADINGS,
    TEXT_KINDS,
    TEXT_METERS,
    TRAINING_HEADINGS,
    Row,
    group_prices,
    limited_model,
    regional_prices,
    row_prices,
    with_both_names,
)
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector
from pipelines.sources.shown_text import seen_strings

FLAT_HEADERS = {("Model", *kinds): meters for kinds, meters in TEXT_KINDS.items()}
RANGE_HEADERS = {
    ("Model", *(f"{size} context / {kind}" for size in ("Short", "Long") for kind in kinds)): meters
    for kinds, meters in TEXT_KINDS.items()
}
HEADERS = FLAT_HEADERS | RANGE_HEADERS


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and the search fee (USD per 1,000 calls) of the pricing page.

    Raises ParseError when no standard price of a text model is found, naming what was looked for.
    """
    collector = new_collector()
    if MARK in body:
        found = price_components(body.decode("utf-8", errors="replace"))
        prices = _all_prices(found.islands, found.unreadable, collector)
        return parsed_prices(with_both_names(prices, body.decode("utf-8", errors="replace")), collector)
    if body.lstrip().startswith(b"#"):
        return parsed_prices(markdown_prices(body.decode("utf-8", errors="replace"), collector), collector)
    soup = BeautifulSoup(body, "lxml")
    islands, unreadable = price_islands(soup)
    prices = _all_prices(islands, unreadable, collector)
    return parsed_prices(with_both_names(prices, " ".join(seen_strings(soup))), collector)


def _all_prices(islands: list[Island], unreadable: list[tuple[str, str]], collector: RowCollector) -> list[Price]:
    prices = list[Price]()
    for name, reason in unreadable:
        collector.reject(name, "", f"unreadable table: {reason}")
    is_known = False
    for island in islands:
        found = _island_prices(island, collector)
        is_known |= island.name == "TextTokenPricingTables" and any(p.service_tier == "standard" for p in found)
        prices += found
    if not is_known:
        headers = " or ".join(" | ".join(names) for names in HEADERS)
        raise ParseError(
            f"no standard prices in an island TextTokenPricingTables over a table with headers {headers}; "
            f"{len(islands)} price islands in the page"
        )
    return prices


def _island_prices(island: Island, collector: RowCollector) -> list[Price]:
    """Prices of one island; one of unknown tier or headings is refused whole."""
    tier = island.props.get("tier", island.pane_tier)
    place = f"{island.name} {tier}"
    if tier not in SERVICE_TIERS or tier != island.pane_tier:
        collector.reject(place, str(tier), f"tier {tier} in a pane {island.pane_tier}")
        return []
    try:
        if island.name == "TextTokenPricingTables":
            found = _text_prices(island, place, tier, collector)
            return found + regional_prices(found, _footnote(island), place, collector)
        headings = [island_text(heading) for heading in _listed(island.props, "headings")]
        if headings in LEFT_OUT_HEADINGS:
            return []
        return _grouped_prices(island, headings, tier, collector)
    except ValueError as error:
        collector.reject(place, str(island.props), str(error))
        return []


def _footnote(island: Island) -> str:
    """The note under all models of a tier, as text; "" where there is none."""
    return " ".join(island_text(island.props.get("allModelsFootnote")).split())


def _listed(props: Any, name: str) -> list[Any]:
    items = props.get(name) if isinstance(props, dict) else None
    if not isinstance(items, list):
        raise ValueError(f"no list of {name}")
    return items


def _texts(cells: Any, place: str, widths: set[int], collector: RowCollector) -> list[str] | None:
    """The texts of one row of as many cells as `widths` allows; None for anything else after refusing it."""
    try:
        texts = [island_text(cell) for cell in cells] if isinstance(cells, list) else []
    except ValueError as error:
        collector.reject(place, str(cells), str(error))
        return None
    if len(texts) not in widths:
        collector.reject(place, str(cells), f"{len(texts)} cells, not {' or '.join(map(str, sorted(widths)))}")
        return None
    return texts


def _text_prices(island: Island, place: str, tier: str, collector: RowCollector) -> list[Price]:
    """All rows of a tier, short and long context. The rendered headers vouch for the columns of the props.

    Where there is a column of cache writes, rows of older models still come without that cell.
    """
    if island.node is None:
        return _unheaded_prices(island, place, tier, collector)
    tables = [table for table in html_tables(island.node) if tuple(table.headers) in HEADERS]
    if not tables:
        raise ValueError("the rendered table has other headers")
    by_width = {len(meters) + 1: meters for meters in [TEXT_METERS, *(HEADERS[tuple(t.headers)] for t in tables)]}
    prices, limits = list[Price](), dict[str, int]()
    for cells in _listed(island.props, "rows"):
        texts = _texts(cells, place, set(by_width), collector)
        if texts is None:
            continue
        model, limit = limited_model(texts[0])
        if limit is not None:
            limits[model] = limit
        prices += row_prices(Row(place, model, tier, by_width[len(texts)], context_to=limit), texts[1:], collector)
    for table in tables:
        prices += _long_prices(table, place, tier, limits, collector)
    return prices


def _unheaded_prices(island: Island, place: str, tier: str, collector: RowCollector) -> list[Price]:
    """The rows of a component without headers: their number of cells tells the columns, and the order of the prices
    must agree with it.

    Long context prices are not part of this form. Models that have a price of cache writes are of a generation that
    all have one, so their prices end at the boundary that the page prints for others.
    """
    by_width = {len(meters) + 1: meters for meters in TEXT_KINDS.values()}
    rows, prices = _listed(island.props, "rows"), list[Price]()
    texts = [read for cells in rows if (read := _texts(cells, place, set(by_width), collector)) is not None]
    boundary = next((limit for name, *_ in texts if (limit := limited_model(name)[1])), None)
    for name, *cells in texts:
        model, limit = limited_model(name)
        meters = by_width[len(cells) + 1]
        has_writes = "cache_write_5m" in meters and cells[meters.index("cache_write_5m")] not in NO_PRICE
        row = Row(place, model, tier, meters, context_to=limit or (boundary if has_writes else None))
        found = row_prices(row, cells, collector)
        usd = {price.meter: price.usd_per_unit for price in found}
        steps = [usd[meter] for meter in ("cache_read", "input_uncached", "cache_write_5m", "output") if meter in usd]
        if steps == sorted(steps):
            prices += found
        else:
            collector.reject(place, " | ".join([name, *cells]), "prices in another order than cached, input, output")
    return prices


def _long_prices(table: Table, place: str, tier: str, limits: dict[str, int], collector: RowCollector) -> list[Price]:
    """Long context prices of a rendered table; where they start is the limit that the props print for the model."""
    prices, meters = list[Price](), HEADERS[tuple(table.headers)]
    for error in table.errors:
        collector.reject(place, error, "the row does not fit the headers")
    for model, *cells in table.rows:
        above = cells[len(meters) :]
        if all(cell in NO_PRICE for cell in above):
            continue
        if model not in limits:
            collector.reject(place, " | ".join([model, *cells]), "long context prices without a printed boundary")
            continue
        prices += row_prices(Row(place, model, tier, meters, context_from=limits[model]), above, collector)
    return prices


def _grouped_prices(island: Island, headings: list[str], tier: str, collector: RowCollector) -> list[Price]:
    """Prices of a table whose rows come in groups; only the fine-tuning table has none, its rows name their model."""
    if headings not in GROUP_HEADINGS:
        raise ValueError(f"unknown headings {' | '.join(headings)}")
    prices, place = list[Price](), f"{headings[0]} {tier}"
    if headings == TRAINING_HEADINGS:
        rows = [("", cells) for cells in _listed(island.props, "rows")]
    else:
        groups = _listed(island.props, "groups")
        names = [island_text(group.get("model") if isinstance(group, dict) else None) for group in groups]
        rows = [(name, cells) for name, group in zip(names, groups, strict=True) for cells in _listed(group, "rows")]
    for name, cells in rows:
        width = len(headings) - bool(name)
        texts = _texts(cells, f"{place} {name}", {width}, collector)
        if texts is not None:
            prices += group_prices(headings, [name, *texts] if name else texts, tier, collector)
    return prices
