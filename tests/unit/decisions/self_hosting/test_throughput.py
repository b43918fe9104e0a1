"""Which measured points answer for a workload: published figures, neighbours, bounds, goals of latency, cache hits."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.self_hosting.capacity import Headroom
from pipelines.decisions.self_hosting.measured_table import Measurement, shipped_measurements
from pipelines.decisions.self_hosting.request import Goal, Lengths
from pipelines.decisions.self_hosting.throughput import (
    Serving,
    Unmeasured,
    prefill_tok_s,
    serving,
    servings,
)

FULL = Headroom(Decimal(1))
NO_GOAL = Goal()
H100, H200 = ("H100", "SXM"), ("H200", "SXM")


def _point(input_tokens: int, output_tokens: int, rate: str, **other: object) -> Measurement:
    values: dict[str, object] = {
        "throughput_id": f"p-{input_tokens}-{output_tokens}-{other.get('concurrency')}",
        "model": "M",
        "gpu": "H100",
        "variant": "SXM",
        "precision": "fp8",
        "engine": "e",
        "parallelism": "TP1",
        "gpus_per_replica": 1,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "load": "concurrent",
        "concurrency": None,
        "out_tok_s_per_gpu": Decimal(rate),
        "in_tok_s_per_gpu": None,
        "ttft_s": None,
        "tok_s_per_user": None,
        "measured_on": "2026-01-01",
        "source": "s",
        "tier": "solid",
    }
    return Measurement(**values | other)  # type: ignore[arg-type]


def _out_tok_s_per_gpu(one: Serving, output_tokens: int) -> Fraction:
    return one.requests_per_s(FULL, 1) * output_tokens / one.gpus_per_replica


def _rates(model: str, card: tuple[str, str], lengths: Lengths, goal: Goal) -> set[Fraction]:
    found, _ = servings(shipped_measurements(), model, lengths, goal, [card])
    return {_out_tok_s_per_gpu(one, lengths.output_tokens) for one in found}


def test_what_was_measured_at_these_lengths_is_given_as_it_is() -> None:
    """NVIDIA: Llama 3.3 70B on 2 H100, 2,209 at 1,000/1,000 and 398 at 8,192/1,024 per GPU."""
    assert Fraction(2209) in _rates("Llama-3.3-70B", H100, Lengths(1000, 1000), NO_GOAL)
    assert Fraction(398) in _rates("Llama-3.3-70B", H100, Lengths(8192, 1024), NO_GOAL)


def test_a_goal_of_latency_takes_the_largest_rate_that_meets_it() -> None:
    """DeepSeek R1 FP8 on H200: 1,627 with all requests queued, 237 at 30 tokens/s per user."""
    assert Fraction(1627) in _rates("DeepSeek-R1-0528", H200, Lengths(1000, 1000), NO_GOAL)
    at_30 = _rates("DeepSeek-R1-0528", H200, Lengths(1024, 1024), Goal(None, Decimal(30)))
    assert max(at_30) == Fraction("236.55")
    assert max(_rates("DeepSeek-R1-0528", H200, Lengths(1024, 1024), Goal(None, Decimal(80)))) == Fraction("39.46")


def test_a_point_that_tells_no_latency_meets_no_goal() -> None:
    found, missing = servings(
        shipped_measurements(), "Llama-3.3-70B", Lengths(1000, 1000), Goal(Decimal(2)), [("B200", "SXM")]
    )
    assert found == []
    assert all("meets first token within 2 s" in one.reason for one in missing)


def test_beyond_what_was_measured_there_is_no_answer() -> None:
    found, missing = servings(shipped_measurements(), "GPT-OSS-120B", Lengths(60_000, 300), NO_GOAL, [H200])
    assert found == []
    assert any("60,000 in and 300 out is beyond the measured" in one.reason for one in missing)


def test_a_model_that_nobody_measured_is_named() -> None:
    found, missing = servings(shipped_measurements(), "Llama-9-1T", Lengths(10, 10), NO_GOAL)
    assert (found, missing) == ([], [Unmeasured("no measured throughput of Llama-9-1T; add a line to throughput.csv")])


def test_between_two_points_the_total_rate_is_interpolated_in_logarithms() -> None:
    """Half-way in the logarithms between total rates of 400 and 100 lies 200, of which half is output."""
    setup = [_point(100, 100, "200"), _point(400, 400, "50")]
    one = serving(setup, Lengths(200, 200), NO_GOAL)
    assert isinstance(one, Serving)
    assert one.basis == "interpolated"
    assert _out_tok_s_per_gpu(one, 200) == 100
    assert one.throughput_ids == ("p-100-100-None", "p-400-400-None")


def test_below_the_measured_lengths_the_longer_request_is_a_bound() -> None:
    """1,000 in and 1,000 out take 1 s; 500 in and 300 out fit in the half of it that 500 and 500 would take."""
    one = serving([_point(1000, 1000, "1000")], Lengths(500, 300), NO_GOAL)
    assert isinstance(one, Serving)
    assert one.basis == "at_or_above"
    assert one.requests_per_s(FULL, 1) == 2


def test_neighbours_do_not_depend_on_the_goal() -> None:
    """The nearer corner misses the goal: no other one takes its place."""
    fast = {"tok_s_per_user": Decimal(50), "ttft_s": Decimal(1)}
    slow = {"tok_s_per_user": Decimal(10), "ttft_s": Decimal(1)}
    setup = [_point(100, 100, "200", **slow), _point(400, 400, "50", **fast), _point(50, 50, "300", **fast)]
    assert isinstance(serving(setup, Lengths(200, 200), NO_GOAL), Serving)
    assert isinstance(serving(setup, Lengths(200, 200), Goal(None, Decimal(20))), Unmeasured)


def test_prefill_is_read_from_points_that_are_nearly_all_prompt() -> None:
    """NVIDIA, 2 H100, v1.0: 128 tokens take 128/381 s with a prompt of 2,048, 128/3,189 s at the fastest decoding."""
    setup = [
        p
        for p in shipped_measurements()
        if p.model == "Llama-3.3-70B" and (p.gpu, p.engine) == ("H100", "TensorRT-LLM v1.0")
    ]
    found = prefill_tok_s(setup)
    assert found == 2048 / (Fraction(128, 381) - Fraction(128, 3189))


def test_cache_hits_come_near_to_the_makers_own_model() -> None:
    """NVIDIA's model: 8,192/1,024 on 2 H100 goes from 426 to 746 with 90 % cached, 1.75 times."""
    setup = [
        p
        for p in shipped_measurements()
        if p.model == "Llama-3.3-70B" and (p.gpu, p.engine[:16]) == ("H100", "TensorRT-LLM v1.")
    ]
    plain, hit = (serving(setup, Lengths(8192, 1024, cached), NO_GOAL) for cached in (0, 7373))
    assert isinstance(plain, Serving)
    assert isinstance(hit, Serving)
    assert 1.4 < hit.requests_per_s(FULL, 1) / plain.requests_per_s(FULL, 1) < 1.75
    assert "cache_saving_derived" in hit.flags


def test_without_a_prefill_point_cache_hits_save_nothing_and_it_says_so() -> None:
    one = serving([_point(1000, 1000, "1000")], Lengths(1000, 1000, 900), NO_GOAL)
    assert isinstance(one, Serving)
    assert one.requests_per_s(FULL, 1) == 1
    assert "cache_saves_nothing" in one.flags


def test_one_request_at_a_time_takes_prompt_then_answer() -> None:
    """500 tokens at 1,200/s and 300 at 60/s: 65/12 s; cached tokens need no reading."""
    phases = _point(500, 500, "60", load="single_stream", in_tok_s_per_gpu=Decimal(1200), concurrency=1)
    one = serving([phases], Lengths(500, 300), NO_GOAL)
    hit = serving([phases], Lengths(500, 300, 500), NO_GOAL)
    assert isinstance(one, Serving)
    assert isinstance(hit, Serving)
    assert 1 / one.requests_per_s(FULL, 1) == Fraction(65, 12)
    assert 1 / hit.requests_per_s(FULL, 1) == 5
    assert isinstance(serving([phases], Lengths(501, 300), NO_GOAL), Unmeasured)


def test_models_of_one_architecture_answer_for_each_other() -> None:
    found, _ = servings(shipped_measurements(), "Llama-3.3-70B", Lengths(500, 300), NO_GOAL, [("M2 Ultra", "")])
    assert {one.setup[0] for one in found} == {"Llama-3-70B"}
    assert all("same_architecture" in one.flags for one in found)


@pytest.mark.parametrize("lengths", [(0, 10, 0), (10, 0, 0), (10, 10, 11)])
def test_what_is_no_request_is_refused(lengths: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="a request has input and output"):
        Lengths(*lengths)


LENGTHS = st.builds(
    lambda into, out, cached: Lengths(into, out, int(into * cached)),
    st.integers(1, 9000),
    st.integers(1, 9000),
    st.floats(0, 1),
)
SPEEDS = st.decimals("1", "150", places=1)
WAITS = st.decimals("0.05", "5", places=2)


@given(lengths=LENGTHS, speeds=st.tuples(SPEEDS, SPEEDS), waits=st.tuples(WAITS, WAITS), replicas=st.integers(1, 8))
def test_a_stricter_goal_never_raises_what_a_setup_serves(
    lengths: Lengths, speeds: tuple[Decimal, Decimal], waits: tuple[Decimal, Decimal], replicas: int
) -> None:
    loose, strict = Goal(max(waits), min(speeds)), Goal(min(waits), max(speeds))
    points = [p for p in shipped_measurements() if p.gpu == "H200"]
    loosely, _ = servings(points, "GPT-OSS-120B", lengths, loose)
    strictly, _ = servings(points, "GPT-OSS-120B", lengths, strict)
    before = {one.setup: one for one in loosely}
    for one in strictly:
        assert one.requests_per_s(Headroom(), replicas) <= before[one.setup].requests_per_s(Headroom(), replicas)


@given(lengths=LENGTHS)
def test_a_cache_hit_never_costs_capacity(lengths: Lengths) -> None:
    points = [p for p in shipped_measurements() if p.gpu == "H100"]
    cold = Lengths(lengths.input_tokens, lengths.output_tokens)
    without, _ = servings(points, "GPT-OSS-120B", cold, NO_GOAL)
    by_setup = {one.setup: one for one in without}
    for one in servings(points, "GPT-OSS-120B", lengths, NO_GOAL)[0]:
        assert one.requests_per_s(Headroom(), 2) >= by_setup[one.setup].requests_per_s(Headroom(), 2)
