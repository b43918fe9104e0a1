"""Moved dates, thresholds before a retirement, and use after it."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.lifecycle_rules import retirement_moved, retirement_near, used_after_retirement
from pipelines.schema.alerts import Alert

RAISED = datetime(2026, 11, 21, 6, 5)
USD = pl.Decimal(38, 12)


def moved(**other):
    row = {
        "provider": "anthropic",
        "model": "claude-x",
        "old_retires_on": date(2026, 10, 1),
        "new_retires_on": date(2026, 9, 1),
        "old_precision": "day",
        "new_precision": "day",
        "old_state": "deprecated",
        "new_state": "deprecated",
        "known_from": datetime(2026, 8, 1, 3),
        "lifecycle_id": "l1",
        "source": "anthropic-lifecycle",
        "url": "https://example.org/deprecations",
        "spend_30d_usd": Decimal("12.5"),
        "is_first_snapshot": False,
    }
    frame = pl.DataFrame([{**row, **other}], schema_overrides={"spend_30d_usd": USD, "old_retires_on": pl.Date})
    alerts = retirement_moved(frame, RAISED)
    Alert.validate(alerts)
    return alerts


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


@pytest.mark.parametrize("changes", [{"new_retires_on": date(2026, 10, 1)}, {"is_first_snapshot": True}])
def test_no_move_and_first_snapshot_are_silent(changes):
    assert moved(**changes).is_empty()


RETIRES = date(2026, 12, 31)


def risk(days_left=25, **other):
    row = {
        "provider": "openai",
        "model": "gpt-4o",
        "retires_on": RETIRES,
        "retires_precision": "day",
        "days_left": days_left,
        "spend_30d_usd": Decimal(40),
        "replacement": "gpt-5",
        "monthly_delta_usd": Decimal("-10"),
        "last_used_on": RETIRES - timedelta(days=days_left),
        "lifecycle_id": "l9",
        "source": "openai-lifecycle",
        "url": "https://example.org/deprecations",
    }
    return {**row, **other}


def risks(*rows):
    return pl.DataFrame(list(rows), schema_overrides={"spend_30d_usd": USD, "monthly_delta_usd": USD})


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
    assert alerts["title"].to_list() == ["openai gpt-4o: retires 2026-12-31, days left: 12; replacement gpt-5"]


def test_moved_date_alerts_again():
    ids = [
        retirement_near(risks(risk(12, retires_on=day)), RAISED)["alert_id"].item()
        for day in (RETIRES, date(2027, 1, 31))
    ]
    assert ids[0] != ids[1]


def test_owners_of_one_model_are_one_alert():
    alerts = retirement_near(risks(risk(), risk(monthly_delta_usd=Decimal("2.5"))), RAISED)
    assert alerts["usd_per_month_effect"].to_list() == [Decimal("-7.5")]
    assert "spend of the last 30 days: 80.00 USD" in alerts["body"].item()


def test_unknown_spend_counts_as_used_and_zero_does_not():
    assert retirement_near(risks(risk(spend_30d_usd=Decimal(0))), RAISED).is_empty()
    alerts = retirement_near(risks(risk(), risk(spend_30d_usd=None)), RAISED)
    assert "spend of the last 30 days: unknown" in alerts["body"].item()


@pytest.mark.parametrize(
    ("precision", "retires_on", "last_used_on", "is_alert"),
    [
        ("day", RETIRES, RETIRES, False),
        ("day", RETIRES, date(2027, 1, 1), True),
        ("month", date(2027, 2, 1), date(2027, 2, 28), False),
        ("month", date(2027, 2, 1), date(2027, 3, 1), True),
        ("floor", RETIRES, date(2027, 3, 1), False),
        ("day", RETIRES, None, False),
    ],
)
def test_use_after_retirement_needs_a_day_after_the_last_possible_one(precision, retires_on, last_used_on, is_alert):
    row = risk(-60, retires_precision=precision, retires_on=retires_on, last_used_on=last_used_on)
    alerts = used_after_retirement(risks(row).cast({"last_used_on": pl.Date}), RAISED)
    assert alerts["severity"].to_list() == (["critical"] if is_alert else [])
    Alert.validate(alerts)


def test_use_after_retirement_alerts_once_a_month():
    used = [date(2027, 1, 5), date(2027, 1, 6), date(2027, 2, 1)]
    ids = [used_after_retirement(risks(risk(-9, last_used_on=day)), RAISED)["alert_id"].item() for day in used]
    assert ids[0] == ids[1] != ids[2]
