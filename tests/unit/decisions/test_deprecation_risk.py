"""Deprecation risk: hand-calculated scores, honest dates, replacements repriced on the own token mix."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.decisions.deprecation_risk import deprecation_risk, expected_ends
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import DeprecationRisk
from pipelines.schema.lifecycles import OUTCOMES, PRECISIONS, STATES, ModelLifecycle

AS_OF = date(2026, 11, 1)
USAGE_SCHEMA = {
    "usage_date": pl.Date, "provider": pl.String, "model": pl.String, "channel": pl.String, "region": pl.String,
    "project_id": pl.String, "api_key_id": pl.String, "meter": pl.String, "quantity": pl.Int64,
    "cost_usd": pl.Decimal(38, 12),
}  # fmt: skip
PRICE_SCHEMA = {
    "provider": pl.String, "model": pl.String, "channel": pl.String, "region": pl.String, "service_tier": pl.String,
    "meter": pl.String, "valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us"),
    "usd_per_unit": pl.Decimal(18, 6), "unit": pl.String, "context_from": pl.Int64, "context_to": pl.Int64,
}  # fmt: skip


def _usage(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows differ from: yesterday, openai's own API, old, project a, no key, 1 Mtok of input, 10 USD."""
    base = {
        "usage_date": AS_OF - timedelta(days=1), "provider": "openai", "model": "old", "channel": "api",
        "region": "global", "project_id": "a", "api_key_id": None, "meter": "input_uncached", "quantity": 1_000_000,
        "cost_usd": Decimal(10),
    }  # fmt: skip
    return pl.DataFrame([base | row for row in rows], schema=USAGE_SCHEMA, orient="row")


def _lifecycles(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows differ from: openai's old, deprecated, gone on a firm day 45 days ahead, requests fail, new recommended."""
    base = {
        "provider": "openai", "channel": "api", "model": "old", "version": "", "scope": "all", "state": "deprecated",
        "announced_on": None, "retires_on": AS_OF + timedelta(days=45), "retires_precision": "day",
        "outcome": "fail", "replacements": "new", "valid_from": datetime(2026, 6, 1), "valid_to": None,
        "known_from": datetime(2026, 6, 1), "known_to": None, "is_listed": True, "source": "openai",
        "fetch_id": "f", "lifecycle_id": "l1",
    }  # fmt: skip
    return pl.DataFrame([base | row for row in rows], schema=polars_schema(ModelLifecycle), orient="row")


def _prices(*rows: tuple[str, str, str]) -> pl.DataFrame:
    data = [
        ("openai", model, "api", "global", "standard", meter, datetime(2026, 1, 1), None, Decimal(usd), "mtok", 0, None)
        for model, meter, usd in rows
    ]
    return pl.DataFrame(data, schema=PRICE_SCHEMA, orient="row")


PRICES = _prices(
    ("old", "input_uncached", "10"), ("old", "output", "30"), ("new", "input_uncached", "5"), ("new", "output", "40")
)


def _risk(usage: pl.DataFrame, lifecycles: pl.DataFrame, prices: pl.DataFrame = PRICES) -> pl.DataFrame:
    models = usage.select("provider", "model").unique()
    mapping = models.select("provider", model_id="model", canonical_model=pl.col("model").str.strip_suffix("-2024"))
    table = deprecation_risk(usage, lifecycles, prices, mapping, AS_OF)
    DeprecationRisk.validate(table)
    return table


def _row(usage: pl.DataFrame, lifecycles: pl.DataFrame, prices: pl.DataFrame = PRICES) -> dict[str, Any]:
    return _risk(usage, lifecycles, prices).row(0, named=True)


def test_score_is_the_product_of_its_parts() -> None:
    # Half of the lead of 90 days is left: U 0.5. 10 of 200 USD: 5 % of the spend, S 0.5. Fails with a successor: I 1.
    # 100 * 0.5 * (0.6 * 0.5 + 0.4 * 1) = 35.
    usage = _usage({}, {"model": "other", "cost_usd": Decimal(190)})
    row = _row(usage, _lifecycles({}))
    assert (row["days_left"], row["days_basis"], row["lead_time_days"]) == (45, "firm", 90.0)
    assert row["share_of_spend"] == pytest.approx(0.05)
    assert (row["urgency"], row["spend_exposure"], row["impact"]) == pytest.approx((0.5, 0.5, 1.0))
    assert row["score"] == pytest.approx(35)
    assert row["level"] == "medium"
    # 10 USD in 30 days, 45 days left.
    assert row["cost_until_retirement_usd"].quantize(Decimal("0.000001")) == Decimal("15.000000")


def test_the_worked_example_of_the_document() -> None:
    """docs/deprecation_risk.md, computed there by hand."""
    usage = _usage(
        {"quantity": 2_000_000, "cost_usd": Decimal(60)},
        {"meter": "output", "quantity": 500_000, "cost_usd": Decimal(30)},
        {"model": "other", "cost_usd": Decimal(2160)},
    )
    told = {"model": "n", "announced_on": date(2026, 3, 1), "retires_on": date(2026, 8, 30), "lifecycle_id": "n"}
    ending = {"retires_on": AS_OF + timedelta(days=60)}
    prices = _prices(
        ("old", "input_uncached", "30"),
        ("old", "output", "60"),
        ("new", "input_uncached", "1.25"),
        ("new", "output", "10"),
    )
    row = _row(usage, _lifecycles(ending, told), prices)
    assert (row["lead_time_days"], row["notice_median_days"], row["notice_event_count"]) == (182.0, 182.0, 1)
    assert row["urgency"] == pytest.approx(0.6703, abs=1e-4)
    assert (row["share_of_spend"], row["spend_exposure"], row["impact"]) == pytest.approx((0.04, 0.4, 1.0))
    assert (row["score"], row["level"]) == (pytest.approx(42.9, abs=0.05), "medium")
    assert row["cost_until_retirement_usd"] == Decimal(180)
    assert row["monthly_delta_usd"] == Decimal("-82.5")
    assert row["replacement_delta_pct"] == pytest.approx(-91.7, abs=0.05)


@pytest.mark.parametrize(
    ("outcome", "replacements", "impact"),
    [
        ("fail", None, 1.0),
        ("reroute_rebill", "new", 0.7),
        ("reroute_rebill", None, 0.9),
        ("price_rise", "new", 0.5),
        ("redirect", "new", 0.3),
    ],
)
def test_impact_by_outcome(outcome: str, replacements: str | None, impact: float) -> None:
    row = _row(_usage({}), _lifecycles({"outcome": outcome, "replacements": replacements}))
    assert row["impact"] == pytest.approx(impact)


@pytest.mark.parametrize(("days_left", "level"), [(14, "critical"), (15, "high"), (60, "medium"), (80, "low")])
def test_levels(days_left: int, level: str) -> None:
    # All spend, fails: score 100 * (1 - days / 90): 83.3, 33.3, 11.1.
    assert _row(_usage({}), _lifecycles({"retires_on": AS_OF + timedelta(days=days_left)}))["level"] == level


def test_use_after_retirement_is_flagged() -> None:
    gone = _lifecycles({"state": "retired", "retires_on": AS_OF - timedelta(days=5)})
    row = _row(_usage({}), gone)
    assert (row["days_left"], row["urgency"], row["is_used_after_retirement"]) == (-5, 1.0, True)
    assert (row["level"], row["cost_until_retirement_usd"]) == ("critical", Decimal(0))
    before = _row(_usage({"usage_date": AS_OF - timedelta(days=6)}), gone)
    assert not before["is_used_after_retirement"]


def test_a_month_is_firm_from_its_first_day_but_over_only_at_its_end() -> None:
    this_month = {"retires_on": date(2026, 10, 1), "retires_precision": "month"}
    row = _row(_usage({}), _lifecycles(this_month))
    assert (row["days_left"], row["days_basis"], row["is_used_after_retirement"]) == (-31, "firm", False)
    gone = _row(_usage({}), _lifecycles(this_month | {"retires_on": date(2026, 9, 1)}))
    assert gone["is_used_after_retirement"]


NOTICES = [
    {"model": f"m{n}", "announced_on": date(2026, 3, 1), "retires_on": date(2026, 3, 1) + timedelta(days=days),
     "lifecycle_id": f"n{n}"}
    for n, days in enumerate((60, 61, 62, 62, 63, 76, 114, 181, 189, 200, 210))
]  # fmt: skip


def test_the_notice_that_dates_and_lead_rest_on_is_shown() -> None:
    """Eleven notices told on one day: the 6th is 76, the 2nd 61; one other provider's is not counted."""
    other = {"provider": "google", "announced_on": date(2026, 3, 1), "model": "g", "retires_on": date(2026, 3, 2)}
    row = _row(_usage({}), _lifecycles({}, *NOTICES, other))
    assert (row["notice_median_days"], row["notice_p10_days"], row["notice_event_count"]) == (76.0, 61, 1)
    unknown = _row(_usage({}), _lifecycles({}))
    assert (unknown["notice_median_days"], unknown["notice_p10_days"], unknown["notice_event_count"]) == (None, None, 0)


def test_channel_version_and_scope_of_the_end_are_named() -> None:
    row = _row(_usage({}), _lifecycles({"channel": "azure", "version": "2", "scope": "eastus"}))
    assert (row["channel"], row["version"], row["scope"]) == ("azure", "2", "eastus")


def test_floor_waits_for_the_usual_notice_and_caps_urgency() -> None:
    near = {"state": "active", "retires_precision": "floor", "retires_on": AS_OF + timedelta(days=10)}
    row = _row(_usage({}), _lifecycles(near, *NOTICES))
    assert (row["days_left"], row["days_basis"], row["expected_end_on"]) == (61, "inferred", date(2027, 1, 1))
    far = _row(_usage({}), _lifecycles(near | {"retires_on": AS_OF + timedelta(days=70)}, *NOTICES))
    assert (far["days_left"], far["days_basis"]) == (70, "floor")
    # Without any known notice the provider may act today; urgency stays 0.5 and nothing is critical.
    unknown = _row(_usage({}), _lifecycles(near | {"retires_on": date(2026, 1, 1)}))
    assert (unknown["days_left"], unknown["days_basis"], unknown["urgency"]) == (0, "inferred", 0.5)
    assert unknown["level"] == "medium"


def test_long_notice_lengthens_the_lead() -> None:
    long = [{"model": "n", "announced_on": date(2026, 3, 1), "retires_on": date(2026, 8, 28), "lifecycle_id": "n"}]
    row = _row(_usage({}), _lifecycles({}, *long))
    # 180 days from March 1 to August 28, 45 left.
    assert (row["lead_time_days"], row["urgency"]) == (180.0, 0.75)


def test_states_without_a_date() -> None:
    undated = {"retires_on": None, "retires_precision": "none"}
    assert _risk(_usage({}), _lifecycles(undated | {"state": "active"})).is_empty()
    announced = _row(_usage({}), _lifecycles(undated | {"state": "legacy"}, *NOTICES))
    assert (announced["days_left"], announced["days_basis"], announced["retires_on"]) == (61, "inferred", None)
    retired = _row(_usage({}), _lifecycles(undated | {"state": "retired"}, *NOTICES))
    assert (retired["expected_end_on"], retired["is_used_after_retirement"]) == (date(2026, 6, 1), True)
    assert retired["urgency"] == 1.0


def test_statement_in_force_is_the_one_of_the_day() -> None:
    first = {"valid_to": datetime(2026, 10, 1), "retires_on": date(2026, 12, 1), "lifecycle_id": "before"}
    moved = {"valid_from": datetime(2026, 10, 1), "retires_on": date(2027, 2, 1), "lifecycle_id": "moved"}
    later = {"valid_from": datetime(2026, 11, 2), "retires_on": date(2027, 9, 1), "lifecycle_id": "later"}
    versions = _lifecycles(first, moved | {"valid_to": datetime(2026, 11, 2)}, later)
    assert expected_ends(versions, AS_OF)["lifecycle_id"].to_list() == ["moved"]


def test_replacement_is_repriced_on_the_own_mix() -> None:
    # 2 Mtok in and 1 Mtok out: 20 + 30 = 50 at old prices, 10 + 40 = 50 at new ones; 4 and 1: 70 against 60.
    even = _usage({"quantity": 2_000_000}, {"meter": "output"})
    row = _row(even, _lifecycles({}))
    assert (row["replacement"], row["monthly_delta_usd"], row["replacement_delta_pct"]) == ("new", Decimal(0), 0.0)
    row = _row(_usage({"quantity": 4_000_000}, {"meter": "output"}), _lifecycles({}))
    assert row["monthly_delta_usd"] == Decimal(-10)
    assert row["replacement_delta_pct"] == pytest.approx(-100 / 7)


def test_each_region_and_channel_is_repriced_at_its_own_price() -> None:
    # 1 Mtok at each place. Old: global 10, azure in eastus 12; new: global 5, azure in eastus 9: 14 instead of 22.
    azure = {"channel": "azure", "region": "eastus"}
    dearer = _prices(("old", "input_uncached", "12"), ("new", "input_uncached", "9")).with_columns(
        channel=pl.lit("azure"), region=pl.lit("eastus")
    )
    row = _row(_usage({}, azure), _lifecycles({}), pl.concat([PRICES, dearer]))
    assert (row["replacement"], row["monthly_delta_usd"]) == ("new", Decimal(-8))
    assert row["replacement_delta_pct"] == pytest.approx(-800 / 22)
    unpriced = _row(_usage({}, azure), _lifecycles({}))
    assert (unpriced["replacement"], unpriced["monthly_delta_usd"]) == ("new", None)


def test_replacement_without_a_price_for_a_meter_is_not_compared() -> None:
    row = _row(_usage({}, {"meter": "cache_read"}), _lifecycles({}))
    assert (row["replacement"], row["monthly_delta_usd"]) == ("new", None)
    assert row["delta_reason"] == "no price for cache_read of new; no price for cache_read of old"


def test_replacement_must_have_a_price_and_outlast_the_model() -> None:
    dying = {"model": "dying", "retires_on": AS_OF + timedelta(days=40), "replacements": None, "lifecycle_id": "d"}
    new = {"model": "new", "retires_on": AS_OF + timedelta(days=90), "replacements": "newest", "lifecycle_id": "n"}
    prices = pl.concat([PRICES, _prices(("dying", "output", "1"), ("newest", "output", "1"))])
    lifecycles = _lifecycles({"replacements": "unpriced, dying, new"}, dying, new)
    row = _row(_usage({}), lifecycles, prices)
    assert (row["replacement"], row["replacement_days_left"]) == ("new", 90)
    assert row["replacement_chain"] == "new (90 days) > newest"


def test_no_usable_replacement_is_said() -> None:
    row = _row(_usage({}), _lifecycles({"replacements": "unpriced"}))
    assert (row["replacement"], row["replacement_chain"], row["monthly_delta_usd"]) == (None, None, None)
    assert row["delta_reason"] == "no recommended model has a price and stays longer"


def test_models_that_recommend_each_other_end_the_chain() -> None:
    new = {"model": "new", "replacements": "old", "lifecycle_id": "n"}
    assert _row(_usage({}), _lifecycles({}, new))["replacement_chain"] == "new (45 days)"


@pytest.mark.parametrize(("age", "rows", "score"), [(30, 1, 50.0), (31, 1, 0.0), (90, 1, 0.0), (91, 0, None)])
def test_only_recent_use_scores_and_only_90_days_show(age: int, rows: int, score: float | None) -> None:
    table = _risk(_usage({"usage_date": AS_OF - timedelta(days=age)}), _lifecycles({}))
    assert table.height == rows
    assert table["score"].to_list() == ([] if score is None else [pytest.approx(score)])


def test_unpriced_spend_counts_as_full_exposure() -> None:
    soon = _lifecycles({"retires_on": AS_OF + timedelta(days=9)})
    row = _row(_usage({"cost_usd": None}, {"model": "other", "cost_usd": Decimal(5)}), soon)
    assert (row["spend_30d_usd"], row["share_of_spend"], row["spend_exposure"]) == (None, None, 1.0)
    assert (row["score"], row["level"]) == (pytest.approx(90), "critical")


def test_grain_is_the_owner_and_ids_are_mapped() -> None:
    usage = _usage(
        {"model": "old-2024"}, {"model": "old-2024", "api_key_id": "k"}, {"model": "old-2024", "project_id": None},
        {"usage_date": AS_OF, "project_id": "today does not count yet"}, {"provider": "azure"},
    )  # fmt: skip
    prices = pl.concat(
        [PRICES, PRICES.with_columns(model=pl.col("model").replace({"old": "old-2024", "new": "new-2"}))]
    )
    table = _risk(usage, _lifecycles({}), prices)
    assert table.select("provider", "model", "project_id", "api_key_id").rows() == [
        ("openai", "old-2024", None, None), ("openai", "old-2024", "a", None), ("openai", "old-2024", "a", "k"),
    ]  # fmt: skip
    assert set(table["canonical_model"]) == {"old"}
    assert table["monthly_delta_usd"].to_list() == [Decimal(-5)] * 3


def test_no_usage_gives_no_rows() -> None:
    assert _risk(_usage(), _lifecycles({})).is_empty()


lifecycle_rows = st.fixed_dictionaries(
    {
        "state": st.sampled_from(STATES),
        "outcome": st.sampled_from(OUTCOMES),
        "retires_precision": st.sampled_from(PRECISIONS),
        "offset": st.integers(-400, 400),
        "replacements": st.sampled_from([None, "new", "unknown,new"]),
    }
)
usage_rows = st.fixed_dictionaries(
    {
        "age": st.integers(0, 100),
        "model": st.sampled_from(["old", "m1", "other"]),
        "project_id": st.sampled_from([None, "a", "b"]),
        "quantity": st.integers(0, 10**12),
        "cost_usd": st.none() | st.decimals(0, 10**6, places=12),
    }
)


@given(lifecycle_rows, st.lists(usage_rows, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_score_stays_in_range_and_order_changes_nothing(
    lifecycle: dict[str, Any], uses: list[Any], random: Any
) -> None:
    offset, is_dated = lifecycle.pop("offset"), lifecycle["retires_precision"] != "none"
    lifecycle["retires_on"] = AS_OF + timedelta(days=offset) if is_dated else None
    lifecycles = _lifecycles(lifecycle, *NOTICES)
    rows = [{"usage_date": AS_OF - timedelta(days=use.pop("age")), **use} for use in uses]
    table = _risk(_usage(*rows), lifecycles)
    assert table["score"].is_between(0, 100).all()
    random.shuffle(rows)
    assert _risk(_usage(*rows), lifecycles.reverse()).equals(table)
