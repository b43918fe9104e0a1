"""Break-even figures worked out by hand from printed rates and prices, held to their printed digits."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.decisions.break_even import ApiPrice, Rate, break_even, gpu_cost
from pipelines.decisions.throughput import Assumptions, tokens_per_replica

CASES = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("break_even_cases.json").read_text(), parse_float=Decimal)
}
MIX = {"input_uncached": 500, "output": 300}
APIS = {
    "gpt-4o": (Decimal("2.50"), Decimal("10.00")),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "claude-3.5-sonnet": (Decimal("3.00"), Decimal("15.00")),
}


def _rate(usd_per_gpu_hour: Decimal) -> Rate:
    return Rate("r", "runpod", "secure", "H100", "SXM", "global", usd_per_gpu_hour)


def _api(model: str) -> ApiPrice:
    prices = dict(zip(MIX, APIS[model], strict=True))
    return ApiPrice("any", model, prices, dict.fromkeys(MIX, "p"))


def _rounded(amount: Fraction | int, like: Decimal | int) -> Decimal:
    exact = Decimal(Fraction(amount).numerator) / Decimal(Fraction(amount).denominator)
    return exact.quantize(Decimal(like), ROUND_HALF_UP)


@pytest.mark.parametrize("percent", [f"{ten}0%" for ten in range(1, 11)])
def test_price_per_mtok_of_output_falls_with_utilisation(percent: str) -> None:
    assumptions = Assumptions(max_utilisation=Decimal(percent.rstrip("%")) / 100)
    capacity = tokens_per_replica({"output": 1}, assumptions)
    expected = CASES["G08"]["outputs"]["per_1m_output_by_util"][percent]
    cost = gpu_cost(1, _rate(CASES["G08"]["inputs"]["rate"]), assumptions)
    assert _rounded(cost * 10**6 / capacity, expected) == expected


def test_fixed_month_and_price_of_all_tokens() -> None:
    outputs = CASES["G08"]["outputs"]
    cost = gpu_cost(1, _rate(CASES["G08"]["inputs"]["rate"]), Assumptions())
    assert cost == Fraction(outputs["month_fixed"])
    per_mtok = cost * 10**6 / tokens_per_replica({"input_uncached": 1000, "output": 1000}, Assumptions())
    assert _rounded(per_mtok, outputs["per_1m_total_tokens_at_50pct"]) == outputs["per_1m_total_tokens_at_50pct"]


def test_capacity_of_one_replica() -> None:
    expected = CASES["G10"]["inputs"]["month_cap_Mtok_at_u"]
    assert tokens_per_replica(MIX, Assumptions()) / 10**6 == Fraction(expected)


@pytest.mark.parametrize("case", CASES["G10"]["outputs"].items(), ids=lambda case: case[0])
def test_break_even_volume(case: tuple[str, dict[str, Any] | None]) -> None:
    name, expected = case
    model, engineering = name.split(" eng=")
    assumptions = Assumptions(engineering_usd_per_month=Decimal(engineering))
    result = break_even(_rate(Decimal("3.99")), _api(model), MIX, 0, assumptions)
    if expected is None:
        assert result.intervals == ()
        assert result.reason
        return
    first = result.intervals[0]
    threshold = Decimal(expected["V_star_Mtok"])
    assert _rounded(Fraction(first.from_tokens, 10**6), Decimal("0.001")) == threshold.quantize(Decimal("0.001"))
    assert first.replicas == expected["replicas"]
    assert first.until_tokens == expected["until_Mtok"] * 10**6


@pytest.mark.parametrize("day", ["2026-09-30", "2026-10-01"])
def test_break_even_moves_with_the_announced_rate(day: str) -> None:
    expected = CASES["G15"]["outputs"][day]
    rate = _rate(Decimal(expected["rate"]))
    result = break_even(rate, _api("gpt-4o"), MIX, 0, Assumptions())
    assert gpu_cost(1, rate, Assumptions()) == Fraction(expected["month"])
    volume = Fraction(result.intervals[0].from_tokens, 10**6)
    assert _rounded(volume, expected["V_star_Mtok"]) == expected["V_star_Mtok"]
    per_mtok = gpu_cost(1, rate, Assumptions()) * 10**6 / tokens_per_replica({"output": 1}, Assumptions())
    assert _rounded(per_mtok, expected["per_1m_out_u50"]) == expected["per_1m_out_u50"]


def test_break_even_rises_with_the_rate_in_percent() -> None:
    before, after = (
        break_even(_rate(Decimal(rate)), _api("gpt-4o"), MIX, 0, Assumptions()).intervals[0].from_tokens
        for rate in ("3.85", "4.50")
    )
    expected = CASES["G15"]["outputs"]["delta_pct"]
    assert _rounded((Fraction(after, before) - 1) * 100, expected) == expected
