"""What the headers and tabs of Google Cloud's price tables say: which tokens, prompt sizes, tiers and regions.

What stands in the rows is for the parser of the page.
"""

import re
from dataclasses import dataclass

from bs4 import BeautifulSoup

from pipelines.sources.llm_prices.google_terms import prompt_range
from pipelines.sources.page_tables import Table, cell_text

CHANNEL = "vertex"
STANDARD, BATCH = ("standard",), ("batch",)
TIERS = {
    "Standard Model": STANDARD,
    "Priority": ("priority",),
    "Flex/Batch": ("flex", "batch"),
    "batch API": BATCH,
    "Batch API": BATCH,
}
"""Service tiers by tab, or by the end of a price header."""
REGIONS = {
    "Global": "global",
    "Non-global": "non-global",
    "US Multi-Region (US)": "us",
    "EU Multi-Region (EU)": "eu",
}
"""Regions by column or by tab; a tab may also be a location such as europe-west1."""

_PRICE_HEADER = re.compile(
    r"Price(?P<unit> \(/1M tokens\)| /1M \(USD\))? ?(?:(?P<sign><=|=<|>) ?(?P<thousands>\d{1,5})K )?"
    r"(?P<cached>cached )?(?:input tokens)?"
    r"(?: ?with (?P<tier>Priority|Flex/Batch|batch API|Batch API))?",
    re.ASCII,
)
LOCATION = re.compile(r"([a-z]+-[a-z]+) ?(\d{1,2})", re.ASCII)


@dataclass(frozen=True)
class Column:
    """What the header of a price column says."""

    context_from: int
    context_to: int | None
    is_cached: bool
    service_tiers: tuple[str, ...]
    is_per_mtok: bool = True
    """Whether the header names the unit; else the type of each row must."""


def price_columns(table: Table, soup: BeautifulSoup) -> tuple[list[Column], str | None]:
    """The price columns, and the region of the whole table; None where a column names it.

    Raises ValueError for a table of another kind, or in a tab that is not known.
    """
    headers = [" ".join(header.split()) for header in table.headers]
    has_region = headers[2:3] == ["Region"]
    known = [_PRICE_HEADER.fullmatch(header) for header in headers[3 if has_region else 2 :]]
    if headers[:2] != ["Model", "Type"] or not known:
        raise ValueError("a price table of no known kind")
    tiers, region = _pane(table, soup)
    columns = []
    for header in known:
        if header is None:
            raise ValueError("a price column of no known kind")
        own = TIERS[header["tier"]] if header["tier"] else None
        if own and tiers and own != tiers:
            raise ValueError("tab and header name different service tiers")
        start, end = prompt_range(header["sign"], header["thousands"])
        columns.append(
            Column(start, end, header["cached"] is not None, own or tiers or STANDARD, header["unit"] is not None)
        )
    if has_region and region:
        raise ValueError("tab and column both name a region")
    return columns, None if has_region else region or "global"


def _pane(table: Table, soup: BeautifulSoup) -> tuple[tuple[str, ...] | None, str | None]:
    """Service tiers and region of the tabs that the table stands in. Raises ValueError for an unknown tab."""
    tiers, region = None, None
    for panel in table.node.find_parents(attrs={"role": "tabpanel"}) if table.node else ():
        tab = soup.find(id=str(panel.get("aria-labelledby")))
        label = cell_text(tab) if tab else ""
        location = LOCATION.fullmatch(label)
        if label in TIERS:
            tiers = TIERS[label]
        elif label in REGIONS or location:
            region = "".join(location.groups()) if location else REGIONS[label]
        else:
            raise ValueError(f"a price table in an unknown tab: {label[:80]!r}")
    return tiers, region
