"""EC2's price lists as AWS's own pricing page reads them (JSON, one per region) -> GPU rates on demand and reserved.

The bulk price list of one region has hundreds of MB; this one has less than one and states Linux on shared hardware in
its address. Windows, dedicated hosts and capacity blocks are other lists. The address names the region by a place name,
which is all that the body says of it: AWS_REGIONS turns it into the region's code, and gives the order of the pages.
Of the reservations only "No Upfront" of class "standard" is read, because only there the price by the hour is the whole
price. GPUs of an instance type are in `instances`. Spot prices are in `aws_spot`.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from pipelines.sources.gpu_rates.addresses import AWS_REGIONS, in_address
from pipelines.sources.gpu_rates.instances import AWS
from pipelines.sources.gpu_rates.json_answers import read_json
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

TERM_MONTHS = {"1yr": 12, "1 yr": 12, "3yr": 36, "3 yr": 36}
GPU_FAMILY = re.compile(r"(?:p[3-9]|g[4-9]|gr[6-9])[a-z0-9-]{0,12}\.[a-z0-9]{1,12}")

Row = dict[str, Any]


def next_region(body: bytes) -> str | None:
    """The list on demand of the region after this one. Raises ParseError for a body that is no list of one region."""
    return _next(body, "../../{}/Linux/index.json")


def next_reserved_region(body: bytes) -> str | None:
    """The list of reservations of the region after this one. Raises ParseError for no list of one region."""
    return _next(body, "../../../{}/Linux/Shared/index.json")


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: instance price over the GPU count, one row per type, region and commitment.

    The body is one list or an array of lists. Two prices for one offer are both refused. Raises ParseError for a body
    that is no such list or yields no rate.
    """
    found = new_collector()
    offers: dict[tuple[Any, ...], list[Row]] = {}
    document = read_json(body)
    for page in document if isinstance(document, list) else [document]:
        for row in _gpu_rows(page):
            try:
                rate = _rate(row)
            except ValueError as error:
                found.reject(f"{row['Instance Type']} in {row.get('Location')}"[:200], str(row), str(error))
                continue
            offers.setdefault(tuple(rate[name] for name in ("sku", "region", "term_months")), []).append(rate)
    for copies in offers.values():
        _add_offer(found, copies)
    return found.parsed()


def _next(body: bytes, path: str) -> str | None:
    order = list(AWS_REGIONS)
    place = order.index(_location(read_json(body))) + 1
    return path.format(in_address(order[place])) if place < len(order) else None


def _location(page: Any) -> str:
    """The one region of a list in USD."""
    regions = page.get("regions") if isinstance(page, dict) else None
    if not isinstance(regions, dict) or len(regions) != 1 or next(iter(regions)) not in AWS_REGIONS:
        raise ParseError("expected a list with one known region")
    manifest = page.get("manifest")
    if not isinstance(manifest, dict) or manifest.get("currencyCode") != "USD":
        raise ParseError("the list does not say that it is in USD")
    return str(next(iter(regions)))


def _gpu_rows(page: Any) -> Iterator[Row]:
    """The entries of GPU families; each stands under a key that is made of type, place and system."""
    location = _location(page)
    entries = page["regions"][location]
    if not isinstance(entries, dict):
        raise ParseError("the region holds no entries")
    for row in entries.values():
        kind = row.get("Instance Type") if isinstance(row, dict) else None
        if isinstance(kind, str) and GPU_FAMILY.fullmatch(kind):
            yield row | {"Location": location}


def _rate(row: Row) -> Row:
    """One entry as the columns of a rate, its price under `amount`. Raises ValueError."""
    instance = AWS.get(row["Instance Type"])
    if instance is None:
        raise ValueError("an instance type whose GPUs are not known")
    # Lists of reservations leave the system out of some entries; what is told must be plain Linux on shared hardware.
    plain = {"Operating System": "Linux", "Pre Installed S/W": "NA", "Tenancy": "Shared"}
    if any(row.get(name, value) != value for name, value in plain.items()):
        raise ValueError("not Linux without preinstalled software on shared hardware")
    usd = price_or_none(row["price"]) if isinstance(row.get("price"), str) else None
    if usd is None or usd <= 0:
        raise ValueError("the price is no positive number")
    months = _term_months(row)
    return {
        "provider": "aws",
        "tier": "shared",
        "sku": row["Instance Type"],
        "region": AWS_REGIONS[row["Location"]],
        "pricing": "on_demand" if months is None else "reserved",
        "term_months": months,
        "amount": usd / instance.gpu_count,
        "printed": f"{row['price']} per hour" + ("" if months is None else f": No Upfront, {months} months"),
        **instance._asdict(),
    }


def _term_months(row: Row) -> int | None:
    """Months of a reservation; None for an entry on demand."""
    if "LeaseContractLength" not in row and "PurchaseOption" not in row:
        return None
    upfront = row.get("riupfront:PricePerUnit")
    if row.get("PurchaseOption") != "No Upfront" or (upfront and price_or_none(str(upfront)) != Decimal(0)):
        raise ValueError("a reservation with a payment upfront")
    if row.get("LeaseContractLength") not in TERM_MONTHS:
        raise ValueError("a reservation without a known term")
    return TERM_MONTHS[row["LeaseContractLength"]]


def _add_offer(found: RowCollector, copies: list[Row]) -> None:
    rate = copies[0]
    if len({copy["amount"] for copy in copies}) > 1:
        printed = "; ".join(copy["printed"] for copy in copies)
        found.reject(f"{rate['sku']} in {rate['region']}", printed, "two prices for one offer")
        return
    add_rate(found, rate["amount"], **{name: value for name, value in rate.items() if name != "amount"})
