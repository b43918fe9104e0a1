"""CoreWeave's price page -> GPU rates. Names are read in gpu_names; CPU and storage prices are not for this module.

The page prints the price of an instance and its number of GPUs, in one list per region. All lists look alike, CPU lists
included (their class says "gpu-pricing" too), so a GPU list is one whose first column is "GPU Model". A row's own class
says how it is sold: `kubernetes-gpu-pricing`, or `gpu-pricing-and-kubernetes-gpu-pricing` for a row that also stands in
the list of plain instances. Both are the same offer and are kept under the tier "kubernetes"; every other row is
"instance". Rows may have one cell more than the list has headers: the inference price, which is no rental rate.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from bs4 import BeautifulSoup, Tag

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_MODEL, _COUNT, _MEMORY = "GPU Model", "GPU Count", "VRAM (GB)"
_PRICES = {
    "on_demand": ("On-Demand Price (Per Hour)", "instance-price"),
    "spot": ("Spot Price (Per Hour)", "spot-price"),
}
_KUBERNETES = {"kubernetes-gpu-pricing", "gpu-pricing-and-kubernetes-gpu-pricing"}
_NOT_OFFERED = {"", "-", "\u2013", "\u2014", "n/a", "contact sales"}
_USD = re.compile(r"\$([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(\.[0-9]{1,6})?")
_COUNT_WITH_NOTE = re.compile(r"([1-9][0-9]{0,2})(?:\^[0-9])?")
_REGION = re.compile(r"region:\s*(\S.*)", re.IGNORECASE)
_STEP = Decimal("0.000001")
_KEY = ("tier", "sku", "gpu", "variant", "gpu_count", "region", "pricing")


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: instance price over GPU count, half-even at six digits; `printed` is the page's.

    An empty price, a dash, "N/A" or "Contact sales" is not offered and gives no row. Copies of a row are one row;
    copies that disagree are all refused. Raises ParseError when the page has no GPU list or none yields a rate.
    """
    if b"<" not in body:
        raise ParseError("not an HTML page")
    page = BeautifulSoup(body, "lxml")
    lists = [(table, _headers(table)) for table in page.select("div.table-v2")]
    gpu_lists = [(table, headers) for table, headers in lists if headers[:1] == [_MODEL]]
    if not gpu_lists:
        raise ParseError(f"no price list with a column {_MODEL!r}")
    found = RowCollector(GpuRateObservation)
    offers: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for number, (table, headers) in enumerate(gpu_lists):
        for offer in _list_offers(found, table, headers, f"GPU list {number}"):
            offers.setdefault(tuple(offer[column] for column in _KEY), []).append(offer)
    for copies in offers.values():
        _add_once(found, copies)
    return found.parsed()


def _headers(table: Tag) -> list[str]:
    return [" ".join(cell_text(cell).split()) for cell in table.select("div.table-v2-header div.table-v2-cell")]


def _list_offers(found: RowCollector, table: Tag, headers: list[str], place: str) -> Iterator[dict[str, Any]]:
    """The offers of one region's list."""
    needed = [_MODEL, _COUNT, _MEMORY, *(header for header, _ in _PRICES.values())]
    title = table.find_previous_sibling("h5")
    region = _REGION.fullmatch(cell_text(title)) if title else None
    if region is None or any(headers.count(header) != 1 for header in needed):
        found.reject(place, " | ".join(headers), "a GPU list without its region or one of its columns")
        return
    slug = re.sub(r"[^a-z0-9]+", "-", region[1].lower()).strip("-")
    for number, row in enumerate(table.select("div.table-row-v2")):
        where = f"{place} ({slug}), row {number}"
        try:
            yield from _row_offers(found, row, headers, slug, where)
        except ValueError as error:
            found.reject(where, cell_text(row), str(error))


def _row_offers(found: RowCollector, row: Tag, headers: list[str], region: str, place: str) -> Iterator[dict[str, Any]]:
    cells = _cells(row, headers)
    name = cells[_MODEL].find("h3")
    sku = name.get("data-product") if name else None
    if name is None or not isinstance(sku, str) or not sku:
        raise ValueError("no product id in the first cell")
    gpu = read_gpu_name(cell_text(name))
    count = _COUNT_WITH_NOTE.fullmatch(cell_text(cells[_COUNT]))
    memory = re.fullmatch(r"[1-9][0-9]{0,3}", cell_text(cells[_MEMORY]))
    if count is None or memory is None or gpu.slice_gb is not None:
        raise ValueError("GPU count or VRAM is no whole number of whole GPUs")
    for pricing, (header, label) in _PRICES.items():
        printed = _printed_price(cells[header])
        labelled = row.select_one(f"span.{label} span.item-value")
        if labelled is not None and cell_text(labelled) != printed:
            found.reject(place, f"{pricing}: {printed} / {cell_text(labelled)}", "two prices in one row")
        elif printed.lower() not in _NOT_OFFERED:
            usd_per_hour = _USD.fullmatch(printed)
            if usd_per_hour is None:
                found.reject(place, f"{pricing}: {printed}", "the price is no amount in USD")
                continue
            usd = Decimal(usd_per_hour[0].lstrip("$").replace(",", ""))
            yield {
                "provider": "coreweave",
                "tier": "kubernetes" if _KUBERNETES & set(row.get_attribute_list("class")) else "instance",
                "sku": sku,
                "gpu": gpu.gpu,
                "variant": gpu.variant,
                "memory_gb": int(memory[0]),
                "gpu_count": int(count[1]),
                "gpu_fraction": Decimal(1),
                "region": region,
                "pricing": pricing,
                "usd_per_gpu_hour": (usd / int(count[1])).quantize(_STEP, ROUND_HALF_EVEN),
                "local_per_gpu_hour": (usd / int(count[1])).quantize(_STEP, ROUND_HALF_EVEN),
                "price_kind": "quoted",
                "currency": "USD",
                "printed": printed,
            }


def _cells(row: Tag, headers: list[str]) -> dict[str, Tag]:
    """The cells under their headers. One cell more is allowed where the row itself names an inference price."""
    grid = row.select_one("div.table-grid")
    cells = grid.find_all("div", class_="table-v2-cell", recursive=False) if grid else []
    extra = len(cells) - len(headers)
    if extra != 0 and not (extra == 1 and row.select_one("span.inference-price")):
        raise ValueError(f"{len(cells)} cells under {len(headers)} headers")
    return dict(zip(headers, cells, strict=False))


def _printed_price(cell: Tag) -> str:
    """The text of the cell's first block; the link "Contact sales" beside it is no price."""
    return cell_text(cell.find("div") or cell)


def _add_once(found: RowCollector, copies: list[Mapping[str, Any]]) -> None:
    if all(copy == copies[0] for copy in copies):
        found.add(**copies[0])
        return
    for copy in copies:
        found.reject(f"{copy['region']}: {copy['sku']}", copy["printed"], "copies of one row disagree")
