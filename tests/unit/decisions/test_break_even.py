"""Break-even of one workload and one option: minimal thresholds, honest reasons, pay-back, and what never turns."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.api_bill import ApiPrice, Load
from pipelines.decisions.break_even import BreakEven, Terms, break_even, steps_of
from pipelines.decisions.break_even_words import MEANINGS, flags_of, sentence
from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.figures import shipped_figures
from pipelines.decisions.self_hosting.measured_table import shipped_measurements
from pipelines.decisions.self_hosting.options import Option, owned
from pipelines.decisions.self_hosting.pay_back import FineTune
from pipelines.decisions.self_hosting.request import Goal, Lengths
from pipelines.decisions.self_hosting.step_function import Interval, Steps, cost_at
from pipelines.decisions.self_hosting.throughput import Serving, servings
from pipelines.decisions.stated_machine import stated_serving

DAY = date(2026, 10, 10)
H100 = ("H100", "SXM")
MIX = Load({"input_uncached": Fraction(500), "output": Fraction(300)}, Fraction(1))
HALF = Terms(headroom=Headroom(Decimal("0.5")), peak_factor=Decimal(1), max_replicas=16)


def _option(usd: str | Decimal = "3.99", gpus_per_unit: int = 1) -> Option:
    return Option("rented", "runpod", "secure", *H100, "global", "on_demand", gpus_per_unit, Decimal(usd), ("r1",))


def _api(input_usd: str | Decimal, output_usd: str | Decimal, retires_on: date | None = None) -> ApiPrice:
    prices = {"input_uncached": Decimal(input_usd), "output": Decimal(output_usd)}
    return ApiPrice("openai", "gpt-4o", prices, {"input_uncached": "p-in", "output": "p-out"}, retires_on)


GPT_4O = _api("2.50", "10.00")


def _serving(load: Load = MIX) -> Serving:
    return stated_serving((None, Decimal(2209)), 2, load)


def _answer(
    api: ApiPrice = GPT_4O, option: Option | None = None, own: int = 0, terms: Terms = HALF, load: Load = MIX
) -> BreakEven:
    return break_even(api, load, [(option or _option(), _serving(load))], own, terms, DAY)


usd_per_hour = st.decimals("0.05", "20", places=2)
usd_per_mtok = st.decimals("0.01", "100", places=2)


@given(
    usd=usd_per_hour,
    prices=st.tuples(usd_per_mtok, usd_per_mtok),
    engineering=st.integers(0, 50_000),
    gpus_per_unit=st.sampled_from([1, 2, 4, 8]),
    mix=st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)),
    spare=st.integers(0, 2),
)
def test_every_interval_is_maximal_and_pays(
    usd: Decimal,
    prices: tuple[Decimal, Decimal],
    engineering: int,
    gpus_per_unit: int,
    mix: tuple[int, int],
    spare: int,
) -> None:
    load = Load({"input_uncached": Fraction(mix[0]), "output": Fraction(mix[1])}, Fraction(1))
    terms = replace(HALF, engineering_usd_per_month=Decimal(engineering), spare_replicas=spare)
    option = _option(usd, gpus_per_unit)
    steps = steps_of(load, option, _serving(load), terms)
    price = Fraction(prices[0] * mix[0] + prices[1] * mix[1]) / sum(mix) / 10**6

    def pays(tokens: int) -> bool:
        served = cost_at(tokens, steps)
        return served is not None and served[1] <= price * tokens

    def replicas(tokens: int) -> int:
        served = cost_at(tokens, steps)
        return served[0] if served else terms.max_replicas + 1

    intervals = _answer(_api(*prices), option, terms=terms, load=load).intervals
    for step in intervals:
        assert pays(step.from_tokens)
        assert pays(step.until_tokens)
        assert replicas(step.from_tokens - 1) < step.replicas or not pays(step.from_tokens - 1)
    if intervals:
        assert not pays(intervals[0].from_tokens - 1)
    else:
        assert not any(pays(int(steps.capacity(n))) for n in range(1, terms.max_replicas + 1))


@given(usd=usd_per_hour, prices=st.tuples(usd_per_mtok, usd_per_mtok), own=st.integers(0, 10**11))
def test_a_lower_api_price_never_makes_own_machines_pay(
    usd: Decimal, prices: tuple[Decimal, Decimal], own: int
) -> None:
    """Monotone in price: a cheaper API never lowers the threshold, and never stays never."""
    dear, cheap = _api(*prices), _api(prices[0] / 2, prices[1] / 2)
    before, after = _answer(dear, _option(usd), own), _answer(cheap, _option(usd), own)
    if not before.intervals:
        assert not after.intervals
    elif after.intervals:
        assert after.intervals[0].from_tokens >= before.intervals[0].from_tokens


@given(usd=usd_per_hour, prices=st.tuples(usd_per_mtok, usd_per_mtok))
def test_a_dearer_rate_never_lowers_the_threshold_and_never_beats_its_floor(
    usd: Decimal, prices: tuple[Decimal, Decimal]
) -> None:
    """The floor: 2 GPUs for 730 hours over what they give at full use, per token of the mix."""
    cheap, dear = (_answer(_api(*prices), _option(rate)) for rate in (usd, usd * 2))
    if dear.intervals:
        assert cheap.intervals
        assert cheap.intervals[0].from_tokens <= dear.intervals[0].from_tokens
    floor = Fraction(usd) * 2 * 730 * 10**6 / (4418 * 3600 * 730) * Fraction(300, 800)
    if cheap.intervals:
        assert Fraction(cheap.usd_per_mtok or 0) + Fraction(1, 10**6) >= floor


@given(
    speeds=st.tuples(st.decimals("1", "150", places=1), st.decimals("1", "150", places=1)),
    lengths=st.tuples(st.integers(1, 8192), st.integers(1, 8192)),
    price=st.decimals("0.1", "20", places=2),
)
def test_a_stricter_goal_of_latency_never_lowers_the_threshold(
    speeds: tuple[Decimal, Decimal], lengths: tuple[int, int], price: Decimal
) -> None:
    load = Load({"input_uncached": Fraction(lengths[0]), "output": Fraction(lengths[1])}, Fraction(1))
    points = [p for p in shipped_measurements() if p.gpu == "H100"]
    thresholds = []
    for speed in sorted(speeds):
        found, _ = servings(points, "GPT-OSS-120B", Lengths(*lengths), Goal(None, speed))
        answer = break_even(_api(price, price), load, [(_option(), one) for one in found], 0, Terms(), DAY)
        thresholds.append(answer.intervals[0].from_tokens if answer.intervals else float("inf"))
    assert thresholds[0] <= thresholds[1]


def test_a_whole_node_is_billed_even_for_one_replica() -> None:
    """8 GPUs at 6.155 for 730 hours: 35,945.20 a month, whether one replica of two runs on them or four do."""
    cost = _option("6.155", 8).cost(2, 730, 0)
    assert [cost(n) for n in (1, 4, 5)] == [Fraction("35945.20"), Fraction("35945.20"), Fraction("71890.40")]


def test_intervals_can_recross() -> None:
    """3.825 USD per Mtok of this mix; eight GPUs at 30 USD cost 175,200 a month = 45,803.922 Mtok, within the reach of
    three replicas (46,442.016); the ninth GPU doubles the bill to 350,400 = 91,607.844 Mtok.
    """
    result = _answer(_api("3.825", "3.825"), _option("30", 8), terms=replace(HALF, max_replicas=6))
    assert result.intervals == (
        Interval(3, 45_803_921_569, 46_442_016_000),
        Interval(4, 46_442_016_001, 61_922_688_000),
        Interval(6, 91_607_843_138, 92_884_032_000),
    )
    assert "not from 61.9 billion to 91.6 billion" in sentence(result, HALF)


def test_needed_utilisation_and_bills_at_the_threshold() -> None:
    """5,825.40 / 5.3125 = 1,096.545882... Mtok of 30,961.344 Mtok at full load."""
    for peak in (1, 2):
        result = _answer(terms=replace(HALF, peak_factor=Decimal(peak)))
        assert result.intervals[0].from_tokens == 1_096_545_883
        assert result.needed_utilisation == pytest.approx(1_096_545_883 / 30_961_344_000)
    assert result.own_machines_usd_per_month == Decimal("5825.400000000000")
    assert result.api_usd_per_month == Decimal("5825.400003437500")


@pytest.mark.parametrize(
    ("own_tokens", "verdict"),
    [(0, "no_usage"), (1_096_545_882, "api"), (1_096_545_883, "own_gpus"), (10**15, "unknown")],
)
def test_verdict_at_the_own_volume(own_tokens: int, verdict: str) -> None:
    assert _answer(own=own_tokens).verdict == verdict


def test_peak_load_needs_more_replicas_for_the_same_volume() -> None:
    """15,480.672 Mtok fit one replica at even load, half of it when the peak is twice the mean."""
    assert _answer(terms=replace(HALF, peak_factor=Decimal(2))).intervals[0].until_tokens == 7_740_336_000


def test_a_spare_replica_is_paid_and_not_counted_with() -> None:
    """Two replicas are billed from the start: 11,650.80 / 5.3125 = 2,193.091765 Mtok, capacity as before."""
    first = _answer(terms=replace(HALF, spare_replicas=1)).intervals[0]
    assert first == Interval(1, 2_193_091_765, 15_480_672_000)


def test_answers_that_are_not_accepted_take_capacity_without_counting() -> None:
    assert _answer(terms=replace(HALF, acceptance=Decimal("0.8"))).intervals[0].until_tokens == 12_384_537_600


def test_headroom_by_queueing_grows_with_the_number_of_slots() -> None:
    """At 5 % to wait, a load of 2 needs 6 servers: 5 do not carry it; together they do better than apart."""
    shares = [Headroom().share(n, 6) for n in (1, 2, 4)]
    assert Headroom().share(1, 5) < Fraction(2, 5)
    assert shares[0] >= Fraction(2, 6)
    assert shares == sorted(shares)


def test_reason_tells_never_from_not_within_the_replicas_considered() -> None:
    """A full replica at 50 %: 5,825.40 / 15,480.672 = 0.3763 USD per Mtok."""
    never = _answer(_api("0.15", "0.60"), own=10**9)
    assert never.reason == "full replicas cost 0.3763 USD per Mtok, the API 0.3188"
    assert never.verdict == "api"
    assert sentence(never, HALF).startswith("never: full replicas cost")
    costly = replace(HALF, engineering_usd_per_month=Decimal(40_000), max_replicas=1)
    assert str(_answer(_api("2.00", "2.00"), terms=costly).reason).startswith("not with up to 1 replicas")
    beyond = _answer(_api("2.00", "2.00"), own=10**12, terms=costly)
    assert beyond.verdict == "unknown"
    assert _answer(_api("0.15", "0.60"), own=10**12, terms=costly).verdict == "api"


def test_unknown_price_is_no_answer() -> None:
    load = Load(dict(MIX.tokens) | {"cache_read": Fraction(10)}, Fraction(1))
    result = _answer(own=10**9, load=load)
    assert (result.verdict, result.reason) == ("unknown", "no API price for cache_read")
    assert result.own_api_usd_per_month is None


def test_without_a_measured_setup_nothing_is_known() -> None:
    assert break_even(GPT_4O, MIX, [], 10**9, HALF, DAY).verdict == "unknown"


def test_a_free_api_is_never_beaten() -> None:
    assert _answer(_api("0", "0"), own=10**9).intervals == ()


def test_of_several_offers_the_one_that_pays_first_answers() -> None:
    offers = [(_option(usd), _serving()) for usd in ("3.99", "2.69", "4.50")]
    found = break_even(GPT_4O, MIX, offers, 0, HALF, DAY)
    assert found.option is offers[1][0]


def test_a_purchase_is_paid_back_before_the_api_model_retires_or_not() -> None:
    """A server of 8 H100 at 240,000 and 4 replicas: the API costs 25,000 a month at 4,706 Mtok.

    The cash of a month: 800.00 capital, 10.2 kW x 184.06 = 1,877.412, 8 % / 12 of 240,000 = 1,600, power 10.2 x 1.54 x
    0.146 x 730 = 1,674.17; 240,000 / (25,000 - 5,951.59) = 12.6 -> the 13th month.
    """
    (server,) = [one for one in owned([H100], shipped_figures()) if one.way == "owned"]
    tokens = 25_000 * 10**6 * 16 // 85
    for retires, is_in_time in ((date(2027, 11, 10), True), (date(2027, 11, 9), False)):
        found = _answer(_api("2.50", "10.00", retires), server, tokens).payback
        assert found is not None
        assert (found.months, found.on) == (13, date(2027, 11, 10))
        assert found.is_in_time is is_in_time
        assert found.until == retires


def test_growth_needs_more_replicas_and_tuning_is_paid_again() -> None:
    """15,000 Mtok at 5.3125 are 79,687.50 against one replica at 5,825.40; after a month at +10 % two are needed.

    Tuned for 200,000: 73,862.10, then 87,656.25 - 11,650.80 less a training of 150 x 3 x 0.48 = 216: 149,651.55; the
    third month, 96,421.875 - 11,650.80, brings 234,422.63.
    """
    tuning = FineTune(Decimal(150), 3, Decimal("0.48"), data_and_evaluation_usd=Decimal(199_784))
    terms = replace(HALF, tuning=tuning, retrain_every_months=2, growth_per_month=Decimal("0.1"))
    found = _answer(own=15_000_000_000, terms=terms).payback
    assert found is not None
    assert (found.upfront_usd, found.months) == (200_000, 3)
    assert round(float(found.recovered_usd), 2) == 234_422.62


def test_what_never_pays_is_never_paid_back() -> None:
    tuning = FineTune(Decimal(50), 3, Decimal("0.48"))
    found = _answer(_api("0.15", "0.60"), own=10**9, terms=replace(HALF, tuning=tuning))
    assert (found.intervals, found.payback) == ((), None)


def test_every_flag_that_an_answer_may_carry_has_a_meaning() -> None:
    servings_flags = {
        flag
        for lengths in (Lengths(1024, 1024), Lengths(500, 300, 400), Lengths(3000, 2000, 100))
        for one in servings(shipped_measurements(), "GPT-OSS-120B", lengths, Goal())[0]
        for flag in one.flags
    }
    assert {"at_or_above", "interpolated", "no_latency_goal", "cache_saving_derived"} <= servings_flags
    assert servings_flags <= MEANINGS.keys()


def test_the_sentence_says_each_flag() -> None:
    terms = replace(HALF, flags=("peak_assumed", "stand_in_assumed"))
    found = _answer(own=2 * 10**9, terms=terms)
    flags = flags_of(found, terms)
    assert flags == ("stated_machine", "peak_assumed", "stand_in_assumed", "no_spare")
    said = sentence(found, terms)
    assert said.startswith("yes at your volume; from 1.1 billion tokens a month on 1 replica (mind: ")
    assert all(MEANINGS[flag] in said for flag in flags)


def test_steps_never_fall() -> None:
    steps = steps_of(MIX, _option(), _serving(), Terms())
    assert isinstance(steps, Steps)
    assert [steps.capacity(n) for n in (1, 2, 3)] == sorted(steps.capacity(n) for n in (1, 2, 3))
