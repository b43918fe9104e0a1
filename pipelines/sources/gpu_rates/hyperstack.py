"""Hyperstack's price page -> GPU rates, per GPU and hour. CPU, storage and AI Studio prices are not for this module.

The provider's stock list names the hardware behind the page's labels: "NVIDIA H100" is the PCIe card and "NVIDIA H100
NVLink" two such cards with a bridge, not the H100 NVL. Spot prices are printed without memory, which is then that of
the same card in the on-demand list. Reservations "start from" a price for a term that is not told: refused.
"""

from bs4 import BeautifulSoup, Tag

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_CARDS = {
    "NVIDIA H100": ("H100", "PCIe"),
    "NVIDIA H100 NVLink": ("H100", "PCIe NVLink"),
    "NVIDIA A100": ("A100", "PCIe"),
    "NVIDIA A100 NVLink": ("A100", "PCIe NVLink"),
    "NVIDIA RTX Pro 6000 SE": ("RTX PRO 6000", "Server"),
    "NVIDIA A6000": ("RTX A6000", ""),
    "NVIDIA A4000": ("RTX A4000", ""),
}
"""Labels whose hardware is not what their words say; all others are read word by word."""
_ON_DEMAND = ("GPU Model", "VRAM (GB)", "Max pCPUs per GPU", "Max RAM (GB) per GPU", "Pricing Per Hour")
_RESERVED = ("GPU Model", "Starting from", "Reserve")
_SPOT = ("GPU Model", "Spot VM")
_PER_MINUTE = "billed per minute"

_Card = tuple[str, str]


def parse(body: bytes) -> Parsed:
    """Rates per GPU and hour. Raises ParseError when the page has no on-demand list or yields no rate."""
    page = BeautifulSoup(body, "lxml")
    found = new_collector()
    on_demand = _rows(found, page, _ON_DEMAND)
    if not on_demand:
        raise ParseError(f"no list with the columns {_ON_DEMAND}")
    minimum_seconds = 60 if page.find(string=lambda text: text is not None and _PER_MINUTE in text) else None
    memories: dict[_Card, int] = {}
    for cells in on_demand:
        memories |= _memory(cells[0], cells[1])
        _add(found, cells, "on_demand", memories, minimum_seconds)
    for cells in _rows(found, page, _SPOT):
        _add(found, cells, "spot", memories, minimum_seconds)
    for cells in _rows(found, page, _RESERVED):
        found.reject(f"reserved: {cells[0]}"[:200], cells[1], "a reservation without its term")
    return found.parsed()


def _headers(node: Tag) -> tuple[str, ...]:
    return tuple(cell_text(cell) for cell in node.select("div.page-price_card_head_item"))


def _rows(found: RowCollector, page: BeautifulSoup, headers: tuple[str, ...]) -> list[list[str]]:
    """The rows of all lists with these columns as cell texts, one per header."""
    rows = []
    lists = [node for node in page.select("div.page-price_card") if _headers(node) == headers]
    for row in [row for node in lists for row in node.select("div.page-price_card_row_item")]:
        cells = [cell_text(cell) for cell in row.select("div.page-price_card_row_item_col")]
        if len(cells) == len(headers):
            rows.append(cells)
        else:
            found.reject(headers[-1], " | ".join(cells), f"{len(cells)} cells under {len(headers)} headers")
    return rows


def _card(label: str) -> _Card:
    """Model and form factor behind a label. Raises ValueError for labels whose hardware is not known."""
    if label in _CARDS:
        return _CARDS[label]
    if "nvlink" in label.lower().split():
        raise ValueError("NVLink is no form factor, and the label is not known")
    name = read_gpu_name(label)
    return name.gpu, name.variant


def _memory(label: str, printed: str) -> dict[_Card, int]:
    """The card of an on-demand row with its memory; empty where either cannot be read."""
    try:
        return {_card(label): int(printed)} if printed.isascii() and printed.isdecimal() else {}
    except ValueError:
        return {}


def _add(
    found: RowCollector,
    cells: list[str],
    pricing: str,
    memories: dict[_Card, int],
    minimum_seconds: int | None,
) -> None:
    label, printed = cells[0], cells[-1]
    try:
        rate = read_hourly(printed)
        if rate is None:
            return
        card = _card(label)
        if card not in memories:
            raise ValueError("the memory of the card is not told")
    except ValueError as error:
        found.reject(f"{pricing}: {label}"[:200], printed, str(error))
        return
    add_rate(
        found,
        rate.usd,
        printed=printed,
        provider="hyperstack",
        tier="vm",
        sku=label,
        gpu=card[0],
        variant=card[1],
        memory_gb=memories[card],
        pricing=pricing,
        price_kind=rate.price_kind,
        minimum_seconds=minimum_seconds,
    )
