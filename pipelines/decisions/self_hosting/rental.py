"""What rented GPUs cost a month: on demand, spot with work done again, reserved with its unused rest. No capacity."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

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
        return rentals * self._usd_per_rental + self.storage_and_egress_usd

    @cached_property
    def _usd_per_rental(self) -> Fraction:
        return self.gpus_per_rental * self.hours_per_month * self.usd_per_gpu_hour


def spot_usd_per_hour(spot: Decimal, on_demand: Decimal, spot_share: Decimal, rework: Decimal) -> Fraction:
    """`spot_share` of the hours at the spot rate, lengthened by the share `rework` that is lost and done again."""
    share = Fraction(spot_share)
    return share * Fraction(spot) * (1 + Fraction(rework)) + (1 - share) * Fraction(on_demand)


def reserved_pays_from(reserved: Decimal, on_demand: Decimal) -> Fraction | None:
    """The share of hours in use from which a reservation costs no more than on demand; None: never."""
    share = Fraction(reserved) / Fraction(on_demand)
    return share if share <= 1 else None
