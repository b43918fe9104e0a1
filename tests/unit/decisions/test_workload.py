"""A scenario's month: calls and tokens by meter, against the golden cases worked by hand."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_file import read_scenario
from pipelines.decisions.workload import workload_of_scenario

TENS = Scenario(calls_per_day=Decimal(1000), user_tokens=500, output_tokens=300)


def test_the_month_of_the_first_article() -> None:
    # 1,000 calls a day of 500 in and 300 out, 30 days: 15 million in, 9 million out
    month = workload_of_scenario(TENS)
    assert month.tokens_per_month["input_uncached"] == 15_000_000
    assert month.tokens_per_month["output"] == 9_000_000
    assert (month.calls_per_month, month.calls_per_day) == (30_000, 1000)


def test_the_support_bot_s_month() -> None:
    # 60,000 conversations of 14,500 in and 1,500 out, and 5 % of all that again
    month = workload_of_scenario(read_scenario("support-bot"))
    assert month.calls_per_month == 315_000
    assert month.tokens_per_month["input_uncached"] == 14_500 * 60_000 * Fraction(105, 100)
    assert month.tokens_per_month["output"] == 1500 * 60_000 * Fraction(105, 100)
    assert (month.mean_input_tokens, month.mean_output_tokens) == (2900, 300)


def test_reasoning_is_billed_as_output_and_not_sent_again() -> None:
    month = workload_of_scenario(replace(TENS, turns=2, reasoning_tokens=700))
    # Of two turns the second sends 500 + 300 again.
    assert month.tokens_per_month["input_uncached"] == 15_000 * (500 + 500 + 800)
    assert month.tokens_per_month["output"] == 30_000 * 1000
    assert month.reasoning_tokens_per_month == 30_000 * 700


def test_the_share_that_is_read_from_the_cache() -> None:
    month = workload_of_scenario(read_scenario("long-document-research"))
    assert month.cached_share == Fraction("0.3736")
    assert month.mean_input_tokens == 12_035


def test_the_coding_agent_reads_as_much_from_the_cache_as_its_traces() -> None:
    month = workload_of_scenario(read_scenario("coding-agent"))
    assert round(float(month.cached_share), 3) == 0.942


def test_meters_are_disjoint() -> None:
    month = workload_of_scenario(read_scenario("coding-agent"))
    assert sum(month.tokens_per_call.values()) == month.mean_input_tokens + month.mean_output_tokens  # type: ignore[operator]
    assert all(tokens >= 0 for tokens in month.tokens_per_month.values())
