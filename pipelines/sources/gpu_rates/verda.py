"""Verda's (DataCrunch's) API answer about instance types -> GPU rates. Verda's terms forbid scraping its pages.

The API needs the user's own client id, so the answer comes from the user and no source of the catalog asks for it.
Prices are strings and hold for the whole instance, and so does `gpu_memory`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.json_body import read_json, whole_number
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

_PRICES = {"on_demand": "price_per_hour", "spot": "spot_price"}
_CURRENCIES = {"usd": "USD", "eur": "EUR"}


def parse(body: bytes) -> Parsed:
    """Rates per GPU and hour, on demand and spot; instances without a GPU give none.

    Raises ParseError for a body that is no list of instance types, or one that yields no rate.
    """
    types = read_json(body)
    if not isinstance(types, list):
        raise ParseError("the answer is no list of instance types")
    found = new_collector()
    for place, instance in enumerate(types):
        try:
            _add_instance(found, instance)
        except ValueError as error:
            found.reject(f"instance type {place}", str(instance)[:500], str(error))
    return found.parsed()


def _add_instance(found: RowCollector, instance: Any) -> None:
    if not isinstance(instance, dict) or not isinstance(instance.get("gpu"), dict):
        raise ValueError("no instance type")
    gpu_count = whole_number(instance["gpu"].get("number_of_gpus"))
    if gpu_count == 0:
        return
    sku, text = instance.get("instance_type"), instance.get("name")
    currency = _CURRENCIES.get(str(instance.get("currency")).lower())
    if not isinstance(sku, str) or not isinstance(text, str) or currency is None:
        raise ValueError("no instance_type, name or known currency")
    name = read_gpu_name(text)
    memory_gb = _memory_gb(instance, gpu_count)
    if name.memory_gb not in (None, memory_gb):
        raise ValueError("gpu_memory per GPU differs from the memory in the name")
    for pricing, key in _PRICES.items():
        printed = instance.get(key)
        if printed is None:
            continue
        price = price_or_none(printed) if isinstance(printed, str) else None
        if price is None:
            found.reject(f"{sku}: {pricing}"[:200], str(printed), "the price is no finite number")
        elif price:
            add_rate(
                found,
                price / gpu_count,
                currency=currency,
                printed=printed,
                provider="verda",
                tier="instance",
                sku=sku,
                gpu=name.gpu,
                variant=name.variant,
                memory_gb=memory_gb,
                gpu_count=gpu_count,
                pricing=pricing,
            )


def _memory_gb(instance: Mapping[str, Any], gpu_count: int) -> int:
    """GB of one GPU: the size that is told for all GPUs together, divided."""
    total = instance.get("gpu_memory")
    per_gpu = Decimal(whole_number(total.get("size_in_gigabytes"))) / gpu_count if isinstance(total, dict) else None
    if per_gpu is None or not per_gpu or per_gpu != int(per_gpu):
        raise ValueError("gpu_memory is no whole number of GB per GPU")
    return int(per_gpu)
