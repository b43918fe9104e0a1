"""Break-even figures worked out by hand from printed rates and prices, held to their printed digits."""

import json
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.decisions.api_bill import ApiPrice, Load
from pipelines.decisions.break_even import BreakEven, Terms, break_even, steps_of
from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.options import Option
from pipelines.decisions.stated_machine import stated_serving

CASES = {
    case["id"]: case
    for case in json.loads(Path(__file__).with_name("break_even_cases.json").read_text(), parse_float=Decimal)
}
H100 = ("H100", "SXM")
MIX = Load({"input_uncached": Fraction(500), "output": Fraction(300)}, Fraction(1))
SAME = Load({"input_uncached": Fraction(1000), "output": Fraction(1000)}, Fraction(1))
APIS = {
    "gpt-4o": (Decimal("2.50"), Decimal("10.00")),
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.60")),
    "claude-3.5-sonnet": (Decimal("3.00"), Decimal("15.00")),
}


def _option(usd: Decimal) -> Option:
    return Option("rented", "runpod", "secure", *H100, "global", "on_demand", 1, usd, ("r",))


def _terms(share: str = "0.5", engineering: str = "0") -> Terms:
    """Replicas planned with at a fixed share of 2,209 output tokens per second and GPU, without a peak."""
    return Terms(
        headroom=Headroom(Decimal(share)), peak_factor=Decimal(1), engineering_usd_per_month=Decimal(engineering)
    )


def _answer(usd: Decimal, model: str, terms: Terms) -> BreakEven:
    prices = dict(zip(("input_uncached", "output"), APIS[model], strict=True))
    api = ApiPrice("any", model, prices, dict.fromkeys(prices, "p"))
    serving = stated_serving((None, Decimal(2209)), 2, MIX)
    return break_even(api, MIX, [(_option(usd), serving)], 0, terms, date(2026, 10, 10))


def _rounded(amount: Fraction | int, like: Decimal | int) -> Decimal:
    exact = Decimal(Fraction(amount).numerator) / Decimal(Fraction(amount).denominator)
    return exact.quantize(Decimal(like), ROUND_HALF_UP)


def _usd_per_mtok(usd: Decimal, load: Load, share: str, meters: tuple[str, ...]) -> Fraction:
    """Of a full replica, per million of the tokens of some meters."""
    steps = steps_of(load, _option(usd), stated_serving((None, Decimal(2209)), 2, load), _terms(share))
    counted = sum(load.tokens[meter] for meter in meters) / load.total
    return steps.cost(1) * 10**6 / (steps.capacity(1) * counted)


@pytest.mark.parametrize("percent", [f"{ten}0%" for ten in range(1, 11)])
def test_price_per_mtok_of_output_falls_with_utilisation(percent: str) -> None:
    expected = CASES["G08"]["outputs"]["per_1m_output_by_util"][percent]
    share = str(Decimal(percent.rstrip("%")) / 100)
    found = _usd_per_mtok(CASES["G08"]["inputs"]["rate"], SAME, share, ("output",))
    assert _rounded(found, expected) == expected


def test_fixed_month_and_price_of_all_tokens() -> None:
    outputs = CASES["G08"]["outputs"]
    rate = CASES["G08"]["inputs"]["rate"]
    assert _option(rate).cost(2, 730, 0)(1) == Fraction(outputs["month_fixed"])
    per_mtok = _usd_per_mtok(rate, SAME, "0.5", ("input_uncached", "output"))
    assert _rounded(per_mtok, outputs["per_1m_total_tokens_at_50pct"]) == outputs["per_1m_total_tokens_at_50pct"]


def test_capacity_of_one_replica() -> None:
    expected = CASES["G10"]["inputs"]["month_cap_Mtok_at_u"]
    steps = steps_of(MIX, _option(Decimal(1)), stated_serving((None, Decimal(2209)), 2, MIX), _terms())
    assert steps.capacity(1) / 10**6 == Fraction(expected)


@pytest.mark.parametrize("case", CASES["G10"]["outputs"].items(), ids=lambda case: case[0])
def test_break_even_volume(case: tuple[str, dict[str, Any] | None]) -> None:
    name, expected = case
    model, engineering = name.split(" eng=")
    result = _answer(Decimal("3.99"), model, _terms(engineering=engineering))
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
    result = _answer(Decimal(expected["rate"]), "gpt-4o", _terms())
    assert _option(Decimal(expected["rate"])).cost(2, 730, 0)(1) == Fraction(expected["month"])
    volume = Fraction(result.intervals[0].from_tokens, 10**6)
    assert _rounded(volume, expected["V_star_Mtok"]) == expected["V_star_Mtok"]
    per_mtok = _usd_per_mtok(Decimal(expected["rate"]), SAME, "0.5", ("output",))
    assert _rounded(per_mtok, expected["per_1m_out_u50"]) == expected["per_1m_out_u50"]


def test_break_even_rises_with_the_rate_in_percent() -> None:
    before, after = (_answer(Decimal(rate), "gpt-4o", _terms()).intervals[0].from_tokens for rate in ("3.85", "4.50"))
    expected = CASES["G15"]["outputs"]["delta_pct"]
    assert _rounded((Fraction(after, before) - 1) * 100, expected) == expected
