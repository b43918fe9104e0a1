"""Modal's price page -> GPU rates per GPU and hour, from prices per second. CPU and memory prices are not for it.

The page prints "Nvidia H100 SXM5" and, in the next paragraph, "$0.001097 / sec". Processor and memory are always billed
on top of the GPU, and regions and non-preemptible runs are dearer by factors, so that every rate is kept as "from".
Classes end in a hash that changes with each deployment; only the class "price" is relied on.
"""

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from pipelines.sources.gpu_rates.card_memory import only_memory_gb
from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import join_memory, read_secondly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import cell_text
from pipelines.sources.parsed import Parsed, ParseError, RowCollector


def parse(body: bytes) -> Parsed:
    """Rates of all GPUs of the page. Raises ParseError when it prints none or none can be read."""
    page = BeautifulSoup(body, "lxml")
    prices: dict[str, set[str]] = {}
    for sku, printed in _printed(page):
        prices.setdefault(sku, set()).add(printed)
    if not prices:
        raise ParseError("no price under the name of an Nvidia GPU")
    found = new_collector()
    for sku, printed_prices in prices.items():
        if len(printed_prices) > 1:
            found.reject(sku[:200], " | ".join(sorted(printed_prices)), "one GPU with two prices")
        else:
            _add(found, sku, printed_prices.pop())
    return found.parsed()


def _printed(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Names and prices in page order; a price is the paragraph of class "price" right after the name."""
    for price in page.select("p.price"):
        name = price.find_previous_sibling()
        sku = cell_text(name) if isinstance(name, Tag) and name.name == "p" else ""
        if sku.startswith("Nvidia "):
            yield sku, cell_text(price)


def _add(found: RowCollector, sku: str, printed: str) -> None:
    try:
        usd_per_hour = read_secondly(printed)
        name = read_gpu_name(join_memory(sku))
        memory_gb = name.memory_gb or only_memory_gb(name.gpu, name.variant)
    except ValueError as error:
        found.reject(sku[:200], printed, str(error))
        return
    add_rate(
        found,
        usd_per_hour,
        printed=printed,
        provider="modal",
        tier="serverless",
        sku=sku,
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=memory_gb,
        price_kind="from",
        minimum_seconds=1,
    )
