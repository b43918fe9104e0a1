"""Vultr's public API, plans of GPU instances or of bare metal -> GPU rates. One body is one of the two answers.

The price by the hour is taken; that of the month counts 672 hours in some plans and 730 in others. A plan of 0 is no
offer. An instance prints all its memory together, so the number of cards is that memory over the memory of one card of
Vultr's; less than one card is a share of it and keeps the rate that is printed for the share.
"""

import json
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pipelines.sources.gpu_rates.rate_rows import STEP, add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

CARDS = {
    "NVIDIA_A100": ("A100", 80),
    "NVIDIA_A40": ("A40", 48),
    "NVIDIA_L40S": ("L40S", 48),
    "NVIDIA_H100": ("H100", 80),
    "NVIDIA_B200": ("B200", 192),
    "AMD_MI325X": ("MI325X", 256),
    "AMD_MI355X": ("MI355X", 288),
}
"""Model and GB of one whole card. Not the A16: its card carries four GPUs, and a share of it is no share of one."""
METAL = {
    "vbm-48c-1024gb-4-a100-gpu": ("A100", 80, 4),
    "vbm-64c-2048gb-8-l40-gpu": ("L40S", 48, 8),
    "vbm-72c-480gb-gh200-gpu": ("GH200", 96, 1),
    "vbm-112c-2048gb-8-a100-gpu": ("A100", 80, 8),
    "vbm-112c-2048gb-8-h100-gpu": ("H100", 80, 8),
    "vbm-256c-2048gb-8-mi300x-gpu": ("MI300X", 192, 8),
    "vbm-256c-3072gb-8-b200-gpu": ("B200", 192, 8),
    "vbm-256c-3072gb-8-mi325x-gpu": ("MI325X", 256, 8),
    "vbm-256c-3072gb-8-mi355x-gpu": ("MI355X", 288, 8),
}
"""Model, GB of one card and number of cards by plan; the answer about bare metal tells none of them."""

_PRICES = {"on_demand": "hourly_cost", "spot": "hourly_cost_preemptible"}
_METAL_GPU = re.compile(r"vbm-[a-z0-9-]{1,80}-gpu")


def parse(body: bytes) -> Parsed:
    """Rates in USD per GPU and hour, on demand and (as spot) preemptible, the same in all places.

    A plan that lists no place is sold out. Raises ParseError for a body that is neither answer or yields no rate.
    """
    tier, plans = _plans(body)
    found = new_collector()
    for place, plan in enumerate(plans):
        name = plan.get("id") if isinstance(plan, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= 200:
            found.reject(f"{tier} plan {place}", str(plan), "no usable id")
        elif tier == "vm" or _METAL_GPU.fullmatch(name):
            try:
                _add_plan(found, plan, name, tier)
            except ValueError as error:
                found.reject(name, str(plan), str(error))
    return found.parsed()


def _plans(body: bytes) -> tuple[str, list[Any]]:
    """The tier and its plans. An answer in several pages is refused: half a list is no list."""
    try:
        answer = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ParseError(f"not a whole JSON document: {str(error)[:200]}") from error
    if not isinstance(answer, dict):
        raise ParseError("the answer is not an object")
    meta = answer.get("meta")
    links = meta.get("links") if isinstance(meta, dict) else None
    if isinstance(links, dict) and links.get("next"):
        raise ParseError("the answer goes on with a next page")
    for tier, key in (("vm", "plans"), ("bare_metal", "plans_metal")):
        if isinstance(answer.get(key), list):
            return tier, answer[key]
    raise ParseError("the answer has neither plans nor plans_metal")


def _add_plan(found: RowCollector, plan: Mapping[str, Any], name: str, tier: str) -> None:
    """Add the prices of one plan. Raises ValueError."""
    gpu, memory_gb, count, share = _cards(plan) if tier == "vm" else _metal_cards(name)
    places = plan.get("locations")
    if plan.get("location_cost"):
        found.reject(name, str(plan["location_cost"]), "prices of single places are not read")
    for pricing, key in _PRICES.items():
        printed = plan.get(key, Decimal(0))
        usd = price_or_none(str(printed)) if isinstance(printed, Decimal) else None
        if usd is None:
            found.reject(name, f"{key}: {printed}", "the price is no finite number")
        elif usd != 0:
            add_rate(
                found,
                usd / count,
                printed=f"{printed} per hour",
                provider="vultr",
                tier=tier,
                sku=name,
                gpu=gpu,
                memory_gb=memory_gb,
                gpu_count=count,
                gpu_fraction=share,
                pricing=pricing,
                is_sold_out=True if places == [] else None,
            )


def _cards(plan: Mapping[str, Any]) -> tuple[str, int, int, Decimal]:
    """Model, GB of one card, number of cards and share of a card of one instance plan."""
    card, memory = plan.get("gpu_type"), plan.get("gpu_vram_gb")
    if not isinstance(card, str) or card not in CARDS:
        raise ValueError("a card whose memory is not known")
    gpu, memory_gb = CARDS[card]
    if not isinstance(memory, Decimal) or not 0 < memory <= 64 * memory_gb:
        raise ValueError("gpu_vram_gb is no memory")
    if memory < memory_gb:
        return gpu, memory_gb, 1, (memory / memory_gb).quantize(STEP, ROUND_HALF_EVEN)
    if memory % memory_gb:
        raise ValueError("gpu_vram_gb is no multiple of the card's memory")
    return gpu, memory_gb, int(memory // memory_gb), Decimal(1)


def _metal_cards(name: str) -> tuple[str, int, int, Decimal]:
    if name not in METAL:
        raise ValueError("a plan whose GPUs are not known")
    return *METAL[name], Decimal(1)
