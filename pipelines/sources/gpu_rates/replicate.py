"""Replicate's table of hardware -> GPU rates per GPU and hour, from prices per second. Prices of models are not for it.

A row prints its price twice, "$0.001400/sec" and "$5.04/hr", for all GPUs of the row; both must agree. Hardware that is
kept for contracts prints a remark in place of its memory and is refused.
"""

import re
from decimal import Decimal

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import read_secondly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_HEADERS = ["Hardware", "Price", "GPU", "CPU", "GPU RAM", "RAM"]
_NAME = re.compile(r"(?:[1-9][0-9]?x )?(.+?) GPU(?:\s*(gpu-[a-z0-9-]+))?")
_PRICE = re.compile(r"(\$[0-9.]+/sec)\s*\(?\$([0-9]{1,5}(?:\.[0-9]{1,6})?)/hr\)?")
_COUNT = re.compile(r"([1-9][0-9]?)x")
_GB = re.compile(r"([1-9][0-9]{0,4})GB")


def parse(body: bytes) -> Parsed:
    """Rates of the hardware table. Raises ParseError when the page has none or it yields no rate."""
    found = new_collector()
    tables = [table for table in html_tables(body) if table.headers == _HEADERS]
    if not tables:
        raise ParseError(f"no table with the columns {_HEADERS}")
    for table in tables:
        for error in table.errors:
            found.reject(table.heading[:200], error, "the row does not fit the table")
        for cells in table.rows:
            if len(set(cells)) > 1 and cells[2] not in ("", "-"):
                _add(found, cells)
    return found.parsed()


def _add(found: RowCollector, cells: list[str]) -> None:
    hardware, printed, count_text, _, memory_text, _ = cells
    try:
        named, price = _NAME.fullmatch(hardware), _PRICE.fullmatch(printed)
        count, memory = _COUNT.fullmatch(count_text), _GB.fullmatch(memory_text)
        if named is None or price is None:
            raise ValueError("no name of a GPU, or no price per second and hour")
        if count is None or memory is None:
            raise ValueError("the number of GPUs or their memory is not told")
        usd_per_hour, gpu_count = read_secondly(price[1]), int(count[1])
        if abs(usd_per_hour - Decimal(price[2])) > Decimal("0.005"):
            raise ValueError("the prices per second and per hour disagree")
        name = read_gpu_name(named[1])
        if int(memory[1]) % gpu_count:
            raise ValueError("the memory does not divide by the number of GPUs")
    except ValueError as error:
        found.reject(hardware[:200], " | ".join(cells), str(error))
        return
    add_rate(
        found,
        usd_per_hour / gpu_count,
        printed=printed,
        provider="replicate",
        tier="serverless",
        sku=named[2] or hardware,
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=int(memory[1]) // gpu_count,
        gpu_count=gpu_count,
        minimum_seconds=1,
    )
