"""Rows of main.break_even and its curve: every way with evidence, unknown with its reason, what moved a threshold."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.decisions.api_bill import ApiPrice, Load
from pipelines.decisions.break_even import Terms
from pipelines.decisions.break_even_change import INPUTS, OFFER, with_causes
from pipelines.decisions.break_even_curve import curve_rows
from pipelines.decisions.break_even_market import Market, market_of, sellers_of, shipped_rates
from pipelines.decisions.break_even_rows import break_even_rows
from pipelines.decisions.break_even_ways import Question, find_ways
from pipelines.decisions.self_hosting.figures import shipped_figures
from pipelines.decisions.self_hosting.measured_table import shipped_measurements
from pipelines.decisions.self_hosting.request import Goal
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import BreakEven, BreakEvenCurve
from pipelines.snapshots.seed_history import seed_gpu_rate_history
from pipelines.warehouse.database import Warehouse

DAY = date(2026, 10, 10)
RATE: dict[str, Any] = {
    "provider": "runpod", "tier": "secure", "gpu": "H100", "variant": "SXM", "gpu_count": 1,
    "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand", "price_kind": "quoted", "term_months": None,
    "usd_per_gpu_hour": Decimal("3.99"), "fx_rate_on": None, "usd_per_currency": None, "rate_id": "r1",
}  # fmt: skip
API = ApiPrice(
    "openai",
    "gpt-4o",
    {"input_uncached": Decimal("2.50"), "cache_read": Decimal("1.25"), "output": Decimal(10)},
    {"input_uncached": "p-in", "cache_read": "p-read", "output": "p-out"},
)
LOAD = Load({"input_uncached": Fraction(2_000_000_000), "output": Fraction(2_000_000_000)}, Fraction(2_000_000))


def _question(*rates: Mapping[str, Any], **changes: Any) -> Question:
    terms = Terms(goal=Goal(Decimal(2), Decimal(25)))
    question = Question(
        API,
        LOAD,
        terms,
        Market(DAY, {}, [RATE | rate for rate in rates]),
        shipped_measurements(),
        shipped_figures(),
        "own",
        4_000_000_000,
    )
    return replace(question, **changes)


def _rows(*rates: Mapping[str, Any], **changes: Any) -> list[dict[str, Any]]:
    question = _question(*rates, **changes)
    rows = break_even_rows(question, find_ways(question))
    BreakEven.validate(pl.DataFrame(rows, schema=polars_schema(BreakEven)))
    return rows


def test_every_way_has_its_row_and_each_row_its_evidence() -> None:
    rows = _rows({})
    assert {row["way"] for row in rows} == {"rented", "dedicated", "owned", "managed"}
    (row,) = [row for row in rows if row["way"] == "rented"]
    assert (row["rate_id"], row["price_ids"], row["as_of"]) == ("r1", "p-in,p-out", DAY)
    assert row["throughput_id"].startswith("inferencemax-gpt-oss-120b-h100-fp4-vllm")
    assert row["throughput_source"] == "InferenceMAX run_20667906037 via gminneci/mantile@72ff84e"
    assert row["formula_version"] == "break-even-4"
    assert row["usd_per_mtok"] == Decimal("6.25")
    assert row["own_api_usd_per_month"] == 25_000
    assert row["verdict"] == "own_gpus"


def test_the_first_volume_is_the_bill_over_the_price() -> None:
    """2 H100 at 3.99 for 730 hours are 5,825.40, over 6.25 USD per Mtok: 932.064 Mtok."""
    (row,) = [row for row in _rows({}) if row["way"] == "rented"]
    assert row["gpus_per_replica"] == 2
    assert row["break_even_tokens_per_month"] == 932_064_000
    assert json.loads(row["intervals"])[0]["from_tokens"] == 932_064_000


def test_rates_that_cannot_compete_do_not() -> None:
    rows = _rows(
        {},
        {"rate_id": "pcie", "variant": "PCIe", "usd_per_gpu_hour": Decimal(1)},
        {"rate_id": "lonely spot", "tier": "x", "provider": "p", "pricing": "spot", "usd_per_gpu_hour": Decimal(1)},
        {"rate_id": "teaser", "price_kind": "from", "usd_per_gpu_hour": Decimal(1)},
        {"rate_id": "slice", "gpu_fraction": Decimal("0.5"), "usd_per_gpu_hour": Decimal(1)},
        {"rate_id": "euro", "tier": "eu cloud", "usd_per_gpu_hour": None},
        {"rate_id": "node", "gpu_count": 8, "usd_per_gpu_hour": Decimal("3.00")},
        {"rate_id": "dear", "region": "eu", "usd_per_gpu_hour": Decimal("4.99")},
        {"rate_id": "other tier", "tier": "community", "usd_per_gpu_hour": Decimal("2.69")},
    )
    rented = {row["gpu_tier"]: row["rate_id"] for row in rows if row["way"] == "rented"}
    assert rented == {"community": "other tier", "secure": "r1"}


def test_a_card_of_one_form_is_taken_in_it_and_says_so() -> None:
    rows = _rows({"rate_id": "b", "gpu": "B200", "variant": ""}, {"rate_id": "h", "gpu": "H200", "variant": ""})
    rented = [row for row in rows if row["way"] == "rented"]
    assert [(row["rate_id"], row["variant"]) for row in rented] == [("b", "SXM")]
    assert "variant_assumed" in rented[0]["flags"]


def test_spot_and_reserved_say_what_they_mean() -> None:
    """90 % of the hours at 2.00 with 5 % done again, 10 % at 3.99: 2.289; reserved at 2.394 pays from 60 % of use."""
    rows = _rows(
        {},
        {"rate_id": "s", "pricing": "spot", "usd_per_gpu_hour": Decimal("2.00")},
        {"rate_id": "y", "pricing": "reserved", "term_months": 12, "usd_per_gpu_hour": Decimal("2.394")},
    )
    by_pricing = {row["pricing"]: row for row in rows if row["way"] == "rented"}
    assert by_pricing["spot"]["gpu_usd_per_month"] == Decimal("2.289") * 2 * 730
    assert "spot_assumed" in by_pricing["spot"]["flags"].split(",")
    assert by_pricing["reserved"]["pays_from_use_share"] == pytest.approx(0.6)
    assert "billed for the whole term" in by_pricing["reserved"]["answer"]


def test_without_a_measurement_the_answer_is_unknown_and_says_what_is_missing() -> None:
    long = Load({"input_uncached": Fraction(70_000), "output": Fraction(1_000)}, Fraction(1))
    row = _rows({}, load=long)[0]
    assert (row["way"], row["verdict"], row["intervals"]) == ("any", "unknown", "[]")
    assert "70,000 in and 1,000 out is beyond the measured" in row["answer"]
    assert "by memory alone" in row["answer"]


def test_without_calls_nothing_can_be_said_of_lengths() -> None:
    (row,) = _rows({}, load=None)
    assert row["answer"].startswith("unknown: the usage has no count of calls")


def test_without_a_rate_the_cards_are_named() -> None:
    question = _question(points=[p for p in shipped_measurements() if p.gpu == "MI355X"])
    row = break_even_rows(question, find_ways(question))[0]
    assert "no rate or purchase price of MI355X" in row["reason"]


def test_a_missing_api_price_is_named() -> None:
    """Once, whatever machines there are: the grain is the offer, and without a price there is none to tell of."""
    (row,) = _rows({}, {"provider": "other"}, api=replace(API, usd_per_mtok={"output": Decimal(10)}))
    assert (row["way"], row["reason"]) == ("any", "no API price for input_uncached")


def test_managed_weights_cost_less_at_every_volume_or_at_none() -> None:
    """Fireworks prints 0.15 and 0.60 from 2025-12-01 on: 0.375 for this mix, against 6.25 and against 0.30."""
    (row,) = [row for row in _rows({}) if row["way"] == "managed"]
    assert (row["verdict"], row["full_usd_per_mtok"]) == ("managed", Decimal("0.375000"))
    cheap = replace(API, usd_per_mtok={"input_uncached": Decimal("0.10"), "output": Decimal("0.50")})
    (dear,) = [row for row in _rows({}, api=cheap) if row["way"] == "managed"]
    assert (dear["verdict"], dear["reason"]) == ("api", "it costs more than the API at every volume")


def test_a_price_list_comes_before_what_was_once_printed_and_ids_are_its_own() -> None:
    """Deepinfra 0.037 and 0.17: 0.1035; fireworks, in the list at 1.00 and 2.00, no longer counts at 0.375."""
    listed = [
        _listed("deepinfra", "0.037", "0.17"),
        _listed("fireworks", "1", "2"),
        _listed("free", "0", "0"),
        replace(API, provider="no output", usd_per_mtok={"input_uncached": Decimal("0.01")}),
    ]
    market = Market(DAY, {}, [RATE], {"gpt-oss-120b": listed})
    (row,) = [row for row in _rows({}, market=market) if row["way"] == "managed"]
    assert (row["gpu_provider"], row["full_usd_per_mtok"]) == ("deepinfra", Decimal("0.103500"))
    assert row["rate_id"] == "deepinfra-in,deepinfra-out"


def _listed(seller: str, input_usd: str, output_usd: str) -> ApiPrice:
    prices = {"input_uncached": Decimal(input_usd), "output": Decimal(output_usd)}
    return ApiPrice(
        seller, "openai/gpt-oss-120b", prices, {"input_uncached": f"{seller}-in", "output": f"{seller}-out"}
    )


def test_sellers_of_an_open_model_are_told_by_its_name() -> None:
    names = [
        ("deepinfra", "api", "global", "meta-llama/Llama-3.3-70B-Instruct"),
        ("deepinfra", "api", "global", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("fireworks", "api", "global", "accounts/fireworks/models/llama-v3p3-70b-instruct"),
        ("groq", "api", "global", "llama-3.3-70b-versatile"),
        ("meta", "bedrock", "us", "llama-3.3-70b"),
        ("eva", "api", "global", "eva/eva-llama-3.33-70b"),
    ]
    listed = pl.DataFrame(names, ["provider", "channel", "region", "model"], orient="row")
    assert [offer[0] for offer in sellers_of("Llama-3.3-70B", listed)] == ["deepinfra", "fireworks", "groq"]


def test_no_offer_is_taken_from_the_future() -> None:
    early = Market(date(2025, 11, 30), {}, [RATE])
    assert {row["way"] for row in _rows({}, market=early)} == {"rented", "owned"}


def test_hybrid_and_sensitivity_are_figures() -> None:
    (row,) = [row for row in _rows({}) if row["way"] == "rented"]
    hybrid = json.loads(row["hybrid"])
    assert hybrid["1.0"] == {"usd": "5825.40", "captured": 1.0}
    assert hybrid["0.2"]["usd"] == "25825.40"
    spread = json.loads(row["sensitivity"])
    assert spread["machine_cost_factor"]["at_low"] == 652_444_800
    assert spread["engineering_usd_per_month"]["at_high"] == 3_065_344_000


def test_curves_have_every_way_at_every_volume() -> None:
    question = _question({})
    rows = curve_rows(question, find_ways(question))
    BreakEvenCurve.validate(pl.DataFrame(rows, schema=polars_schema(BreakEvenCurve)))
    assert {row["way"] for row in rows} == {"api", "managed", "dedicated", "rented", "owned", "mac"}
    own = {row["way"]: row for row in rows if row["is_own_volume"]}
    assert own["api"]["usd_per_month"] == 25_000
    assert own["rented"]["usd_per_month"] == Decimal("5825.40")
    assert own["mac"]["usd_per_month"] is None
    assert own["mac"]["reason"]


def test_what_moved_a_threshold_is_named() -> None:
    before = dict.fromkeys((*OFFER, *INPUTS)) | {
        "break_even_tokens_per_month": 932_064_000,
        "usd_per_gpu_hour": Decimal("3.990000"),
        "rate_id": "r1",
        "usd_per_mtok": Decimal("6.250000"),
    }
    dearer = before | {"break_even_tokens_per_month": 1, "usd_per_gpu_hour": Decimal("4.5"), "rate_id": "r2"}
    cheaper = before | {"break_even_tokens_per_month": None, "usd_per_mtok": Decimal("5"), "price_ids": "p2"}
    moved = [row["moved_by"] for row in with_causes([dearer, cheaper, dict(before)], [before])]
    assert moved == ["rate 3.99 -> 4.5 USD per GPU hour", "API price of the mix 6.25 -> 5 USD per Mtok", None]
    assert with_causes([dearer], [])[0]["moved_by"] is None


def test_shipped_rates_are_the_newest_before_a_day_and_say_when_they_were_seen() -> None:
    """Nebius prints 3.85 until 2026-09-30 and 4.50 from 2026-10-01."""
    rates = {
        day: [r for r in shipped_rates(day) if r["provider"] == "nebius" and r["variant"] == "SXM"]
        for day in (date(2026, 9, 30), date(2026, 10, 1))
    }
    assert {day: r[0]["usd_per_gpu_hour"] for day, r in rates.items()} == {
        date(2026, 9, 30): Decimal("3.85"),
        date(2026, 10, 1): Decimal("4.50"),
    }
    assert all(r[0]["last_seen_on"] for r in rates.values())
    assert [r for r in shipped_rates(date(2030, 1, 1)) if r["gpu"] == "H100"] == []


def test_until_a_page_of_rates_is_read_a_published_file_answers_like_a_fresh_checkout(tmp_path: Path) -> None:
    """The shipped history ends a rate on the day that it was last seen, which is no word on the days after."""
    warehouse, day = Warehouse(tmp_path), date(2026, 11, 30)
    seed_gpu_rate_history(warehouse)
    warehouse.publish()
    with market_of(warehouse, [], [], day) as market:
        assert market.rates == shipped_rates(day)
        assert {rate["provider"] for rate in market.rates} >= {"runpod", "lambda", "nebius"}
    with warehouse.write() as connection:
        connection.execute("UPDATE core.gpu_rate SET source = 'runpod_rates' WHERE provider = 'runpod'")
    warehouse.publish()
    with market_of(warehouse, [], [], day) as market:
        assert "lambda" not in {rate["provider"] for rate in market.rates}
