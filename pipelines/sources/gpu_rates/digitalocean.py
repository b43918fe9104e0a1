"""DigitalOcean's documentation of Droplet prices (HTML) -> GPU rates on demand. Its API of sizes needs a key.

The table is the one whose columns are "GPU" and "Price". It prints a name and a count ("NVIDIA H100 (8x)", earlier
"H100x8") and no memory. Cards that are sold by contract have no public price and give no row.
"""

import re

from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

CARDS = {
    "AMD MI300X": ("MI300X", 192),
    "AMD MI325X": ("MI325X", 256),
    "AMD MI350X": ("MI350X", 288),
    "NVIDIA B300": ("B300", 288),
    "NVIDIA H100": ("H100", 80),
    "NVIDIA H200": ("H200", 141),
    "NVIDIA L40s": ("L40S", 48),
    "NVIDIA RTX 4000": ("RTX 4000 Ada", 20),
    "NVIDIA RTX 6000": ("RTX 6000 Ada", 48),
}
"""Model and GB of one card by the printed name; both RTX cards are of the Ada generation by the plans' own names."""

_HEADERS = (["GPU", "Price"], ["NVIDIA GPU", "Price"])
_NAME = re.compile(r"(.{1,60}?)(?: \(([1-9][0-9]?)x\)|x([1-9][0-9]?))?")
_PRICE = re.compile(r"\$([0-9]{1,5}\.[0-9]{1,4}) per hour")
_BY_CONTRACT = "per contract"


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour: price of the plan over its number of GPUs.

    Raises ParseError when the page does not have exactly one such table, or it yields no rate.
    """
    tables = [table for table in html_tables(body) if table.headers in _HEADERS]
    if len(tables) != 1:
        raise ParseError(f"{len(tables)} tables with the columns GPU and Price")
    found = new_collector()
    for error in tables[0].errors:
        found.reject("GPU prices", error, "a row that does not fit the table")
    for printed_name, printed_price in tables[0].rows:
        if printed_price.lower().startswith(_BY_CONTRACT):
            continue
        try:
            maker = "NVIDIA " if tables[0].headers[0] == "NVIDIA GPU" else ""
            _add(found, maker + printed_name, printed_price)
        except ValueError as error:
            found.reject(printed_name[:200], printed_price, str(error))
    return found.parsed()


def _add(found: RowCollector, printed_name: str, printed_price: str) -> None:
    """Add one plan. Raises ValueError."""
    name, price = _NAME.fullmatch(printed_name), _PRICE.fullmatch(printed_price)
    if name is None or name[1] not in CARDS:
        raise ValueError("a card whose memory is not known")
    usd = price_or_none(price[1]) if price else None
    if usd is None:
        raise ValueError("no price in USD by the hour")
    if usd == 0:
        return
    gpu, memory_gb = CARDS[name[1]]
    count = int(name[2] or name[3] or 1)
    add_rate(
        found,
        usd / count,
        printed=printed_price,
        provider="digitalocean",
        tier="droplet",
        sku=printed_name,
        gpu=gpu,
        memory_gb=memory_gb,
        gpu_count=count,
    )
