"""Machines that a scenario states: the cases of `tests/golden` asked as a user would, and others like them."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.decisions.answer_break_even import answer_scenario
from pipelines.decisions.scenario_file import parse_scenario
from pipelines.models.user_csv import UserFileError
from pipelines.warehouse.published import PublishedWarehouse

DAY = date(2026, 10, 10)
GOLDEN = Path(__file__).parents[2] / "golden"
CASES = {case["id"]: case for case in json.loads((GOLDEN / "break_even_cases.json").read_text(), parse_float=Decimal)}
RENTED = """
peak_over_mean = 1
gpu_usd_per_hour = {rate}
gpus_per_replica = 2
gpu_output_tokens_per_second = {tok_s}
max_utilisation_share = {share}
"""
CALLS = """
calls_per_day = {calls}
user_tokens = {into}
output_tokens = {out}
engineering_usd_per_month = {people}
input_usd_per_mtok = {price[0]}
output_usd_per_mtok = {price[1]}
"""


def _first(text: str, day: date = DAY) -> dict[str, Any]:
    """The first row of the answer, which is that of the stated machine."""
    found = answer_scenario(PublishedWarehouse(Path("none")), parse_scenario(Path("s.toml"), text.encode()), day)
    row: dict[str, Any] = found["answers"][0]
    assert row["gpu_provider"] == "stated"
    return row


def _rented(price: tuple[str, str], *, people: str = "0", more: str = "", **of: Any) -> dict[str, Any]:
    into, out, calls = of.pop("into", 500), of.pop("out", 300), of.pop("calls", 10_000)
    machine = RENTED.format(**{"rate": "3.99", "tok_s": 2209, "share": "0.5"} | of)
    return _first(CALLS.format(calls=calls, into=into, out=out, people=people, price=price) + machine + more)


def _steps(*bounds: tuple[int, int, int]) -> list[dict[str, int]]:
    return [{"replicas": n, "from_tokens": first, "until_tokens": until} for n, first, until in bounds]


PRICES = {"gpt-4o": ("2.5", "10"), "gpt-4o-mini": ("0.15", "0.6"), "claude-3.5-sonnet": ("3", "15")}


@pytest.mark.parametrize("case", list(CASES["G10"]["outputs"]))
def test_thresholds_of_two_rented_h100(case: str) -> None:
    model, people = case.split(" eng=")
    row, expected = _rented(PRICES[model], people=people), CASES["G10"]["outputs"][case]
    if expected is None:
        assert (row["verdict"], row["intervals"]) == ("api", [])
        assert row["answer"].startswith("never")
    else:
        first = row["intervals"][0]
        assert round(Decimal(first["from_tokens"]) / 10**6, 3) == expected["V_star_Mtok"]
        assert (first["replicas"], round(Decimal(first["until_tokens"]) / 10**6, 3)) == (1, expected["until_Mtok"])


M = 10**6


@pytest.mark.parametrize(
    ("people", "first"),
    [
        ("0", [(1, 2628 * M, 5256 * M), (2, 5256 * M + 1, 10512 * M)]),
        ("2628", [(1, 3942 * M, 5256 * M), (2, 6570 * M, 10512 * M)]),
        ("10512", [(2, 10512 * M, 10512 * M), (3, 13140 * M, 15768 * M)]),
    ],
)
def test_all_intervals_with_people(people: str, first: list[tuple[int, int, int]]) -> None:
    """N05: replicas of 5,256 USD that serve 5,256 million tokens, the API at 2 USD per million."""
    row = _rented(("2", "2"), people=people, rate="3.60", tok_s=1000, into=300, more="max_replicas = 6\n")
    assert row["intervals"][:2] == _steps(*first)
    assert row["intervals"][-1] == _steps((6, 26280 * M + 1, 31536 * M))[0]


@pytest.mark.parametrize(("price", "first"), [("1.00", 5_256_000_000), ("0.99", None), ("0.375", None)])
def test_the_knife_edge_of_never(price: str, first: int | None) -> None:
    row = _rented((price, price), rate="3.60", tok_s=1000, into=300)
    assert row["break_even_tokens_per_month"] == first


def test_a_machine_at_a_desk() -> None:
    """N03: 300,000 calls of 500 and 300 tokens at 1 and 3 USD; 6,000 USD over 36 months and 240 W."""
    machine = """
        peak_over_mean = 1
        machine_usd = 6000
        machine_watts = 240
        power_usd_per_kwh = 0.15
        gpu_input_tokens_per_second = 1200
        gpu_output_tokens_per_second = 60
        max_utilisation_share = 1
    """
    text = CALLS.format(calls=10_000, into=500, out=300, people=0, price=("1", "3")) + machine
    row = _first(text)
    assert row["break_even_calls_per_month"] == 137_820
    assert round(row["own_utilisation"], 4) == 0.6183
    assert round(row["needed_utilisation"], 4) == 0.2841
    assert round(Decimal(row["own_gpu_usd_per_month"]), 2) == Decimal("192.95")
    assert (row["pay_back_months"], round(row["pay_back_exact_months"], 2)) == (16, 15.24)
    assert _first(text.replace("10000", "100_000"))["own_replicas"] == 7


def test_what_a_hybrid_captures_with_fallback_paid_twice() -> None:
    """3.6 billion tokens at 5.3125 are 19,125 USD, one replica 5,825.40. At 80 % with 10 % back: 19,125 x 0.28 and it,
    11,180.40. That is 7,944.60 of the 13,299.60 that all of it would save.
    """
    more = 'fallback_share = 0.1\nfallback_model = "gpt-4o"\n'
    row = _rented(PRICES["gpt-4o"], calls=150_000, more=more)
    assert row["hybrid"]["0.8"] == {"usd": "11180.40", "captured": 0.5974}


def test_free_machines_pay_from_the_first_token_and_a_free_api_is_never_beaten() -> None:
    assert _rented(("1", "1"), rate="0")["break_even_tokens_per_month"] == 1
    assert _rented(("0", "0"))["answer"].startswith("never")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("gpu_usd_per_hour = 3.99", "gpu_usd_per_hour needs gpu_output_tokens_per_second; write both or none"),
        ("gpu_output_tokens_per_second = 2000", "needs a machine; write gpu_usd_per_hour, or machine_usd"),
        ("gpu_usd_per_month = 2000", "gpu_usd_per_month is in another unit; write gpu_usd_per_hour, in USD per hour"),
        ("max_utilisation_share = 50", "write a share from 0 to 1; 50 % is 0.5"),
        ("machine_life_years = 3", "machine_life_years is in another unit; write machine_life_months, in months"),
    ],
)
def test_what_is_no_machine_is_told_with_its_line(line: str, said: str) -> None:
    text = CALLS.format(calls=1000, into=500, out=300, people=0, price=("1", "1")) + line
    with pytest.raises(UserFileError, match=r"s\.toml line 8: ") as told:
        parse_scenario(Path("s.toml"), text.encode())
    assert said in str(told.value)


TUNED = """
days_per_month = 25
peak_over_mean = 1
gpu_usd_per_hour = 0
gpu_output_tokens_per_second = 2000
max_utilisation_share = 1
training_mtok = 50
fine_tuning_usd = 6000
migration_usd = 1500
model_retires_on = {retires}
"""


@pytest.mark.parametrize(
    ("input_usd", "more", "retires", "month", "on", "is_in_time"),
    [
        ("50", "", "2027-07-15", 7, "2027-08-01", False),
        ("50.96", "", "2027-07-15", 6, "2027-07-01", True),
        ("50", "growth_per_month = 0.05", "2027-07-15", 6, "2027-07-01", True),
        ("50.96", "", "2027-07-01", 6, "2027-07-01", True),
        ("50.96", "", "2027-01-02", 6, "2027-07-01", False),
    ],
)
def test_fine_tuning_pays_back_before_the_model_retires_or_not(
    input_usd: str, more: str, retires: str, month: int, on: str, is_in_time: bool
) -> None:
    """N07: 7,572 USD at once. 12.5 million tokens each way at 50 and 50 are 1,250 USD saved a month, at 50.96 1,262."""
    calls = CALLS.format(calls=1000, into=500, out=500, people=0, price=(input_usd, "50"))
    row = _first(calls + TUNED.format(retires=retires) + more, date(2027, 1, 1))
    assert row["upfront_usd"] == "7572"
    assert (row["pay_back_months"], row["pay_back_on"], row["is_paid_back_in_time"]) == (month, on, is_in_time)
    if retires == "2027-07-15" and not is_in_time:
        assert "7,500.00 of 7,572.00 USD by 2027-07-15" in row["answer"]


@pytest.mark.parametrize(
    ("changes", "first", "until"),
    [
        # The cache holds every prompt: only 300 tokens an answer take time, prompts cost 0.25: 3.90625 USD the million.
        ({"more": "cached_share = 1\ncache_read_usd_per_mtok = 0.25\n"}, 1_491_302_400, 15_480_672_000),
        # No prompt: 300 of 300 tokens are output, at 10 USD.
        ({"into": 0}, 582_540_000, 5_805_252_000),
        # Half of the answers are accepted: a replica serves half as much of what counts.
        ({"more": "acceptance_share = 0.5\n"}, 1_096_545_883, 7_740_336_000),
        # A spare replica is paid for from the first token on: 11,650.80 USD.
        ({"more": "spare_replicas = 1\n"}, 2_193_091_765, 15_480_672_000),
        # A month of 720 hours: 5,745.60 USD, and less of everything.
        ({"more": "hours_per_month = 720\n"}, 1_081_524_706, 15_268_608_000),
        # One call a day changes nothing of the threshold.
        ({"calls": 1}, 1_096_545_883, 15_480_672_000),
        # A peak of twice the mean halves what a replica serves in a month.
        ({"share": "0.25"}, 1_096_545_883, 7_740_336_000),
    ],
)
def test_edges_of_a_workload(changes: dict[str, Any], first: int, until: int) -> None:
    """5,825.40 USD for 2 x 2,209 x 2,628,000 x 0.5 tokens of output, with 500 of input to each 300 of them."""
    row = _rented(PRICES["gpt-4o"], **changes)
    assert (row["break_even_tokens_per_month"], row["until_tokens_per_month"]) == (first, until)


def test_calls_without_output_need_a_rate_of_input() -> None:
    """2 x 10,000 x 2,628,000 x 0.5 tokens a month; 5,825.40 USD at 2.50 the million."""
    row = _rented(PRICES["gpt-4o"], out=0, more="gpu_input_tokens_per_second = 10_000\n")
    assert (row["break_even_tokens_per_month"], row["until_tokens_per_month"]) == (2_330_160_000, 26_280_000_000)
    text = CALLS.format(calls=1000, into=500, out=0, people=0, price=("1", "1"))
    found = answer_scenario(PublishedWarehouse(Path("none")), parse_scenario(Path("s.toml"), text.encode()), DAY)
    assert "the calls have no output" in found["answers"][0]["answer"]


def test_what_is_beyond_the_replicas_considered_is_not_never() -> None:
    row = _rented(PRICES["gpt-4o"], people="200000", more="max_replicas = 1\n")
    assert row["verdict"] == "api"
    assert row["answer"].startswith("not at your volume; whether at more is unknown: not with up to 1 replicas")
    assert _rented(("0.1", "0.1"), people="2000")["answer"].startswith("never: ")


def test_cost_per_accepted_token_counts_the_rejected_once() -> None:
    """One replica serves it: 5,825.40 USD for 240 million tokens, all of them accepted in the end."""
    row = _rented(PRICES["gpt-4o"], more="acceptance_share = 0.5\n")
    assert row["own_usd_per_accepted_mtok"] == "24.2725"
