"""DeepInfra's public model list (api.deepinfra.com/models/list, JSON) or its pricing page (HTML) -> token prices.

The list prints cents per token and, as ratios, what cached tokens, cache writes and service tiers cost. Left out on
purpose: models sold by time, image, character or second. Refused visibly: prices by context size, which the list has
in prose only, models replaced by another, private ones, and a price of 0, which here does not say "free".
"""

import re
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

from pipelines.sources.json_body import read_json_of
from pipelines.sources.llm_prices.host_pages import read_page, refuse_errors, refuse_if_priced
from pipelines.sources.llm_prices.price_rows import NO_PRICE, Price, new_collector, parsed_prices, printed_usd
from pipelines.sources.page_tables import Table
from pipelines.sources.parsed import Parsed, RowCollector

PROVIDER = "deepinfra"
USD_PER_MTOK_OF_CENTS_PER_TOKEN = Decimal(10_000)
TOKEN_KINDS = {
    "tokens": {"cents_per_input_token": "input_uncached", "cents_per_output_token": "output"},
    "input_tokens": {"cents_per_input_token": "input_uncached"},
}
OTHER_KINDS = frozenset(
    {"frame_units", "image_units", "input_character_length", "input_length", "output_length", "time", "uptime"}
)
CACHED_RATIO = "rate_per_input_token_cached"
WRITE_RATIOS = "rate_per_explicit_cache_write_token"
WRITE_METERS = {"5m": "cache_write_5m", "1h": "cache_write_1h"}
UNDATED_WRITE_RATIO = "rate_per_input_token_cache_write"
TIER_RATIOS = {"rate_per_service_tier_priority": "priority", "rate_per_service_tier_flex": "flex"}
PAGE_HEADERS = ["model", "context", "$ per 1m input tokens", "$ per 1m output tokens"]

MAX_NUMBER = 10_000
"""No price in cents per token and no ratio is anywhere near."""

_DOUBLE_DIGITS = Context(prec=12)
"""The list prints binary doubles (2.9999999999999997e-05): their last digits are noise, no price."""
_MICRO = Decimal("0.000001")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.:-]*", re.ASCII)
_LINKED_ID = re.compile(r"[^<>]*<(?:https://deepinfra\.com)?/([^<>\s?#]+)>")
_INPUT_CELL = re.compile(r"(\$[\d.,]*\d)(?: / (\$[\d.,]*\d) cached)?", re.ASCII)


def parse(body: bytes) -> Parsed:
    """Token prices in USD per million tokens. Raises ParseError for a broken list or when nothing yields a row."""
    collector = new_collector()
    if not body.lstrip().startswith((b"[", b"{")):
        return parsed_prices(list(_page_prices(body, collector)), collector)
    prices = [price for model in read_json_of(list, body) for price in _model_prices(model, collector)]
    return parsed_prices(prices, collector)


def _model_prices(entry: Any, collector: RowCollector) -> list[Price]:
    """All prices of one model of the list, or its one reject."""
    model = entry.get("model_name") if isinstance(entry, dict) else None
    if not isinstance(model, str) or not _ID.fullmatch(model):
        collector.reject("models/list", str(entry), "no model id")
        return []
    pricing = entry.get("pricing")
    kind = pricing.get("type") if isinstance(pricing, dict) else None
    if isinstance(kind, str) and kind in OTHER_KINDS:
        return []
    reason = _why_refused(entry, pricing, kind)
    if reason:
        collector.reject(model[:80], str(pricing), reason)
        return []
    base = list(_base_prices(model, pricing, collector))
    ratios = [price for base_price in base for price in _input_ratio_prices(base_price, pricing, collector)]
    return [*base, *ratios, *_tier_prices([*base, *ratios], pricing, collector)]


def _why_refused(entry: dict[str, Any], pricing: Any, kind: Any) -> str | None:
    """Why a model has no price that we can name, if so."""
    if not isinstance(kind, str) or kind not in TOKEN_KINDS:
        return "a pricing of no known type"
    full = pricing.get("full")
    if pricing.get("table") or (isinstance(full, str) and re.search(r"[<>\u2264\u2265]", full)):
        return "prices by context size, in prose only"
    if entry.get("private"):
        return "a private model"
    if entry.get("replaced_by"):
        return "replaced by another model; which price holds is not said"
    return None


def _number(value: Any) -> Decimal | None:
    """A positive number of sane size, without the noise of a double; None for anything else."""
    if not isinstance(value, Decimal) or not value.is_finite() or not 0 < value < MAX_NUMBER:
        return None
    return _DOUBLE_DIGITS.plus(value)


def _times(price: Decimal | None, ratio: Decimal | None) -> Decimal | None:
    """A price by a ratio, to the six decimals that a price can hold; None where nothing is left of it.

    The list rounds its ratios (0.07692308 stands for 1/13), so further digits would mean nothing.
    """
    product = (price * ratio).quantize(_MICRO) if price is not None and ratio is not None else None
    return product or None


def _base_prices(model: str, pricing: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    """List price x (1 - discount): what is billed, and what the pricing page shows."""
    discount = pricing.get("discount")
    is_discounted = discount not in (None, 0)
    for key, meter in TOKEN_KINDS[pricing["type"]].items():
        cents = _number(pricing.get(key))
        usd = None if cents is None else cents * USD_PER_MTOK_OF_CENTS_PER_TOKEN
        printed = f"{key}: {pricing.get(key)}"
        if is_discounted:
            share = _number(discount)
            usd = _times(usd, None if share is None else _number(1 - share))
            printed += f", discount: {discount}"
        if usd is None:
            collector.reject(model[:80], printed, "not exactly a price above 0")
        else:
            basis = "derived" if is_discounted else "printed"
            yield Price(model[:80], PROVIDER, model, meter, usd, printed, basis=basis)


def _input_ratio_prices(base: Price, pricing: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    """Cached input and cache writes, which the list prints as ratios of the input price."""
    if base.meter != "input_uncached":
        return
    yield from _scaled(base, "cache_read", base.service_tier, CACHED_RATIO, pricing.get(CACHED_RATIO), collector)
    writes = pricing.get(WRITE_RATIOS)
    for lifetime, ratio in writes.items() if isinstance(writes, dict) else []:
        meter, rule = WRITE_METERS.get(lifetime), f"{WRITE_RATIOS} {lifetime}"
        yield from _scaled(base, meter, base.service_tier, rule, ratio, collector)
    yield from _scaled(base, None, base.service_tier, UNDATED_WRITE_RATIO, pricing.get(UNDATED_WRITE_RATIO), collector)


def _tier_prices(prices: list[Price], pricing: dict[str, Any], collector: RowCollector) -> Iterator[Price]:
    """Priority and flex, which the list prints as ratios of the standard price."""
    for rule, tier in TIER_RATIOS.items():
        for price in prices:
            yield from _scaled(price, price.meter, tier, rule, pricing.get(rule), collector)


def _scaled(
    base: Price, meter: str | None, tier: str, rule: str, ratio: Any, collector: RowCollector
) -> Iterator[Price]:
    """The price that a ratio of the list gives, if it gives one: null is no rule."""
    if ratio is None:
        return
    printed, usd = f"{rule}: {ratio} of {base.printed}", _times(base.usd_per_unit, _number(ratio))
    if meter is None:
        collector.reject(base.place, printed, "no meter for this ratio")
    elif usd is None:
        collector.reject(base.place, printed, "not exactly a ratio above 0")
    else:
        yield Price(base.place, PROVIDER, base.model, meter, usd, printed, tier, basis="derived")


def _page_prices(body: bytes, collector: RowCollector) -> Iterator[Price]:
    """Prices of the pricing page; it holds every table twice, and the same price twice is one row."""
    for table in read_page(body, with_links=True).tables:
        if [header.casefold() for header in table.headers][: len(PAGE_HEADERS)] == PAGE_HEADERS:
            refuse_errors(table, collector)
            for row in table.rows:
                yield from _row_prices(table, row, collector)
        else:
            refuse_if_priced(table, collector)


def _row_prices(table: Table, row: list[str], collector: RowCollector) -> Iterator[Price]:
    """A row "Kimi K3 </moonshotai/Kimi-K3> | 1024k | $2.85 / $0.285 cached | $14.25"; the link is the id."""
    name, input_cell, output_cell = (" ".join(row[column].split()) for column in (0, 2, 3))
    place, linked, inputs = (
        f"{table.heading}: {name[:80]}",
        _LINKED_ID.fullmatch(name),
        _INPUT_CELL.fullmatch(input_cell),
    )
    if linked is None or not _ID.fullmatch(linked.group(1)):
        collector.reject(place, " | ".join(row), "no link to exactly one model")
        return
    cached = (inputs.group(2) or "") if inputs else ""
    cells = (
        ("input_uncached", inputs.group(1) if inputs else input_cell, input_cell),
        ("cache_read", cached, input_cell),
        ("output", output_cell, output_cell),
    )
    for meter, text, cell in cells:
        usd = printed_usd(text) if text.startswith("$") else None
        if usd is not None:
            yield Price(place, PROVIDER, linked.group(1), meter, usd, cell)
        elif text not in NO_PRICE:
            collector.reject(place, cell, "not exactly a price per million tokens")
