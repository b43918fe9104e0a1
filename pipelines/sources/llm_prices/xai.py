"""xAI's pricing page (Markdown) -> token prices.

Read: the text model table (in a reader's Markdown of early 2026 too), the batch, priority and US endpoint rules, the
web search fee. Left out on purpose: image, video and voice prices and fees of other tools, which have no meter, and
combinations of rules that the page does not name (priority on the US endpoint).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from pipelines.sources.llm_prices.price_rows import (
    ANY_MODEL,
    NO_PRICE,
    Price,
    new_collector,
    parsed_prices,
    printed_usd,
)
from pipelines.sources.markdown_tables import headed_lines, markdown_tables, plain_markdown
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "xai"
METERS = {
    "Input / 1M tokens": "input_uncached",
    "Cached input / 1M tokens": "cache_read",
    "Output / 1M tokens": "output",
}
MODEL_HEADERS = ["Model", "Context", *METERS]
SHORT_METERS = {"Input": "input_uncached", "Output": "output"}
SHORT_HEADERS = ["Model", "Context", *SHORT_METERS, ""]
PER_MILLION = "Prices shown per million tokens"
"""What pages of early 2026 say below their table of models, whose columns name no unit."""
BATCH_HEADING = "Batch API Pricing"
BATCH_SCOPE = "The batch discount applies to all token types"
NO_DISCOUNT = "Models not listed above have no batch discount."
PRIORITY_HEADING = "Priority Processing Pricing"
PRIORITY_COLUMN = "Priority"
US_HEADING = "US Regional Endpoint Pricing"
US_COLUMN = "US regional endpoint"
TOOL_HEADERS = ["Tool", "Description", "Cost / 1k Calls", "Tool Name"]

_ID = re.compile(r"grok-[a-z0-9][a-z0-9.-]{0,60}", re.ASCII)
_NAME = re.compile(rf"({_ID.pattern})(?: \((<|\u2265|>=) (\d{{1,5}})k prompt tokens\))?", re.ASCII)
_OFF = re.compile(r"(\d{1,2})% off standard rates", re.ASCII)
_ITEM = re.compile(r"[-*] (.+)")
_TIMES = re.compile(r"(\d(?:\.\d{1,2})?)x standard rates", re.ASCII)
_ONLY = re.compile(r"Currently (.{1,500}) only")
_AND = re.compile(r",? and |, ")


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) and the search fee (USD per 1,000) of the pricing page.

    Batch, priority and US prices are derived: the page states a rule for each and which tokens and models it holds
    for. Raises ParseError when the page has no table with exactly the known headers, or no row.
    """
    text = body.decode("utf-8", errors="replace")
    sections: dict[str, list[str]] = defaultdict(list)
    for heading, line in headed_lines(text):
        sections[heading].append(plain_markdown(line))
    tables = markdown_tables(text)
    is_short = PER_MILLION in text and any(table.headers == SHORT_HEADERS for table in tables)
    if not is_short and not any(table.headers == MODEL_HEADERS for table in tables):
        found = "; ".join(" | ".join(table.headers)[:120] for table in tables[:8]) or "no table"
        raise ParseError(f"no table with headers {' | '.join(MODEL_HEADERS)}; found: {found}")
    collector = new_collector()
    meters = SHORT_METERS if is_short else METERS
    standard = [price for table in tables for price in _table_prices(table, meters, collector)]
    tokens = [price for price in standard if price.unit == "mtok"]
    derived = [
        *_batch_prices(sections[BATCH_HEADING], tokens, collector),
        *_priority_prices(tables, sections, tokens, collector),
        *_us_prices(tables, sections, tokens, collector),
    ]
    return parsed_prices([*standard, *derived], collector)


def model_and_context(name: str) -> tuple[str, int, int | None] | None:
    """Id, context_from and context_to of "grok-4.7 (< 200k prompt tokens)" -> ("grok-4.7", 0, 200000), or None."""
    known = _NAME.fullmatch(name)
    if known is None:
        return None
    model, sign, thousands = known.groups()
    if sign is None:
        return model, 0, None
    boundary = int(thousands) * 1000
    return (model, 0, boundary) if sign == "<" else (model, boundary, None)


def _table_prices(table: Table, meters: Mapping[str, str], collector: RowCollector) -> list[Price]:
    """Prices of one table; a table of prices that is of no known kind is refused whole."""
    of_models = SHORT_HEADERS if meters is SHORT_METERS else MODEL_HEADERS
    is_known = table.headers in (of_models, TOOL_HEADERS)
    for error in table.errors if is_known else []:
        collector.reject(table.heading, error, "the row does not fit the headers")
    if table.headers == of_models:
        return [price for row in table.rows for price in _model_prices(table, row, meters, collector)]
    if table.headers == TOOL_HEADERS:
        return [price for row in table.rows for price in _tool_fees(table, row, collector)]
    if any("$" in cell for row in table.rows for cell in row):
        collector.reject(table.heading, " | ".join(table.headers), "a price table of no known kind")
    return []


def _model_prices(table: Table, row: list[str], meters: Mapping[str, str], collector: RowCollector) -> list[Price]:
    place = f"{table.heading}: {row[0][:80]}"
    known = model_and_context(row[0])
    if known is None:
        collector.reject(place, " | ".join(row), "the model name is of no known pattern")
        return []
    model, start, end = known
    prices = []
    for meter, cell in zip(meters.values(), row[2 : 2 + len(meters)], strict=True):
        usd = printed_usd(cell)
        if usd is not None:
            prices.append(Price(place, PROVIDER, model, meter, usd, cell, context_from=start, context_to=end))
        elif cell not in NO_PRICE:
            collector.reject(place, cell, "not exactly a price")
    return prices


def _tool_fees(table: Table, row: list[str], collector: RowCollector) -> list[Price]:
    """The fee of web searches; tools that cost only their tokens have none."""
    tool, _, cell, _ = row
    place, usd = f"{table.heading}: {tool[:80]}", printed_usd(cell.removesuffix(" / 1k calls"))
    if tool == "Web Search" and usd is not None:
        return [Price(place, PROVIDER, ANY_MODEL, "web_searches", usd, cell, unit="thousand_calls")]
    if cell not in NO_PRICE and cell != "Token-based":
        collector.reject(place, cell, "no meter for calls of this tool" if usd is not None else "not exactly a price")
    return []


def _batch_prices(lines: list[str], prices: list[Price], collector: RowCollector) -> list[Price]:
    """Batch prices by the discounts that the section lists, and standard ones where it says that there is none."""
    if not any(line.startswith(BATCH_SCOPE) for line in lines):
        if lines:
            collector.reject(BATCH_HEADING, " ".join(lines), "the page does not say which tokens the discount is for")
        return []
    discounts, is_complete = _discounts(lines, collector)
    _refuse_unpriced(BATCH_HEADING, discounts, prices, collector)
    batch = []
    for price in prices:
        if price.model in discounts:
            percent = discounts[price.model]
            rule, factor = f"{percent}% off standard rates", 1 - Decimal(percent) / 100
        elif NO_DISCOUNT in lines and is_complete:
            rule, factor = "no batch discount", Decimal(1)
        else:
            continue
        batch.append(replace(_times(price, factor, rule), service_tier="batch"))
    return batch


def _discounts(lines: list[str], collector: RowCollector) -> tuple[dict[str, int], bool]:
    """Percent off by model, from lists under lines such as "20% off standard rates"; whether all lists were read."""
    listed: dict[str, set[int]] = defaultdict(set)
    percent, is_complete = None, True
    for line in lines:
        group, item = _OFF.fullmatch(line), _ITEM.fullmatch(line)
        if group:
            percent = int(group.group(1))
        elif item and percent is not None and _ID.fullmatch(item.group(1)):
            listed[item.group(1)].add(percent)
        elif item:
            collector.reject(BATCH_HEADING, line, "not a model under a known discount")
            is_complete = False
        elif line:
            percent = None
    for model in [model for model, percents in listed.items() if len(percents) > 1]:
        collector.reject(BATCH_HEADING, model, f"one model under several discounts: {sorted(listed.pop(model))}")
        is_complete = False
    return {model: percents.pop() for model, percents in listed.items()}, is_complete


def _priority_prices(
    tables: list[Table], sections: dict[str, list[str]], prices: list[Price], collector: RowCollector
) -> list[Price]:
    """Priority prices of all text models."""
    column = _rules(tables, PRIORITY_HEADING, PRIORITY_COLUMN)
    factor = _factor(column, sections, PRIORITY_HEADING, "all token types", collector)
    if factor is None:
        return []
    return [replace(_times(p, factor, f"{factor}x standard rates"), service_tier="priority") for p in prices]


def _us_prices(
    tables: list[Table], sections: dict[str, list[str]], prices: list[Price], collector: RowCollector
) -> list[Price]:
    """Prices of the US endpoint for exactly the models that the page names."""
    column = _rules(tables, US_HEADING, US_COLUMN)
    scope = "input, output, and cached input tokens, including long-context rates"
    factor = _factor(column, sections, US_HEADING, scope, collector)
    if factor is None:
        return []
    named = _ONLY.fullmatch(column.get("Models", ""))
    models = _AND.split(named.group(1)) if named else []
    if not models:
        collector.reject(US_HEADING, column.get("Models", ""), "the page does not name the models")
    _refuse_unpriced(US_HEADING, models, prices, collector)
    rule = f"{factor}x standard rates"
    return [replace(_times(price, factor, rule), region="us") for price in prices if price.model in models]


def _rules(tables: list[Table], heading: str, column: str) -> dict[str, str]:
    """What one column of the comparison table under a heading says, by row label."""
    for table in tables:
        if table.heading == heading and column in table.headers:
            place = table.headers.index(column)
            return {row[0]: row[place] for row in table.rows}
    return {}


def _factor(
    column: dict[str, str], sections: dict[str, list[str]], heading: str, scope: str, collector: RowCollector
) -> Decimal | None:
    """The multiplier of standard rates, if the table and the sentence on its scope state the same one."""
    if heading not in sections:
        return None
    cell = column.get("Token pricing", "")
    times = _TIMES.fullmatch(cell)
    if times and f"The {times.group(1)}x multiplier applies to {scope}" in " ".join(sections[heading]):
        return Decimal(times.group(1))
    collector.reject(heading, cell, "no multiplier of standard rates with a known scope")
    return None


def _times(price: Price, factor: Decimal, rule: str) -> Price:
    """A price that follows by a stated rule; `printed` names the rule and the price that it was derived from."""
    printed = f"{rule}: {price.printed}"
    return replace(price, usd_per_unit=price.usd_per_unit * factor, printed=printed, basis="derived")


def _refuse_unpriced(place: str, models: Iterable[str], prices: list[Price], collector: RowCollector) -> None:
    """Tell of names under a rule that no row of the table prices."""
    for model in sorted(set(models) - {price.model for price in prices}):
        collector.reject(place, model, "a rule for a model without a price")
