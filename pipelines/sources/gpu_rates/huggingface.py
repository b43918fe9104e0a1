"""Hugging Face's prices of Inference Endpoints (Markdown or HTML) -> GPU rates. CPU and INF2 tables are not for it.

A price is that of the whole instance; the actual cost "is billed per minute". Memory is printed for all GPUs together
and is checked against the sizes that the card exists in, because the table holds slips ("256 GB" for one B200).
"""

import re
from decimal import Decimal

from pipelines.sources.gpu_rates.card_memory import CARD_GB
from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.markdown_tables import markdown_tables
from pipelines.sources.page_tables import html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_HEADERS = ["Provider", "Instance Type", "Instance Size", "Hourly rate", "GPUs", "Memory", "Architecture"]
_SIZE = re.compile(r"x([1-9][0-9]?)")
_GB = re.compile(r"([1-9][0-9]{0,4}) ?GB")


def parse(body: bytes) -> Parsed:
    """Rates per GPU and hour. Raises ParseError when the page has no GPU table or it yields no rate."""
    text = body.decode(errors="replace")
    tables = html_tables(body) if text.lstrip().startswith("<") else markdown_tables(text)
    tables = [table for table in tables if table.headers == _HEADERS]
    if not tables:
        raise ParseError(f"no table with the columns {_HEADERS}")
    found = new_collector()
    minimum_seconds = 60 if "billed per minute" in text else None
    for table in tables:
        for error in table.errors:
            found.reject(table.heading[:200], error, "the row does not fit the table")
        for cells in table.rows:
            _add(found, [cell.strip("* ") for cell in cells], minimum_seconds)
    return found.parsed()


def _add(found: RowCollector, cells: list[str], minimum_seconds: int | None) -> None:
    cloud, instance, size, printed, gpus, memory_text, architecture = cells
    try:
        rate = read_hourly(printed)
        if rate is None:
            return
        counted, memory = _SIZE.fullmatch(size), _GB.fullmatch(memory_text)
        if counted is None or memory is None or counted[1] != gpus:
            raise ValueError("size and number of GPUs disagree, or no memory")
        gpu_count = int(gpus)
        name = read_gpu_name(architecture.split(" - ")[0])  # a remark about the end of the offer may follow
        memory_gb = _memory_gb(name.gpu, Decimal(memory[1]) / gpu_count)
    except ValueError as error:
        found.reject(f"{cloud} {instance} {size}"[:200], " | ".join(cells), str(error))
        return
    add_rate(
        found,
        rate.usd / gpu_count,
        printed=printed,
        provider="huggingface",
        tier="dedicated_endpoint",
        sku=f"{cloud} {instance} {size}",
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=memory_gb,
        gpu_count=gpu_count,
        price_kind=rate.price_kind,
        minimum_seconds=minimum_seconds,
    )


def _memory_gb(gpu: str, per_gpu: Decimal) -> int:
    """The printed memory of one GPU, if it is a size in which the card exists in any form factor."""
    if per_gpu not in {size for (card, _), sizes in CARD_GB.items() if card == gpu for size in sizes}:
        raise ValueError("the memory is not that of the card")
    return int(per_gpu)
