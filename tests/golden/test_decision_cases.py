"""Cases worked out by hand for machines of one's own: thresholds, duty, pay-back, memory, ownership, hybrid.

The expected figures stand in ../shared/golden and in public fixtures; none comes from this program.
"""

import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from pipelines.decisions.self_hosting.capacity import replica_seconds, utilisation, wait_probability
from pipelines.decisions.self_hosting.hybrid import hybrid
from pipelines.decisions.self_hosting.memory import cards_needed, open_models, weight_bytes
from pipelines.decisions.self_hosting.ownership import (
    Machine,
    machines_for,
    monthly_cost,
    needed_use,
    own_mac,
    rent_of,
)
from pipelines.decisions.self_hosting.pay_back import FineTune, closed_form, growing, pay_back
from pipelines.decisions.self_hosting.rental import Rental
from pipelines.decisions.self_hosting.step_function import Interval, Steps, cheapest_full, cost_at, paying_intervals

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"
pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the cases in ../shared are absent")
MTOK = 10**6
HOURS = 730


def _cases(name: str) -> dict[str, Any]:
    if not GOLDEN.is_dir():
        return {}
    read = json.loads((GOLDEN / name).read_text(), parse_float=Decimal)
    return {case["id"]: case for case in (read["cases"] + read["third_party_oracle"] if "cases" in read else read)}


DECISIONS = _cases("decision_cases.json")
BREAK_EVENS = _cases("break_even_cases.json")


def _rounded(amount: Fraction | int | Decimal, like: Decimal | int | str) -> Decimal:
    exact = Decimal(Fraction(amount).numerator) / Decimal(Fraction(amount).denominator)
    return exact.quantize(Decimal(like), ROUND_HALF_UP)


def _first_month(upfront: Fraction, saving: Fraction) -> int | None:
    return pay_back(upfront, growing(saving), date(2027, 1, 1)).months


def _replicas(inputs: dict[str, Any], engineering: int = 0) -> Steps:
    """Replicas of 2 GPUs and 2,000 output tokens/s at 50 %: 5,256 USD and 5,256,000,000 tokens a month."""
    rental = Rental(Fraction(inputs["usd_per_gpu_hour"]), inputs["gpus_per_replica"])
    tokens = inputs["output_tok_s_per_replica"] * 3600 * HOURS * Fraction(inputs["max_utilisation"]) * 2
    most = inputs["max_replicas"]
    return Steps(lambda n: rental.usd_per_month(n) + engineering, lambda n: n * tokens, most)


def test_never_below_a_full_replica_and_the_knife_edge() -> None:
    case = DECISIONS["N01"]
    steps = _replicas(case["inputs"])
    full = cheapest_full(steps)
    assert full is not None
    assert _rounded(full * MTOK, "0.01") == Decimal(case["answers"]["full_replica_usd_per_mtok"])
    assert paying_intervals(Fraction(375, 1000) / MTOK, steps) == ()
    assert paying_intervals(Fraction(99, 100) / MTOK, steps) == ()
    at_edge = paying_intervals(Fraction(1, MTOK), steps)
    assert [vars(step) for step in at_edge[:3]] == case["answers"]["at_blended_1.00_first_3_replicas"]
    assert len(at_edge) == 64


@pytest.mark.parametrize("engineering", [0, 2628, 10512])
def test_engineering_moves_the_threshold_and_leaves_gaps(engineering: int) -> None:
    case = DECISIONS["N05"]
    found = paying_intervals(Fraction(2, MTOK), _replicas(case["inputs"], engineering))
    assert [vars(step) for step in found] == case["answers"]["by_engineering"][str(engineering)]
    assert found[0].from_tokens == case["answers"]["first_volume"][str(engineering)]


def test_a_single_machine_one_request_at_a_time() -> None:
    inputs, answers = DECISIONS["N03"]["inputs"], DECISIONS["N03"]["answers"]
    seconds = replica_seconds(500, 300, Decimal(1200), Decimal(60))
    assert seconds == Fraction(65, 12)
    month = HOURS * 3600
    assert month / seconds // 1 == answers["capacity_requests_per_month"]
    machine = own_mac(Decimal(6000), 36, Decimal(240), Decimal(inputs["usd_per_kwh"]))
    cost = monthly_cost(machine, 1, Fraction(1))
    assert _rounded(cost.energy, "0.01") == Decimal(answers["power_usd_per_month"])
    assert _rounded(cost.total, "0.01") == Decimal(answers["usd_per_month"])
    per_request = (500 * Fraction(1) + 300 * Fraction(3)) / MTOK
    api = per_request * inputs["requests_per_month"]
    assert _rounded(api, "0.01") == Decimal(answers["api_usd_per_month"])
    steps = Steps(lambda n: monthly_cost(machine, n, Fraction(1)).total, lambda n: n * month / seconds, 10)
    first = paying_intervals(per_request, steps)[0]
    assert first == Interval(1, answers["break_even_requests_per_month"], answers["capacity_requests_per_month"])
    assert _rounded(utilisation(seconds * inputs["requests_per_month"], 1, HOURS), "0.0001") == Decimal(answers["duty"])
    assert _rounded(utilisation(seconds * first.from_tokens, 1, HOURS), "0.0001") == Decimal(
        answers["duty_at_break_even"]
    )
    assert _rounded(utilisation(seconds * 500_000, 1, HOURS), "0.0001") == Decimal("1.0306")
    assert cost_at(500_000, Steps(steps.cost, steps.capacity, 1)) is None
    big = cost_at(inputs["big_requests_per_month"], steps)
    assert big is not None
    assert big[0] == answers["machines_for_3M"]
    closed = closed_form(Fraction(6000), api - cost.cash)
    assert closed is not None
    assert _rounded(closed, "0.01") == Decimal(answers["payback_months_closed"])
    assert _first_month(Fraction(6000), api - cost.cash) == answers["payback_first_month"]


def test_fine_tune_against_the_retirement_of_the_model_it_replaces() -> None:
    inputs, answers = DECISIONS["N07"]["inputs"], DECISIONS["N07"]["answers"]
    tune = FineTune(
        Decimal(inputs["training_mtok"]),
        inputs["epochs"],
        Decimal(inputs["usd_per_mtok_trained"]),
        data_and_evaluation_usd=Decimal(inputs["data_and_evaluation_usd"]),
        migration_usd=Decimal(inputs["migration_usd"]),
    )
    assert tune.upfront_usd == Fraction(answers["upfront_usd"])
    start, end = date.fromisoformat(inputs["start"]), date.fromisoformat(inputs["api_model_retires"])
    savings = {
        "saving_1250": growing(Fraction(1250)),
        "saving_1262": growing(Fraction(1262)),
        "saving_1250_growing_5pct": growing(Fraction(1250), Decimal("0.05")),
    }
    for name, saving in savings.items():
        found, expected = pay_back(tune.upfront_usd, saving, start, end), answers[name]
        assert found.months == expected["payback_month"]
        assert str(found.on) == expected["payback_date"]
        assert found.is_in_time is expected["before_retirement"]
        assert _rounded(found.recovered_usd, "0.01") == Decimal(expected["recovered_at_that_month"])
    short = pay_back(tune.upfront_usd, savings["saving_1250"], start, end)
    assert short.recovered_in_time_usd == 7500
    assert short.upfront_usd - short.recovered_in_time_usd == Fraction(answers["shortfall_of_1250_on_2027_07_01"])


@pytest.mark.parametrize("name", ["T-balanced-2048-2048", "T-chat-128-128", "T-decode-128-1024"])
def test_break_evens_that_a_third_party_printed(name: str) -> None:
    """One H100 at 2.69 USD an hour, all day, against 0.20 USD per million tokens either way."""
    case = DECISIONS[name]
    into, out = (int(part) for part in name.split("-")[-2:])
    per_request = Fraction(20, 100) * (into + out) / MTOK
    per_day = Rental(Fraction("2.69"), 1, hours_per_month=Fraction(24)).usd_per_month(1)
    printed = Decimal(case["recomputed"])
    assert _rounded(per_day / per_request, printed) == printed
    capacity = 86_400 * Fraction(case["slo_requests_per_s"])
    assert _rounded(per_day / per_request / capacity, "0.000000000001") == _rounded(
        case["breakeven_utilization"], "0.000000000001"
    )
    first = paying_intervals(per_request, Steps(lambda n: n * per_day, lambda n: n * capacity, 1))[0]
    assert first.from_tokens == ceil(Fraction(case["breakeven_requests_per_day"]))


MEMORY = [
    ("70B bf16, no KV", 70, "2", 327_680, 0, 80),
    ("70B bf16 8k x 32", 70, "2", 327_680, 8192 * 32, 80),
    ("70B fp8 8k x 32", 70, "1", 327_680, 8192 * 32, 80),
    ("70B int4 8k x 8", 70, "0.5", 327_680, 8192 * 8, 80),
    ("7B bf16 4k x 8 on 24GB", 7, "2", 131_072, 4096 * 8, 24),
    ("405B fp8 8k x 16 on 141GB", 405, "1", 516_096, 8192 * 16, 141),
]


@pytest.mark.parametrize("case", MEMORY, ids=lambda case: case[0])
def test_cards_from_memory(case: tuple[str, int, str, int, int, int]) -> None:
    name, billions, size, kv, tokens, gigabytes = case
    expected = BREAK_EVENS["G07"]["outputs"][name]
    weights, cache = weight_bytes(billions * 10**9, Decimal(size)), Fraction(kv * tokens)
    assert _rounded(weights / 10**9, expected["weights_gb"]) == expected["weights_gb"]
    assert _rounded(cache / 10**9, expected["kv_gb"]) == expected["kv_gb"]
    cards = cards_needed(weights, cache, gigabytes * 10**9)
    assert cards is not None
    assert (cards.raw, cards.tensor_parallel) == (expected["raw"], expected["tp"])


def test_kv_of_a_token() -> None:
    inputs = BREAK_EVENS["G07"]["inputs"]
    assert open_models()["llama-3.1-8b"].kv_bytes_per_token == inputs["kv_bytes_per_token_llama8b"]
    assert open_models()["llama-3.3-70b"].kv_bytes_per_token == inputs["kv_bytes_per_token_llama70b"]


def test_phases_apart_on_a_rented_node() -> None:
    """5.7 billion tokens in and 0.9 billion out a month on 8 A100."""
    inputs, outputs = BREAK_EVENS["G09"]["inputs"], BREAK_EVENS["G09"]["outputs"]
    prefill, decode = Decimal(inputs["T_pre"]), Decimal(inputs["T_dec"])
    seconds = replica_seconds(inputs["Qin"], inputs["Qout"], prefill, decode)
    assert _rounded(seconds, "0.1") == outputs["gpu_node_seconds"]
    assert _rounded(utilisation(seconds, 1, HOURS), "0.0001") == outputs["util_one_node"]
    month = Fraction(HOURS * 3600)
    served = cost_at(ceil(seconds), Steps(Fraction, lambda n: n * month * Fraction(7, 10), 4))
    nodes = served and served[0]
    assert nodes == outputs["nodes_at_70pct"]
    assert nodes
    node = Rental(Fraction(inputs["rate_node"]), 1)
    assert _rounded(node.usd_per_month(nodes), "0.01") == outputs["month_nodes"]
    for rate, name in ((prefill, "per_1m_in_at_70pct"), (decode, "per_1m_out_at_70pct")):
        per_mtok = Fraction(inputs["rate_node"]) * MTOK / (Fraction(rate) * 3600 * Fraction(7, 10))
        assert _rounded(per_mtok, "0.0001") == outputs[name]


OWNED = [  # public fixture ewyluda/gpu-price-index tests/fixtures/tco_cases.json@a3b9e64: purchase, kW, changes, rent
    ("H100 x64 @70%", "250000", "10.2", {}, 64, "0.7", "3.82"),
    ("B200 x8 @35%", "450000", "14.3", {}, 8, "0.35", "6.81"),
    ("MI300X x12 @50%", "250000", "11", {"pue": "1.45", "usd_per_kwh": "0.12"}, 12, "0.5", "2.39"),
    ("A100-80GB x256 @95%", "120000", "6.5", {"life_years": "4", "capital_per_year": "0.11"}, 256, "0.95", "1.36"),
    ("L40S x3 @20%", "70000", "4.5", {"idle_power_share": "0.5"}, 3, "0.2", "2.70"),
]
OWNED_DEFAULTS = {"pue": "1.3", "usd_per_kwh": "0.08", "colocation_usd_per_kw": "150", "idle_power_share": "0.35"}


@pytest.mark.parametrize("case", OWNED, ids=lambda case: case[0])
def test_owned_servers_against_rent(case: tuple[str, str, str, dict[str, str], int, str, str]) -> None:
    name, purchase, kilowatts, changed, gpus, use, rate = case
    expected = BREAK_EVENS["G11"]["outputs"][name]
    given = {key: Decimal(value) for key, value in (OWNED_DEFAULTS | changed).items()}
    machine = Machine(Decimal(purchase), Decimal(kilowatts), **given)
    machines, share = machines_for(gpus, machine), Fraction(use)
    cost, rent = monthly_cost(machine, machines, share), rent_of(gpus, Decimal(rate), share)
    assert _rounded(cost.total, "0.01") == expected["own_monthly"]
    assert _rounded(rent, "0.01") == _rounded(expected["rent_monthly"], "0.01")
    useful = gpus * HOURS * share
    assert _rounded(cost.total / useful, "0.0001") == _rounded(expected["own_per_useful_gpu_hour"], "0.0001")
    needed = needed_use(machine, gpus, Decimal(rate))
    assert needed is not None
    assert _rounded(needed, "0.0001") == expected["breakeven_utilization"]
    months = _first_month(Fraction(machine.purchase_usd) * machines, rent - cost.cash)
    life = int(machine.life_years * 12)
    assert (months if months is not None and months <= life else None) == expected["payback_month"]


@pytest.mark.parametrize("capex", [4000, 5000, 6000])
def test_pay_back_of_a_mac(capex: int) -> None:
    outputs, inputs = BREAK_EVENS["G12"]["outputs"], BREAK_EVENS["G12"]["inputs"]
    machine = own_mac(Decimal(capex), 36, Decimal(215), Decimal("0.15"))
    cost = monthly_cost(machine, 1, Fraction(1))
    assert _rounded(cost.cash, "0.01") == inputs["opex"]
    assert _rounded(cost.depreciation, "0.01") == inputs["amort_36"][str(capex)]
    for api in (1000, 1197, 1500):
        expected = outputs[f"capex={capex} api={api}"]
        closed = closed_form(Fraction(capex), api - cost.cash)
        assert closed is not None
        assert _rounded(closed, "0.01") == expected["closed"]
        assert _first_month(Fraction(capex), api - cost.cash) == expected["first_month"]


def test_hybrid_with_a_fixed_cost() -> None:
    """3 billion tokens a month at 5.3125, replicas of 2 H100 at 3.99 and 50 %, 2,500 USD of engineering."""
    rental = Rental(Fraction("3.99"), 2)
    capacity = Fraction(4418 * 3600 * HOURS, 2) * Fraction(8, 3)
    steps = Steps(lambda n: rental.usd_per_month(n) + 2500, lambda n: n * capacity, 4)
    volume = 3 * 10**9
    api = Fraction("5.3125") * volume / MTOK

    def own(routed: int) -> Fraction | None:
        found = cost_at(routed, steps)
        return found and found[1]

    for percent, expected in BREAK_EVENS["G14"]["outputs"].items():
        found = hybrid(api, own, volume, Decimal(percent.rstrip("%")) / 100)
        assert found is not None
        assert _rounded(found.usd_per_month, expected["month"]) == expected["month"]
    eighty = hybrid(api, own, volume, Decimal("0.8"))
    assert eighty is not None
    assert eighty.captured is not None
    assert _rounded(eighty.captured, "0.0001") == Decimal("0.5813")  # 4,424.60 / 7,612.10
    twice = hybrid(api, own, volume, Decimal("0.8"), Decimal("0.1"))
    assert twice is not None
    assert twice.usd_per_month - eighty.usd_per_month == api * Fraction(8, 100)


@pytest.mark.parametrize(("load", "servers"), [(2, 6), (10, 17), (50, 64)])
def test_servers_at_five_percent_probability_to_wait(load: int, servers: int) -> None:
    assert wait_probability(servers, load) <= 0.05 < wait_probability(servers - 1, load)
