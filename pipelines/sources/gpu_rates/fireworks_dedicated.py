"""Fireworks' price page -> GPU rates of on-demand deployments. Its token prices are read in llm_prices/fireworks.

The page has one table under the heading "On demand deployments": a GPU with its memory, and a price per hour of one
GPU. No form factor is told.
"""

import re

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.printed_rates import join_memory, read_hourly
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.page_tables import Table, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

_HEADING = "on demand deployments"
_PER_HOUR = re.compile(r"\b(?:hour|hr)\b", re.IGNORECASE)


def parse(body: bytes) -> Parsed:
    """Rates per GPU and hour. Raises ParseError when the page lacks the table or the table yields no rate."""
    tables = [table for table in html_tables(body) if table.heading.lower().replace("-", " ") == _HEADING]
    if not tables:
        raise ParseError(f"no table under the heading {_HEADING!r}")
    found = new_collector()
    for table in tables:
        for error in table.errors:
            found.reject(table.heading, error, "the row does not fit the table")
        if len(table.headers) != 2:
            found.reject(table.heading, " | ".join(table.headers), "not two columns")
            continue
        for sku, printed in table.rows:
            _add(found, table, sku, printed)
    return found.parsed()


def _add(found: RowCollector, table: Table, sku: str, printed: str) -> None:
    try:
        rate = read_hourly(printed)
        if rate is None:
            return
        if not _PER_HOUR.search(f"{table.headers[1]} {printed}"):
            raise ValueError("neither header nor price says that it is per hour")
        name = read_gpu_name(join_memory(sku).removesuffix(" GPU"))
        if name.memory_gb is None:
            raise ValueError("no memory beside the name")
    except ValueError as error:
        found.reject(f"{table.heading}: {sku}"[:200], printed, str(error))
        return
    add_rate(
        found,
        rate.usd,
        printed=printed,
        provider="fireworks",
        tier="dedicated_endpoint",
        sku=sku,
        gpu=name.gpu,
        variant=name.variant,
        memory_gb=name.memory_gb,
        price_kind=rate.price_kind,
    )
