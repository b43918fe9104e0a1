"""Azure Retail Prices API, pages of service Virtual Machines -> GPU rates by size and region. Sizes are in `instances`.

The body is one page, a JSON array of pages, or a bare array of items. Left out on purpose: Windows, the retired product
"CloudServices", and prices for development and test; sizes outside NC and ND are not looked at. "Spot" and "Low
Priority" stand only in the name of the meter. A reservation prints the total of its whole term, whatever its unit says.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pipelines.sources.gpu_rates.instances import AZURE
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

TERM_YEARS = {"1 Year": 1, "3 Years": 3, "5 Years": 5}
HOURS_PER_YEAR = 8760
_GPU_SIZE = re.compile(r"Standard_N(?:C|CC|D)[0-9]\w{0,60}")
_REGION = re.compile(r"[a-z0-9]{2,40}")
_GOVERNMENT = ("usgov", "usdod", "ussec", "usnat")
_OFFER = ("tier", "sku", "region", "pricing", "term_months", "effective_from")
_LEFT_OUT_WORDS = {"Windows", "CloudServices"}

Rate = dict[str, Any]
Key = tuple[Any, ...]


def next_page(body: bytes) -> str | None:
    """The address of the page after this one. Raises ParseError for a body that is no page."""
    page = _json(body)
    if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
        raise ParseError("expected a page with Items")
    link = page.get("NextPageLink")
    return link if isinstance(link, str) and link else None


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: instance price (over the hours of the term, if reserved) over the GPU count.

    Two prices for one offer from one moment on are both refused, and so is a spot price that is not under the price on
    demand of the same size and region. Raises ParseError for a body that is no list of pages or yields no rate.
    """
    found = new_collector()
    offers: dict[Key, list[Rate]] = {}
    for item in _items(body):
        if _is_left_out(item):
            continue
        place = f"{item['armSkuName'][:60]} in {str(item.get('armRegionName'))[:40]}"
        try:
            rate = _rate(item)
        except ValueError as error:
            found.reject(place, f"{item.get('retailPrice')} {item.get('meterName')}", str(error))
            continue
        if rate["amount"] != 0:
            offers.setdefault(tuple(rate[column] for column in _OFFER), []).append(rate)
    peaks = _on_demand_peaks(rate for copies in offers.values() for rate in copies)
    for copies in offers.values():
        _add_offer(found, copies, peaks.get((copies[0]["sku"], copies[0]["region"])))
    return found.parsed()


def _on_demand_peaks(rates: Iterable[Rate]) -> dict[tuple[str, str], Decimal]:
    """The highest price on demand by size and region, whenever it starts."""
    peaks: dict[tuple[str, str], Decimal] = {}
    for rate in rates:
        if rate["pricing"] == "on_demand":
            sold = (rate["sku"], rate["region"])
            peaks[sold] = max(rate["amount"], peaks.get(sold, Decimal(0)))
    return peaks


def _add_offer(found: RowCollector, copies: list[Rate], on_demand_peak: Decimal | None) -> None:
    rate = copies[0]
    place = f"{rate['sku']} in {rate['region']}"
    if any(copy["amount"] != rate["amount"] for copy in copies):
        found.reject(place, "; ".join(copy["printed"] for copy in copies), "two prices for one offer")
    elif rate["pricing"] == "spot" and on_demand_peak is not None and rate["amount"] >= on_demand_peak:
        found.reject(place, rate["printed"], "a spot price that is not under the price on demand")
    else:
        columns = {name: value for name, value in rate.items() if name != "amount"}
        add_rate(found, rate["amount"], **columns)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error


def _items(body: bytes) -> Iterator[dict[str, Any]]:
    document = _json(body)
    for entry in document if isinstance(document, list) else [document]:
        items = entry.get("Items", [entry]) if isinstance(entry, dict) else None
        if not isinstance(items, list) or any(not isinstance(item, dict) for item in items):
            raise ParseError("expected pages with Items, or items")
        yield from items


def _is_left_out(item: dict[str, Any]) -> bool:
    size, product = item.get("armSkuName"), item.get("productName")
    words = set(product.split()) if isinstance(product, str) else set()
    if not isinstance(size, str) or not _GPU_SIZE.fullmatch(size):
        return True
    return bool(words & _LEFT_OUT_WORDS) or item.get("type") == "DevTestConsumption"


def _tier(region: str) -> str:
    return "government" if region.startswith(_GOVERNMENT) else "vm"


def _rate(item: dict[str, Any]) -> Rate:
    """One item as the columns of a rate, its price under `amount`. Raises ValueError."""
    size, region, meter = item["armSkuName"], item.get("armRegionName"), item.get("meterName")
    if size not in AZURE:
        raise ValueError("a size whose GPUs are not known")
    if not isinstance(region, str) or not _REGION.fullmatch(region) or not isinstance(meter, str):
        raise ValueError("no region or no meter")
    if item.get("unitOfMeasure") != "1 Hour" or item.get("currencyCode", "USD") != "USD":
        raise ValueError("no price in USD by the hour")
    if item.get("effectiveEndDate") is not None:
        raise ValueError("a price that ends")
    retail = item.get("retailPrice")
    usd = price_or_none(str(retail)) if isinstance(retail, Decimal) else None
    if usd is None:
        raise ValueError("the price is no finite number")
    years, pricing, is_low_priority = _sold_as(item, meter)
    instance = AZURE[size]
    return {
        "provider": "azure",
        "tier": _tier(region) + (" low priority" if is_low_priority else ""),
        "sku": size,
        "region": region,
        "pricing": pricing,
        "term_months": years * 12 or None,
        "amount": usd / (years * HOURS_PER_YEAR or 1) / instance.gpu_count,
        "printed": f"{usd} {f'for {years} years' if years else 'per hour'}: {meter[:100]}",
        "effective_from": _start(item.get("effectiveStartDate")),
        **instance._asdict(),
    }


def _sold_as(item: dict[str, Any], meter: str) -> tuple[int, str, bool]:
    """Years of commitment, the kind of price, and whether it is of the older Low Priority."""
    words = f"{meter} {item.get('skuName', '')}".split()
    is_low_priority = "Low" in words and "Priority" in words
    is_spot = is_low_priority or "Spot" in words
    if item.get("type") == "Reservation":
        term = item.get("reservationTerm")
        if is_spot or not isinstance(term, str) or term not in TERM_YEARS:
            raise ValueError("a reservation without a known term")
        return TERM_YEARS[term], "reserved", False
    if item.get("type") != "Consumption" or item.get("tierMinimumUnits", 0) != 0:
        raise ValueError("no price for consumption from the first hour on")
    return 0, "spot" if is_spot else "on_demand", is_low_priority


def _start(text: Any) -> datetime | None:
    """Naive UTC; None where the list does not tell."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise ValueError("no moment from which the price holds") from None
    if moment.tzinfo is None:
        raise ValueError("no moment from which the price holds")
    return moment.astimezone(UTC).replace(tzinfo=None)
