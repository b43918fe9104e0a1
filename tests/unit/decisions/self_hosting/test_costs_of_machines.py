"""Rented, reserved, spot and owned; queueing; pay-back and hybrid at their edges."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.self_hosting.capacity import (
    Headroom,
    load_for,
    wait_probability,
)
from pipelines.decisions.self_hosting.hybrid import hybrid, per_accepted
from pipelines.decisions.self_hosting.ownership import Machine, needed_use
from pipelines.decisions.self_hosting.pay_back import FineTune, after, growing, pay_back, with_retraining
from pipelines.decisions.self_hosting.rental import (
    Rental,
    reserved_pays_from,
    spot_usd_per_hour,
)

FIVE = Decimal("0.05")


def test_spot_pays_for_what_is_done_again() -> None:
    """90 % of the hours at 2.00 with 5 % done again, 10 % at 4.00: 1.89 + 0.40."""
    assert spot_usd_per_hour(Decimal(2), Decimal(4), Decimal("0.9"), FIVE) == Fraction("2.29")


def test_a_reservation_bears_its_unused_rest() -> None:
    assert reserved_pays_from(Decimal(2), Decimal(4)) == Fraction(1, 2)
    assert reserved_pays_from(Decimal(5), Decimal(4)) is None


def test_switching_off_scales_hours_and_never_the_rate() -> None:
    half = Rental(Fraction(4), 2, hours_per_month=Fraction(365))
    assert half.usd_per_month(1) == 2 * 4 * 365


@pytest.mark.parametrize(("servers", "load", "expected"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 3.0, 1.0), (4, 0, 0)])
def test_probability_to_wait(servers: int, load: float, expected: float) -> None:
    """Erlang C by hand: one server waits with the load; two at load 1: 1/3; never below a free load of none."""
    assert wait_probability(servers, load) == pytest.approx(expected)


@given(servers=st.integers(1, 60))
def test_a_load_that_is_carried_is_the_largest_one(servers: int) -> None:
    load = load_for(servers, FIVE)
    assert wait_probability(servers, float(load)) <= 0.05 + 1e-9
    assert wait_probability(servers, float(load) + 0.001) > 0.05


def test_a_fixed_share_and_unknown_slots() -> None:
    assert Headroom(Decimal("0.7")).share(3, 10) == Fraction(7, 10)
    assert Headroom().share(3, None) == Fraction(1, 2)
    with pytest.raises(ValueError, match="negative"):
        wait_probability(1, -1)


def test_owning_that_never_pays_has_no_needed_use() -> None:
    dear = Machine(Decimal(250_000), Decimal("10.2"))
    assert needed_use(dear, 8, Decimal("0.10")) is None


def test_months_that_are_shorter_end_earlier() -> None:
    assert after(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert after(date(2027, 12, 15), 13) == date(2029, 1, 15)


def test_a_saving_that_never_comes_says_so() -> None:
    never = pay_back(Fraction(100), growing(Fraction(0)), date(2027, 1, 1), date(2028, 1, 1))
    assert (never.months, never.reason, never.is_in_time) == (None, "nothing is saved a month", False)
    slow = pay_back(Fraction(10**9), growing(Fraction(1)), date(2027, 1, 1))
    assert slow.reason == "not within 20 years"


def test_a_growing_saving_comes_back_sooner() -> None:
    """100, 110 and 121: 331 after three months."""
    saving = growing(Fraction(100), Decimal("0.1"))
    assert [saving(month) for month in (1, 2, 3)] == [100, 110, 121]
    assert pay_back(Fraction(331), saving, date(2027, 1, 1)).months == 3
    assert pay_back(Fraction(332), saving, date(2027, 1, 1)).months == 4


def test_retraining_eats_savings() -> None:
    saving = with_retraining(growing(Fraction(100)), Fraction(72), 2)
    assert [saving(month) for month in (1, 2, 3, 4)] == [100, 28, 100, 28]


def test_a_minimum_charge_counts() -> None:
    small = FineTune(Decimal(1), 3, Decimal("0.48"), minimum_charge_usd=Decimal(4))
    assert small.upfront_usd == 4
    checked = FineTune(Decimal(10), 3, Decimal("0.48"), validation_mtok=Decimal(1), evaluations=5)
    assert checked.upfront_usd == Fraction("16.8")


def test_fallback_is_paid_twice() -> None:
    """100 at the API, 20 for own machines whatever the part: 80 % routed, 10 % of it back: 20 + 8 + 20 of 100."""
    found = hybrid(Fraction(100), lambda _: Fraction(20), 10**6, Decimal("0.8"), Decimal("0.1"))
    assert found is not None
    assert found.usd_per_month == 48
    assert found.captured == Fraction(52, 80)


def test_hybrid_edges() -> None:
    none = hybrid(Fraction(100), lambda _: Fraction(20), 10**6, Decimal(0))
    assert none is not None
    assert (none.usd_per_month, none.captured) == (100, 0)
    assert hybrid(Fraction(100), lambda _: None, 10**6, Decimal("0.5")) is None
    with pytest.raises(ValueError, match="from 0 to 1"):
        hybrid(Fraction(100), lambda _: None, 10**6, Decimal(2))


def test_cost_per_accepted_answer() -> None:
    assert per_accepted(Fraction(8), Decimal("0.8")) == 10
    with pytest.raises(ValueError, match="accepted share"):
        per_accepted(Fraction(8), Decimal(0))
