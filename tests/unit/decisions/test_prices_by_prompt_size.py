"""What an API asks for a workload whose prompts lie on both sides of a breakpoint: what each of them costs, no mean."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decisions.answer_savings import answer_trace
from pipelines.decisions.api_bill import MTOK
from pipelines.decisions.ask_break_even import Asked, asked_scenario
from pipelines.decisions.break_even_market import market_of
from pipelines.decisions.break_even_terms import load_of
from pipelines.decisions.offer_bill import met_price
from pipelines.decisions.scenario_file import parse_scenario
from pipelines.decisions.trace import read_trace, workload_of_trace
from pipelines.decisions.workload import Part
from pipelines.warehouse.published import PublishedWarehouse

DAY = date(2026, 10, 10)
NONE = PublishedWarehouse(Path("none"))
LONG = """
calls_per_day = 100
user_tokens = 20_000
output_tokens = 5_000
turns = {turns}
model = "claude-sonnet-4-5"
provider = "anthropic"
"""


def _usd_per_month(asked: Asked) -> Fraction:
    load = load_of(asked.workload)
    assert load is not None
    with market_of(NONE, [asked.workload], [], DAY) as market:
        return load.usd_per_token(market.price_of(asked.workload).usd_per_mtok) * load.total


def _by_hand(calls: list[tuple[int, int]]) -> Fraction:
    """claude-sonnet-4-5 at 3 and 15 USD; at 6 and 22.50 for prompts of more than 200,000 tokens."""
    usd = [
        tokens_in * (6 if tokens_in > 200_000 else 3) + tokens_out * (Fraction(45, 2) if tokens_in > 200_000 else 15)
        for tokens_in, tokens_out in calls
    ]
    return Fraction(sum(usd)) / MTOK


@settings(max_examples=8, deadline=None)
@given(turns=st.integers(1, 20))
def test_each_turn_of_a_scenario_costs_what_its_own_prompt_costs(turns: int) -> None:
    """Turn k sends 20,000 k + 5,000 (k - 1) tokens: the ninth is the first of more than 200,000."""
    asked = asked_scenario(parse_scenario(Path("s.toml"), LONG.format(turns=turns).encode()))
    calls = [(20_000 * k + 5_000 * (k - 1), 5_000) for k in range(1, turns + 1)]
    assert _usd_per_month(asked) == _by_hand(calls) * 3000 / turns


def test_each_call_of_a_trace_costs_what_its_own_prompt_costs(tmp_path: Path) -> None:
    """Three calls in 3 seconds: the month has 864,000 times as many. Their mean prompt, 216,667, is a long one."""
    calls = [(100_000, 1_000), (200_000, 2_000), (350_000, 500)]
    lines = [f"2023-11-16 18:00:0{at}.0000000,{sent},{got}" for at, (sent, got) in enumerate(calls)]
    (tmp_path / "load.csv").write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]))
    workload = workload_of_trace(read_trace(tmp_path / "load.csv"), "claude-sonnet-4-5")
    assert _usd_per_month(Asked(replace(workload, provider="anthropic"))) == _by_hand(calls) * 864_000


def test_what_a_cache_saves_on_a_trace_is_reckoned_call_by_call(tmp_path: Path) -> None:
    """The second call reads both blocks of the first, at 2.70 less; the third all four of the second, at 5.40 less."""
    calls = [(1_024, 1_000, "[1, 2]"), (200_000, 2_000, "[1, 2, 3, 4]"), (350_000, 500, "[1, 2, 3, 4, 5]")]
    lines = [
        f'{{"timestamp": {at}, "input_length": {sent}, "output_length": {got}, "hash_ids": {blocks}}}'
        for at, (sent, got, blocks) in enumerate(calls)
    ]
    (tmp_path / "load.jsonl").write_text("\n".join(lines))
    answer = answer_trace(NONE, tmp_path / "load.jsonl", DAY, "claude-sonnet-4-5")
    listed = _by_hand([call[:2] for call in calls])
    assert Fraction(answer["usd"]) == listed
    assert Fraction(answer["saved_usd"]) == Fraction(1024 * Fraction("2.70") + 2048 * Fraction("5.40")) / MTOK
    assert "several context ranges" in answer["notes"][-1]


def test_a_price_that_a_part_does_not_meet_is_missing() -> None:
    """No row says what prompts of that size cost, so the meter has no price, and nothing is guessed."""
    prices = [{"context_from": 0, "context_to": 10_000, "time_window": "always", "usd_per_unit": Decimal(1)}]
    assert met_price(prices, Part(10_000, {})) is None
    assert met_price(prices, Part(9_999, {}, "mon 00:00-01:00")) == prices[0]
