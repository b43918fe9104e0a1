"""Hidden cost in logs: history by growing prompts, misses by cache meters, and parts that add up to the ledger."""

from datetime import timedelta
from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.hidden_costs import hidden_costs
from pipelines.costs.prompt_parts import rows_with_parts
from pipelines.schema.hidden_costs import HiddenCost
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.usage.contract import usage_frame
from pipelines.usage.owner_map import parse_owner_map
from tests.unit.costs.priced_rows import BUCKET, BY_SIZE, NOON, REQUEST, price, segment

PRICES = [
    segment("input_uncached", 3, 0),
    segment("cache_read", "0.3", 1),
    segment("cache_write_5m", "3.75", 2),
    segment("cache_write_1h", 6, 3),
    segment("output", 15, 4),
]


def hidden(usage, segments=PRICES, owners=""):
    """main.hidden_cost, held against its declaration. Rows are a minute apart unless they say when."""
    rows = [
        REQUEST | {"usage_id": str(number), "usage_at": NOON + timedelta(minutes=number)} | row
        for number, row in enumerate(usage)
    ]
    frame = usage_frame(rows)
    days = {day: frame.filter(usage_date=day).lazy() for day in frame["usage_date"].unique().sort()}
    mapped = parse_owner_map("owners.csv", owners.encode())
    parts = hidden_costs(rows_with_parts(days), pl.DataFrame(segments, schema=SEGMENT_SCHEMA), mapped)
    return pl.DataFrame(HiddenCost.validate(parts))


def test_a_conversation_of_eight_turns_grows_by_its_history():
    """Golden case N09 as a log: prompts of 1,420 to 4,010; beyond the first 370 * 28 = 10,360 tokens at 3 USD."""
    prompts = [1420, 1790, 2160, 2530, 2900, 3270, 3640, 4010]
    usage = [
        {"input_uncached_tokens": prompt, "output_tokens": 250, "conversation_id": "c"} for prompt in reversed(prompts)
    ]
    for number, row in enumerate(usage):  # written down in the opposite order
        row["usage_at"] = NOON + timedelta(minutes=10 - number)
    (row,) = hidden(usage).to_dicts()
    assert row["cost_usd"] == Decimal("0.095160")
    assert row["history_tokens"] == 10_360
    assert row["history_usd"] == Decimal("0.031080")
    assert row["base_usd"] == Decimal("0.064080")
    # 8 * 1,420 * 3 + 2,000 * 15
    assert row["naive_usd"] == Decimal("0.064080")
    assert (row["cache_miss_usd"], row["calls"], row["calls_in_conversations"]) == (0, 8, 8)
    assert (row["system_usd"], row["retrieved_usd"], row["retries_usd"]) == (None, None, None)
    assert "logs count a prompt whole" in row["not_in_data"]


def test_what_was_in_the_cache_and_is_not_read_is_a_miss():
    """1,000 are written, then 1,200 written again in place of 1,000 read and 200 written.

    The miss: 1,000 * (3.75 - 0.30). History: 200 beyond the first prompt, written at 3.75.
    """
    usage = [
        {"cache_write_5m_tokens": 1000, "output_tokens": 10, "conversation_id": "c"},
        {"cache_write_5m_tokens": 1200, "output_tokens": 10, "conversation_id": "c"},
    ]
    (row,) = hidden(usage).to_dicts()
    assert row["missed_tokens"] == 1000
    assert row["cache_miss_usd"] == Decimal("0.00345")
    assert row["history_usd"] == Decimal("0.00075")
    # 2,200 * 3.75 + 20 * 15 = 8,550
    assert row["cost_usd"] == Decimal("0.00855")
    assert row["base_usd"] == row["cost_usd"] - row["cache_miss_usd"] - row["history_usd"]


def test_a_warm_cache_has_no_misses_and_its_history_is_cheap():
    """The second call reads the 1,000, writes 100 and sends 50 beside: history 100 * 3.75 + 50 * 3."""
    usage = [
        {"cache_write_5m_tokens": 1000, "conversation_id": "c"},
        {
            "cache_read_tokens": 1000,
            "cache_write_5m_tokens": 100,
            "input_uncached_tokens": 50,
            "conversation_id": "c",
        },
    ]
    (row,) = hidden(usage).to_dicts()
    assert (row["missed_tokens"], row["cache_miss_usd"]) == (0, 0)
    assert row["history_usd"] == Decimal("0.000525")


def test_what_was_sent_before_and_never_cached_might_have_been():
    """The second call sends the 1,000 of the first again: 1,000 * (3 - 0.30), which is no part of the cost."""
    usage = [
        {"input_uncached_tokens": 1000, "conversation_id": "c"},
        {"input_uncached_tokens": 1500, "conversation_id": "c"},
    ]
    (row,) = hidden(usage).to_dicts()
    assert (row["cacheable_usd"], row["cache_miss_usd"]) == (Decimal("0.0027"), 0)
    assert row["cost_usd"] == Decimal("0.0075")


def test_a_prompt_that_shrank_missed_nothing():
    usage = [
        {"cache_write_5m_tokens": 5000, "conversation_id": "c"},
        {"cache_write_5m_tokens": 2000, "conversation_id": "c"},
    ]
    (row,) = hidden(usage).to_dicts()
    assert (row["missed_tokens"], row["history_tokens"]) == (0, 0)


def test_a_miss_in_an_hour_cache_costs_what_that_one_costs():
    """Read 400 of 1,000; 600 are written for an hour again: 600 * (6 - 0.30)."""
    usage = [
        {"cache_write_1h_tokens": 1000, "conversation_id": "c"},
        {"cache_read_tokens": 400, "cache_write_1h_tokens": 600, "conversation_id": "c"},
    ]
    (row,) = hidden(usage).to_dicts()
    assert row["cache_miss_usd"] == Decimal("0.00342")


def test_another_model_asked_aside_is_another_conversation():
    usage = [
        {"input_uncached_tokens": 100, "model": "gpt-5-nano", "conversation_id": "c"},
        {"input_uncached_tokens": 9000, "conversation_id": "c"},
        {"input_uncached_tokens": 9500, "conversation_id": "c"},
    ]
    rows = {row["model"]: row for row in hidden(usage).to_dicts()}
    assert rows["gpt-5-mini"]["history_tokens"] == 500
    assert rows["gpt-5-nano"]["history_tokens"] == 0
    assert rows["gpt-5-nano"]["cost_usd"] is None


def test_two_accounts_never_share_a_conversation():
    usage = [
        {"input_uncached_tokens": 100, "account_id": "a", "conversation_id": "1"},
        {"input_uncached_tokens": 900, "account_id": "b", "conversation_id": "1"},
    ]
    assert hidden(usage)["history_tokens"].to_list() == [0, 0]


def test_reasoning_where_the_log_tells_it():
    """700 of 1,000 at 15 USD; the naive figure leaves them out."""
    (row,) = hidden([{"output_tokens": 1000, "of_which_reasoning_tokens": 700}]).to_dicts()
    assert (row["reasoning_tokens"], row["reasoning_usd"]) == (700, Decimal("0.0105"))
    assert row["naive_usd"] == Decimal("0.0045")
    assert "reasoning" not in row["not_in_data"]


def test_what_the_logs_do_not_tell_is_null_and_said():
    bucket = {"input_uncached_tokens": 5000, "cache_read_tokens": 5000, "output_tokens": 100, "requests": 7}
    (row,) = hidden([bucket | BUCKET | {"usage_at": NOON}]).to_dicts()
    assert (row["history_usd"], row["cache_miss_usd"], row["reasoning_usd"]) == (None, None, None)
    assert "history and cache misses: no request names its conversation" in row["not_in_data"]
    assert "reasoning: not told apart" in row["not_in_data"]
    assert (row["calls"], row["base_usd"]) == (7, row["cost_usd"])
    # 10,000 * 3 + 100 * 15: without the cache
    assert row["naive_usd"] == Decimal("0.0315")


def test_usage_without_a_price_has_no_parts():
    (row,) = hidden([{"input_uncached_tokens": 5, "conversation_id": "c"}], []).to_dicts()
    assert (row["cost_usd"], row["naive_usd"], row["base_usd"], row["history_usd"]) == (None, None, None, None)
    assert row["unpriced_quantity"] == 5


def test_teams_are_named():
    owners = "kind,id,team,cost_center\nproject,p1,search,cc1\n"
    (row,) = hidden([{"output_tokens": 1, "project_id": "p1"}], owners=owners).to_dicts()
    assert (row["team"], row["cost_center"]) == ("search", "cc1")


def test_a_long_prompt_has_its_own_prices():
    """Beyond 272,000 tokens the whole request costs 5 USD, so its history does, too: 300,000 - 100,000."""
    usage = [
        {"input_uncached_tokens": 100_000, "conversation_id": "c"},
        {"input_uncached_tokens": 300_000, "conversation_id": "c"},
    ]
    (row,) = hidden(usage, [one | {"model": REQUEST["model"]} for one in BY_SIZE]).to_dicts()
    assert row["history_usd"] == Decimal(1)
    assert row["cost_usd"] == Decimal("1.75")


ROWS = st.fixed_dictionaries(
    {
        "input_uncached_tokens": st.integers(0, 400_000),
        "cache_read_tokens": st.none() | st.integers(0, 400_000),
        "cache_write_5m_tokens": st.none() | st.integers(0, 9_000),
        "cache_write_1h_tokens": st.none() | st.integers(0, 9_000),
        "output_tokens": st.integers(5, 9),
        "of_which_reasoning_tokens": st.none() | st.integers(0, 5),
        "web_searches": st.none() | st.integers(0, 2),
        "account_id": st.sampled_from(["default", "a"]),
        "user_id": st.sampled_from([None, "ann", "bob"]),
        "conversation_id": st.sampled_from([None, "c1", "c2"]),
        "usage_at": st.sampled_from([NOON, NOON + timedelta(minutes=1), NOON + timedelta(days=1)]),
    }
)
PARTS = ("base_usd", "system_usd", "retrieved_usd", "history_usd", "cache_miss_usd", "reasoning_usd", "retries_usd")


@settings(max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=8))
def test_the_parts_are_the_cost_of_the_ledger(rows):
    found = hidden(rows)
    assert (found["cost_usd"].sum() or 0) == (price(rows, PRICES)["cost_usd"].sum() or 0)
    for row in found.to_dicts():
        parts = [row[name] for name in PARTS if row[name] is not None]
        assert sum(parts) == row["cost_usd"]
        assert all(part >= 0 for part in parts)
