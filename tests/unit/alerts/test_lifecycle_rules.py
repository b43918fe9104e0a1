"""Moved dates, thresholds before a retirement, and use after it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.lifecycle_rules import retirement_near, used_after_retirement
from pipelines.alerts.retirement_rules import retirement_moved
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import DeprecationRisk

RAISED = datetime(2026, 11, 21, 6, 5)
USD = pl.Decimal(38, 12)


def move(**other):
    return {
        "provider": "anthropic",
        "channel": "api",
        "model": "claude-x",
        "version": "",
        "scope": "all",
        "old_retires_on": date(2026, 10, 1),
        "new_retires_on": date(2026, 9, 1),
        "old_precision": "day",
        "new_precision": "day",
        "old_state": "deprecated",
        "new_state": "deprecated",
        "old_legacy_on": None,
        "new_legacy_on": None,
        "old_price_change_on": None,
        "new_price_change_on": None,
        "old_outcome": "fail",
        "new_outcome": "fail",
        "old_replacements": None,
        "new_replacements": None,
        "known_from": datetime(2026, 8, 1, 3),
        "lifecycle_id": "l1",
        "source": "anthropic-lifecycle",
        "url": "https://example.org/deprecations",
        "spend_30d_usd": Decimal("12.5"),
        "is_first_snapshot": False,
        **other,
    }


def moved(**other):
    return all_moved([move(**other)])


def all_moved(moves):
    frame = pl.DataFrame(moves, schema_overrides={"spend_30d_usd": USD, "old_retires_on": pl.Date})
    alerts = retirement_moved(frame, RAISED)
    Alert.validate(alerts)
    return alerts


def test_of_many_that_move_at_once_the_used_one_is_told_by_itself():
    ids = [f"m{n}" for n in range(8)]
    spends = [Decimal(5) if name == "m3" else None for name in ids]
    moves = [move(model=name, lifecycle_id=name, spend_30d_usd=usd) for name, usd in zip(ids, spends, strict=True)]
    alerts = {row["model"]: row for row in all_moved(moves).to_dicts()}
    assert {model: row["severity"] for model, row in alerts.items()} == {"m3": "warning", None: "info"}
    assert alerts[None]["title"].startswith("anthropic-lifecycle: retirements of 7 models moved")
    assert len(all_moved([one for one in moves[:6] if one["model"] != "m3"])) == 5


@pytest.mark.parametrize(
    ("changes", "words", "severity"),
    [
        ({}, "retirement moved from 2026-10-01 to 2026-09-01 (-30 days)", "warning"),
        ({"spend_30d_usd": None}, "retirement moved from 2026-10-01 to 2026-09-01 (-30 days)", "info"),
        ({"new_retires_on": date(2026, 11, 1)}, "retirement moved from 2026-10-01 to 2026-11-01 (+31 days)", "info"),
        (
            {"old_retires_on": None, "old_precision": None, "old_state": None},
            "retirement announced: 2026-09-01",
            "warning",
        ),
        (
            {"new_retires_on": None, "new_precision": "none"},
            "retirement date withdrawn, was 2026-10-01",
            "info",
        ),
        (
            {"new_retires_on": date(2026, 10, 1), "new_state": "retired"},
            "now retired, was deprecated; retirement 2026-10-01",
            "warning",
        ),
        (
            {"old_precision": "month", "new_precision": "floor"},
            "retirement moved from in 2026-10 to not before 2026-09-01 (-30 days)",
            "warning",
        ),
    ],
)
def test_a_moved_retirement_says_how(changes, words, severity):
    alerts = moved(**changes)
    assert alerts.select("title", "severity").row(0) == (f"anthropic claude-x: {words}", severity)
    assert alerts["alert_on"].item() == date(2026, 8, 1)


SAME = {"new_retires_on": date(2026, 10, 1)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"old_outcome": "fail", "new_outcome": "reroute_rebill"}, "afterwards: fail -> reroute_rebill"),
        ({"new_price_change_on": date(2026, 7, 14)}, "price change on: no date -> 2026-07-14"),
        (
            {"old_legacy_on": date(2026, 4, 14), "new_legacy_on": date(2026, 5, 1)},
            "legacy from: 2026-04-14 -> 2026-05-01",
        ),
        (
            {"old_replacements": "claude-y,claude-z", "new_replacements": "claude-z"},
            "replacement: claude-y, claude-z -> claude-z",
        ),
        ({"old_replacements": "claude-y"}, "replacement: claude-y -> none named"),
    ],
)
def test_a_move_of_another_fact_is_told_too(changes, words):
    alerts = moved(**SAME, **changes)
    assert alerts.select("title", "severity").row(0) == (f"anthropic claude-x: {words}", "warning")
    assert words in moved(**changes)["body"].item().splitlines()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ({"channel": "bedrock", "version": "v1:0", "scope": "us-east-1"},
         "anthropic claude-x (on bedrock, version v1:0, for us-east-1)"),
        ({"scope": "free and developer-tier usage"}, "anthropic claude-x (for free and developer-tier usage)"),
        ({"channel": "azure", "model": "claude-x-2026", "version": "2026"}, "anthropic claude-x-2026 (on azure)"),
        ({"channel": "bedrock", "scope": "ap-south-1,eu-west-1,us-east-1,us-west-2"},
         "anthropic claude-x (on bedrock, for ap-south-1 and 3 more)"),
    ],
)  # fmt: skip
def test_channel_version_and_scope_are_named_where_they_are_not_the_whole(place, words):
    assert moved(**place)["title"].item().startswith(f"{words}: retirement moved")


def test_the_end_in_each_place_is_an_alert_of_its_own():
    rows = [risk(), risk(channel="azure"), risk(channel="azure", version="2"), risk(scope="eu-west-1")]
    alerts = retirement_near(risks(*rows), RAISED)
    assert alerts["alert_id"].n_unique() == 4
    used = used_after_retirement(risks(*(row | {"is_used_after_retirement": True} for row in rows)), RAISED)
    assert used["alert_id"].n_unique() == 4


@pytest.mark.parametrize("changes", [{"new_retires_on": date(2026, 10, 1)}, {"is_first_snapshot": True}])
def test_no_move_and_first_snapshot_are_silent(changes):
    assert moved(**changes).is_empty()


RETIRES = date(2026, 12, 31)


def risk(days_left=25, **other):
    as_of = RETIRES - timedelta(days=days_left)
    row = {
        "as_of": as_of,
        "provider": "openai",
        "channel": "api",
        "model": "gpt-4o",
        "version": "",
        "scope": "all",
        "retires_on": RETIRES,
        "expected_end_on": RETIRES,
        "days_basis": "firm",
        "days_left": days_left,
        "spend_30d_usd": Decimal(40),
        "replacement": "gpt-5",
        "monthly_delta_usd": Decimal(-10),
        "is_used_after_retirement": False,
        "last_used_on": as_of - timedelta(days=1),
        "lifecycle_id": "l9",
    }
    return {**row, **other}


def risks(*rows):
    return pl.DataFrame(list(rows), schema=polars_schema(DeprecationRisk))


def test_each_threshold_alerts_once_as_days_pass():
    days = range(120, -5, -1)
    by_day = pl.concat([retirement_near(risks(risk(left)), RAISED) for left in days])
    first_seen = by_day.unique("alert_id", keep="first", maintain_order=True)
    told_on = [(RETIRES - day).days for day in first_seen["alert_on"]]
    assert told_on == [90, 60, 30, 14, 7, 1]
    assert first_seen["severity"].to_list() == ["info", "info", "warning", "warning", "critical", "critical"]
    Alert.validate(first_seen)


def test_missed_days_give_only_the_nearest_threshold():
    alerts = retirement_near(risks(risk(12)), RAISED)
    assert alerts["title"].to_list() == ["openai gpt-4o: retires 2026-12-31, days left: 12; replacement: gpt-5"]


def test_a_new_date_counts_its_thresholds_again():
    later = date(2027, 1, 31)
    ids = [retirement_near(risks(risk(12, retires_on=day)), RAISED)["alert_id"].item() for day in (RETIRES, later)]
    assert ids[0] != ids[1]


def test_a_floor_is_told_as_one():
    alerts = retirement_near(risks(risk(12, days_basis="floor")), RAISED)
    assert "retires not before 2026-12-31" in alerts["title"].item()


def test_inferred_dates_and_models_no_longer_used_are_silent():
    unused = risk(last_used_on=RETIRES - timedelta(days=25 + 31))
    assert retirement_near(risks(risk(days_basis="inferred", retires_on=None), unused), RAISED).is_empty()


def test_owners_of_one_model_are_one_alert():
    alerts = retirement_near(risks(risk(), risk(monthly_delta_usd=Decimal("2.5"))), RAISED)
    assert alerts["usd_per_month_effect"].to_list() == [Decimal("-7.5")]
    assert "spend of the last 30 days: 80.00 USD" in alerts["body"].item()


def test_one_owner_of_unknown_cost_makes_the_sum_unknown():
    alerts = retirement_near(risks(risk(), risk(spend_30d_usd=None)), RAISED)
    assert "spend of the last 30 days: unknown" in alerts["body"].item()


def test_use_after_retirement_is_critical_once_a_month():
    used = [date(2027, 1, 5), date(2027, 1, 6), date(2027, 2, 1)]
    days = [risk((RETIRES - day).days, last_used_on=day, is_used_after_retirement=True) for day in used]
    alerts = pl.concat([used_after_retirement(risks(day, risk()), RAISED) for day in days])
    assert alerts["severity"].to_list() == ["critical"] * 3
    ids = alerts["alert_id"].to_list()
    assert ids[0] == ids[1] != ids[2]
    assert alerts["title"][0] == "openai gpt-4o: used on 2027-01-05, though retired 2026-12-31"
    Alert.validate(alerts)
