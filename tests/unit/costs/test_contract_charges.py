"""Commitments, credits, marketplace and tax: worked by hand, and what must hold of any of them."""

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.contract_charges import USAGE_KEY, contract_charges
from pipelines.schema.contract import ContractCharge
from tests.unit.costs.contract_rows import terms

D = Decimal
KEY = {
    "account_id": "org-a", "provider": "anthropic", "channel": "api", "model": "claude-x",
    "service_tier": "standard", "meter": "output", "listed_model": "claude-x",
}  # fmt: skip
USD = dict.fromkeys(("effective_cost_usd", "list_cost_usd"), pl.Decimal(38, 12))
SCHEMA = {"usage_date": pl.Date, **dict.fromkeys(USAGE_KEY[1:], pl.String), **USD}
LATER = date(2026, 12, 31)


def charges(usage, *lines, as_of=LATER):
    """`usage`: day of 2026 as (month, day), USD, and what differs."""
    rows = [
        KEY | {"usage_date": date(2026, *day), "effective_cost_usd": D(usd)} | differences
        for day, usd, differences in ((*one, {})[:3] for one in usage)
    ]
    return ContractCharge.validate(contract_charges(pl.DataFrame(rows, schema=SCHEMA), terms(*lines), as_of))


def test_the_larger_of_commitment_and_usage_is_due_in_each_month():
    """100 USD a month. January: 30 + 45 = 75, so 25 more. February: 130, nothing. March: no usage, all of it."""
    usage = [((1, 5), 30), ((1, 31), 45), ((2, 1), 130)]
    found = charges(usage, "commitment,,anthropic,,,,,100,month,,2026-01-01,2026-04-01")
    assert found.select("period_from", "base_usd", "due_usd", "charge_usd", "is_open").rows() == [
        (date(2026, 1, 1), 75, 100, 25, False),
        (date(2026, 2, 1), 130, 130, 0, False),
        (date(2026, 3, 1), 0, 100, 100, False),
    ]


def test_a_commitment_of_a_term_looks_at_all_of_it():
    usage = [((1, 5), 30), ((2, 5), 300), ((5, 1), 999), ((2, 6), 70, {"provider": "openai"})]
    found = charges(usage, "commitment,,anthropic,,,,,1000,term,,2026-01-15,2026-05-01", as_of=date(2026, 3, 1))
    assert found.select("base_usd", "due_usd", "charge_usd", "is_open").rows() == [(300, 1000, 700, True)]


def test_a_credit_is_drawn_down_and_the_one_that_ends_first_goes_first():
    """60 until March and 50 without an end; usage 40 in January, 90 in February.

    January: 40 of the first. February: its last 20, then all 50 of the second; 20 are left to pay.
    """
    found = charges(
        [((1, 5), 40), ((2, 5), 90)], "credit,,,,,,,60,,ends,2026-01-01,2026-03-01", "credit,,,,,,,50,,open,,"
    )
    told = found.sort("period_from", "note").select("note", "base_usd", "agreed_usd", "charge_usd").rows()
    assert told == [("ends", 40, 60, -40), ("open", 0, 50, 0), ("ends", 90, 20, -20), ("open", 70, 50, -50)]


def test_marketplace_and_tax_by_hand():
    """Usage 200; fee 3 % = 6; credit 50; tax 19 % of 200 + 6 - 50 = 156 is 29.64."""
    found = charges([((1, 5), 200)], "marketplace,,,,,,,3,,,,", "credit,,,,,,,50,,,,", "tax,,,,,,,19,,,,")
    told = dict(found.select("kind", "charge_usd").rows())
    assert told == {"marketplace": 6, "credit": -50, "tax": D("29.64")}


def test_a_shortfall_is_taxed_and_the_tax_that_names_the_account_counts():
    found = charges(
        [((1, 5), 60)], "commitment,org-a,,,,,,100,month,,2026-01-01,2026-02-01", "tax,,,,,,,19,,,,",
        "tax,org-a,,,,,,7,,,,",
    )  # fmt: skip
    (tax,) = found.filter(kind="tax").select("account_id", "base_usd", "charge_usd").rows()
    assert tax == ("org-a", 100, 7)


def test_nothing_is_reckoned_without_terms_and_after_the_day_asked_for():
    assert charges([((1, 5), 60)]).is_empty()
    assert charges([((1, 5), 60)], "tax,,,,,,,19,,,,", as_of=date(2026, 1, 4)).is_empty()


usages = st.lists(
    st.tuples(
        st.tuples(st.integers(1, 4), st.integers(1, 28)),
        st.decimals(0, 1000, places=12),
        st.fixed_dictionaries({"account_id": st.sampled_from(["org-a", "org-b"])}),
    ),
    max_size=8,
    unique_by=lambda one: (one[0], one[2]["account_id"]),
)
money = st.decimals(0, 2000, places=6)


@given(usages, money, st.sampled_from(["", "org-a"]))
def test_what_is_due_is_the_larger_of_commitment_and_usage_exactly(usage, amount, account):
    found = charges(usage, f"commitment,{account},,,,,,{amount:f},month,,2026-02-01,2026-04-01")
    assert found["period_from"].to_list() == [date(2026, 2, 1), date(2026, 3, 1)]
    for row in found.iter_rows(named=True):
        used = sum(
            (usd for (month, _), usd, one in usage
             if month == row["period_from"].month and account in ("", one["account_id"])), D(0),
        )  # fmt: skip
        assert row["due_usd"] == max(amount, used) == used + row["charge_usd"]


@given(usages, st.lists(st.tuples(money, st.sampled_from(["", "org-a", "org-b"])), min_size=1, max_size=3))
def test_credits_exceed_neither_their_amount_nor_the_usage(usage, granted):
    lines = [f"credit,{account},,,,,,{amount:f},,c{n},," for n, (amount, account) in enumerate(granted)]
    found = charges(usage, *lines)
    total = -sum(found["charge_usd"], D(0))
    for number, (amount, _) in enumerate(granted):
        assert 0 <= -sum(found.filter(note=f"c{number}")["charge_usd"], D(0)) <= amount
    assert total <= sum((usd for _, usd, _ in usage), D(0))
    if all(not account for _, account in granted):
        assert total == min(sum(a for a, _ in granted), sum((usd for _, usd, _ in usage), D(0)))
