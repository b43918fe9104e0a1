"""Savings of a scenario: golden case G04, what excludes what, and sums that never save twice."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.saving import LEVERS, Levers, Saving, TierPrices, savings
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.stacking import RULES, prices_with_rule, rule_of

GOLDEN = Path(__file__).resolve().parents[3].parent / "shared" / "golden"
GPT_4O = {"input_uncached": Decimal("2.5"), "cache_read": Decimal("1.25"), "output": Decimal(10)}
HALF = {meter: price / 2 for meter, price in GPT_4O.items()}
G04 = Scenario(
    calls_per_day=Decimal(10_000),
    user_tokens=1900,
    output_tokens=300,
    cacheable_tokens=1500,
    cache_hit_share=Decimal("0.8"),
    retry_share=Decimal("0.02"),
    batch_share=Decimal("0.25"),
)


def _of(scenario: Scenario, levers: Levers) -> tuple[Fraction, dict[str, Saving]]:
    now, found = savings(scenario, levers)
    return now, {one.lever: one for one in found}


def test_g04_caching_and_batch() -> None:
    outputs: dict[str, Any] = next(
        one for one in json.loads((GOLDEN / "break_even_cases.json").read_text()) if one["id"] == "G04"
    )["outputs"]
    now, found = _of(G04, Levers(TierPrices(None, GPT_4O, HALF)))
    assert now == Fraction(outputs["cache_retry"])
    # 2,325 - 1,875 with 2 % more for retries
    assert found["prompt_caching_saved"].alone == (2325 - 1875) * Fraction(102, 100)
    # 1,912.50 - 1,673.4375
    assert found["batch"].alone == Fraction("239.0625")
    assert round(now - found["batch"].alone + Fraction(1, 10**9), 2) == Fraction(str(outputs["cache_retry_batch"]))


def test_batch_and_flex_are_one_or_the_other() -> None:
    flex = {meter: price * Decimal("0.6") for meter, price in GPT_4O.items()}
    _, found = _of(G04, Levers(TierPrices("openai", GPT_4O, HALF, flex)))
    assert found["flex"].alone == Fraction("191.25")
    assert found["flex"].together == 0
    assert found["batch"].together > 0


def test_a_call_that_a_response_cache_answers_saves_nothing_else() -> None:
    _, found = _of(
        replace(G04, repeat_share=Decimal(1), batch_share=Decimal(1), discount_share=Decimal("0.2")),
        Levers(TierPrices(None, GPT_4O, HALF)),
    )
    assert found["response_cache"].together == Fraction("1912.5")
    assert sum(one.together for one in found.values()) == Fraction("1912.5")


def test_the_bot_cached_in_whole() -> None:
    # 5 turns: 4 * 500 + 500 * 10 = 7,000 of 14,500 tokens come again; 60,000 conversations at 1 instead of 0.10
    bot = Scenario(
        calls_per_day=Decimal(10_000),
        user_tokens=200,
        output_tokens=300,
        system_tokens=500,
        retrieved_tokens=1200,
        turns=5,
    )
    prices = {"input_uncached": Decimal(1), "cache_read": Decimal("0.1"), "output": Decimal(3)}
    _, found = _of(bot, Levers(TierPrices(None, prices)))
    assert found["prompt_caching_left"].alone == 378
    assert found["prompt_caching_saved"].alone == 0


def test_what_nobody_stated_is_not_known() -> None:
    _, found = _of(replace(G04, batch_share=Decimal(0)), Levers(TierPrices("openai", GPT_4O)))
    for lever in ("response_cache", "smaller_model", "batch", "flex", "contract_discount"):
        assert found[lever].alone is None
        assert str(found[lever].reason).startswith("not in your data")


def test_short_prompts_are_not_cached() -> None:
    short = Scenario(calls_per_day=Decimal(10), user_tokens=500, output_tokens=300, system_tokens=100)
    _, found = _of(short, Levers(TierPrices(None, GPT_4O)))
    assert found["prompt_caching_left"].alone == 0
    assert "1,024" in str(found["prompt_caching_left"].reason)


def test_a_commitment_that_is_not_used_costs() -> None:
    committed = replace(
        G04, batch_share=Decimal(0), discount_share=Decimal("0.2"), committed_usd_per_month=Decimal(2000)
    )
    _, found = _of(committed, Levers(TierPrices(None, GPT_4O)))
    # 1,912.50 less 20 % is 1,530; 2,000 are paid
    assert found["contract_discount"].alone == Fraction("-87.5")


def test_a_discount_on_what_is_above() -> None:
    # 20 % of 1,912.50 - 1,000
    bot = replace(G04, discount_share=Decimal("0.2"), discount_from_usd_per_month=Decimal(1000), discount_on="above")
    _, found = _of(bot, Levers(TierPrices(None, GPT_4O)))
    assert found["contract_discount"].alone == Fraction("182.5")


def test_what_missed_is_still_to_save() -> None:
    # A fifth of 450 million cacheable tokens at 2.50 instead of 1.25, and 2 % more
    _, found = _of(G04, Levers(TierPrices(None, GPT_4O)))
    assert found["prompt_caching_left"].alone == Fraction("114.75")


def test_a_discount_needs_its_spend() -> None:
    bot = replace(G04, discount_share=Decimal("0.2"), discount_from_usd_per_month=Decimal(5000))
    _, found = _of(bot, Levers(TierPrices(None, GPT_4O)))
    assert found["contract_discount"].alone == 0
    assert "below 5000" in str(found["contract_discount"].reason)


@pytest.mark.parametrize(
    ("provider", "cache_read"),
    # Half of 0.30; as outside batch; as any input in batch.
    [("anthropic", "0.15"), ("google", "0.30"), ("openai", "1.5"), ("mistral", "1.5"), (None, "1.5")],
)
def test_a_cache_in_batch_as_each_provider_has_it(provider: str | None, cache_read: str) -> None:
    standard = {"input_uncached": Decimal(3), "cache_read": Decimal("0.30"), "output": Decimal(15)}
    batch = {"input_uncached": Decimal("1.5"), "output": Decimal("7.5")}
    assert prices_with_rule(standard, batch, provider)["cache_read"] == Decimal(cache_read)
    printed = prices_with_rule(standard, batch | {"cache_read": Decimal("0.2")}, provider)
    assert printed["cache_read"] == Decimal("0.2")


def test_every_rule_has_a_source_and_a_date() -> None:
    assert all(rule.source and rule.source_on and rule.says for rule in RULES)
    assert rule_of("anthropic", "prompt_caching", "batch").how == "stacks"
    with pytest.raises(KeyError):
        rule_of("anthropic", "magic", "batch")


SHARES = st.decimals(0, 1, places=2)


@given(
    repeat=SHARES,
    small=SHARES,
    slow=SHARES,
    discount=SHARES,
    hits=SHARES,
    turns=st.integers(1, 9),
    prefix=st.sampled_from(["none", "system", "conversation"]),
    provider=st.sampled_from(["openai", "anthropic", "google"]),
)
def test_together_never_saves_more_than_there_is(turns: int, prefix: str, provider: str, **shares: Decimal) -> None:
    scenario = Scenario(
        calls_per_day=Decimal(100),
        user_tokens=200,
        output_tokens=300,
        system_tokens=1500,
        turns=turns,
        cache_prefix=prefix,
        cache_hit_share=shares["hits"],
        repeat_share=shares["repeat"],
        smaller_model="small",
        smaller_share=shares["small"],
        batch_share=shares["slow"],
        discount_share=shares["discount"],
    )
    small = TierPrices(provider, {meter: price / 10 for meter, price in GPT_4O.items()})
    levers = Levers(TierPrices(provider, GPT_4O, HALF, HALF), small)
    now, found = savings(scenario, levers)
    in_all = sum(one.together for one in found)
    assert 0 <= in_all <= now
    assert [one.lever for one in found] == list(LEVERS)
    # What is left is at least the smaller model, in batch, cached, with the discount.
    assert now - in_all >= now * (1 - Fraction(shares["repeat"])) * (1 - Fraction(shares["discount"])) / 1000
