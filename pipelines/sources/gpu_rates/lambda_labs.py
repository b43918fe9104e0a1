"""Lambda's price page -> GPU rates of instances, per GPU and hour. Clusters are told apart and refused visibly.

One plan stands on the page once per size, and only the tab above its table says how many GPUs ("8x"); a row outside a
tab has no known count. The page also carries a JSON-escaped copy of the tables in a script, which is no HTML and is
never read. Cluster rows are reserved and print a term, but not how many GPUs must be taken.
"""

import re

from bs4 import BeautifulSoup, Tag

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_PRICE, _MEMORY, _TERM = "PRICE/GPU/HR*", "VRAM/GPU", "DURATION"
_TAB = re.compile(r"([1-9][0-9]?)x")
_GB = re.compile(r"([1-9][0-9]{0,3}) GB")


def parse(body: bytes) -> Parsed:
    """Rates of instances. Raises ParseError when no row has a price per GPU, or none can be read."""
    page = BeautifulSoup(body, "lxml")
    rows = [row for row in page.select("tr[data-plan]") if _PRICE in _cells(row)]
    if not rows:
        raise ParseError(f"no row with a cell {_PRICE!r}")
    found = new_collector()
    for row in rows:
        cells = _cells(row)
        sku = str(row["data-plan"])
        try:
            _add_row(found, page, row, sku, cells)
        except ValueError as error:
            found.reject(sku[:100], " | ".join(cells.values()), str(error))
    return found.parsed()


def _cells(row: Tag) -> dict[str, str]:
    """Cell texts by the label that the page gives each cell."""
    return {str(cell["data-label"]): cell_text(cell) for cell in row.select("[data-label]")}


def _add_row(found: RowCollector, page: BeautifulSoup, row: Tag, sku: str, cells: dict[str, str]) -> None:
    rate = read_hourly(cells[_PRICE])
    if rate is None:
        return
    if _TERM in cells:
        raise ValueError("a reserved cluster: how many GPUs must be taken is not told")
    name = read_gpu_name(sku)
    memory = _GB.fullmatch(cells.get(_MEMORY, ""))
    if memory is None or name.memory_gb not in (None, int(memory[1])):
        raise ValueError("the memory per GPU is not told, or differs from the name")
    add_rate(
        found,
        rate.usd,
        printed=cells[_PRICE],
        provider="lambda",
        tier="instance",
        sku=sku,
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=int(memory[1]),
        gpu_count=_gpu_count(page, row),
        price_kind=rate.price_kind,
    )


def _gpu_count(page: BeautifulSoup, row: Tag) -> int:
    """GPUs per instance, as the tab of the panel in which the row stands says."""
    panel = row.find_parent(attrs={"role": "tabpanel"})
    label = panel.get("aria-labelledby") if panel else None
    tab = page.find(id=label) if isinstance(label, str) else None
    count = _TAB.fullmatch(cell_text(tab)) if isinstance(tab, Tag) else None
    if count is None:
        raise ValueError("no tab tells how many GPUs the instance has")
    return int(count[1])
