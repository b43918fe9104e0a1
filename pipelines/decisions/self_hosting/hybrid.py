"""A part of the calls on machines of one's own, the rest at an API; a call that falls back is paid twice."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil


@dataclass(frozen=True)
class Hybrid:
    """A month at one routed share, USD. `captured`: part of what routing everything without fallback would save."""

    routed_share: Fraction
    usd_per_month: Fraction
    api_usd: Fraction
    own_usd: Fraction
    captured: Fraction | None


def hybrid(
    api_usd: Fraction,
    own_usd: Callable[[int], Fraction | None],
    volume: int,
    routed_share: Decimal,
    fallback: Decimal = Decimal(0),
) -> Hybrid | None:
    """`api_usd`: the month's bill if all of `volume` went to the API; `own_usd(v)`: cost of serving v, None: cannot.

    A call that falls back has been served by the own machines, and is billed by the API as well.
    Raises ValueError for shares outside 0 to 1.
    """
    if not (0 <= routed_share <= 1 and 0 <= fallback <= 1):
        raise ValueError("shares are from 0 to 1")
    routed = Fraction(routed_share)
    own = _own(own_usd, ceil(routed * volume))
    at_api = api_usd * (1 - routed + routed * Fraction(fallback))
    if own is None:
        return None
    full = _own(own_usd, volume)
    most = None if full is None else api_usd - full
    total = at_api + own
    captured = (api_usd - total) / most if most is not None and most > 0 else None
    return Hybrid(routed, total, at_api, own, captured)


def per_accepted(usd: Fraction, acceptance: Decimal) -> Fraction:
    """Cost per accepted answer. Which share is accepted is the user's word. Raises ValueError without one."""
    if not 0 < acceptance <= 1:
        raise ValueError("the accepted share is above 0 and at most 1")
    return usd / Fraction(acceptance)


def _own(own_usd: Callable[[int], Fraction | None], volume: int) -> Fraction | None:
    return own_usd(volume) if volume else Fraction(0)
