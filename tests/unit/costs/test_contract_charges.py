"""Commitments, credits, marketplace and tax: worked by hand, and what must hold of any of them."""

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.contract_charges import USAGE_KEY, contract_charges
from pipelines.schema.contract import ContractCharge
from pipelines.usage.rate_file import NO_RATES
from tests.unit.costs.contract_rows import terms
from tests.unit.usage.test_rate_file import RANGES, rates

D = Decimal
KEY = {
    "account_id": "org-a", "provider": "anthropic", "channel": "api", "model": "claude-x",
    "service_tier": "standard", "meter": "output", "listed_model": "claude-x",
}  # fmt: skip
USD = dict.fromkeys(("effective_cost_usd", "list_cost_usd"), pl.Decimal(38, 12))
SCHEMA = {"usage_date": pl.Date, **dict.fromkeys(USAGE_KEY[1:], pl.String), **USD, "is_unrated": pl.Boolean}
LATER = date(2026, 12, 31)


def charges(usage, *lines, as_of=LATER, rated=NO_RATES):
    """`usage`: day of 2026 as (month, day), USD, and what differs."""
    rows = [
        KEY | {"usage_date": date(2026, *day), "effective_cost_usd": D(usd), "is_unrated": False} | differences
        for day, usd, differences in ((*one, {})[:3] for one in usage)
    ]
    return ContractCharge.validate(contract_charges(pl.DataFrame(rows, schema=SCHEMA), terms(*lines), as_of, rated))


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


def of_currency(*lines):
    return rates(*lines, header=RANGES)


def test_a_commitment_in_euros_is_spread_over_its_days_and_each_has_its_rate():
    """310 EUR a month are 10 EUR a day: 10 days at 1.10 and 21 at 1.20 are 110 + 252 = 362 USD, of which 62 are used.

    February: 310 / 28 EUR a day, all at 1.25, are 387.50 USD; 400 are used.
    """
    found = charges(
        [((1, 5), 62), ((2, 5), 400)], "commitment,,anthropic,,,,,310 EUR,month,,2026-01-01,2026-03-01",
        rated=of_currency(
            "2026-01-01,EUR,1.10,x,2026-01-11", "2026-01-11,EUR,1.2,x,2026-02-01", "2026-02-01,EUR,1.25,x,2026-03-01"
        ),
    )  # fmt: skip
    told = found.select("currency", "agreed_local", "agreed_usd", "due_usd", "charge_usd").rows()
    assert told == [("EUR", 310, 362, 362, 300), ("EUR", 310, D("387.5"), 400, 0)]


def test_a_day_without_a_rate_leaves_a_commitment_and_its_tax_open_and_no_other_month():
    found = charges(
        [((1, 5), 62), ((2, 5), 100)], "commitment,,anthropic,,,,,310 EUR,month,,2026-01-01,2026-03-01",
        "tax,,,,,,,19,,,,", rated=of_currency("2026-01-01,EUR,1.10,x,2026-01-31", "2026-02-01,EUR,1.25,x,2026-03-01"),
    )  # fmt: skip
    told = found.sort("kind", "period_from").select("kind", "base_usd", "agreed_usd", "charge_usd").rows()
    assert told == [
        ("commitment", 62, None, None), ("commitment", 100, D("387.5"), D("287.5")),
        ("tax", 62, None, None), ("tax", D("387.5"), None, D("73.625")),
    ]  # fmt: skip


def test_a_credit_in_euros_is_drawn_at_the_rate_of_each_day():
    """100 EUR. 55 USD at 1.10 take 50 EUR; 48 USD at 1.20 take 40 EUR; of 99 USD at 1.00 the last 10 EUR pay 10."""
    days = [((1, 5), 55), ((1, 6), 48), ((2, 1), 99)]
    stated = of_currency("2026-01-05,EUR,1.10,x,", "2026-01-06,EUR,1.2,x,", "2026-02-01,EUR,1,x,")
    found = charges(days, "credit,,,,,,,100 EUR,,,2026-01-01,", rated=stated)
    told = found.select("base_usd", "agreed_local", "charge_local", "agreed_usd", "charge_usd").rows()
    assert told == [(103, 100, -90, 110, -103), (99, 10, -10, 10, -10)]


def test_after_a_day_without_a_rate_nobody_knows_what_is_left_of_a_credit():
    """January is known. What February's day takes is not, nor what is left for March, for tax and the next credit."""
    days = [((1, 5), 55), ((2, 6), 48), ((3, 1), 99)]
    stated = of_currency("2026-01-05,EUR,1.10,x,", "2026-03-01,EUR,1,x,")
    found = charges(
        days, "credit,,,,,,,100 EUR,,euro,2026-01-01,2027-01-01", "credit,,,,,,,7,,dollar,,", "tax,,,,,,,10,,,,",
        rated=stated,
    )  # fmt: skip
    by_kind = found.with_columns(pl.coalesce("note", "kind")).sort("note", "period_from")
    charged = {
        name: [row[0] for row in rows]
        for name, rows in by_kind.select("note", "charge_usd").rows_by_key("note").items()
    }
    assert charged == {"euro": [-55, None, None], "dollar": [0, None, None], "tax": [0, None, None]}


def test_usage_at_a_price_without_a_rate_is_not_nothing():
    """The commitment of 100 has a shortfall that nobody knows; one of 50 is met by the 60 that are known."""
    unrated = {"effective_cost_usd": None, "list_cost_usd": D(10), "is_unrated": True}
    usage = [((1, 5), 60), ((1, 6), 0, unrated)]
    for agreed, charge in ((100, None), (50, 0)):
        found = charges(usage, f"commitment,,anthropic,,,,,{agreed},month,,2026-01-01,2026-02-01")
        assert found.select("base_usd", "due_usd", "charge_usd").rows() == [(60, None, charge)]
    assert charges(usage, "tax,,,,,,,10,,,,")["charge_usd"].to_list() == [None]


@given(usages, money, st.decimals(1, 10, places=4))
def test_at_one_rate_an_amount_in_another_currency_is_that_in_dollars(usage, amount, rate):
    one_rate = of_currency(f"2026-01-01,EUR,{rate:f},x,2027-01-01")
    line = "{},,,,,,,{},{},,2026-02-01,2026-04-01"
    for kind, per in (("commitment", "month"), ("credit", "")):
        local = charges(usage, line.format(kind, f"{amount:f} EUR", per), rated=one_rate)
        dollars = charges(usage, line.format(kind, f"{amount * rate:.6f}", per))
        for one, other in zip(local["charge_usd"], dollars["charge_usd"], strict=True):
            assert abs(one - other) <= D("0.000001")
