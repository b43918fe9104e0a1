"""When money spent at once is earned back: months, calendar date, and the day after which nothing is left to save."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

MOST_MONTHS = 240
"""Twenty years: no hardware and no model lives as long."""


@dataclass(frozen=True)
class PayBack:
    """`months` is the first whole month at whose end the savings reach the sum; None: never, with the reason.

    `is_in_time`: on or before the day that the compared model retires, or the machine ends; None where none is known.
    """

    upfront_usd: Fraction
    months: int | None
    on: date | None
    is_in_time: bool | None
    recovered_usd: Fraction
    """At the end of that month; where never, of the last month considered."""
    reason: str | None = None
    exact_months: Fraction | None = None
    """With their fraction, as long as each month saves what the first does; None: never."""
    until: date | None = None
    recovered_in_time_usd: Fraction | None = None
    """By the last whole month that ends on or before the limit."""


def pay_back(
    upfront_usd: Fraction,
    saving: Callable[[int], Fraction],
    start: date,
    until: date | None = None,
    most_months: int = MOST_MONTHS,
) -> PayBack:
    """`saving(m)`: USD saved in month m, from 1. `until`: last day on which a saving can be, and must be, earned back.

    The search goes on past `until`, so that the answer says by how much it is missed.
    """
    recovered = Fraction(0)
    in_time = Fraction(0)
    months = 0
    while recovered < upfront_usd and months < most_months:
        months += 1
        recovered += saving(months)
        if until is not None and after(start, months) <= until:
            in_time = recovered
    limit = None if until is None else in_time
    exact = closed_form(upfront_usd, saving(1))
    found = PayBack(upfront_usd, None, None, None, recovered, None, exact, until, limit)
    if recovered < upfront_usd:
        return replace(found, is_in_time=None if until is None else False, reason=_never(saving))
    on = after(start, months)
    return replace(found, months=months, on=on, is_in_time=None if until is None else on <= until)


def _never(saving: Callable[[int], Fraction]) -> str:
    return "nothing is saved a month" if saving(1) <= 0 else f"not within {MOST_MONTHS // 12} years"


def growing(usd_per_month: Fraction, growth_per_month: Decimal = Decimal(0)) -> Callable[[int], Fraction]:
    """A saving that grows by a share each month, from the second on."""
    factor = 1 + Fraction(growth_per_month)
    return lambda month: usd_per_month * factor ** (month - 1)


def closed_form(upfront_usd: Fraction, saving_usd_per_month: Fraction) -> Fraction | None:
    """Months, with their fraction, for an even saving; None: never."""
    return upfront_usd / saving_usd_per_month if saving_usd_per_month > 0 else None


def after(start: date, months: int) -> date:
    """A day some calendar months later; the last of a month where that month is shorter."""
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class FineTune:
    """What tuning a model costs before it saves anything, and again at each retraining. Tokens in millions."""

    training_mtok: Decimal
    epochs: int
    usd_per_mtok_trained: Decimal
    validation_mtok: Decimal = Decimal(0)
    evaluations: int = 0
    minimum_charge_usd: Decimal = Decimal(0)
    data_and_evaluation_usd: Decimal = Decimal(0)
    migration_usd: Decimal = Decimal(0)

    @property
    def training_usd(self) -> Fraction:
        """One training: dataset times epochs, and validation times evaluations, at least the minimum charge."""
        tokens = Fraction(self.training_mtok) * self.epochs + Fraction(self.validation_mtok) * self.evaluations
        return max(tokens * Fraction(self.usd_per_mtok_trained), Fraction(self.minimum_charge_usd))

    @property
    def upfront_usd(self) -> Fraction:
        """Everything before the first saved dollar."""
        return self.training_usd + Fraction(self.data_and_evaluation_usd) + Fraction(self.migration_usd)


def with_retraining(
    saving: Callable[[int], Fraction], training_usd: Fraction, every_months: int
) -> Callable[[int], Fraction]:
    """The same saving less a training every so many months."""
    return lambda month: saving(month) - (training_usd if month % every_months == 0 else 0)
