"""DeepSeek's price page -> token prices, some of them by the hour.

Read: the transposed price table (models are columns) in the three forms that it has had: off-peak and peak (2026),
one price per cell (2025 and 2026), standard and discount hours (2025); the footnotes on peak hours and legacy names.
Left out on purpose: features, limits and the rules of deduction.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bs4 import BeautifulSoup
from dateutil import parser as dates

from pipelines.schema.time_windows import ALWAYS, parse_window
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table, cell_text, html_tables
from pipelines.sources.parsed import Parsed, ParseError, RowCollector

PROVIDER = "deepseek"
HEADING = "Models & Pricing"
MODEL_HEADER = "MODEL"
METERS = {
    "1M INPUT TOKENS (CACHE HIT)": "cache_read",
    "1M INPUT TOKENS (CACHE MISS)": "input_uncached",
    "1M OUTPUT TOKENS": "output",
    "1M TOKENS INPUT (CACHE HIT)": "cache_read",
    "1M TOKENS INPUT (CACHE MISS)": "input_uncached",
    "1M TOKENS OUTPUT": "output",
}

_UNIT = re.compile(r"prices listed below are in unite?s of per 1M tokens")
_FOOTNOTE = re.compile(r" ?\(\d\)$", re.ASCII)
_MODEL = re.compile(r"deepseek-[a-z0-9][a-z0-9.-]{0,60}", re.ASCII)
_OFF = re.compile(r"(\$\S+?) ?[(\uff08]\d{1,2}% OFF[)\uff09]", re.ASCII | re.IGNORECASE)
_DAILY = re.compile(r"(STANDARD|DISCOUNT) PRICE ?\(UTC (\d\d:\d\d)-(\d\d:\d\d)\)", re.ASCII)
_DAY = "(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_INTERVAL = r"\d\d:\d\d - \d\d:\d\d"
_PEAK = re.compile(
    rf"\bPeak hours are ({_INTERVAL}(?:(?:, and |, | and ){_INTERVAL})*) UTC, "
    rf"{_DAY} through {_DAY}(, excluding Chinese public holidays)?\. All other hours are off-peak\b",
    re.ASCII,
)
_STARTING = re.compile(r"Starting from (\d\d:\d\d) UTC Time on ([A-Z][a-z]{2,8}) (\d{1,2})(?:st|nd|rd|th), (\d{4}),")
_LEGACY = re.compile(
    r"Use (\S{1,60}) as the model name\. The legacy names? ([^.]{1,300}?) (?:is|are) still accepted, "
    r"[^()]{0,300}? billed at the (\w{1,30}) price\.",
    re.ASCII,
)
_ALIASES = re.compile(
    r"The model names (deepseek-[a-z0-9-]{1,60}) and (deepseek-[a-z0-9-]{1,60}) will be deprecated[^()]{0,100}?\. "
    r"For compatibility, they correspond to the non-thinking mode and thinking mode of (deepseek-[a-z0-9.-]{1,60}),",
    re.ASCII,
)
_SENTENCE_END = re.compile(r"(?<=\.)\s+")


def parse(body: bytes) -> Parsed:
    """Token prices (USD per million tokens) of the price page; peak and discount prices carry their hours.

    Raises ParseError when the page is not the price page (without its last slash, the address serves another one
    that names the same models) or yields no price.
    """
    soup = BeautifulSoup(body, "lxml")
    headings = [cell_text(node) for node in soup.find_all("h1", limit=5)]
    notes = [" ".join(cell_text(node).split()) for node in soup.find_all(["p", "li"])]
    if HEADING not in headings or not any(_UNIT.search(note) for note in notes):
        raise ParseError(f"not the page {HEADING!r} in USD per 1M tokens; headings: {headings}")
    tables = _model_tables(soup)
    if not any(label in METERS for table in tables for row in table.rows for label in _labels(table, row)):
        raise ParseError("no table whose columns are models and whose rows are prices of 1M tokens")
    collector = new_collector()
    peak = peak_window(notes)
    candidates = [found for table in tables for found in _table_prices(table, peak, collector)]
    prices = _as_billed(_with_both_hours(candidates, collector), notes, collector)
    return parsed_prices(prices, collector)


def peak_window(notes: list[str]) -> str | None:
    """The hours that the footnote calls peak, as canonical text; None unless exactly one note says so readably."""
    found = {match.groups() for note in notes for match in _PEAK.finditer(note)}
    if len(found) != 1:
        return None
    hours, first, last, holidays = found.pop()
    intervals = ",".join(interval.replace(" ", "") for interval in re.findall(_INTERVAL, hours))
    days = f"{first[:3]}-{last[:3]}".lower()
    return _canonical(f"{days} {intervals}{' except CN holidays' if holidays else ''}")


def daily_window(start: str, end: str) -> str | None:
    """The hours from start to end of every day, over midnight if need be; None if they are no hours."""
    if start == end:
        return None
    ends_at = "24:00" if end == "00:00" else end
    intervals = f"{start}-{ends_at}" if start < ends_at else f"00:00-{end},{start}-24:00"
    return _canonical(f"mon-sun {intervals}")


def _canonical(text: str) -> str | None:
    try:
        return str(parse_window(text))
    except ValueError:
        return None


def _model_tables(soup: BeautifulSoup) -> list[Table]:
    """The tables whose columns are models. The page marks no header, so the first row of each is made one."""
    for node in soup.find_all("table"):
        first = node.find("tr")
        for cell in first.find_all("td", recursive=False) if first else []:
            cell.name = "th"
    return [table for table in html_tables(soup) if table.headers[:1] == [MODEL_HEADER]]


def _labels(table: Table, row: list[str]) -> list[str]:
    """The distinct texts of the cells left of the models, without footnote marks."""
    texts = row[: table.headers.count(MODEL_HEADER)]
    return list(dict.fromkeys(_FOOTNOTE.sub("", text.replace("\n", " ")) for text in texts))


def _table_prices(table: Table, peak: str | None, collector: RowCollector) -> Iterator[tuple[Price, str]]:
    """Prices of one table, each with the window that overrides the price of all other hours."""
    for error in table.errors:
        collector.reject(table.heading, error, "the row does not fit the headers")
    try:
        starts_at = _start(table)
    except ValueError as error:
        collector.reject(table.heading, str(error), "the date from which these prices hold is unreadable")
        return
    for row in table.rows:
        labels = _labels(table, row)
        meters = [METERS[label] for label in labels if label in METERS]
        hours = _hours(" ".join(label for label in labels if label not in METERS), peak)
        if len(meters) == 1 and hours:
            yield from _row_prices(table, row, meters[0], hours, starts_at, collector)
        elif any("$" in cell for cell in row):
            collector.reject(table.heading, " | ".join(row), "not one known meter at readable hours")


def _start(table: Table) -> datetime | None:
    """The announced start of a table's prices (naive UTC), from the paragraph above it; ValueError if unreadable."""
    above = table.node.find_previous("p") if table.node else None
    text = " ".join(cell_text(above).split()) if above else ""
    if not text.startswith("Starting from"):
        return None
    known = _STARTING.match(text)
    if known is None:
        raise ValueError(text[:200])
    clock, month, day, year = known.groups()
    return dates.parse(f"{day} {month} {year} {clock}")


def _hours(label: str, peak: str | None) -> tuple[str, str] | None:
    """The time window of a row, and the window of the other price that it must go with; None if unreadable."""
    if label in ("", "PRICING"):
        return ALWAYS, ALWAYS
    if label in ("PRICING OFF-PEAK", "PRICING PEAK"):
        return (ALWAYS if label.endswith("OFF-PEAK") else peak, peak) if peak else None
    daily = _DAILY.fullmatch(label)
    if daily is None:
        return None
    kind, start, end = daily.groups()
    window = daily_window(end, start) if kind == "STANDARD" else daily_window(start, end)
    return (ALWAYS if kind == "STANDARD" else window, window) if window else None


def _row_prices(
    table: Table,
    row: list[str],
    meter: str,
    hours: tuple[str, str],
    starts_at: datetime | None,
    collector: RowCollector,
) -> Iterator[tuple[Price, str]]:
    time_window, other = hours
    width = table.headers.count(MODEL_HEADER)
    for header, cell in zip(table.headers[width:], row[width:], strict=True):
        model, place = _FOOTNOTE.sub("", header), f"{header[:80]}: {' '.join(row[:width])[:200]}"
        discounted = _OFF.fullmatch(cell)
        usd = printed_usd(discounted.group(1) if discounted else cell)
        if _MODEL.fullmatch(model) is None:
            collector.reject(place, cell, "the column does not name a model")
        elif usd is not None and cell.startswith("$"):
            price = Price(place, PROVIDER, model, meter, usd, cell, time_window=time_window, effective_from=starts_at)
            yield price, other
        elif cell not in NO_PRICE:
            collector.reject(place, cell, "not exactly a price in USD")


def _with_both_hours(candidates: list[tuple[Price, str]], collector: RowCollector) -> list[Price]:
    """The prices whose counterpart is there too: half of a pair would be taken for the price of all hours."""
    windows = defaultdict(set)
    for price, other in candidates:
        windows[price.model, price.meter, price.effective_from, other].add(price.time_window)
    kept = []
    for price, other in candidates:
        if windows[price.model, price.meter, price.effective_from, other] == {ALWAYS, other}:
            kept.append(price)
        else:
            collector.reject(price.place, price.printed, "the price of the other hours is missing")
    return kept


def _as_billed(prices: list[Price], notes: list[str], collector: RowCollector) -> list[Price]:
    """Add the legacy names that a note says are billed at a model's price; refuse models billed some other way."""
    added, rebilled = list[Price](), set[str]()
    for note in notes:
        for model, names, label in _LEGACY.findall(note):
            billed = [price for price in prices if price.model == model and model.endswith(f"-{label.lower()}")]
            if not billed:
                collector.reject("footnote", note, "names are billed at a price that is not on the page")
            rule = f"billed at the {label} price"
            legacy = [(name, price) for name in _MODEL.findall(names) for price in billed]
            added += [replace(p, model=n, basis="derived", printed=f"{rule}: {p.printed}") for n, p in legacy]
        for *names, model in _ALIASES.findall(note):
            same = [(name, price) for name in names for price in prices if price.model == model]
            added += [replace(p, model=n, basis="derived", printed=f"as {model}: {p.printed}") for n, p in same]
        for sentence in _SENTENCE_END.split(_LEGACY.sub("", note)):
            if "billed at" in sentence:
                collector.reject("footnote", sentence, "a rule of billing of no known form")
                rebilled |= set(_MODEL.findall(sentence))
    for price in prices:
        if price.model in rebilled:
            collector.reject(price.place, price.printed, "a footnote says that the model is billed otherwise")
    return [price for price in [*prices, *added] if price.model not in rebilled]
