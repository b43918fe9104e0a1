"""Failing sources, a moved projection."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.operating_rules import (
    DIED,
    month_totals,
    projection_moved,
    run_failed,
    usage_left_out,
)
from pipelines.alerts.source_rules import source_failing
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast
from pipelines.schema.spend import CHANGE_CAUSES, SpendChange
from pipelines.schema.usage_overlap import UsageOverlap

RAISED = datetime(2026, 11, 21, 6, 5)
SINCE = datetime(2026, 11, 19, 6)
GOOD = datetime(2026, 11, 18, 6)


def health(**other):
    row = {
        "source": "openai-pricing",
        "status": "failing",
        "consecutive_failures": 3,
        "last_success_at": GOOD,
        "failing_since": SINCE,
        "reason": "HTTP 500",
        "url": "https://example.org/pricing",
        "is_proven": True,
    }
    schema = {"last_success_at": pl.Datetime("us"), "failing_since": pl.Datetime("us")}
    return pl.DataFrame([{**row, **other}], schema_overrides=schema)


def test_a_streak_of_failures_is_one_alert():
    first = source_failing(health(), RAISED)
    later = source_failing(health(consecutive_failures=9, reason="HTTP 503"), datetime(2026, 11, 25))
    assert first["title"].to_list() == ["openai-pricing: failing, last success 2026-11-18 06:00 UTC"]
    assert first["alert_id"].to_list() == later["alert_id"].to_list()
    next_streak = source_failing(health(failing_since=RAISED), RAISED)
    assert next_streak["alert_id"].item() != first["alert_id"].item()
    Alert.validate(first)


def test_a_failing_source_names_its_page_and_whether_its_parser_ever_met_one():
    proven, unproven = (source_failing(health(is_proven=flag), RAISED).row(0, named=True) for flag in (True, False))
    assert proven["link"] == "https://example.org/pricing"
    assert set(unproven["body"].splitlines()) - set(proven["body"].splitlines()) == {
        "its parser has not been proven by a real answer yet"
    }
    assert unproven["alert_id"] == proven["alert_id"]


@pytest.mark.parametrize(
    ("changes", "titles"),
    [
        ({"status": "ok"}, []),
        ({"status": "never", "last_success_at": None, "failing_since": None}, []),
        ({"status": "never", "last_success_at": None}, ["openai-pricing: failing, last success never"]),
        (
            {"status": "stale", "failing_since": None, "reason": None},
            ["openai-pricing: stale, last success 2026-11-18 06:00 UTC"],
        ),
    ],
)
def test_other_states(changes, titles):
    assert source_failing(health(**changes), RAISED)["title"].to_list() == titles


def totals(**other):
    row = {
        "as_of": date(2026, 11, 21),
        "month": date(2026, 11, 1),
        "projected_usd": Decimal(110),
        "low_usd": Decimal(95),
        "spent_usd": Decimal(70),
        "is_unpriced": False,
        "projected_usd_before": Decimal(100),
    }
    return pl.DataFrame([{**row, **other}])


def forecast(as_of, projected, low, spent, *, is_unpriced=False):
    row = {"as_of": as_of, "month": as_of.replace(day=1), "scope": "all", "is_unpriced": is_unpriced}
    amounts = {"projected_usd": projected, "low_usd": low, "spent_usd": spent}
    return row | {name: None if usd is None else Decimal(usd) for name, usd in amounts.items()}


def test_totals_of_a_month_know_the_day_before():
    rows = [
        forecast(date(2026, 11, 19), None, None, None, is_unpriced=True),
        forecast(date(2026, 11, 20), 30, 25, 10),
        forecast(date(2026, 11, 21), 100, 55, 32, is_unpriced=True),
        forecast(date(2026, 12, 1), 50, None, 45),
    ]
    got = month_totals(pl.DataFrame(rows, schema=polars_schema(SpendForecast)))
    columns = ["as_of", "projected_usd", "low_usd", "spent_usd", "is_unpriced", "projected_usd_before"]
    assert got.select(columns).rows() == [
        (date(2026, 11, 20), 30, 25, 10, False, None),
        (date(2026, 11, 21), 100, 55, 32, True, 30),
        (date(2026, 12, 1), 50, 45, 45, False, None),
    ]
    alerts = projection_moved(got, RAISED)
    assert alerts.select("rule", "severity").rows() == [("projection_moved", "warning")]
    assert "some usage has no price and is not counted" in alerts["body"][0]


@pytest.mark.parametrize(
    ("owed", "formulas", "projected"),
    [
        (("60", "90"), ("f", "f"), (90, 60)),
        ((None, "90"), ("f", "f"), (120, 100)),
        (("60", "90"), ("e", "f"), (120, 100)),
        (("60", None), ("f", "f"), (120, 100)),
    ],
)
def test_a_projection_is_of_what_is_owed_where_both_days_say_it_alike(owed, formulas, projected):
    days = (date(2026, 11, 20), date(2026, 11, 21))
    rows = [
        {"as_of": day, "month": date(2026, 11, 1), "projected_usd": listed, "spent_usd": 1, "formula_version": formula}
        | {"projected_effective_usd": amount and Decimal(amount)}
        for day, listed, amount, formula in zip(days, (100, 120), owed, formulas, strict=True)
    ]
    got = month_totals(pl.DataFrame(rows, schema=polars_schema(SpendForecast))).row(1, named=True)
    assert (got["projected_usd"], got["projected_usd_before"]) == projected


@pytest.mark.parametrize(
    ("old", "new", "is_alert"),
    [
        (Decimal(100), Decimal(110), True),
        (Decimal(100), Decimal("109.99"), False),
        (Decimal(100), Decimal(90), True),
        (Decimal("0.50"), Decimal("1.49"), False),
        (Decimal(0), Decimal(5), True),
        (None, Decimal(110), False),
    ],
)
def test_projection_must_move_by_share_and_by_amount(old, new, is_alert):
    alerts = projection_moved(totals(projected_usd_before=old, projected_usd=new), RAISED)
    assert alerts.height == int(is_alert)


def test_projection_says_both_figures_and_alerts_once_per_day():
    alerts = projection_moved(totals(), RAISED)
    assert alerts["title"].item() == "2026-11: month-end projection moved from 100.00 USD to 110.00 USD (+10 %)"
    assert alerts["usd_per_month_effect"].item() == Decimal(10)
    other_day = projection_moved(totals(as_of=date(2026, 11, 22)), RAISED)
    assert alerts["alert_id"].item() != other_day["alert_id"].item()
    Alert.validate(alerts)


def test_a_moved_projection_says_why_spend_changed():
    parts = {f"{name}_usd": Decimal(0) for name in CHANGE_CAUSES} | {
        "volume_usd": Decimal(12),
        "price_usd": Decimal(-3),
    }
    change = {"as_of": date(2026, 11, 21), "change_usd": Decimal(9)} | parts
    changes = pl.DataFrame([change], schema=polars_schema(SpendChange))
    body = projection_moved(totals(), RAISED, changes=changes)["body"].item()
    assert "spend of 7 days against the 7 before: +9.00 USD (volume +12.00 USD, price -3.00 USD)" in body.splitlines()


def overlap(**other):
    row = {
        "usage_date": date(2026, 10, 1),
        "account_id": "team-a",
        "provider": "openai",
        "channel": "api",
        "model": "gpt-x",
        "report": "requests",
        "usage_rows": 1,
        "tokens": 1_000,
        "counted_report": "openai_dashboard, 1 d, project_id",
        "counted_tokens": 2_000,
        "left_out_usd": Decimal("6.25"),
        "reason": "it holds fewer tokens than the report that counts",
    }
    return row | other


def left_out(*rows):
    return usage_left_out(pl.DataFrame(list(rows), schema=polars_schema(UsageOverlap)), datetime(2026, 11, 1))


def test_usage_left_out_is_one_alert_per_account_report_and_month():
    rows = [overlap(), overlap(usage_date=date(2026, 10, 31)), overlap(account_id="team-b"), overlap(report="a, 1 d")]
    told = left_out(*rows, overlap(usage_date=date(2026, 9, 30)))
    assert told.height == told["alert_id"].n_unique() == 4
    assert told["title"][2] == "2026-10: usage worth 12.50 USD of account team-a is left out of cost"
    assert "--account" in told["body"][2]


def test_cents_that_are_left_out_are_no_alert_and_what_has_no_price_is_one():
    assert left_out(overlap(left_out_usd=Decimal("0.99"))).is_empty()
    (title,) = left_out(overlap(left_out_usd=None))["title"]
    assert "at least 0.00 USD" in title


@pytest.mark.parametrize(
    ("now", "before", "title"),
    [
        ({"books": "a: HTTP 503"}, {}, "refresh failed: books"),
        ({"books": "a: HTTP 503"}, {"books": "a: HTTP 503"}, None),
        ({"books": "a: HTTP 404"}, {"books": "a: HTTP 503"}, "refresh failed: books"),
        # The same source for the same reason; times, counts and hashes differ each day.
        ({"books": "a: 117 s spent at 2026-11-29 06:00"}, {"books": "a: 20.1 s spent at 2026-11-28 06:01"}, None),
        ({"books": "body ab12cd34 of 1,234 bytes: damaged"}, {"books": "body 9f9c0011 of 987 bytes: damaged"}, None),
        # Another source of the same table, one that recovered, another step.
        ({"books": "a: HTTP 503\nb: empty"}, {"books": "a: HTTP 503"}, "refresh failed: books"),
        ({"books": "a: HTTP 503"}, {"books": "a: HTTP 503\nb: empty"}, None),
        ({"books": "a: HTTP 503", "rates": "c: empty"}, {"books": "a: HTTP 503"}, "refresh failed: rates"),
        ({}, {}, "refresh failed: its process ended before its time"),
        ({}, {DIED: ""}, None),
        ({"books": "a: HTTP 503"}, {DIED: ""}, "refresh failed: books"),
    ],
)
def test_a_run_that_fails_as_before_is_told_once(now, before, title):
    told = run_failed("refresh", now, RAISED, before)
    assert told["title"].to_list() == ([title] if title else [])


def test_only_what_is_new_is_told_in_full():
    before = {"books": "a: HTTP 503", "rates": "c: empty"}
    told = run_failed("refresh", {"books": "a: HTTP 503\nb: no table", "rates": "c: empty"}, RAISED, before)
    assert "books: b: no table" in told["body"].item()
    assert "HTTP 503" not in told["body"].item()
    assert "failing as before: rates" in told["body"].item()
