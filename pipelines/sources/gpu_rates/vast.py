"""Vast.ai's answer about offers -> GPU rates: the cheapest offer per card. Names are read in gpu_names.

Vast is a marketplace: there is no price of a card, only single offers, which come and go. One row is the lowest
`dph_total / num_gpus` of all rentable offers of one card, memory, verification and pricing, as price_kind "from": it
is the rate at which renting starts, never one at which many GPUs are to be had. `printed` tells the offer behind it,
how many offers there are and their median; of fewer than five offers the median means little. `dph_total` holds the
offer's own disk. `gpu_count` is 1, because the row is about single GPUs and not about the machine of one offer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from pipelines.sources.gpu_rates.card_memory import memory_gb_of_mib
from pipelines.sources.gpu_rates.gpu_names import read_gpu_name
from pipelines.sources.gpu_rates.json_answers import read_json, whole_number
from pipelines.sources.gpu_rates.rate_rows import add_rate, new_collector
from pipelines.sources.parsed import Parsed, ParseError, RowCollector, price_or_none

_NAMES = {"RTX 6000Ada": "RTX 6000 Ada", "RTX PRO 6000 WS": "RTX PRO 6000 Workstation"}
_TIERS = ("verified", "unverified", "deverified")


@dataclass(frozen=True)
class _Card:
    sku: str
    gpu: str
    variant: str
    memory_gb: int
    tier: str
    pricing: str


@dataclass(frozen=True)
class _Offer:
    usd: Decimal
    gpu_count: int

    @property
    def usd_per_gpu_hour(self) -> Decimal:
        return self.usd / self.gpu_count


def parse(body: bytes) -> Parsed:
    """One row per card, memory, verification and pricing. Raises ParseError for no answer, or one without a rate."""
    answer = read_json(body)
    offers = answer.get("offers") if isinstance(answer, dict) else None
    if not isinstance(offers, list):
        raise ParseError("the answer has no list of offers")
    found = new_collector()
    by_card: dict[_Card, list[_Offer]] = {}
    for place, offer in enumerate(offers):
        try:
            if not isinstance(offer, dict):
                raise ValueError("no offer")
            if offer.get("rentable", True) is True:
                by_card.setdefault(_card(offer), []).append(_offer(offer))
        except ValueError as error:
            found.reject(f"offers[{place}]", str(offer)[:500], str(error))
    for card, same in by_card.items():
        _add_cheapest(found, card, same)
    return found.parsed()


def _card(offer: Mapping[str, Any]) -> _Card:
    sku = offer.get("gpu_name")
    if not isinstance(sku, str):
        raise ValueError("no gpu_name")
    name = read_gpu_name(_NAMES.get(sku, sku))
    return _Card(
        sku,
        name.gpu,
        name.variant,
        memory_gb_of_mib(name.gpu, name.variant, whole_number(offer.get("gpu_ram"))),
        _tier(offer),
        "spot" if offer.get("is_bid") is True else "on_demand",
    )


def _tier(offer: Mapping[str, Any]) -> str:
    """Vast's own word about the host; `verified` beside it is often null. "unknown" where neither is told."""
    told = offer.get("verification")
    if told is None and isinstance(offer.get("verified"), bool):
        told = "verified" if offer["verified"] else "unverified"
    return told if told in _TIERS else "unknown"


def _offer(offer: Mapping[str, Any]) -> _Offer:
    printed = offer.get("dph_total")
    usd = price_or_none(str(printed)) if isinstance(printed, Decimal) else None
    gpu_count = whole_number(offer.get("num_gpus"), limit=1000)
    if usd is None or usd <= 0 or gpu_count == 0:
        raise ValueError("dph_total or num_gpus is no positive number")
    return _Offer(usd, gpu_count)


def _add_cheapest(found: RowCollector, card: _Card, offers: list[_Offer]) -> None:
    cheapest = min(offers, key=lambda offer: offer.usd_per_gpu_hour)
    middle = median(offer.usd_per_gpu_hour for offer in offers)
    add_rate(
        found,
        cheapest.usd_per_gpu_hour,
        printed=f"dph_total {cheapest.usd} / {cheapest.gpu_count} GPU; lowest of {len(offers)} offers; "
        f"median {middle:.6f} per GPU",
        provider="vast",
        tier=card.tier,
        sku=card.sku,
        gpu=card.gpu,
        variant=card.variant,
        memory_gb=card.memory_gb,
        pricing=card.pricing,
        price_kind="from",
    )
