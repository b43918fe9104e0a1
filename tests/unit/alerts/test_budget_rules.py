"""Budgets that are passed: one message for each, as severe as it is sure."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.budget_rules import budget_exceeded
from pipelines.alerts.message import alert_id
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import BudgetStatus

RAISED = datetime(2026, 11, 21, 9)
DAY = date(2026, 11, 21)


def status(**other):
    row = {
        "as_of": DAY, "scope": "all", "owner": "all", "period": "month", "first_on": date(2026, 11, 1),
        "budget_usd": Decimal(100), "status": "will_exceed", "spent_usd": Decimal(70), "projected_usd": Decimal(110),
        "low_usd": Decimal(95), "chance_of_overrun": 0.8, "exhausted_on": date(2026, 11, 28), "is_lower_bound": False,
        "source": "budgets.toml line 1",
    }  # fmt: skip
    return pl.DataFrame([row | other], schema=polars_schema(BudgetStatus))


@pytest.mark.parametrize(
    ("other", "severities"),
    [
        ({}, ["warning"]),
        ({"low_usd": Decimal("100.01")}, ["critical"]),
        ({"low_usd": Decimal(100)}, ["warning"]),
        ({"low_usd": None}, ["warning"]),
        ({"status": "exceeded", "low_usd": None}, ["critical"]),
        ({"status": "may_exceed"}, []),
        ({"status": "within"}, []),
        ({"status": "unknown", "projected_usd": None}, []),
    ],
)
def test_severity(other, severities):
    alerts = budget_exceeded(status(**other), RAISED)
    Alert.validate(alerts)
    assert alerts["severity"].to_list() == severities


def test_a_message_names_the_budget_and_comes_once_a_period():
    later = status(as_of=date(2026, 11, 22))
    team = status(scope="team", owner="search", period="week", first_on=date(2026, 11, 16))
    alerts = budget_exceeded(pl.concat([status(), later, team]), RAISED)
    assert alerts["title"].to_list() == [
        "2026-11: budget of 100.00 USD may be exceeded; projection 110.00 USD, spent 70.00 USD",
        "team search, week from 2026-11-16: budget of 100.00 USD may be exceeded; "
        "projection 110.00 USD, spent 70.00 USD",
    ]
    # What the month of all together was called before there were others.
    assert alerts["alert_id"][0] == alert_id("budget", ["2026-11", "warning"])
    assert "chance by past errors: 80%" in alerts["body"][0]
