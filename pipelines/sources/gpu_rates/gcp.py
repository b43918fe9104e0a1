"""Google's Cloud Billing Catalog, SKUs of Compute Engine -> GPU rates of whole machines. Shapes are in `gcp_machines`.

Google prices no machine but its parts: GPU, core, GB of memory and local SSD, each by region. A machine costs the sum,
and its bundled SSD is part of it (without it A2 Ultra comes out 1 % too cheap). Parts in other sales (commitments,
reservations, "DWS", sole tenancy, calendar mode) have other wordings and are not looked at. Whether a part is spot is
told by its wording: some spot GPUs are filed under on demand. The catalog answers only with the user's API key.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import quote

from pipelines.sources.gpu_rates.gcp_machines import CARDS, FAMILIES, MACHINES, SAME_PART, Machine
from pipelines.sources.gpu_rates.json_answers import read_json, whole_number
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

HOURS_PER_MONTH = 730
"""Google's own length of a month, by which storage per month becomes storage per hour."""
SSD = "SSD backed Local Storage"
_CORE, _RAM = " Instance Core", " Instance Ram"
_UNITS = {"GPU": "h", "CPU": "h", "RAM": "GiBy.h", "LocalSSD": "GiBy.mo"}
_ON_DEMAND = re.compile(r"(?P<part>.+) running in .+")
_SPOT_GPU = re.compile(r"(?P<part>.+) attached to Spot Preemptible VMs running in .+")
_SPOT_REST = re.compile(r"Spot Preemptible (?P<part>.+) running in .+")
_SSD = re.compile(SSD + r"(?P<spot> attached to Spot Preemptible VMs)?(?: in .+)?")
_NANO = Decimal(10) ** -9


class Place(NamedTuple):
    """Where and how a part is sold."""

    part: str
    region: str
    is_spot: bool


def next_page(body: bytes) -> str | None:
    """The address of the page after this one, without the key. Raises ParseError for a body that is no page."""
    token = _page(read_json(body)).get("nextPageToken")
    return (
        f"?currencyCode=USD&pageSize=5000&pageToken={quote(token, safe='')}"
        if isinstance(token, str) and token
        else None
    )


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: the sum of a machine's parts over its GPUs, by region, on demand and spot.

    A machine one of whose parts is not priced in a region, or priced twice there, is not offered there. Raises
    ParseError for a body that is no such list or yields no rate.
    """
    found = new_collector()
    document = read_json(body)
    prices: dict[Place, set[Decimal]] = {}
    for page in document if isinstance(document, list) else [document]:
        for sku in _page(page)["skus"]:
            try:
                _note_price(prices, sku)
            except ValueError as error:
                text = sku.get("description") if isinstance(sku, dict) else sku
                found.reject(str(text)[:200], str(sku), str(error))
    known = _single_prices(found, prices)
    regions = sorted({(place.region, place.is_spot) for place in known if place.part in CARDS})
    for name, machine in MACHINES.items():
        for region, is_spot in regions:
            _add_machine(found, known, name, machine, (region, is_spot))
    return found.parsed()


def _page(page: Any) -> dict[str, Any]:
    if not isinstance(page, dict) or not isinstance(page.get("skus"), list):
        raise ParseError("expected a page with skus")
    return page


def _note_price(prices: dict[Place, set[Decimal]], sku: Any) -> None:
    """Keep the price of a part that machines are made of. Raises ValueError for a part or a price that is not known."""
    category = sku.get("category") if isinstance(sku, dict) else None
    description = sku.get("description") if isinstance(category, dict) else None
    if not isinstance(category, dict) or not isinstance(description, str):
        raise ValueError("no SKU")
    group = category.get("resourceGroup")
    if group not in _UNITS or category.get("usageType") not in ("OnDemand", "Preemptible"):
        return
    if (sold := _sold(description, group)) is None:
        return
    part, is_spot = sold
    usd = _usd(sku, _UNITS[group])
    for region in _regions(sku):
        prices.setdefault(Place(part, region, is_spot), set()).add(usd)


def _sold(description: str, group: str) -> tuple[str, bool] | None:
    """The part and whether it is spot; None for other sales and other families. Raises ValueError for unknown GPUs."""
    if group == "LocalSSD":
        found = _SSD.fullmatch(description)
        return (SSD, found["spot"] is not None) if found else None
    spot = _SPOT_REST.fullmatch(description) or _SPOT_GPU.fullmatch(description)
    found = spot or _ON_DEMAND.fullmatch(description)
    if found is None or " attached to " in found["part"]:
        return None
    part = SAME_PART.get(found["part"], found["part"])
    if part in CARDS or part.removesuffix(_CORE).removesuffix(_RAM) in FAMILIES:
        return part, spot is not None
    if group == "GPU":
        raise ValueError("a GPU whose machines are not known for certain")
    return None


def _usd(sku: dict[str, Any], unit: str) -> Decimal:
    """The newest price: one rate from the first unit on."""
    try:
        expression = sku["pricingInfo"][-1]["pricingExpression"]
        rate = expression["tieredRates"][0]
        price = rate["unitPrice"]
        if (
            len(expression["tieredRates"]) != 1
            or expression["usageUnit"] != unit
            or price["currencyCode"] != "USD"
            or rate["startUsageAmount"] != 0
        ):
            raise ValueError("no price in USD by the unit of the part")
        return Decimal(price["units"]) + whole_number(price["nanos"], limit=10**9) * _NANO
    except (KeyError, IndexError, TypeError, ArithmeticError) as error:
        raise ValueError("no single price") from error


def _regions(sku: dict[str, Any]) -> Iterator[str]:
    regions = sku.get("serviceRegions")
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        raise ValueError("no regions")
    yield from regions


def _single_prices(found: RowCollector, prices: dict[Place, set[Decimal]]) -> dict[Place, Decimal]:
    known = {}
    for place, amounts in prices.items():
        if len(amounts) == 1 and min(amounts) > 0:
            known[place] = min(amounts)
        else:
            printed = ", ".join(str(amount) for amount in sorted(amounts))
            found.reject(f"{place.part} in {place.region}", printed, "two prices of one part, or none")
    return known


def _add_machine(
    found: RowCollector, known: dict[Place, Decimal], name: str, machine: Machine, where: tuple[str, bool]
) -> None:
    """Add a machine where all its parts are sold; a region without them does not offer it."""
    amounts = {
        machine.part: Decimal(machine.gpu_count),
        machine.family + _CORE: Decimal(machine.vcpus),
        machine.family + _RAM: Decimal(machine.ram_gib),
    }
    if machine.ssd_gib:
        amounts[SSD] = Decimal(machine.ssd_gib) / HOURS_PER_MONTH
    parts = {part: known[Place(part, *where)] for part in amounts if Place(part, *where) in known}
    if len(parts) < len(amounts):
        return
    region, is_spot = where
    add_rate(
        found,
        sum((usd * amounts[part] for part, usd in parts.items()), Decimal(0)) / machine.gpu_count,
        printed="sum: " + " + ".join(f"{amounts[part]:.6g} x {part} {usd}" for part, usd in parts.items()),
        provider="gcp",
        tier="vm",
        sku=name,
        region=region,
        pricing="spot" if is_spot else "on_demand",
        gpu_count=machine.gpu_count,
        **CARDS[machine.part]._asdict(),
    )
