"""Prices by turn: where they change, found in few questions, and applied to the turns that they hold for."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.conversation import conversation_of, input_by_turn, turns_of
from pipelines.decisions.hidden_cost import hidden_cost
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.turn_prices import Prices, TurnPrices, by_size, combined, stretches_of

SHORT: Prices = {"input_uncached": Decimal(1), "cache_read": Decimal("0.1"), "output": Decimal(8)}
LONG: Prices = {"input_uncached": Decimal(2), "cache_read": Decimal("0.2"), "output": Decimal(12)}


@given(
    turns=st.integers(1, 40),
    edge=st.integers(1, 20_000),
    window=st.none() | st.integers(0, 10),
    prefix=st.sampled_from(["none", "system", "conversation"]),
    write=st.sampled_from([None, "5m"]),
)
def test_the_sum_of_the_turns_is_the_conversation(
    turns: int, edge: int, window: int | None, prefix: str, write: str | None
) -> None:
    scenario = Scenario(
        calls_per_day=Decimal(turns),
        days_per_month=1,
        turns=turns,
        system_tokens=200,
        user_tokens=100,
        output_tokens=300,
        window_exchanges=window,
        cache_prefix=prefix,
        cache_write=write,
    )
    whole, each = conversation_of(scenario), [turns_of(scenario, turn, turn + 1) for turn in range(turns)]
    assert sum(one.prompt for one in each) == whole.prompt
    assert sum((one.cache_read for one in each), Fraction(0)) == whole.cache_read
    assert sum((one.written for one in each), Fraction(0)) == whole.written
    assert [one.prompt for one in each] == input_by_turn(scenario)
    # Turn by turn at the prices of its own prompt, as a loop of one's own would do it.
    prices = by_size(input_by_turn(scenario), lambda size: LONG if size >= edge else SHORT)
    by_hand = Fraction(0)
    for one in each:
        own = LONG if one.prompt >= edge else SHORT
        written = one.written * Fraction(own["input_uncached"])
        read = one.cache_read * Fraction(own["cache_read"])
        plain = (one.prompt - one.cache_read - one.written) * Fraction(own["input_uncached"])
        by_hand += plain + written + read + one.output * Fraction(own["output"])
    assert hidden_cost(scenario, prices).total * 1_000_000 == by_hand


def test_a_long_conversation_takes_few_questions() -> None:
    asked: list[int] = []

    def of(size: int) -> Prices:
        asked.append(size)
        return LONG if size > 200_000 else SHORT

    prices = by_size(range(1, 100_001 * 10, 10), of)
    assert isinstance(prices, TurnPrices)
    assert [(one.first, one.until) for one in prices.stretches] == [(0, 20_000), (20_000, 100_001)]
    assert len(set(asked)) < 60
    assert prices["output"] == 8


def test_rules_apply_turn_by_turn() -> None:
    two = by_size([1, 300_000], lambda size: LONG if size > 200_000 else SHORT)
    half = combined(two, SHORT, lambda one, other: {"output": one["output"] + other["output"]})
    assert [one.prices["output"] for one in stretches_of(half, 5)] == [16, 20]
    assert [one.until for one in stretches_of(half, 5)] == [1, 5]
    assert [one.until for one in stretches_of(half, 1)] == [1]
