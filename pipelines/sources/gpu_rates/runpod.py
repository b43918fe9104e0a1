"""RunPod's GraphQL answer about GPU types -> GPU rates. Names are read in gpu_names, nothing is fetched here.

Prices are per GPU and hour, once for the secure and once for the community cloud. The API prints 0 where a cloud does
not offer the card, and 0.5 as a placeholder (MI300X and H200 NVL "cost" it): exactly 0.5 is always refused, so that a
card which truly costs that much shows up among the rejects and not as a guess among the rates.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pipelines.schema.gpu_rates import GpuRateObservation
from pipelines.sources.gpu_rates.gpu_names import MAX_NAME, GpuName, read_gpu_name
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

_PRICES = {"secure": "securePrice", "community": "communityPrice"}
_PLACEHOLDER = Decimal("0.5")
_FRACTION_STEP = Decimal("0.000001")
_MAX_MEMORY_GB = 10_000


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour, one row per card and cloud that offers it.

    A MIG slice keeps its own printed rate; its `gpu_fraction` is slice memory over the memory of the whole card of
    the same answer. Raises ParseError for a body that is not a complete answer, or one that yields no rate.
    """
    cards = _gpu_types(body)
    found = RowCollector(GpuRateObservation)
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for place, card in enumerate(cards):
        name = card.get("id") if isinstance(card, dict) else None
        if isinstance(name, str) and 0 < len(name) <= MAX_NAME:
            by_id.setdefault(name, []).append(card)
        else:
            found.reject(f"gpuTypes[{place}]", str(card), "no usable id")
    for name, same in by_id.items():
        if any(card != same[0] for card in same):
            found.reject(name, str(same), "one id with two different entries")
        else:
            _add_card(found, name, same[0], by_id)
    return found.parsed()


def _gpu_types(body: bytes) -> list[Any]:
    """The list under data.gpuTypes; NaN and Infinity, which are no JSON, come as text and are refused later."""
    try:
        answer = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a complete JSON answer: {str(error)[:200]}") from error
    if not isinstance(answer, dict):
        raise ParseError("the answer is not an object")
    if answer.get("errors"):
        raise ParseError(f"the API answered with errors: {str(answer['errors'])[:200]}")
    data = answer.get("data")
    cards = data.get("gpuTypes") if isinstance(data, dict) else None
    if not isinstance(cards, list):
        raise ParseError("the answer has no list data.gpuTypes")
    return cards


def _add_card(
    found: RowCollector, name: str, card: Mapping[str, Any], by_id: Mapping[str, list[Mapping[str, Any]]]
) -> None:
    prices = {tier: price for tier, key in _PRICES.items() if (price := _offered(found, name, tier, card.get(key)))}
    if not prices:
        return
    try:
        gpu = read_gpu_name(name)
        variant = _variant(gpu, card.get("displayName"))
        memory_gb, gpu_fraction = _memory(gpu, card, by_id)
    except ValueError as error:
        found.reject(name, str(card), str(error))
        return
    for tier, usd_per_gpu_hour in prices.items():
        found.add(
            provider="runpod",
            tier=tier,
            sku=name,
            gpu=gpu.gpu,
            variant=variant,
            memory_gb=memory_gb,
            gpu_count=1,
            gpu_fraction=gpu_fraction,
            region="global",
            pricing="on_demand",
            usd_per_gpu_hour=usd_per_gpu_hour,
            local_per_gpu_hour=usd_per_gpu_hour,
            price_kind="quoted",
            currency="USD",
            printed=str(card[_PRICES[tier]])[:300],
        )


def _offered(found: RowCollector, name: str, tier: str, printed: Any) -> Decimal | None:
    """The price of one cloud; None where the card is not offered there, or refused with a reason."""
    price = price_or_none(str(printed)) if isinstance(printed, Decimal) else None
    if price is None:
        found.reject(name, f"{tier}: {printed}", "the price is no finite number")
    elif price == _PLACEHOLDER:
        found.reject(name, f"{tier}: {printed}", "placeholder 0.5")
        return None
    return price or None


def _variant(gpu: GpuName, display_name: Any) -> str:
    """The form factor of the id or, where the id tells none ("NVIDIA H100 80GB HBM3"), of the display name."""
    if gpu.variant or not isinstance(display_name, str):
        return gpu.variant
    shown = read_gpu_name(display_name)
    return shown.variant if shown.gpu == gpu.gpu else ""


def _memory(gpu: GpuName, card: Mapping[str, Any], by_id: Mapping[str, list[Mapping[str, Any]]]) -> tuple[int, Decimal]:
    """GB of one whole card, and the share of it that is rented."""
    memory_gb = _whole_gb(card)
    if (gpu.slice_gb or gpu.memory_gb or memory_gb) != memory_gb:
        raise ValueError("memoryInGb differs from the memory in the id")
    if gpu.slice_gb is None:
        return memory_gb, Decimal(1)
    whole = by_id.get(gpu.whole_name)
    if not whole:
        raise ValueError("a slice of a card whose memory the answer does not tell")
    whole_gb = _whole_gb(whole[0])
    if whole_gb <= memory_gb:
        raise ValueError("a slice that is not smaller than its card")
    return whole_gb, (Decimal(memory_gb) / whole_gb).quantize(_FRACTION_STEP)


def _whole_gb(card: Mapping[str, Any]) -> int:
    memory = card.get("memoryInGb")
    if not isinstance(memory, Decimal) or not 0 < memory <= _MAX_MEMORY_GB or memory != int(memory):
        raise ValueError("memoryInGb is no whole number of GB")
    return int(memory)
