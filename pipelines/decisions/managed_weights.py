"""Open weights that someone else runs and sells by the token: the cheapest seller of a workload on a day.

No volume is where they begin to pay: without a fixed cost they cost less than the API at every volume or at none.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from pipelines.decisions.break_even import Load, Terms
from pipelines.decisions.self_hosting.figures import offers_in_force


@dataclass(frozen=True)
class Managed:
    """What a seller asks for the mix of a workload, per accepted token, and the offers behind it."""

    seller: str
    usd_per_token: Fraction
    offer_ids: tuple[str, ...]


def cheapest_managed(load: Load, terms: Terms, day: date) -> Managed | None:
    """The cheapest seller of the stand-in; cached input at the price of input where none is printed. None: nobody."""
    offers = offers_in_force(day, terms.open_model)
    found = []
    for seller in sorted({name for name, _ in offers}):
        prices = {meter: offer for (name, meter), offer in offers.items() if name == seller}
        if not {"input_uncached", "output"} <= prices.keys():
            continue
        used = {meter: prices.get(meter, prices["input_uncached"]) for meter in load.tokens}
        price = load.usd_per_token({meter: offer.usd for meter, offer in used.items()}) / Fraction(terms.acceptance)
        found.append(Managed(seller, price, tuple(dict.fromkeys(offer.offer_id for offer in used.values()))))
    return min(found, key=lambda one: (one.usd_per_token, one.seller), default=None)
