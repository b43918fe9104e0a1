"""Cost by owner and by conversation adds up to the cost of the ledger, and says what it cannot know."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.our_prices import OurPrices
from pipelines.costs.owner_costs import OWNERS, cost_owners
from pipelines.schema.owner_costs import ConversationCost, CostByOwner
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from pipelines.usage.owner_map import parse_owner_map
from tests.unit.costs.contract_rows import terms
from tests.unit.costs.priced_rows import BY_SIZE, NOON, REQUEST, price, segment

DAY = NOON.date()
NOBODY = parse_owner_map("owners.csv", b"")
NOTHING = terms()
LISTED = pl.DataFrame(schema={"price_id": pl.String, "listed_model": pl.String})


def owned(usage, segments, owners=NOBODY, agreed=NOTHING):
    """Both tables, held against their declarations."""
    rows = [REQUEST | {"usage_id": str(number)} | row for number, row in enumerate(usage)]
    frame = usage_frame(rows)
    days = {day: frame.filter(usage_date=day).lazy() for day in frame["usage_date"].unique().sort()}
    prices = OurPrices(pl.DataFrame(segments, schema=SEGMENT_SCHEMA), agreed, LISTED)
    by_owner, conversations = cost_owners(days, prices, owners)
    by_owner = by_owner.sort("usage_date", *OWNERS)
    return pl.DataFrame(CostByOwner.validate(by_owner)), pl.DataFrame(ConversationCost.validate(conversations))


def test_two_requests_of_one_user_at_two_prices_are_one_row():
    """300,000 tokens at 5 USD and 10,000 at 2.50 USD per million: 1.50 + 0.025; the output 2,000 at 22.50: 0.045."""
    by_size = [row | {"model": REQUEST["model"]} for row in BY_SIZE]
    usage = [
        {"input_uncached_tokens": 300_000, "output_tokens": 2_000, "user_id": "ann", "conversation_id": "c1"},
        {"input_uncached_tokens": 10_000, "user_id": "ann", "conversation_id": "c2"},
        {"input_uncached_tokens": 10_000, "user_id": "bob", "conversation_id": "c2", "web_searches": 3},
    ]
    by_owner, conversations = owned(usage, by_size)
    rows = by_owner.select("account_id", "user_id", "usage_rows", "tokens", "unpriced_quantity", "cost_usd").rows()
    assert rows == [
        ("default", "ann", 2, 312_000, 0, Decimal("1.570")),
        ("default", "bob", 1, 10_000, 3, Decimal("0.025")),
    ]
    rows = conversations.select("rank", "conversation_id", "user_id", "usage_rows", "tokens", "cost_usd").rows()
    assert rows == [(1, "c1", "ann", 1, 302_000, Decimal("1.545")), (2, "c2", None, 2, 20_000, Decimal("0.05"))]


def test_an_owner_without_any_price_costs_nothing_that_is_known():
    by_owner, conversations = owned([{"output_tokens": 5, "feature": "chat", "conversation_id": "c"}], [])
    assert by_owner.select("feature", "unpriced_quantity", "cost_usd").rows() == [("chat", 5, None)]
    assert conversations.is_empty()


def test_a_day_without_users_is_there_too():
    by_owner, conversations = owned([{"output_tokens": 1_000_000}], [segment("output", 2)])
    assert by_owner.select("user_id", "team", "cost_usd").rows() == [(None, None, Decimal(2))]
    assert conversations.is_empty()


def test_of_a_day_the_fifty_dearest_conversations_are_kept():
    usage = [{"output_tokens": number, "conversation_id": f"c{number:03}"} for number in range(1, 61)]
    _, conversations = owned(usage, [segment("output", 1)])
    assert conversations["conversation_id"].to_list() == [f"c{number:03}" for number in range(60, 10, -1)]
    assert conversations["rank"].to_list() == list(range(1, 51))


ROWS = st.fixed_dictionaries(
    {
        "input_uncached_tokens": st.integers(0, 400_000),
        "output_tokens": st.none() | st.integers(0, 9),
        "web_searches": st.none() | st.integers(0, 2),
        "model": st.sampled_from([REQUEST["model"], "gpt-unknown"]),
        "account_id": st.sampled_from(["default", "a"]),
        "user_id": st.sampled_from([None, "ann", "bob"]),
        "feature": st.sampled_from([None, "chat"]),
        "conversation_id": st.sampled_from([None, "c1", "c2"]),
        "usage_at": st.sampled_from([NOON, NOON + timedelta(days=1)]),
    }
)


@settings(max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_all_owners_together_cost_what_the_ledger_does(rows):
    segments = [row | {"model": REQUEST["model"]} for row in BY_SIZE]
    ledger = price(rows, segments)
    by_owner, conversations = owned(rows, segments)
    assert (by_owner["cost_usd"].sum() or 0) == (ledger["cost_usd"].sum() or 0)
    assert by_owner["unpriced_quantity"].sum() == ledger.filter(pl.col("price_id").is_null())["quantity"].sum()
    named = price([row for row in rows if row["conversation_id"]], segments)
    assert (conversations["cost_usd"].sum() or 0) == (named["cost_usd"].sum() or 0)


def test_an_owner_pays_what_the_contract_of_the_account_and_the_day_says():
    """A million tokens at 2 USD. Account a: 1.50 agreed. Others: list, and 10 % less from the next day on."""
    usage = [
        {"output_tokens": 1_000_000, "user_id": user, "account_id": account, "usage_at": NOON + timedelta(days=later)}
        | {"conversation_id": f"{user}{later}"}
        for user, account in (("ann", "a"), ("bob", "b"))
        for later in (0, 1)
    ]
    agreed = terms("price,a,,,gpt-5-mini,,output,1.5,,,,", f"discount,,openai,,,,,10,,,{DAY + timedelta(days=1)},")
    by_owner, conversations = owned(usage, [segment("output", 2)], agreed=agreed)
    for table in (by_owner, conversations):
        found = table.sort("usage_date", "user_id").select("user_id", "cost_usd", "effective_cost_usd").rows()
        assert found == [
            ("ann", 2, Decimal("1.5")),
            ("bob", 2, 2),
            ("ann", 2, Decimal("1.5")),
            ("bob", 2, Decimal("1.8")),
        ]


def test_an_owner_of_a_model_without_a_list_price_pays_the_contract_alone():
    usage = [{"output_tokens": 1_000_000, "user_id": "ann", "model": "ours"}]
    by_owner, _ = owned(usage, [segment("output", 2)], agreed=terms("price,,,,ours,,output,3,,,,"))
    assert by_owner.select("cost_usd", "effective_cost_usd", "unpriced_quantity").rows() == [(None, 3, 0)]
