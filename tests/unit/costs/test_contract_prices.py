"""Which term counts for which usage, and what it makes of the list price."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.costs.contract_prices import at_contract
from pipelines.costs.pricing.price_usage import at_list_price
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import UsageCost
from pipelines.schema.meters import METERS
from tests.unit.costs.contract_rows import terms

D = Decimal
DAY = date(2026, 3, 9)
ROW = {
    "usage_date": DAY, "provider": "anthropic", "channel": "api", "region": "global", "model": "claude-x-20260101",
    "service_tier": "standard", "account_id": "org-a", "meter": "output", "price_id": "p1", "usd_per_unit": D(15),
    "unit": "mtok", "is_lower_bound": False, "usage_rows": 1, "quantity": 2_000_000, "cost_usd": D(30),
}  # fmt: skip
LISTED = pl.DataFrame({"price_id": ["p1"], "listed_model": ["claude-x-listed"]})


def paid(*lines, rows=({},)):
    costs = at_list_price(pl.DataFrame([ROW | row for row in rows], schema=polars_schema(UsageCost)))
    found = UsageCost.validate(at_contract(costs, terms(*lines), LISTED))
    return found.select("contracted_usd_per_unit", "effective_cost_usd").rows()


@pytest.mark.parametrize(
    ("lines", "price"),
    [
        ([], 15),
        (["discount,,,,,,,20,,,,"], 12),
        (["discount,,openai,,,,,20,,,,"], 15),
        (["discount,org-b,,,,,,20,,,,"], 15),
        (["discount,,,bedrock,,,,20,,,,"], 15),
        (["discount,,aws,,,,,20,,,,"], 15),
        (["discount,,,,,batch,,20,,,,"], 15),
        (["discount,,,,,,cache_read,20,,,,"], 15),
        (["discount,,,,claude-x,,,20,,,,"], 12),
        (["discount,,,,claude-x-listed,,,20,,,,"], 12),
        (["discount,,,,claude,,,20,,,,"], 15),
        (["price,,,,claude-x,,output,9.99,,,,"], D("9.99")),
        (["price,,,,claude-x,batch,output,9.99,,,,"], 15),
        (["price,,,,claude-x,,output,20,,,,"], 20),
        # valid_to is the first day that is not meant.
        (["discount,,,,,,,20,,,2026-03-09,2026-03-10"], 12),
        (["discount,,,,,,,20,,,2026-03-01,2026-03-09"], 15),
        (["discount,,,,,,,20,,,2026-03-10,"], 15),
        # One term counts: a price before a discount, then the one that names the account, then the model.
        (["discount,,anthropic,,,,,20,,,,", "discount,org-a,,,,,,10,,,,"], D("13.5")),
        (["discount,,anthropic,,,,output,20,,,,", "discount,,,,claude-x,,,10,,,,"], D("13.5")),
        (["discount,,,,claude-x,,,20,,,,", "discount,,,,claude-x-20260101,,,10,,,,"], D("13.5")),
        (["discount,org-a,,,,,,20,,,,", "price,,,,claude-x,,output,14,,,,"], 14),
    ],
)  # fmt: skip
def test_the_price_of_one_unit_by_hand(lines, price):
    assert paid(*lines) == [(price, 2 * price)]


def test_a_price_is_rounded_once_and_not_the_amounts():
    """0.075 less 33.3333 % is 0.050000025 USD per million tokens, so 0.05; 7 tokens of it cost 0.00000035 USD."""
    row = {"usd_per_unit": D("0.075"), "quantity": 7, "cost_usd": D("0.000000525")}
    assert paid("discount,,,,,,,33.3333,,,,", rows=[row]) == [(D("0.05"), D("0.00000035"))]


def test_the_example_of_the_document():
    """1,234,567 x 15 / 10^6 = 18.518505; 15 less 12.5 % is 13.125; 1,234,567 x 13.125 / 10^6 = 16.203691875."""
    row = {"quantity": 1_234_567, "cost_usd": D("18.518505")}
    assert paid("discount,,,,,,,12.5,,,,", rows=[row]) == [(D("13.125"), D("16.203691875"))]


def test_fees_are_per_thousand_calls():
    row = {
        "meter": "web_searches",
        "unit": "thousand_calls",
        "usd_per_unit": D(10),
        "quantity": 50,
        "cost_usd": D("0.5"),
    }
    assert paid("price,,,,claude-x,,web_searches,8,,,,", rows=[row]) == [(8, D("0.4"))]


def test_what_no_list_prices_has_the_price_of_the_contract_and_no_discount():
    row = {"price_id": None, "usd_per_unit": None, "unit": None, "cost_usd": None, "unpriced_reason": "unknown_model"}
    assert paid("price,,,,claude-x,,output,4,,,,", rows=[row]) == [(4, 8)]
    assert paid("discount,,,,,,,20,,,,", rows=[row]) == [(None, None)]


amounts = st.decimals(0, 2000, places=6)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "usd_per_unit": amounts,
            "quantity": st.integers(1, 10**12),
            "account_id": st.sampled_from(["org-a", "org-b"]),
            "meter": st.sampled_from(METERS[:5]),
            "usage_date": st.dates(date(2026, 3, 1), date(2026, 3, 5)),
        }
    ),
    min_size=1,
    max_size=8,
)


@given(rows, st.decimals(0, 100, places=4), st.sampled_from(["", "org-a"]), st.sampled_from(["", "output"]))
def test_a_discount_never_costs_more_than_the_list_and_sums_add_up(rows, percent, account, meter):
    full = [row | {"cost_usd": row["usd_per_unit"] * row["quantity"] / 1_000_000} for row in rows]
    found = paid(f"discount,{account},,,,,{meter},{percent:f}%,,,,", rows=full)
    for row, (price, effective) in zip(full, found, strict=True):
        is_meant = account in ("", row["account_id"]) and meter in ("", row["meter"])
        off = row["usd_per_unit"] * (100 - percent) / 100 if is_meant else row["usd_per_unit"]
        assert price == off.quantize(D("0.000001"), ROUND_HALF_UP)
        assert effective == row["quantity"] * price / 1_000_000 <= row["cost_usd"]


@given(rows)
def test_sums_cost_what_their_rows_do(rows):
    """Equal prices priced together: the rows of a day and account at one price, and their sum as one row."""
    alike = [row | {"usd_per_unit": D("3.33"), "meter": "output", "cost_usd": D(0)} for row in rows]
    lines = ("discount,org-a,,,,,,12.3457,,,2026-03-02,", "discount,,,,,,,1.1,,,,2026-03-04")
    one_by_one = sum(effective for _, effective in paid(*lines, rows=alike))
    summed = pl.DataFrame(alike).group_by("usage_date", "account_id", "usd_per_unit", "meter", "cost_usd")
    whole = summed.agg(pl.col("quantity").sum()).to_dicts()
    assert sum(effective for _, effective in paid(*lines, rows=whole)) == one_by_one
