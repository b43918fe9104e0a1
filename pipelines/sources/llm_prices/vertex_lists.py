"""Google Cloud's tables whose cells list prices line by line, "Batch Input: $0.30 / million tokens" -> prices.

These are the tables of partners' models, one price for all prompts, and those of Claude, a column per range of prompts
and a table per region. A cell with a line of another form, or with two prices of one meter, is refused whole.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from pipelines.sources.llm_prices.google_terms import joined_ranges, prompt_range
from pipelines.sources.llm_prices.price_rows import ANY_MODEL, NO_PRICE, Price, printed_usd
from pipelines.sources.llm_prices.vertex_columns import CHANNEL, LOCATION, REGIONS
from pipelines.sources.llm_prices.vertex_names import model_of
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import RowCollector

METERS = {
    "input": "input_uncached",
    "output": "output",
    "cache hit": "cache_read",
    "cache write": "cache_write_5m",
    "5m cache write": "cache_write_5m",
    "1h cache write": "cache_write_1h",
}
UNIFORM = "Models with uniform pricing across all regions"
FEE_HEADERS = ["Tool", "Price"]

_HEADER = re.compile(
    r"Pricing|Price(?: \(/1M tokens\))?(?: ?(?P<sign><=|=<|>) ?(?P<thousands>\d{1,5})K input tokens)?", re.ASCII
)
_LINE = re.compile(
    r"(?P<batch_first>Batch )?(?P<meter>(?:5m |1h )?)(?P<batch>Batch )?(?P<kind>Input|Output|Cache Hit|Cache Write): "
    r"(?P<usd>\$\S+)(?P<unit> / million tokens)?",
    re.ASCII,
)
_FEE = re.compile(r"(\$\S+) per 1,?000 searches(?:\nModels Supported: (?P<models>[^\n]+))?", re.ASCII)
_CLAUDE_NAMES = re.compile(
    r"Claude [A-Z][a-z]+ \d+(?:\.\d+)?(?:(?:, and |, | and )Claude [A-Z][a-z]+ \d+(?:\.\d+)?)*\.?"
)


def is_list(table: Table) -> bool:
    """Whether the table is a list of models whose other columns hold lines of prices."""
    return (
        table.headers[:1] == ["Model"]
        and len(table.headers) > 1
        and all(_HEADER.fullmatch(" ".join(header.split())) for header in table.headers[1:])
        and any(_LINE.match(cell) for row in table.rows for cell in row[1:])
    )


def list_prices(table: Table, collector: RowCollector) -> Iterator[Price]:
    """The prices of such a table; what cannot be read is refused."""
    for error in table.errors:
        collector.reject(table.heading, error, "the row does not fit the headers")
    ranges = [_HEADER.fullmatch(" ".join(header.split())) for header in table.headers[1:]]
    is_partners = table.headers[1:] == ["Pricing"]
    region = "global" if is_partners else _region(table.heading)
    for name, *cells in table.rows:
        place = f"{table.heading}: {' '.join(name.split())[:80]}"
        known = model_of(" ".join(name.split()).rstrip("* "))
        if region is None or known is None:
            reason = "the model name is of no known pattern" if known is None else "a table of no known region"
            collector.reject(place, " | ".join(cells), reason)
            continue
        found = []
        for header, cell in zip(ranges, cells, strict=True):
            if header is None or cell in NO_PRICE:
                continue
            try:
                start, end = prompt_range(header["sign"], header["thousands"])
                found += [
                    Price(place, *known, meter, usd, line, tier, start, end, channel=CHANNEL, region=region)
                    for (meter, tier), (usd, line) in _lines(cell, needs_unit=is_partners).items()
                ]
            except ValueError as error:
                collector.reject(place, cell, str(error))
        yield from joined_ranges(found)


def fee_prices(table: Table, collector: RowCollector) -> Iterator[Price]:
    """The fee of web searches by Claude."""
    for tool, cell in table.rows:
        fee = _FEE.fullmatch(cell)
        usd = printed_usd(fee[1]) if fee else None
        names = fee["models"] if fee else None
        if tool != "Web Search Request" or usd is None or not names or not _CLAUDE_NAMES.fullmatch(names):
            collector.reject(table.heading, f"{tool} | {cell}", "not exactly a fee of web searches by Claude")
            continue
        yield Price(
            table.heading, "anthropic", ANY_MODEL, "web_searches", usd, cell, unit="thousand_calls", channel=CHANNEL
        )


def _region(heading: str) -> str | None:
    if heading == UNIFORM:
        return "global"
    names = {name.casefold(): region for name, region in REGIONS.items()}
    location = LOCATION.fullmatch(heading)
    return "".join(location.groups()) if location else names.get(heading.casefold())


def _lines(cell: str, *, needs_unit: bool) -> dict[tuple[str, str], tuple[Decimal, str]]:
    """(meter, tier) -> price and line. Raises ValueError for any other line and for two prices of one meter."""
    found = dict[tuple[str, str], tuple[Decimal, str]]()
    for line in cell.split("\n"):
        read = _LINE.fullmatch(line)
        usd = printed_usd(read["usd"]) if read else None
        if read is None or usd is None or (needs_unit and not read["unit"]):
            raise ValueError(f"not exactly a meter and its price per million tokens: {line[:80]}")
        meter = METERS[f"{read['meter']}{read['kind']}".casefold()]
        tier = "batch" if read["batch"] or read["batch_first"] else "standard"
        if found.setdefault((meter, tier), (usd, line))[0] != usd:
            raise ValueError(f"two prices of {meter} in one cell")
    return found
