"""Groq's model list (console.groq.com/docs/models, Markdown or HTML) and its older pricing page -> token prices.

Left out on purpose: prices per hour or per character and models without a price ("Contact Sales"), all of them
visible as rejects; the batch discount, which other pages state.
"""

import re
from decimal import Decimal

from pipelines.sources.llm_prices.host_pages import read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector

PROVIDER = "groq"
LIST_MODEL = "model id"
LIST_PRICE = "price per 1m tokens"
NAME_METERS = {
    "input token price(per million tokens)": "input_uncached",
    "output token price(per million tokens)": "output",
}
ID_METERS = {
    "uncached input tokens(per m tokens)": "input_uncached",
    "cached input tokens(per m tokens)": "cache_read",
    "output tokens(per m tokens)": "output",
}
MODEL_OF_NAME = {
    "GPT OSS 20B 128k": "openai/gpt-oss-20b",
    "GPT OSS 120B 128k": "openai/gpt-oss-120b",
    "Kimi K2-0905 1T 256k": "moonshotai/kimi-k2-instruct-0905",
    "Llama 4 Scout (17Bx16E) 128k": "meta-llama/llama-4-scout-17b-16e-instruct",
    "Qwen3 32B 131k": "qwen/qwen3-32b",
    "Llama 3.3 70B Versatile 128k": "llama-3.3-70b-versatile",
    "Llama 3.1 8B Instant 128k": "llama-3.1-8b-instant",
}
"""Display names of the pricing page, by hand: its model card links are known to point at another model."""

_LINKED_ID = re.compile(r"[^<>]*<(?:https://console\.groq\.com)?/docs/model/([^<>\s]+)> ?(?:Enterprise ?)?(\S+)")
_BOTH_PRICES = re.compile(r"(\$[\d.,]*\d) input ?(?:/ ?)?(\$[\d.,]*\d) output", re.ASCII)
_ONE_PRICE = re.compile(r"(\$[\d.,]*\d) ?(?:\([\d.,]+[MK]? / \$1\))?\*?", re.ASCII)
_ID = re.compile(r"[a-z0-9][a-z0-9._/-]*", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens. Raises ParseError when no known table yields a row."""
    collector, prices = new_collector(), list[Price]()
    for table in read_page(body, with_links=True).tables:
        headers = [_folded(header) for header in table.headers]
        if headers[:1] == [LIST_MODEL] and headers.count(LIST_PRICE) == 1:
            prices += _listed_prices(table, headers.index(LIST_PRICE), collector)
        elif headers[:1] == ["ai model"] and set(NAME_METERS) < set(headers):
            prices += _column_prices(table, NAME_METERS, collector)
        elif headers[:1] == ["model"] and set(headers[1:]) == set(ID_METERS):
            prices += _column_prices(table, ID_METERS, collector)
        else:
            refuse_if_priced(table, collector)
    return parsed_prices(prices, collector)


def _folded(header: str) -> str:
    return " ".join(header.split()).casefold().replace(" (per", "(per")


def _listed_prices(table: Table, price_column: int, collector: RowCollector) -> list[Price]:
    """Rows "GPT OSS 20B </docs/model/openai/gpt-oss-20b>openai/gpt-oss-20b | $0.075 input $0.30 output"."""
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        name, cell = (" ".join(row[column].split()) for column in (0, price_column))
        place = f"{table.heading}: {name[:80]}"
        linked, both = _LINKED_ID.fullmatch(name), _BOTH_PRICES.fullmatch(cell)
        if cell in NO_PRICE:
            continue
        if both is None:
            collector.reject(place, cell, "not exactly a price of input and of output tokens")
        elif linked is None or linked.group(1) != linked.group(2):
            collector.reject(place, name, "the link and the text do not name one model id")
        else:
            for meter, text in zip(("input_uncached", "output"), both.groups(), strict=True):
                prices += _price(place, linked.group(1), meter, text, cell, collector)
    return prices


def _column_prices(table: Table, meters: dict[str, str], collector: RowCollector) -> list[Price]:
    """Rows of the pricing page, whose cells repeat their column's header in front of the value."""
    refuse_errors(table, collector)
    prices = []
    for row in table.rows:
        cells = [
            cell.removeprefix(header).strip().replace("\n", " ")
            for header, cell in zip(table.headers, row, strict=True)
        ]
        place = f"{table.heading}: {cells[0][:80]}"
        model = MODEL_OF_NAME.get(cells[0]) if meters is NAME_METERS else _id_or_none(cells[0])
        if model is None:
            collector.reject(place, " | ".join(cells), "no model id is known for this name")
            continue
        for header, cell in zip(table.headers, cells, strict=True):
            meter, shape = meters.get(_folded(header)), _ONE_PRICE.fullmatch(cell)
            if meter is None or cell in NO_PRICE:
                continue
            prices += _price(place, model, meter, shape.group(1) if shape else "", cell, collector)
    return prices


def _id_or_none(text: str) -> str | None:
    return text if _ID.fullmatch(text) else None


def _price(place: str, model: str, meter: str, text: str, cell: str, collector: RowCollector) -> list[Price]:
    usd: Decimal | None = printed_usd(text)
    if usd is None:
        collector.reject(place, cell, "not exactly a price per million tokens")
        return []
    return [Price(place, PROVIDER, model, meter, usd, cell)]
