"""Azure Retail Prices API, the pages of service Foundry Models -> token prices on Azure, by region, zone or global.

The body is a JSON array of the API's pages. Meter names are read in `azure_meters`. Reservations and prices for
development and test are left out on purpose; what is no known token meter of a known product is refused, once per
meter name. A meter is repeated for each region that sells it; global and zone prices are taken where all agree.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipelines.sources.llm_prices.azure_meters import read_meter
from pipelines.sources.llm_prices.long_context import LONG_CONTEXT_FROM, with_ends
from pipelines.sources.llm_prices.price_rows import Price, new_collector, parsed_prices
from pipelines.sources.parsed import Parsed, ParseError, price_or_none

PRODUCTS = {
    "Azure OpenAI": "openai",
    "Azure OpenAI Embedding": "openai",
    "Azure OpenAI GPT5": "openai",
    "Azure OpenAI GPT6": "openai",
    "Azure OpenAI Media": "openai",
    "Azure OpenAI OSS Models": "openai",
    "Azure OpenAI PP FT GPT4s": "openai",
    "Azure OpenAI Reasoning": "openai",
    "Azure Deepseek Models": "deepseek",
    "Azure Grok Models": "xai",
    "Azure Kimi": "moonshot",
}
UNITS_PER_MTOK = {"1K": 1000, "1M": 1}
ON_PURPOSE_LEFT_OUT = ("DevTestConsumption", "Reservation")
_US = (
    "centralus",
    "eastus",
    "eastus2",
    "northcentralus",
    "southcentralus",
    "westcentralus",
    "westus",
    "westus2",
    "westus3",
)
_EU = (
    "austriaeast",
    "belgiumcentral",
    "denmarkeast",
    "francecentral",
    "francesouth",
    "germanynorth",
    "germanywestcentral",
    "italynorth",
    "northeurope",
    "polandcentral",
    "spaincentral",
    "swedencentral",
    "swedensouth",
    "westeurope",
)
ZONE_OF_REGION = dict.fromkeys(_US, "us") | dict.fromkeys(_EU, "eu")
"""Data zones: the regions of the United States, and those in member states of the European Union."""
SHOWN_REGIONS = 4

Timeline = dict[datetime, Price]
"""Prices by the moment from which they hold."""
Sold = dict[tuple[str, ...], dict[tuple[str, str], Timeline]]
"""Timelines by what is priced, then by the region and the meter that print them."""


class _RefusedError(ValueError):
    """Why an item is no price."""


def next_page(body: bytes) -> str | None:
    """The address of the page after this one. Raises ParseError for a body that is no page."""
    link = _page(_json(body)).get("NextPageLink")
    return link if isinstance(link, str) and link else None


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of all pages.

    `effective_from` is the list's own start of each price, so an announced change is a row of its own. Raises
    ParseError for a body that is no list of pages or that yields no row.
    """
    collector = new_collector()
    refused: dict[tuple[str, str], list[str]] = defaultdict(list)
    sold: Sold = defaultdict(lambda: defaultdict(dict))
    for item in _items(body):
        names = [item.get(name) for name in ("productName", "meterName", "armRegionName")]
        product, meter, region = (name if isinstance(name, str) else "" for name in names)
        if item.get("type") in ON_PURPOSE_LEFT_OUT:
            continue
        try:
            _add(sold, item, product, meter, region)
        except _RefusedError as error:
            refused[f"{product[:60]}: {meter[:80]}", str(error)].append(region[:40])
    for (place, reason), regions in refused.items():
        more = f" and {len(regions) - SHOWN_REGIONS} more" if len(regions) > SHOWN_REGIONS else ""
        collector.reject(place, f"in {', '.join(regions[:SHOWN_REGIONS])}{more}", reason)
    prices = list[Price]()
    for by_meter in sold.values():
        agreed = _agreed(list(by_meter.values()))
        if agreed is None:
            firsts = {region: timeline[min(timeline)] for (region, _), timeline in by_meter.items()}
            texts = sorted(f"{price.printed} in {region}" for region, price in firsts.items())
            collector.reject(
                min(price.place for price in firsts.values()), "; ".join(texts), "different prices for one place"
            )
        else:
            prices += agreed
    return parsed_prices(with_ends(prices), collector)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error


def _page(page: Any) -> dict[str, Any]:
    if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
        raise ParseError("expected pages with Items")
    return page


def _items(body: bytes) -> Iterator[dict[str, Any]]:
    pages = _json(body)
    if not isinstance(pages, list):
        raise ParseError(f"expected a JSON array of pages, got {type(pages).__name__}")
    for page in pages:
        for item in _page(page)["Items"]:
            if not isinstance(item, dict):
                raise ParseError("expected objects in Items")
            yield item


def _add(sold: Sold, item: dict[str, Any], product: str, meter: str, region: str) -> None:
    """Add an item to what is sold. Raises _RefusedError."""
    price = _price(item, product, meter, region)
    start = _start(item.get("effectiveStartDate"))
    held = sold[price.key()][region, meter].setdefault(start, replace(price, effective_from=start))
    if held.usd_per_unit != price.usd_per_unit:
        raise _RefusedError("a second price from the same moment on")


def _price(item: dict[str, Any], product: str, meter: str, region: str) -> Price:
    """The price of one item, but for the moment it starts. Raises _RefusedError."""
    provider = PRODUCTS.get(product)
    if provider is None:
        raise _RefusedError("no product whose models are known")
    read = read_meter(meter, provider)
    if read is None:
        raise _RefusedError("no known model and token meter in the name")
    if item.get("type") != "Consumption" or item.get("currencyCode") != "USD":
        raise _RefusedError("no price in USD for consumption")
    if item.get("tierMinimumUnits", 0) != 0 or item.get("effectiveEndDate") is not None:
        raise _RefusedError("a price from a volume on, or one that ends")
    if read.is_long_context and provider not in LONG_CONTEXT_FROM:
        raise _RefusedError("the boundary of the long context price is not known")
    return Price(
        place=f"{product}: {meter[:80]}",
        provider=provider,
        model=read.model,
        meter=read.meter,
        usd_per_unit=_usd_per_mtok(item),
        printed=f"{item.get('retailPrice')} per {item.get('unitOfMeasure')}: {meter[:100]}",
        service_tier=read.service_tier,
        context_from=LONG_CONTEXT_FROM[provider] if read.is_long_context else 0,
        channel="azure",
        region=_region(read.place, region),
    )


def _usd_per_mtok(item: dict[str, Any]) -> Decimal:
    unit, retail = item.get("unitOfMeasure"), item.get("retailPrice")
    scale = UNITS_PER_MTOK.get(unit) if isinstance(unit, str) else None
    if scale is None:
        raise _RefusedError(f"not priced by the token but by {str(unit)[:40]!r}")
    usd = price_or_none(str(retail)) if isinstance(retail, Decimal) else None
    if not usd:
        raise _RefusedError("no price, or 0 where nothing says that it is free")
    return usd * scale


def _region(place: str, region: str) -> str:
    if place == "global":
        return "global"
    if place == "zone" and region not in ZONE_OF_REGION:
        raise _RefusedError("a data zone price in a region of no known zone")
    if not region.isalnum():
        raise _RefusedError("no region")
    return ZONE_OF_REGION[region] if place == "zone" else region


def _start(text: Any) -> datetime:
    """Naive UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise _RefusedError("no moment from which the price holds") from None
    if moment.tzinfo is None:
        raise _RefusedError("no moment from which the price holds")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _agreed(timelines: list[Timeline]) -> list[Price] | None:
    """The one timeline of all, which may begin at different times; None where two print different prices."""
    agreed: list[Price] = []
    for moment in sorted({start for timeline in timelines for start in timeline}):
        begun = [[start for start in timeline if start <= moment] for timeline in timelines]
        in_force = [timeline[max(starts)] for timeline, starts in zip(timelines, begun, strict=True) if starts]
        if len({price.usd_per_unit for price in in_force}) > 1:
            return None
        if not agreed or in_force[0].usd_per_unit != agreed[-1].usd_per_unit:
            agreed.append(replace(in_force[0], effective_from=moment))
    return agreed
