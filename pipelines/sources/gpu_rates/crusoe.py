"""Crusoe's price page -> GPU rates: VMs and dedicated endpoints. Token, CPU and storage prices are not for this module.

All lists of the page are built alike and follow their heading, so a list is known by its heading and its columns
together: the same "$1.74" is a price per million tokens in one list and per hour in another.
"""

from dataclasses import dataclass, field

from bs4 import BeautifulSoup, Tag

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector


@dataclass(frozen=True)
class _List:
    tier: str
    headers: tuple[str, ...]
    pricing: tuple[str, ...]
    """How each price column is sold."""


_LISTS = {
    "GPU instances pricing": _List("vm", ("GPU model", "On-demand", "Current spot"), ("on_demand", "spot")),
    "Self-Serve Deployments pricing": _List("dedicated_endpoint", ("GPU type", "Price per hour"), ("on_demand",)),
}


@dataclass
class _Section:
    """What stands between two headings."""

    heading: str
    headers: list[str] = field(default_factory=list)
    items: list[Tag] = field(default_factory=list)


def parse(body: bytes) -> Parsed:
    """Rates per GPU and hour. Raises ParseError when neither list is on the page or none yields a rate."""
    page = BeautifulSoup(body, "lxml")
    found = new_collector()
    known = [section for section in _sections(page) if section.heading in _LISTS]
    if not known:
        raise ParseError(f"no list under a heading of {sorted(_LISTS)}")
    for section in known:
        shape = _LISTS[section.heading]
        if tuple(section.headers) != shape.headers:
            found.reject(section.heading, " | ".join(section.headers), "the columns of the list are not known")
            continue
        for item in section.items:
            _add_item(found, section.heading, shape, item)
    return found.parsed()


def _sections(page: BeautifulSoup) -> list[_Section]:
    sections = [_Section("")]
    for node in page.select("h3.pricing-col-heading, div.pricing-heading, div.pricing_gpu-item"):
        if node.name == "h3":
            sections.append(_Section(cell_text(node)))
        elif "pricing-heading" in node.get_attribute_list("class"):
            sections[-1].headers.append(cell_text(node))
        else:
            sections[-1].items.append(node)
    return sections


def _add_item(found: RowCollector, place: str, shape: _List, item: Tag) -> None:
    words = [cell_text(node) for node in item.select("h4.pricing-item-heading, div.pricing-tag")]
    sku = " ".join(word for word in words if word)
    prices = [cell_text(node) for node in item.select("div.pricing-rich")]
    if len(prices) != len(shape.pricing):
        found.reject(place, f"{sku}: {' | '.join(prices)}", f"{len(prices)} prices under {len(shape.pricing)} columns")
        return
    for pricing, printed in zip(shape.pricing, prices, strict=True):
        try:
            rate = read_hourly(printed)
            if rate is None:
                continue
            name = read_gpu_name(sku)
            if name.memory_gb is None:
                raise ValueError("no memory beside the name")
        except ValueError as error:
            found.reject(f"{place}: {pricing}", f"{sku}: {printed}", str(error))
            continue
        add_rate(
            found,
            rate.usd,
            printed=printed,
            provider="crusoe",
            tier=shape.tier,
            sku=sku,
            gpu=name.gpu.upper(),  # the page writes both MI355X and MI355x
            variant=name.variant,
            memory_gb=name.memory_gb,
            pricing=pricing,
            price_kind=rate.price_kind,
        )
