"""Oracle's public price list (one JSON document) -> GPU rates per GPU and hour.

An item is about GPUs when it is priced by the GPU and hour. Nodes with VMware and devices by the day are other goods
and not looked at; Cloud@Customer runs in the customer's own hall and is refused. The list names some cards by the code
of a machine generation (X7, V2, E3, E4) or by a suffix that it does not explain (H100T); none of them is guessed.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

CATEGORIES = ("Compute - GPU", "Compute - GPU - Other")
METRIC = "GPU Per Hour"
MODELS = {
    "A10": ("A10", 24),
    "A100 - v2": ("A100", 80),
    "B200": ("B200", 180),
    "B300": ("B300", 288),
    "GB200": ("GB200", 186),
    "GB300": ("GB300", 279),
    "H100": ("H100", 80),
    "H200": ("H200", 141),
    "L40S": ("L40S", 48),
    "MI300X": ("MI300X", 192),
    "MI355X": ("MI355X", 288),
    "RTX PRO 6000": ("RTX PRO 6000", 96),
}
"""Model and memory of one card (GB) by Oracle's name; v2 of the A100 is the one of 80 GB (shape BM.GPU.A100-v2.8)."""

_NAME = re.compile(r"(?:(?:OCI|Oracle Cloud Infrastructure) ?- )?Compute +- GPU - (.+)")


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour, the same in all regions.

    Raises ParseError for a body that is not the list, or one that yields no rate.
    """
    found = new_collector()
    for item in _items(body):
        if not isinstance(item, dict):
            found.reject("items", str(item), "an item that is no object")
        elif item.get("metricName") == METRIC or item.get("serviceCategory") in CATEGORIES:
            part = str(item.get("partNumber"))[:40]
            try:
                _add(found, item, part)
            except ValueError as error:
                found.reject(part, f"{item.get('displayName')} ({item.get('serviceCategory')})", str(error))
    return found.parsed()


def _items(body: bytes) -> list[Any]:
    try:
        answer = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list):
        raise ParseError("the answer has no list of items")
    return items


def _add(found: RowCollector, item: Mapping[str, Any], part: str) -> None:
    """Add one item. Raises ValueError with the reason why it is no rate."""
    if item.get("metricName") != METRIC or item.get("serviceCategory") not in CATEGORIES:
        raise ValueError("no GPU by the hour in Oracle's own cloud")
    printed = item.get("displayName")
    name = _NAME.fullmatch(printed.strip()[:200]) if isinstance(printed, str) else None
    if name is None or name[1] not in MODELS:
        raise ValueError("the name tells no known card")
    gpu, memory_gb = MODELS[name[1]]
    usd = _usd(item.get("currencyCodeLocalizations"))
    if usd == 0:
        return
    add_rate(
        found,
        usd,
        printed=f"{usd} {METRIC}: {name[0]}",
        provider="oracle",
        sku=part,
        gpu=gpu,
        memory_gb=memory_gb,
    )


def _usd(localizations: Any) -> Decimal:
    """The one pay-as-you-go price in USD."""
    entries = localizations if isinstance(localizations, list) else []
    prices = [
        price
        for entry in entries
        if isinstance(entry, dict) and entry.get("currencyCode") == "USD" and isinstance(entry.get("prices"), list)
        for price in entry["prices"]
    ]
    if len(prices) != 1 or not isinstance(prices[0], dict) or prices[0].get("model") != "PAY_AS_YOU_GO":
        raise ValueError("not exactly one pay-as-you-go price in USD")
    value = prices[0].get("value")
    usd = price_or_none(str(value)) if isinstance(value, Decimal) else None
    if usd is None:
        raise ValueError("the price is no finite number")
    return usd
