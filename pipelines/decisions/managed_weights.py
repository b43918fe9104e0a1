"""Open weights that someone else runs and sells by the token: the cheapest seller of a workload on a day.

No volume is where they begin to pay: without a fixed cost they cost less than the API at every volume or at none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.api_bill import ApiPrice, Load
from pipelines.decisions.break_even import Terms
from pipelines.decisions.self_hosting.figures import offers_in_force

_NEEDED = {"input_uncached", "output"}


@dataclass(frozen=True)
class Managed:
    """What a seller asks for the mix of a workload, per accepted token, and the prices behind it."""

    seller: str
    usd_per_token: Fraction
    price_ids: tuple[str, ...]


def cheapest_managed(load: Load, terms: Terms, day: date, listed: Sequence[ApiPrice]) -> Managed | None:
    """The cheapest seller of the stand-in; cached input at the price of input where none is printed. None: nobody.

    `listed`: what price lists say on the day. A seller that is in none counts by what it was last seen to print.
    """
    by_list = {one.provider: (one.usd_per_mtok, one.price_ids) for one in listed if one.usd_per_mtok.keys() >= _NEEDED}
    seen = {seller: prices for seller, prices in _last_seen(terms.open_model, day) if seller not in by_list}
    found = [_priced(load, terms, seller, *prices) for seller, prices in (by_list | seen).items()]
    return min(
        (one for one in found if one.usd_per_token > 0), key=lambda one: (one.usd_per_token, one.seller), default=None
    )


def _last_seen(open_model: str, day: date) -> Iterator[tuple[str, tuple[dict[str, Decimal], dict[str, str]]]]:
    offers = offers_in_force(day, open_model)
    for seller in sorted({name for name, _ in offers}):
        of_seller = {meter: offer for (name, meter), offer in offers.items() if name == seller}
        if of_seller.keys() >= _NEEDED:
            ids = {meter: offer.offer_id for meter, offer in of_seller.items()}
            yield seller, ({meter: offer.usd for meter, offer in of_seller.items()}, ids)


def _priced(
    load: Load, terms: Terms, seller: str, usd_per_mtok: Mapping[str, Decimal], ids: Mapping[str, str]
) -> Managed:
    used = {meter: meter if meter in usd_per_mtok else "input_uncached" for meter in load.tokens}
    price = load.usd_per_token({meter: usd_per_mtok[name] for meter, name in used.items()})
    return Managed(
        seller, price / Fraction(terms.acceptance), tuple(dict.fromkeys(ids[name] for name in used.values()))
    )
