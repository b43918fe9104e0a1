"""Fireworks' serverless pricing page (docs.fireworks.ai, Markdown or HTML; fireworks.ai/pricing) -> token prices.

Read: prices per model, standard and priority, and the batch price that the page's rule gives. Refused visibly: size
buckets and names without a link, which are no model id; the Fast and US variants, which have ids of their own that
the page does not print; embeddings and audio.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from pipelines.sources.llm_prices.host_pages import HostPage, read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector

PROVIDER = "fireworks"
TIER_HEADERS = ["model", "standard", "priority"]
PROSE_HEADERS = (["base model", "$ / 1m tokens"], ["model", "$ / 1m tokens"])
METERS = {"input": "input_uncached", "cached": "cache_read", "output": "output"}
ORDER = "input / cached input / output"
"""What the page says about the order of three prices in a cell; without it they are not read."""
BATCH_RULE = "Batch inference is billed at 50% of serverless pricing on both input and output"
BATCH_SHARE = Decimal("0.5")
VARIANTS = frozenset({"Fast", "Turbo", "US"})

_LINKED = re.compile(
    r"([^<>]+) <https://(?:app\.)?fireworks\.ai/models/(?:fireworks/|accounts/fireworks/models/)([a-z0-9][a-z0-9-]*)>",
    re.ASCII,
)
_PART = re.compile(r"(\$[\d.,]*\d)(?: (input|cached|output))?", re.ASCII)


@dataclass(frozen=True)
class _Model:
    """Where a row stands and which model it names."""

    place: str
    model: str


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens. Raises ParseError when no row of a known table names a model."""
    page = read_page(body, with_links=True)
    collector, prices = new_collector(), list[Price]()
    for table in page.tables:
        headers = [header.casefold() for header in table.headers]
        if headers == TIER_HEADERS:
            prices += _tier_prices(page, table, collector)
        elif headers in PROSE_HEADERS:
            prices += _prose_prices(table, collector)
        else:
            refuse_if_priced(table, collector)
    return parsed_prices(prices + _batch_prices(page, prices), collector)


def _named(table: Table, row: list[str], collector: RowCollector) -> _Model | None:
    """The model that a row links to, or None after refusing the row."""
    name = row[0].split(" <")[0]
    place, linked = f"{table.heading}: {name[:80]}", _LINKED.fullmatch(row[0])
    words = re.findall(r"\w+", name)
    if "parameters" in words:
        reason = "a size bucket names no model"
    elif linked is None:
        reason = "no link to exactly one model"
    elif VARIANTS.intersection(words):
        reason = "a variant with an id of its own, which the page does not print"
    else:
        return _Model(place, f"accounts/fireworks/models/{linked.group(2)}")
    collector.reject(place, " | ".join(row), reason)
    return None


def _tier_prices(page: HostPage, table: Table, collector: RowCollector) -> list[Price]:
    """Rows "Kimi K3 | $3.00 / $0.30 / $15.00 | $3.75 / $0.375 / $18.75"."""
    if ORDER not in page.text:
        collector.reject(table.heading, " | ".join(table.headers), f"the page does not say '{ORDER}'")
        return []
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        named = _named(table, row, collector)
        for tier, cell in zip(TIER_HEADERS[1:], row[1:], strict=True) if named else []:
            if named and cell not in NO_PRICE:
                texts = cell.split(" / ")
                parts = dict(zip(METERS, texts, strict=True)) if len(texts) == len(METERS) else {}
                prices += _prices(named, parts, cell, tier, collector)
    return prices


def _prose_prices(table: Table, collector: RowCollector) -> list[Price]:
    """Rows "DeepSeek V3 | $0.56 input, $0.28 cached, $1.68 output"; "$0.20, $0.10 cached" is input and output alike."""
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        named = _named(table, row, collector)
        if named:
            prices += _prices(named, _prose_parts(row[1]), row[1], "standard", collector)
    return prices


def _prose_parts(cell: str) -> dict[str, str]:
    """The price texts by kind of token; empty where the cell is of another shape."""
    shapes = [_PART.fullmatch(part) for part in cell.split(", ")]
    parts: dict[str, str] = {}
    for shape in shapes:
        kinds = ("input", "output") if shape and shape.group(2) is None else (shape.group(2),) if shape else ("",)
        if shape is None or any(kind in parts for kind in kinds):
            return {}
        parts |= dict.fromkeys(kinds, shape.group(1))
    return parts


def _prices(named: _Model, parts: dict[str, str], cell: str, tier: str, collector: RowCollector) -> list[Price]:
    """One price per kind of token, or the whole cell refused when any of them is none."""
    usd = {METERS[kind]: printed_usd(text) for kind, text in parts.items()}
    found = [(meter, price) for meter, price in usd.items() if price is not None]
    if not found or len(found) != len(usd):
        collector.reject(named.place, cell, "not exactly the prices of input, cached and output tokens")
        return []
    return [Price(named.place, PROVIDER, named.model, meter, price, cell, tier) for meter, price in found]


def _batch_prices(page: HostPage, prices: list[Price]) -> list[Price]:
    """The batch prices of input and output tokens where the page states the rule; it names no cached tokens."""
    if BATCH_RULE not in page.text:
        return []
    return [
        Price(
            price.place,
            PROVIDER,
            price.model,
            price.meter,
            price.usd_per_unit * BATCH_SHARE,
            f"50% of serverless pricing: {price.printed}",
            "batch",
            basis="derived",
        )
        for price in prices
        if price.service_tier == "standard" and price.meter in ("input_uncached", "output")
    ]
