"""What rented GPUs cost a month: on demand, spot with work done again, reserved with its unused rest. No capacity."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

HOURS_PER_MONTH = 730


@dataclass(frozen=True)
class Rental:
    """What is rented and how. `usd_per_gpu_hour` is what an hour in use costs in the end; whole rentals are billed.

    `hours_per_month` may be fewer than the month has where replicas are switched off: that scales hours, never a rate.
    """

    usd_per_gpu_hour: Fraction
    gpus_per_replica: int
    gpus_per_rental: int = 1
    hours_per_month: Fraction = Fraction(HOURS_PER_MONTH)
    storage_and_egress_usd: Fraction = Fraction(0)
    spare_replicas: int = 0

    def usd_per_month(self, replicas: int) -> Fraction:
        """Whole rentals for all hours, used or not, spare replicas included."""
        rentals = -(-(replicas + self.spare_replicas) * self.gpus_per_replica // self.gpus_per_rental)
        hours = rentals * self.gpus_per_rental * self.hours_per_month
        return hours * self.usd_per_gpu_hour + self.storage_and_egress_usd


def spot_usd_per_hour(spot: Decimal, on_demand: Decimal, spot_share: Decimal, rework: Decimal) -> Fraction:
    """`spot_share` of the hours at the spot rate, lengthened by the share `rework` that is lost and done again."""
    share = Fraction(spot_share)
    return share * Fraction(spot) * (1 + Fraction(rework)) + (1 - share) * Fraction(on_demand)


def reserved_usd_per_used_hour(reserved: Decimal, used_share: Decimal) -> Fraction:
    """A reservation is billed whatever the use: an hour in use bears the unused rest. Raises ValueError without use."""
    if not 0 < used_share <= 1:
        raise ValueError("the used share of a reservation is above 0 and at most 1")
    return Fraction(reserved) / Fraction(used_share)


def reserved_pays_from(reserved: Decimal, on_demand: Decimal) -> Fraction | None:
    """The share of hours in use from which a reservation costs no more than on demand; None: never."""
    share = Fraction(reserved) / Fraction(on_demand)
    return share if share <= 1 else None


def usd_per_mtok(usd_per_hour: Fraction, tok_s: Fraction, share_used: Fraction) -> Fraction:
    """USD per million tokens of a replica at a part of its full rate."""
    return usd_per_hour * 1_000_000 / (tok_s * 3600 * share_used)
