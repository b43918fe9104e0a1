"""The monthly fee of a plan by day and owner: the parts add up to it, to the last digit."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.plan_fees import PICO, plan_days, plan_fees, share_of
from pipelines.schema.plans import PlanFee
from pipelines.usage.plan_file import parse_plans
from tests.unit.usage.test_plan_file import HEADER


def plans(*lines):
    return parse_plans(Path("plans.csv"), "\n".join([HEADER, *lines]).encode())


def days_of(year, month):
    return [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]


def fees(found, days, rates=None):
    return pl.DataFrame(PlanFee.validate(plan_fees(found, days, rates or {})))


def test_february_of_a_plan_that_starts_in_the_middle():
    """15 February to its end are 14 of 28 days of 200 USD: 100. Each day is 200 / 28 = 7.142857142857..."""
    found = fees(plans("Max,anthropic,user,ann,,claude_code,1,200,,2026-02-15,"), days_of(2026, 2))
    assert found.height == 14
    assert found["fee_usd"].sum() == Decimal(100)
    assert set(found["fee_usd"]) == {Decimal("7.142857142857"), Decimal("7.142857142858")}


def test_changed_seats():
    """5 seats at 30 USD for 9 of 31 days, 8 for the other 22: 5*30*9/31 + 8*30*22/31 = 43.548... + 170.322..."""
    line = "Team,anthropic,team,search,,claude_code,{},30,,{},{}"
    found = fees(plans(line.format(5, "2026-01-01", "2026-03-10"), line.format(8, "2026-03-10", "")), days_of(2026, 3))
    assert found.height == 31
    assert abs(found["fee_usd"].sum() - (Decimal(5 * 30 * 9) + 8 * 30 * 22) / 31) < 2 * PICO
    assert found.filter(pl.col("usage_date") < date(2026, 3, 10))["owner_seats"].unique().to_list() == [5]


def test_a_fee_in_another_currency_is_that_of_the_rate_of_its_day():
    """31 EUR a month in March are 1 EUR a day: at 1.10 on the 2nd, at Friday's rate of the 6th on Sunday the 8th."""
    rates = {("EUR", date(2026, 3, 2)): Decimal("1.10"), ("EUR", date(2026, 3, 6)): Decimal("1.20")}
    found = fees(plans("Max,anthropic,user,ann,,,1,31,EUR,2026-03-01,"), days_of(2026, 3), rates)
    by_day = dict(found.select("usage_date", "fee_usd").iter_rows())
    told = {day.day: usd for day, usd in by_day.items()}
    assert (told[1], told[2], told[8]) == (None, Decimal("1.10"), Decimal("1.20"))
    assert told[13] == Decimal("1.20")
    assert told[14] is None, "a rate of more than a week ago is not that of the day"
    assert set(found["fee"]) == {Decimal(1)}


MONTHS = st.builds(lambda year, month: (year, month), st.integers(2020, 2030), st.integers(1, 12))
FEES = st.integers(0, 10**9).map(lambda micros: Decimal(micros).scaleb(-6))


@given(MONTHS, FEES, st.integers(1, 1_000), st.integers(1, 9))
def test_the_parts_of_a_month_add_up_to_its_fee(month, fee, seats, owners):
    ids = ";".join(f"u{number}" for number in range(owners))
    found = fees(plans(f"P,anthropic,user,{ids},,,{seats},{fee:f},,2020-01-01,"), days_of(*month))
    assert found["fee_usd"].sum() == seats * fee
    assert found["owner_seats"].sum() == seats * found["usage_date"].n_unique()
    # No owner and no day bears more than one unit above another.
    assert found["fee_usd"].max() - found["fee_usd"].min() <= 3 * PICO


@given(MONTHS, FEES, st.lists(st.integers(1, 28), max_size=3, unique=True), st.integers(1, 5))
def test_a_fee_is_the_same_however_its_lines_are_cut(month, fee, cuts, owners):
    """Lines that end and begin within a month, with the same seats, cost what one line does."""
    first, last = days_of(*month)[0], days_of(*month)[-1] + timedelta(days=1)
    ends = sorted({first, last, *(date(*month, day) for day in cuts)})
    ids = ";".join(f"u{number}" for number in range(owners))
    lines = [f"P,anthropic,user,{ids},,,7,{fee:f},,{begin},{end}" for begin, end in pairwise(ends)]
    assert fees(plans(*lines), days_of(*month))["fee_usd"].sum() == 7 * fee


@given(st.integers(0, 10**24), st.integers(1, 400))
def test_shares_add_up(whole, parts):
    shares = [share_of(whole, parts, number) for number in range(parts)]
    assert sum(shares) == whole
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("valid_to", "count"), [("", 10), ("2026-03-05", 4), ("2027-01-01", 10)], ids=["open", "ended", "announced end"]
)
def test_a_plan_is_paid_until_today(valid_to, count):
    found = plan_days(plans(f"P,anthropic,user,ann,,,1,1,,2026-03-01,{valid_to}"), date(2026, 3, 10))
    assert len(found) == count
