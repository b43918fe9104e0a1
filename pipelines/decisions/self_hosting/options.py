"""The machines that could serve a workload on a day: rented, as a dedicated endpoint, bought, or a Mac.

Each with what a month of n replicas costs and the ids of the rates and figures that this rests on. Not: what it serves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipelines.decisions.self_hosting.figures import SITE, Figure, managed_offers
from pipelines.decisions.self_hosting.ownership import Machine, machines_for, monthly_cost, own_mac
from pipelines.decisions.self_hosting.rental import Rental, spot_usd_per_hour

WAYS = ("rented", "dedicated", "owned", "mac")
SPOT_SHARE, SPOT_REWORK = Decimal("0.9"), Decimal("0.05")
"""Part of the hours that spot GPUs are to be had, and part of their work done twice: assumptions, shown and flagged."""
GPUS_PER_NODE = 8
NODE_POWER_RATIO = "power-ratio-node-to-tdp-b200"
_NODE_POWER = {("H100", "SXM"): "power-dgx-h100"}
_SERVERS = {
    ("H100", "SXM"): ("price-h100-card", "power-tdp-h100-sxm"),
    ("H200", "SXM"): ("price-h200-card", "power-tdp-h200-sxm"),
    ("B200", "SXM"): ("price-b200-card", "power-tdp-b200-sxm"),
    ("A100", "SXM"): ("price-a100-80", "power-tdp-a100-sxm-80"),
}
_MACS = {
    "M2 Ultra": ("price-mac-m2-ultra-seed", "power-measured-m3-ultra-70b"),
    "M3 Ultra": ("price-mac-studio-m3-ultra-512gb", "power-measured-m3-ultra-70b"),
    "M4 Max": ("price-mac-studio-m4-max-base", "power-measured-m3-ultra-14b"),
}
_MAC_LIFE_MONTHS = 36
_DEDICATED = {"h100-80": ("H100", "SXM"), "h100": ("H100", "SXM"), "h200-141": ("H200", "SXM"), "h200": ("H200", "SXM")}
_DEDICATED |= {"b200": ("B200", "SXM"), "a100-sxm-80": ("A100", "SXM"), "l40s-48": ("L40S", "")}
_RATES = ("usd_per_gpu_hour", "on_demand_usd")
_ONE_FORM = ("B200", "B300")
"""Cards that are rented in one form only, where a source does not tell it."""
_VARIANT_NOT_TOLD = ("h100-80", "h100", "h200", "h200-141", "b200")


@dataclass(frozen=True)
class Option:
    """One way to have machines. `usd_per_gpu_hour`: of what is rented; None where it is bought."""

    way: str
    seller: str
    tier: str
    gpu: str
    variant: str
    region: str
    pricing: str
    gpus_per_unit: int
    usd_per_gpu_hour: Decimal | None
    rate_ids: tuple[str, ...]
    machine: Machine | None = None
    term_months: int | None = None
    on_demand_usd: Decimal | None = None
    flags: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def offer(self) -> tuple[str, ...]:
        """What one row of an answer is about; sizes of what is rented compete within it."""
        term = str(self.term_months or "")
        return (self.way, self.seller, self.tier, self.gpu, self.variant, self.pricing, term)

    def cost(self, gpus_per_replica: int, hours_per_month: int, spare: int) -> Callable[[int], Fraction]:
        """USD a month of n replicas, spare ones besides, whole rentals or machines, power as at full load."""
        if self.machine is not None:
            one, people = monthly_cost(self.machine, 1, Fraction(1)).total, Fraction(self.machine.staff_usd_per_month)
            machine = self.machine
            return lambda n: (one - people) * machines_for((n + spare) * gpus_per_replica, machine) + people
        rental = Rental(
            self.effective_usd_per_gpu_hour,
            gpus_per_replica,
            self.gpus_per_unit,
            Fraction(hours_per_month),
            spare_replicas=spare,
        )
        return rental.usd_per_month

    def scaled(self, factor: Decimal) -> "Option":
        """The same at a rate or a purchase price of so many times."""
        times = Decimal(factor)
        machine = self.machine and replace(self.machine, purchase_usd=self.machine.purchase_usd * times)
        rates: dict[str, Any] = {name: None if (usd := getattr(self, name)) is None else usd * times for name in _RATES}
        return replace(self, machine=machine, **rates)

    def purchase(self, gpus: int) -> Fraction:
        """USD paid at once for machines with so many GPUs; 0 where they are rented."""
        return Fraction(self.machine.purchase_usd) * machines_for(gpus, self.machine) if self.machine else Fraction(0)

    @property
    def effective_usd_per_gpu_hour(self) -> Fraction:
        """The rate, of spot with what is lost and what on-demand hours fill in."""
        if self.usd_per_gpu_hour is None:
            raise ValueError(f"{self.seller} {self.gpu} is bought, not rented")
        if self.pricing != "spot" or self.on_demand_usd is None:
            return Fraction(self.usd_per_gpu_hour)
        return spot_usd_per_hour(self.usd_per_gpu_hour, self.on_demand_usd, SPOT_SHARE, SPOT_REWORK)


def rented(rates: Iterable[Mapping[str, Any]], cards: Iterable[tuple[str, str]]) -> list[Option]:
    """The cheapest offer of every provider, tier, card, pricing and size of what is rented.

    `rates` in force: columns of core.gpu_rate in USD. `cards`: (gpu, variant) that a model was measured on.
    A rate without a price in USD, a teaser and a slice of a card cannot compete; spot needs an on-demand rate, too.
    """
    wanted = set(cards)
    whole = [r for r in rates if r["usd_per_gpu_hour"] is not None and r["price_kind"] == "quoted"]
    whole = [one for r in whole if r["gpu_fraction"] == 1 for one in [_in_its_form(r)]]
    whole = [r for r in whole if (r["gpu"], r["variant"]) in wanted]
    on_demand: dict[tuple[str, ...], Decimal] = {}
    for r in whole:
        if r["pricing"] == "on_demand":
            offer = (r["provider"], r["gpu"], r["variant"])
            on_demand[offer] = min(on_demand.get(offer, r["usd_per_gpu_hour"]), r["usd_per_gpu_hour"])
    best: dict[tuple[str, ...], tuple[Fraction, str, Option]] = {}
    for r in whole:
        beside = on_demand.get((r["provider"], r["gpu"], r["variant"]))
        if r["pricing"] == "spot" and beside is None:
            continue
        option = _rented(r, beside)
        ranked = (option.effective_usd_per_gpu_hour, str(r["rate_id"]), option)
        key = (*option.offer, str(option.gpus_per_unit))
        if key not in best or ranked[:2] < best[key][:2]:
            best[key] = ranked
    return [option for _, (_, _, option) in sorted(best.items())]


def dedicated(day: date, cards: Iterable[tuple[str, str]]) -> list[Option]:
    """Dedicated endpoints of sellers of open models: the newest printed rate on or before a day."""
    newest = {}
    for offer in sorted(managed_offers(), key=lambda one: (one.as_of, one.offer_id)):
        card = _DEDICATED.get(offer.what)
        if offer.meter == "gpu_hour" and card in set(cards) and offer.as_of <= day:
            newest[offer.seller, card] = offer
    return [
        Option(
            "dedicated", offer.seller, "dedicated", *card, "global", "on_demand", 1, offer.usd, (offer.offer_id,),
            flags=("variant_assumed",) if offer.what in _VARIANT_NOT_TOLD else (),
        )
        for (_, card), offer in sorted(newest.items())
        if card is not None
    ]  # fmt: skip


def owned(cards: Iterable[tuple[str, str]], known: Mapping[str, Figure]) -> list[Option]:
    """Servers of eight cards in colocation, and Macs, of the cards that a model was measured on; `known`: figures."""
    site: dict[str, Any] = {name: known[figure].value for name, figure in SITE.items()}
    options = []
    for card in sorted(set(cards)):
        if card in _SERVERS:
            price, power = (known[figure] for figure in _SERVERS[card])
            node = known.get(_NODE_POWER.get(card, ""))
            watts = node.value if node else power.value * GPUS_PER_NODE * known[NODE_POWER_RATIO].high
            machine = Machine(price.value * GPUS_PER_NODE, watts / 1000, gpus=GPUS_PER_NODE, **site)
            ids = (price.figure_id, (node or power).figure_id, *SITE.values())
            options.append(_bought("owned", "server", card, machine, ids))
        elif card[0] in _MACS:
            price, power = (known[figure] for figure in _MACS[card[0]])
            machine = own_mac(price.middle, _MAC_LIFE_MONTHS, power.value, known["kwh-us-commercial"].value)
            ids = (price.figure_id, power.figure_id, "kwh-us-commercial", "life-seed-36mo")
            options.append(_bought("mac", "desk", card, machine, ids))
    return options


def _in_its_form(r: Mapping[str, Any]) -> Mapping[str, Any]:
    is_told = r["variant"] or r["gpu"] not in _ONE_FORM
    return r if is_told else {**r, "variant": "SXM", "is_variant_assumed": True}


def _rented(r: Mapping[str, Any], on_demand: Decimal | None) -> Option:
    flags = {"spot": ("spot_assumed",), "reserved": ("reserved_whole_term",)}.get(r["pricing"], ())
    flags = (*flags, *(("rate_last_seen",) if r.get("last_seen_on") else ()))
    flags = (*flags, *(("variant_assumed",) if r.get("is_variant_assumed") else ()))
    return Option(
        way="rented",
        seller=r["provider"],
        tier=r["tier"],
        gpu=r["gpu"],
        variant=r["variant"],
        region=r["region"],
        pricing=r["pricing"],
        gpus_per_unit=r["gpu_count"],
        usd_per_gpu_hour=r["usd_per_gpu_hour"],
        rate_ids=(r["rate_id"],),
        term_months=r["term_months"],
        on_demand_usd=None if r["pricing"] == "on_demand" else on_demand,
        flags=flags,
        evidence={name: r.get(name) for name in ("fx_rate_on", "usd_per_currency", "last_seen_on")},
    )


def _bought(way: str, tier: str, card: tuple[str, str], machine: Machine, ids: tuple[str, ...]) -> Option:
    return Option(
        way, "own", tier, *card, "global", "purchase", machine.gpus, None, ids, machine, flags=("rough_costs",)
    )
