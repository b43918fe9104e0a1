"""Break-even: minimal thresholds, whole rentals, honest reasons, and the rows of main.break_even."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.decisions.break_even import (
    ApiPrice,
    BreakEvenResult,
    Interval,
    Rate,
    answer,
    break_even,
    break_even_table,
    gpu_cost,
)
from pipelines.decisions.throughput import Assumptions, replicas_for, tokens_per_replica
from pipelines.schema.decisions import BreakEven

MIX = {"input_uncached": 500, "output": 300}
AS_OF = date(2026, 10, 10)


def _rate(usd: str | Decimal = "3.99", gpus_per_rental: int = 1) -> Rate:
    return Rate("r1", "runpod", "secure", "H100", "SXM", "global", Decimal(usd), gpus_per_rental)


def _api(input_usd: str | Decimal, output_usd: str | Decimal) -> ApiPrice:
    prices = {"input_uncached": Decimal(input_usd), "output": Decimal(output_usd)}
    return ApiPrice("openai", "gpt-4o", prices, {"input_uncached": "p-in", "output": "p-out"})


GPT_4O = _api("2.50", "10.00")


def _self_cost(tokens: int, rate: Rate, assumptions: Assumptions, mix: dict[str, int] = MIX) -> Fraction:
    return gpu_cost(replicas_for(tokens, tokens_per_replica(mix, assumptions)), rate, assumptions)


rates = st.decimals("0.05", "20", places=2)
prices = st.decimals("0.01", "100", places=2)


@given(
    usd=rates,
    input_usd=prices,
    output_usd=prices,
    engineering=st.integers(0, 50_000),
    gpus_per_rental=st.sampled_from([1, 2, 4, 8]),
    mix=st.tuples(st.integers(0, 10_000), st.integers(1, 10_000)),
)
def test_every_interval_is_maximal_and_pays(
    usd: Decimal, input_usd: Decimal, output_usd: Decimal, engineering: int, gpus_per_rental: int, mix: tuple[int, int]
) -> None:
    rate, api = _rate(usd, gpus_per_rental), _api(input_usd, output_usd)
    assumptions = Assumptions(engineering_usd_per_month=Decimal(engineering))
    tokens_by_meter = {"input_uncached": mix[0], "output": mix[1]}
    price = Fraction(input_usd * mix[0] + output_usd * mix[1]) / sum(mix)

    def pays(tokens: int) -> bool:
        return _self_cost(tokens, rate, assumptions, tokens_by_meter) <= price * tokens / 10**6

    capacity = tokens_per_replica(tokens_by_meter, assumptions)
    intervals = break_even(rate, api, tokens_by_meter, 0, assumptions).intervals
    for step in intervals:
        assert pays(step.from_tokens)
        assert pays(step.until_tokens)
        is_first_of_step = replicas_for(step.from_tokens - 1, capacity) < step.replicas
        assert is_first_of_step or not pays(step.from_tokens - 1)
    if intervals:
        assert not pays(intervals[0].from_tokens - 1)
    else:
        assert not any(pays(int(n * capacity)) for n in range(1, assumptions.max_replicas + 1))


def test_a_whole_node_is_billed_even_for_one_replica() -> None:
    # 8 GPUs at 6.155 for 730 hours: 35,945.20 a month, whether one replica of two runs on them or four do.
    node = _rate("6.155", gpus_per_rental=8)
    assert [gpu_cost(n, node, Assumptions()) for n in (1, 4, 5)] == [
        Fraction("35945.20"),
        Fraction("35945.20"),
        Fraction("71890.40"),
    ]


def test_intervals_can_recross() -> None:
    # 3.825 USD per Mtok of this mix; eight GPUs at 30 USD cost 175,200 a month = 45,803.922 Mtok, within the reach of
    # three replicas (46,442.016); the ninth GPU doubles the bill to 350,400 = 91,607.844 Mtok.
    result = break_even(_rate("30", 8), _api("3.825", "3.825"), MIX, 0, Assumptions(max_replicas=6))
    assert result.intervals == (
        Interval(3, 45_803_921_569, 46_442_016_000),
        Interval(4, 46_442_016_001, 61_922_688_000),
        Interval(6, 91_607_843_138, 92_884_032_000),
    )


def test_needed_utilisation_and_bills_at_the_threshold() -> None:
    # 5,825.40 / 5.3125 = 1,096.545882... Mtok of 30,961.344 Mtok at full load.
    result = break_even(_rate(), GPT_4O, MIX, 0, Assumptions())
    assert result.intervals[0].from_tokens == 1_096_545_883
    assert result.needed_utilisation == pytest.approx(1_096_545_883 / 30_961_344_000)
    assert result.gpu_usd_per_month == Decimal("5825.400000000000")
    assert result.api_usd_per_month == Decimal("5825.400003437500")


@pytest.mark.parametrize(
    ("own_tokens", "verdict"),
    [(0, "no_usage"), (1_096_545_882, "api"), (1_096_545_883, "own_gpus"), (10**15, "own_gpus")],
)
def test_verdict_at_the_own_volume(own_tokens: int, verdict: str) -> None:
    assert break_even(_rate(), GPT_4O, MIX, own_tokens, Assumptions()).verdict == verdict


def test_peak_load_needs_more_replicas_for_the_same_volume() -> None:
    # 15,480.672 Mtok fit one replica at even load, half of it when the peak is twice the mean.
    result = break_even(_rate(), GPT_4O, MIX, 0, Assumptions(peak_factor=Decimal(2)))
    assert result.intervals[0].until_tokens == 7_740_336_000


def test_reason_tells_never_from_not_within_the_replicas_considered() -> None:
    # A full replica at u = 0.5: 5,825.40 / 15,480.672 = 0.3763 USD per Mtok.
    never = break_even(_rate(), _api("0.15", "0.60"), MIX, 10**9, Assumptions())
    assert never.reason == "a full replica costs 0.3763 USD per Mtok, the API 0.3188"
    assert answer(never).startswith("never: a full replica")
    costly = Assumptions(engineering_usd_per_month=Decimal(100_000), max_replicas=1)
    assert str(break_even(_rate(), GPT_4O, MIX, 0, costly).reason).startswith("not with up to 1 replicas")


def test_unknown_price_is_no_answer() -> None:
    result = break_even(_rate(), GPT_4O, MIX | {"cache_read": 10}, 10**9, Assumptions())
    assert (result.verdict, result.reason) == ("unknown", "no API price for cache_read")
    assert result.own_api_usd_per_month is None


def test_free_api_and_mix_without_output() -> None:
    assert break_even(_rate(), _api("0", "0"), MIX, 10**9, Assumptions()).intervals == ()
    assert break_even(_rate(), GPT_4O, {"input_uncached": 5}, 10**9, Assumptions()).verdict == "unknown"
    with pytest.raises(ValueError, match="empty"):
        break_even(_rate(), GPT_4O, {}, 0, Assumptions())


@pytest.mark.parametrize(
    ("verdict", "threshold", "words"),
    [
        ("api", 1_096_545_883, "never at your volume; from 1.1 billion tokens a month on these assumptions"),
        ("own_gpus", 776_720_000, "yes at your volume; from 776.7 million tokens a month on these assumptions"),
        ("no_usage", 12_345, "no usage of your own; from 12,345 tokens a month on these assumptions"),
    ],
)
def test_answer_in_words(verdict: str, threshold: int, words: str) -> None:
    assert answer(BreakEvenResult((Interval(1, threshold, threshold + 1),), verdict)) == words


def _rates_frame(*changes: dict[str, Any]) -> pl.DataFrame:
    base = {
        "provider": "runpod", "tier": "secure", "gpu": "H100", "variant": "SXM", "gpu_count": 1,
        "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted",
        "usd_per_gpu_hour": Decimal("3.99"), "fx_rate_on": None, "usd_per_currency": None, "rate_id": "r1",
    }  # fmt: skip
    types = {"gpu_fraction": pl.Decimal(9, 6), "fx_rate_on": pl.Date(), "usd_per_currency": pl.Decimal(18, 10)}
    return pl.DataFrame([base | change for change in changes], schema_overrides=types)


PRICES = pl.DataFrame(
    [
        ("openai", "gpt-4o", "input_uncached", Decimal("2.50"), "p-in"),
        ("openai", "gpt-4o", "output", Decimal(10), "p-out"),
    ],
    schema={
        "provider": pl.String, "model": pl.String, "meter": pl.String, "usd_per_mtok": pl.Decimal(18, 6),
        "price_id": pl.String,
    },
    orient="row",
)  # fmt: skip
NO_VOLUMES = pl.DataFrame(
    schema={"provider": pl.String, "model": pl.String, "meter": pl.String, "tokens": pl.Int64},
)


def test_table_row_carries_its_evidence() -> None:
    table = break_even_table(PRICES, _rates_frame({}), NO_VOLUMES, AS_OF, Assumptions())
    BreakEven.validate(table)
    row = table.row(0, named=True)
    assert row["answer"] == "no usage of your own; from 1.1 billion tokens a month on these assumptions"
    assert (row["rate_id"], row["price_ids"], row["as_of"]) == ("r1", "p-in,p-out", AS_OF)
    assert row["throughput_id"] == "trtllm-llama-3.3-70b-fp8-2xh100-1000-1000"
    assert row["usd_per_mtok"] == Decimal("5.3125")
    assert row["mix_basis"] == "default"
    assert json.loads(row["intervals"])[0] == {
        "replicas": 1, "from_tokens": 1_096_545_883, "until_tokens": 15_480_672_000,
    }  # fmt: skip


def test_own_mix_and_volume_are_used() -> None:
    volumes = pl.DataFrame(
        [("openai", "gpt-4o", "input_uncached", 6_480_000), ("openai", "gpt-4o", "output", 720_000)],
        schema=NO_VOLUMES.schema, orient="row",
    )  # fmt: skip
    row = break_even_table(PRICES, _rates_frame({}), volumes, AS_OF, Assumptions()).row(0, named=True)
    # 9:1 at 2.50 and 10.00 is 3.25; 7.2 Mtok in 720 hours are 7.3 Mtok in 730.
    assert (row["usd_per_mtok"], row["mix_basis"]) == (Decimal("3.25"), "own")
    assert row["own_tokens_per_month"] == 7_300_000
    assert row["own_api_usd_per_month"] == Decimal("23.725")
    assert row["verdict"] == "api"
    assert row["is_mix_beyond_reference"]


def test_only_rates_that_the_benchmark_speaks_for_compete() -> None:
    rates_frame = _rates_frame(
        {},
        {"rate_id": "pcie", "variant": "PCIe", "usd_per_gpu_hour": Decimal("1.00")},
        {"rate_id": "spot", "pricing": "spot", "usd_per_gpu_hour": Decimal("1.00")},
        {"rate_id": "teaser", "price_kind": "from", "usd_per_gpu_hour": Decimal("1.00")},
        {"rate_id": "slice", "gpu_fraction": Decimal("0.5"), "usd_per_gpu_hour": Decimal("1.00")},
        {"rate_id": "euro", "tier": "eu cloud", "usd_per_gpu_hour": None},
        {"rate_id": "node", "gpu_count": 8, "usd_per_gpu_hour": Decimal("3.00")},
        {"rate_id": "dear", "region": "eu", "usd_per_gpu_hour": Decimal("4.99")},
        {"rate_id": "other tier", "tier": "community", "usd_per_gpu_hour": Decimal("2.69")},
    )
    table = break_even_table(PRICES, rates_frame, NO_VOLUMES, AS_OF, Assumptions())
    assert dict(zip(table["gpu_tier"], table["rate_id"], strict=True)) == {"community": "other tier", "secure": "r1"}
    shuffled = break_even_table(
        PRICES.reverse(), rates_frame.sample(fraction=1, shuffle=True, seed=3), NO_VOLUMES, AS_OF, Assumptions()
    )
    assert shuffled.equals(table)


def test_a_converted_rate_names_its_reference_rate() -> None:
    euro = {"fx_rate_on": date(2024, 6, 28), "usd_per_currency": Decimal("1.0705")}
    row = break_even_table(PRICES, _rates_frame(euro), NO_VOLUMES, AS_OF, Assumptions()).row(0, named=True)
    assert {name: row[name] for name in euro} == euro


def test_two_prices_in_force_are_refused_and_no_rates_give_no_rows() -> None:
    with pytest.raises(ValueError, match="two prices"):
        break_even_table(pl.concat([PRICES, PRICES]), _rates_frame({}), NO_VOLUMES, AS_OF, Assumptions())
    empty = break_even_table(PRICES, _rates_frame({}).clear(), NO_VOLUMES, AS_OF, Assumptions())
    BreakEven.validate(empty)
    assert empty.is_empty()
