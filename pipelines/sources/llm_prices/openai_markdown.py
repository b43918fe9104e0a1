"""The Markdown form of OpenAI's pricing page -> prices. What a row of texts means belongs to `openai_rows.py`.

Text tables name their tier in the heading, "### Batch pricing data". The others stand under generic headings; the
tier of one in a tier switcher is a line of its own between the table before and this one.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from pipelines.schema.offers import SERVICE_TIERS
from pipelines.sources.llm_prices.openai_rows import (
    GROUP_HEADINGS,
    LEFT_OUT_HEADINGS,
    TEXT_KINDS,
    Row,
    group_prices,
    limited_model,
    regional_prices,
    row_prices,
    with_both_names,
)
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import ParseError, RowCollector

LABELS = {
    "Standard": "standard",
    "Batch": "batch",
    "Flex": "flex",
    "Priority": "priority",
    "Fast": "fast",
    "Fast mode": "fast",
    "Ultrafast": "ultrafast",
}
"""Lines that name the tier of the next table."""
TEXT_HEADERS = {
    ("Model", *(f"{size} context {kind.lower()}" for size in sizes for kind in kinds)): meters
    for kinds, meters in TEXT_KINDS.items()
    for sizes in (("Short",), ("Short", "Long"))
}
"""Headers of a text table and the meters of one context range."""
NO_LABEL = "standard"
"""A table outside any tier switcher is the one that an ordinary request pays."""

_TEXT_HEADING = re.compile(r"(\S+) pricing data")
_BOUNDARY = re.compile(
    r"Short context: \N{LESS-THAN OR EQUAL TO}(\d{1,5})K input tokens\. Long context: >\1K input tokens\."
)
_COMPONENT = re.compile(r"^\s*(<[A-Z]\w*)", re.MULTILINE)
_NOTE = re.compile(r" (?=\+ Search content tokens )")


@dataclass(frozen=True)
class _Tiered:
    table: Table
    tier: str


def markdown_prices(text: str, collector: RowCollector) -> list[Price]:
    """All prices of the page. Raises ParseError when it has no table "Standard pricing data" with known headers."""
    tiered = _tiered_tables(text, collector)
    plain = " ".join(plain_markdown(line) for _, line in headed_lines(text))
    boundary = _BOUNDARY.search(plain)
    long_from = int(boundary[1]) * 1000 + 1 if boundary else None
    if not any(_is_text(found.table) and found.tier == "standard" for found in tiered):
        wanted = " or ".join(" | ".join(headers) for headers in TEXT_HEADERS)
        shape = ", ".join(dict.fromkeys(_COMPONENT.findall(text))) or ", ".join(
            " | ".join(found.table.headers)[:80] for found in tiered[:5]
        )
        raise ParseError(f"no table Standard pricing data with headers {wanted}; found: {shape or 'no table'}")
    prices, texts = list[Price](), list[Price]()
    for found in tiered:
        for error in found.table.errors:
            collector.reject(found.table.heading, error, "the row does not fit the headers")
        if _is_text(found.table):
            texts += _text_prices(found.table, found.tier, long_from, collector)
        else:
            prices += _other_prices(found.table, found.tier, collector)
    texts += regional_prices(texts, plain, "regional processing", collector)
    return with_both_names([*texts, *prices], plain)


def _tiered_tables(text: str, collector: RowCollector) -> list[_Tiered]:
    """The tables of the page in order, each with its tier; those of an unknown tier are refused."""
    found, label = list[_Tiered](), NO_LABEL
    for is_table, group in groupby(headed_lines(text), lambda headed: headed[1].startswith("|")):
        lines = list(group)
        if not is_table:
            label = next((LABELS[line] for _, line in reversed(lines) if line in LABELS), NO_LABEL)
            continue
        heading = lines[0][0]
        named = _TEXT_HEADING.fullmatch(heading)
        tier = LABELS.get(named[1], named[1]) if named else label
        tables = markdown_tables("\n".join([f"# {heading}", *(line for _, line in lines)]))
        if tier not in SERVICE_TIERS or not tables:
            reason = "no rule below the headers" if tier in SERVICE_TIERS else f"unknown tier {tier}"
            collector.reject(heading, lines[0][1], reason)
            continue
        found += [_Tiered(table, tier) for table in tables]
    return found


def _is_text(table: Table) -> bool:
    return tuple(table.headers) in TEXT_HEADERS


def _text_prices(table: Table, tier: str, long_from: int | None, collector: RowCollector) -> list[Price]:
    """Short and long context prices. Where long ones start is printed beside the model or once for the page."""
    meters = TEXT_HEADERS[tuple(table.headers)]
    place, prices = table.heading, list[Price]()
    for name, *cells in table.rows:
        model, limit = limited_model(name)
        short, above = cells[: len(meters)], cells[len(meters) :]
        has_long = any(cell not in NO_PRICE for cell in above)
        limit = limit or (long_from if has_long else None)
        prices += row_prices(Row(place, model, tier, meters, context_to=limit), short, collector)
        if has_long and limit is None:
            collector.reject(place, " | ".join([name, *cells]), "long context prices without a printed boundary")
        elif has_long and limit is not None:
            prices += row_prices(Row(place, model, tier, meters, context_from=limit), above, collector)
    return prices


def _other_prices(table: Table, tier: str, collector: RowCollector) -> list[Price]:
    """Prices of one of the other tables; an unknown one is refused whole."""
    if table.headers in LEFT_OUT_HEADINGS:
        return []
    if table.headers not in GROUP_HEADINGS:
        collector.reject(table.heading, str(table.rows[:3]), f"unknown headings {' | '.join(table.headers)}")
        return []
    rows = [[_NOTE.sub("\n", cell) for cell in row] for row in table.rows]
    return [price for row in rows for price in group_prices(table.headers, row, tier, collector)]
