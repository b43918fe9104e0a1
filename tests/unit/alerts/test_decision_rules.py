"""A cheaper model that the user calls good enough, and own machines that begin or cease to pay: told with the cause."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.decision_rules import break_even_crossed, cheaper_equivalent
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import BreakEven
from pipelines.schema.what_if import WhatIf

RAISED = datetime(2026, 11, 21, 6)
DAY = date(2026, 11, 21)
SWITCH = {
    "as_of": DAY, "basis": "task_classes", "task_class": "support", "provider": "openai", "channel": "api",
    "region": "global", "model": "gpt-big", "service_tier": "standard", "target_provider": "openai",
    "target_channel": "api", "target_region": "global", "target_model": "gpt-small", "target_service_tier": "standard",
    "usage_rows": 5, "same_usd": Decimal(50), "target_usd": Decimal(35), "change_usd": Decimal(-15),
    "cold_cache_usd": None, "is_cheapest": True, "is_lower_bound": False, "price_ids": "p1",
}  # fmt: skip


def switches(*rows, **options):
    frame = pl.DataFrame([SWITCH | row for row in rows], schema=polars_schema(WhatIf))
    return Alert.validate(cheaper_equivalent(frame, RAISED, **options))


def test_what_all_classes_of_a_model_would_save_is_one_alert():
    """15 and 6 USD are 21, at least the 20 of the rule."""
    (row,) = switches({}, {"task_class": None, "change_usd": Decimal(-6), "target_model": "gpt-mini"}).to_dicts()
    assert row["title"] == "openai gpt-big: openai gpt-small and 1 more would save 21.00 USD a month"
    assert (row["severity"], row["usd_per_month_effect"]) == ("warning", Decimal(-21))
    assert row["body"].splitlines()[0] == "class support: 50.00 USD -> 35.00 USD at openai gpt-small"


@pytest.mark.parametrize(
    "row",
    [{}, {"basis": "models_in_use", "change_usd": Decimal(-500)}, {"is_cheapest": False, "change_usd": Decimal(-500)}],
    ids=["too little", "nobody said that it is good enough", "another is cheaper"],
)
def test_no_alternative_is_told(row):
    assert switches(row).is_empty()


def test_the_threshold_is_the_users():
    assert switches({}, min_usd=Decimal("15.01")).is_empty()
    assert switches({}, min_usd=Decimal(15)).height == 1


def test_another_target_follows_the_first():
    first, second = switches({}, min_usd=Decimal(1)), switches({"target_model": "other"}, min_usd=Decimal(1))
    assert first["alert_id"].item() != second["alert_id"].item()
    assert first["subject"].item() == second["subject"].item()


OFFER = {
    "as_of": DAY, "api_provider": "openai", "api_model": "gpt-big", "way": "rented", "gpu_provider": "runpod",
    "gpu_tier": "secure", "gpu": "H100", "verdict": "api", "own_tokens_per_month": 1_000_000,
    "own_api_usd_per_month": Decimal(100), "own_gpu_usd_per_month": Decimal(120),
    "break_even_tokens_per_month": 1_200_000, "moved_by": None, "mix_basis": "own", "rate_id": "r1",
}  # fmt: skip
BEFORE = OFFER | {"as_of": date(2026, 11, 19)}
PAYS = {"verdict": "own_gpus", "own_gpu_usd_per_month": Decimal(80), "break_even_tokens_per_month": 800_000}


def crossed(now, before, **options):
    answers = pl.DataFrame([*now, *before], schema=polars_schema(BreakEven))
    return Alert.validate(break_even_crossed(answers, RAISED, **options))


def test_a_rate_that_fell_carries_the_break_even_below_the_own_volume():
    cause = "rate 2.9 -> 1.9 USD per GPU hour"
    (row,) = crossed([OFFER | PAYS | {"moved_by": cause}], [BEFORE]).to_dicts()
    assert row["title"] == "openai gpt-big: rented at runpod (H100) now saves 20.00 USD a month against the API"
    assert row["body"].splitlines()[:3] == [
        f"cause: {cause}",
        "volume: 1,000,000 -> 1,000,000 tokens a month",
        "pays from: 1,200,000 -> 800,000",
    ]
    assert (row["old_value"], row["new_value"], row["usd_per_month_effect"]) == ("API", "rented pays", Decimal(-20))


def test_a_volume_that_fell_is_the_cause_of_the_way_back():
    now = OFFER | {"own_tokens_per_month": 500_000, "break_even_tokens_per_month": 800_000}
    (row,) = crossed([now], [BEFORE | PAYS]).to_dicts()
    assert row["title"] == "openai gpt-big: rented at runpod (H100) no longer saves 10.00 USD a month against the API"
    assert "cause: your volume" in row["body"]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ([OFFER | PAYS], [BEFORE | PAYS]),
        ([OFFER], [BEFORE]),
        ([OFFER | PAYS], []),
        ([OFFER | PAYS], [BEFORE | {"verdict": "unknown"}]),
        ([OFFER | {"verdict": "no_usage"}], [BEFORE | PAYS]),
        ([OFFER | PAYS | {"own_gpu_usd_per_month": Decimal("90.01")}], [BEFORE]),
        ([OFFER, OFFER | PAYS | {"way": "managed"}], [BEFORE | PAYS, BEFORE | {"way": "managed"}]),
    ],
    ids=["still pays", "still not", "first day", "unknown", "no usage", "by less than ten dollars", "by another way"],
)
def test_nothing_is_crossed(now, before):
    assert crossed(now, before).is_empty()


def test_a_crossing_is_of_its_day_and_the_gain_that_counts_is_the_users():
    first = crossed([OFFER | PAYS], [BEFORE])
    assert first["alert_id"].to_list() == crossed([OFFER | PAYS], [BEFORE])["alert_id"].to_list()
    assert crossed([OFFER | PAYS], [BEFORE], min_usd=Decimal("20.01")).is_empty()


def test_a_day_without_a_verdict_is_passed_over():
    between = OFFER | {"as_of": date(2026, 11, 20), "verdict": "unknown"}
    assert crossed([OFFER | PAYS], [BEFORE, between])["alert_on"].to_list() == [DAY]
