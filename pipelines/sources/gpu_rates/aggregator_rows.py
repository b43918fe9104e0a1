"""What the catalogs of others (gpuhunt, SkyPilot) share: prices of instances by zone -> GPU rates. Reading is theirs.

They are a cross-check: a row here never counts beside the provider's own. Only prices on demand are taken: their spot
prices are averages or bids of some minute, differ by zone, and in one case were a least bid of 0.01.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from pipelines.sources.gpu_rates.rate_rows import add_rate
from pipelines.sources.parsed import RowCollector

NOT_TOLD = "not_told"
"""The tier where the catalog does not name the provider's own class."""
ONE_PRICE_EVERYWHERE = frozenset({"lambda", "nebius", "runpod", "verda"})
"""Providers whose own price lists name no region; their prices are repeated for each data centre."""


class Offer(NamedTuple):
    """One instance type in one region, in USD by the hour for the whole instance."""

    provider: str
    tier: str
    sku: str
    gpu: str
    variant: str
    memory_gb: int
    gpu_count: int
    region: str
    usd_per_hour: Decimal


def add_offers(found: RowCollector, offers: Iterable[Offer]) -> None:
    """Add one rate per offer and region: zones of one price are one, two prices of one offer are both refused.

    Where the provider has one price everywhere and the catalog repeats it, the region is 'global'.
    """
    prices: dict[Offer, dict[str, set[Decimal]]] = {}
    for offer in offers:
        offered = offer._replace(region="", usd_per_hour=Decimal(0))
        prices.setdefault(offered, {}).setdefault(offer.region, set()).add(offer.usd_per_hour)
    for offered, by_region in prices.items():
        everywhere = set.union(*by_region.values())
        is_repeated = offered.provider in ONE_PRICE_EVERYWHERE and len(everywhere) == 1
        for region, amounts in ({"global": everywhere} if is_repeated else by_region).items():
            _add(found, offered, region, amounts)


def _add(found: RowCollector, offered: Offer, region: str, amounts: set[Decimal]) -> None:
    printed = ", ".join(f"{amount} per hour" for amount in sorted(amounts))
    if len(amounts) > 1:
        found.reject(f"{offered.sku} in {region}"[:200], printed, "two prices for one offer")
        return
    columns = offered._asdict() | {"region": region}
    usd = amounts.pop() / offered.gpu_count
    del columns["usd_per_hour"]
    add_rate(found, usd, printed=printed, **columns)
