"""Hidden cost against the golden cases, to the printed digit, and its parts against their total."""

import json
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.hidden_cost import MTOK, HiddenCost, conversation_cost, hidden_cost
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_file import read_scenario
from pipelines.decisions.workload import workload_of_scenario

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden"
ONE_THREE = {"input_uncached": Decimal(1), "output": Decimal(3)}


def _golden(file: str, case: str) -> Any:
    cases = json.loads((GOLDEN / file).read_text())
    return next(one for one in (cases["cases"] if isinstance(cases, dict) else cases) if one["id"] == case)


def _digits(amount: Fraction | None, places: str) -> Decimal:
    assert amount is not None
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(Decimal(places), ROUND_HALF_UP)


def _bot(case: Any, **changes: Any) -> Scenario:
    """The support bot of a golden case."""
    inputs = case["inputs"]
    calls = inputs.get("q_per_day") or inputs["conversations"] * inputs["N"] / 30
    bot = Scenario(
        calls_per_day=Decimal(calls),
        user_tokens=inputs["user"],
        output_tokens=inputs["out"],
        system_tokens=inputs["sys"],
        retrieved_tokens=inputs["rag"],
        turns=inputs.get("turns") or inputs["N"],
    )
    return replace(bot, **changes)


def test_g02_the_support_bot_item_by_item() -> None:
    case = _golden("break_even_cases.json", "G02")
    found = hidden_cost(_bot(case, retry_share=Decimal("0.05")), ONE_THREE)
    expected = case["outputs"]
    assert found.base_input == expected["base_input"]
    assert found.base_output == expected["base_output"]
    assert found.parts["system"] == expected["system"]
    assert found.parts["retrieved"] == expected["rag"]
    assert found.parts["history"] == expected["history"]
    assert found.parts["retries"] == expected["retries_5pct_on_all"]
    assert found.total == expected["total"]
    assert found.naive == 330


def test_the_bot_that_ships_is_that_case() -> None:
    bot = read_scenario("support-bot")
    assert hidden_cost(bot, bot.stated_usd_per_mtok).total == 1197


def test_g03_five_turns() -> None:
    case = _golden("break_even_cases.json", "G03")
    expected = case["outputs"]
    bot = _bot(case)
    found = hidden_cost(bot, ONE_THREE)
    assert found.total == expected["month"]
    assert _digits(found.total / 60_000, "0.001") == Decimal(str(expected["cost_per_conversation"]))
    kept = hidden_cost(replace(bot, keeps_retrieved=True), ONE_THREE)
    assert kept.total == expected["month_if_rag_retained"]
    tokens = workload_of_scenario(bot).tokens_per_month
    assert tokens["input_uncached"] / 60_000 == expected["tokens_in"]
    one = conversation_cost(bot, ONE_THREE)
    assert (one.input_tokens, one.output_tokens) == (expected["tokens_in"], expected["tokens_out"])
    assert _digits(one.usd, "0.001") == Decimal(str(expected["cost_per_conversation"]))
    assert _digits(one.token_ratio, "0.0001") == Decimal(str(expected["token_ratio_vs_single_no_sys"]))
    assert _digits(one.usd_ratio, "0.0001") == Decimal(str(expected["cost_ratio_vs_single_no_sys"]))
    assert conversation_cost(replace(bot, keeps_retrieved=True), ONE_THREE).input_tokens == 26_500


def test_g04_caching_and_retries_at_the_prices_of_two_providers() -> None:
    case = _golden("break_even_cases.json", "G04")
    expected = case["outputs"]
    scenario = Scenario(
        calls_per_day=Decimal(10_000),
        user_tokens=1900,
        output_tokens=300,
        cacheable_tokens=1500,
        cache_hit_share=Decimal("0.8"),
    )
    gpt_4o = {"input_uncached": Decimal("2.5"), "cache_read": Decimal("1.25"), "output": Decimal(10)}
    assert hidden_cost(replace(scenario, cacheable_tokens=0), gpt_4o).total == expected["list"]
    assert hidden_cost(scenario, gpt_4o).total == expected["with_cache"]
    assert hidden_cost(replace(scenario, retry_share=Decimal("0.02")), gpt_4o).total == expected["cache_retry"]
    sonnet = {
        "input_uncached": Decimal(3),
        "cache_read": Decimal("0.30"),
        "cache_write_5m": Decimal("3.75"),
        "output": Decimal(15),
    }
    written = hidden_cost(replace(scenario, cache_write="5m"), sonnet)
    assert written.total == Decimal(str(expected["sonnet_cache"]))
    assert hidden_cost(replace(scenario, cacheable_tokens=0), sonnet).total == expected["sonnet_list"]
    # 90 million tokens that miss at 3.75 instead of 0.30
    assert written.parts["cache_misses"] == Fraction("310.5")


def _n09(**changes: Any) -> HiddenCost:
    inputs = _golden("decision_cases.json", "N09")["inputs"]
    one = Scenario(
        calls_per_day=Decimal(inputs["turns"]),
        days_per_month=1,
        user_tokens=inputs["user_tokens"],
        output_tokens=inputs["output_tokens"],
        system_tokens=inputs["system_tokens"],
        retrieved_tokens=inputs["rag_tokens_per_turn"],
        turns=inputs["turns"],
    )
    usd = inputs["usd_per_mtok"]
    prices = {"input_uncached": usd["input"], "output": usd["output"], "cache_read": usd["cache_read"]}
    return hidden_cost(replace(one, **changes), {meter: Decimal(price) for meter, price in prices.items()})


def test_n09_one_conversation_of_eight_turns() -> None:
    expected = _golden("decision_cases.json", "N09")["answers"]
    found = _n09()
    assert _digits(found.total, "0.000001") == Decimal(expected["usd"])
    assert _digits(found.naive, "0.000001") == Decimal(expected["naive_usd"])
    assert _digits(found.ratio, "0.0001") == Decimal(expected["ratio_to_naive"])
    overhead = expected["overhead_usd"]
    assert _digits(found.parts["system"], "0.000001") == Decimal(overhead["system"])
    assert _digits(found.parts["retrieved"], "0.000001") == Decimal(overhead["rag"])
    assert _digits(found.parts["history"], "0.000001") == Decimal(overhead["history"])
    assert _digits(found.base_input, "0.000001") == Decimal(overhead["user"])
    assert _digits(found.base_output, "0.000001") == Decimal(overhead["output"])


def test_n09_documents_kept_a_window_and_a_cached_prefix() -> None:
    expected = _golden("decision_cases.json", "N09")["answers"]
    assert _digits(_n09(keeps_retrieved=True).total, "0.000001") == Decimal(expected["rag_retained_usd"])
    assert _digits(_n09(window_exchanges=3).total, "0.000001") == Decimal(expected["window_usd"])
    cached = _n09(cache_prefix="conversation")
    assert cached.tokens["cache_read"] == expected["cached_read_tokens"]
    assert _digits(cached.total, "0.000001") == Decimal(expected["cached_usd"])


def test_what_a_fallback_adds_is_a_whole_call_of_the_other_model() -> None:
    scenario = Scenario(
        calls_per_day=Decimal(100),
        user_tokens=1000,
        output_tokens=500,
        fallback_share=Decimal("0.1"),
        fallback_model="gpt-4o",
    )
    # 3,000 calls, 300 of them again: 300 * (1,000 * 2.50 + 500 * 10) / 1,000,000 = 2.25
    other = {"input_uncached": Decimal("2.5"), "output": Decimal(10)}
    assert hidden_cost(scenario, ONE_THREE, other).parts["fallbacks"] == Fraction("2.25")
    assert hidden_cost(scenario, ONE_THREE, None).parts["fallbacks"] is None


def test_attempts_until_one_succeeds() -> None:
    # A fifth fails: 1 / (1 - 0.2) = 1.25 attempts a call; 3,000 calls of 0.0025 USD are 7.50, and a quarter more.
    scenario = Scenario(calls_per_day=Decimal(100), user_tokens=1000, output_tokens=500, failure_share=Decimal("0.2"))
    assert hidden_cost(scenario, ONE_THREE).parts["retries"] == Fraction("1.875")
    assert workload_of_scenario(scenario).calls_per_month == 3750


def test_a_retry_that_returned_nothing_pays_its_prompt() -> None:
    # A tenth again: prompts 3.00 and no answers
    scenario = Scenario(
        calls_per_day=Decimal(100),
        user_tokens=1000,
        output_tokens=500,
        retry_share=Decimal("0.1"),
        retry_output_share=Decimal(0),
    )
    assert hidden_cost(scenario, ONE_THREE).parts["retries"] == Fraction("0.3")
    assert workload_of_scenario(scenario).tokens_per_month["output"] == 1_500_000


def test_shares_of_the_prompt_that_are_read_and_written() -> None:
    # p_in * [(1 - h - w) + 0.1 h + 1.25 w] with h = 0.5, w = 0.2 is 0.6 of 3 USD: 3 million tokens at 1.80
    scenario = Scenario(
        calls_per_day=Decimal(100),
        user_tokens=1000,
        output_tokens=0,
        cached_share=Decimal("0.5"),
        cache_write_share=Decimal("0.2"),
    )
    prices = {"input_uncached": 3, "cache_read": "0.3", "cache_write_5m": "3.75", "output": 15}
    assert hidden_cost(scenario, {meter: Decimal(usd) for meter, usd in prices.items()}).total == Fraction("5.4")


def test_reasoning_is_a_part_of_its_own() -> None:
    scenario = Scenario(calls_per_day=Decimal(100), user_tokens=1000, output_tokens=500, reasoning_tokens=2000)
    # 3,000 calls of 2,000 tokens at 3 USD
    assert hidden_cost(scenario, ONE_THREE).parts["reasoning"] == 18


SHARES = st.decimals(0, 1, places=2)


@given(
    turns=st.integers(1, 40),
    window=st.none() | st.integers(0, 50),
    hits=SHARES,
    retries=SHARES,
    answered=SHARES,
    prefix=st.sampled_from(["none", "system", "conversation"]),
    write=st.sampled_from(["none", "5m", "1h"]),
    keeps=st.booleans(),
)
def test_the_parts_are_the_price_of_the_workload(turns: int, **how: Any) -> None:
    scenario = Scenario(
        calls_per_day=Decimal(100),
        user_tokens=120,
        output_tokens=250,
        reasoning_tokens=40,
        system_tokens=400,
        retrieved_tokens=900,
        turns=turns,
        window_exchanges=how["window"],
        cache_hit_share=how["hits"],
        retry_share=how["retries"],
        retry_output_share=how["answered"],
        cache_prefix=how["prefix"],
        cache_write=how["write"],
        keeps_retrieved=how["keeps"],
    )
    prices = {
        "input_uncached": Decimal(3),
        "cache_read": Decimal("0.3"),
        "cache_write_5m": Decimal("3.75"),
        "cache_write_1h": Decimal(6),
        "output": Decimal(15),
    }
    month = workload_of_scenario(scenario).tokens_per_month
    priced = sum(Fraction(prices[meter]) * count / MTOK for meter, count in month.items())
    assert hidden_cost(scenario, prices).total == priced


@pytest.mark.parametrize("longer", [{"turns": 6}, {"system_tokens": 501}, {"retry_share": Decimal("0.06")}])
def test_more_of_anything_never_costs_less(longer: dict[str, Any]) -> None:
    bot = read_scenario("support-bot")
    more = hidden_cost(replace(bot, **longer), bot.stated_usd_per_mtok)
    assert more.total > hidden_cost(bot, bot.stated_usd_per_mtok).total
