"""Nebius' price page -> GPU rates per GPU and hour. CPU instances and storage are not for this module.

Every list is made of `div`s under an `h2`; a GPU list is one with a column of GPU-hours. A column may be dated:
"GPU-hour (Effective October 1, 2026)" is the price from that day (00:00 UTC), beside the price of today. Memory is not
printed and comes from card_memory. That reserving saves "up to 35%" is told without rates and gives no row.
"""

import re
from datetime import datetime, time
from typing import Any

from bs4 import BeautifulSoup, Tag

from pipelines.sources.gpu_rates.card_memory import only_memory_gb
from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector
from pipelines.sources.printed_dates import read_date

_BLOCK = "pc-highlight-table-block__"
_PRICING = {
    "On-demand, GPU-hour": "on_demand",
    "Spot price, GPU-hour": "spot",
    "Preemptible, GPU-hour": "spot",  # until July 2026, in the list of on-demand prices
}
_EFFECTIVE = re.compile(r"GPU-hour \(Effective ([A-Z][a-z]{2,8} [0-9]{1,2}, 20[0-9]{2})\)")
_HOST_CPU = re.compile(r" with (?:Intel|AMD) CPU$")


def parse(body: bytes) -> Parsed:
    """Rates of the lists of GPU instances. Raises ParseError when the page has none or none yields a rate."""
    page = BeautifulSoup(body, "lxml")
    found = new_collector()
    lists = [block for block in page.select(f"div.{_BLOCK}root") if any("GPU-hour" in text for text in _headers(block))]
    if not lists:
        raise ParseError("no price list with a column of GPU-hours")
    for block in lists:
        _add_list(found, block)
    return found.parsed()


def _headers(block: Tag) -> list[str]:
    return [cell_text(cell).rstrip("*") for cell in block.select(f"div.{_BLOCK}head div.{_BLOCK}cell")]


def _add_list(found: RowCollector, block: Tag) -> None:
    title = block.find("h2")
    place = cell_text(title) if title else "GPU list without a title"
    headers = _headers(block)
    columns = {number: terms for number, header in enumerate(headers) if (terms := _terms(header)) is not None}
    if headers[0] != "Item" or not columns:
        found.reject(place, " | ".join(headers), "a GPU list with unknown columns")
        return
    for number, header in enumerate(headers):
        if "GPU-hour" in header and number not in columns:
            found.reject(place, header, "a column of GPU-hours that is not known")
    for row in block.select(f"div.{_BLOCK}body div.{_BLOCK}row"):
        cells = [cell_text(cell) for cell in row.select(f"div.{_BLOCK}cell")]
        if len(cells) != len(headers):
            found.reject(place, " | ".join(cells), f"{len(cells)} cells under {len(headers)} headers")
            continue
        unread = {terms["pricing"] for number, terms in columns.items() if _is_unread(cells[number], terms)}
        for number, terms in columns.items():
            if terms["pricing"] in unread and "effective_from" not in terms:
                found.reject(f"{place}: {headers[number]}", f"{cells[0]}: {cells[number]}", "what follows it is unread")
            else:
                _add_cell(found, f"{place}: {headers[number]}", cells[0], cells[number], terms)


def _terms(header: str) -> dict[str, Any] | None:
    """How the column is sold and from when; None for a column that holds no known price."""
    if header in _PRICING:
        return {"pricing": _PRICING[header]}
    dated = _EFFECTIVE.fullmatch(header)
    if dated is None:
        return None
    try:
        day, precision = read_date(dated[1])
    except ValueError:
        return None
    if day is None or precision != "day":
        return None
    return {"pricing": "on_demand", "effective_from": datetime.combine(day, time())}


def _is_unread(printed: str, terms: dict[str, Any]) -> bool:
    """Whether a rate that begins on a day cannot be read: the one before it would hold on without end."""
    try:
        read_hourly(printed)
    except ValueError:
        return "effective_from" in terms
    return False


def _add_cell(found: RowCollector, place: str, sku: str, printed: str, terms: dict[str, Any]) -> None:
    try:
        rate = read_hourly(printed)
        if rate is None:
            return
        name = read_gpu_name(_HOST_CPU.sub("", sku))
        memory_gb = name.memory_gb or only_memory_gb(name.gpu, name.variant)
    except ValueError as error:
        found.reject(place, f"{sku}: {printed}", str(error))
        return
    add_rate(
        found,
        rate.usd,
        printed=printed,
        provider="nebius",
        tier="vm",
        sku=sku,
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=memory_gb,
        price_kind=rate.price_kind,
        **terms,
    )
