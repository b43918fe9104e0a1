"""What owned machines cost a month: servers with cards, and single machines such as a Mac. No capacity.

Power belongs to hours: a card draws more than half of its load with one user. Colocation is rent without metered
power unless told otherwise. Capital is paid for on the mean balance, half of the purchase.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

HOURS_PER_MONTH = 730
MONTHS = 12


@dataclass(frozen=True)
class Machine:
    """One machine as bought, and what its month costs. Money in USD, shares as 0 to 1."""

    purchase_usd: Decimal
    kilowatts: Decimal
    gpus: int = 8
    life_years: Decimal = Decimal(5)
    residual_usd: Decimal = Decimal(0)
    capital_per_year: Decimal = Decimal("0.08")
    colocation_usd_per_kw: Decimal = Decimal("184.06")
    operations_per_year: Decimal = Decimal("0.08")
    pue: Decimal = Decimal("1.54")
    usd_per_kwh: Decimal = Decimal("0.146")
    idle_power_share: Decimal = Decimal("0.57")
    staff_usd_per_month: Decimal = Decimal(0)
    """People, once for all machines."""
    hours_per_month: int = HOURS_PER_MONTH


@dataclass(frozen=True)
class MonthlyCost:
    """The parts of a month, USD."""

    depreciation: Fraction
    capital: Fraction
    colocation: Fraction
    operations: Fraction
    energy: Fraction
    staff: Fraction

    @property
    def total(self) -> Fraction:
        """All of it."""
        return self.cash + self.depreciation

    @property
    def cash(self) -> Fraction:
        """Without depreciation, which is the purchase itself."""
        return self.capital + self.colocation + self.operations + self.energy + self.staff


def machines_for(gpus: int, machine: Machine) -> int:
    """Machines are bought whole."""
    return max(1, -(-gpus // machine.gpus))


@lru_cache(maxsize=256)
def monthly_cost(machine: Machine, machines: int, share_used: Fraction) -> MonthlyCost:
    """A month of some machines at a mean use of their capacity, 0 to 1."""
    purchase = Fraction(machine.purchase_usd) * machines
    kilowatts = Fraction(machine.kilowatts) * machines
    return MonthlyCost(
        depreciation=(purchase - Fraction(machine.residual_usd) * machines) / (Fraction(machine.life_years) * MONTHS),
        capital=purchase * Fraction(machine.capital_per_year) / 2 / MONTHS,
        colocation=kilowatts * Fraction(machine.colocation_usd_per_kw),
        operations=purchase * Fraction(machine.operations_per_year) / MONTHS,
        energy=_full_energy(machine, machines) * _load(machine, share_used),
        staff=Fraction(machine.staff_usd_per_month),
    )


def needed_use(machine: Machine, gpus: int, usd_per_gpu_hour: Decimal) -> Fraction | None:
    """The use from which owning costs no more than renting the same hours on demand; None: not even at full use."""
    machines = machines_for(gpus, machine)
    idle = monthly_cost(machine, machines, Fraction(0)).total
    rent = rent_of(gpus, usd_per_gpu_hour, Fraction(1), machine.hours_per_month)
    gap = rent - _full_energy(machine, machines) * (1 - Fraction(machine.idle_power_share))
    if gap <= 0 or idle > gap:
        return None
    return idle / gap


def rent_of(
    gpus: int, usd_per_gpu_hour: Decimal, share_used: Fraction, hours_per_month: int = HOURS_PER_MONTH
) -> Fraction:
    """USD a month for the hours in use alone, on demand."""
    return Fraction(usd_per_gpu_hour) * gpus * hours_per_month * share_used


def own_mac(purchase_usd: Decimal, life_months: int, watts: Decimal, usd_per_kwh: Decimal) -> Machine:
    """A single machine at home or in an office: no colocation, no operations, no cost of capital, power by the hour."""
    nothing = Decimal(0)
    return Machine(
        purchase_usd,
        watts / 1000,
        gpus=1,
        life_years=Decimal(life_months) / MONTHS,
        capital_per_year=nothing,
        colocation_usd_per_kw=nothing,
        operations_per_year=nothing,
        pue=Decimal(1),
        usd_per_kwh=usd_per_kwh,
        idle_power_share=Decimal(1),
    )


def _full_energy(machine: Machine, machines: int) -> Fraction:
    per_hour = Fraction(machine.kilowatts) * machines * Fraction(machine.pue) * Fraction(machine.usd_per_kwh)
    return per_hour * machine.hours_per_month


def _load(machine: Machine, share_used: Fraction) -> Fraction:
    idle = Fraction(machine.idle_power_share)
    return idle + (1 - idle) * share_used
