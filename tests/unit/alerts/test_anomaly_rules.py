"""Days that stand out: the views of one cause are one alert, and another cause is another one."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.anomaly_rules import spend_stands_out
from pipelines.alerts.inhibition import inhibited
from pipelines.alerts.message import alert, alert_frame
from pipelines.schema.alerts import Alert
from pipelines.schema.columns import polars_schema
from pipelines.schema.spend import SpendAnomaly

RAISED = datetime(2026, 11, 21, 9)
ROW = {
    "as_of": date(2026, 11, 21), "usage_date": date(2026, 11, 20), "provider": "all", "model": "all", "scope": "all",
    "owner": "all", "cause": "volume", "cause_id": None, "verdict": "stands_out",
}  # fmt: skip
OF_M = {"provider": "openai", "model": "m"}


def view(excess, scope="all", owner="all", **other):
    usd = {"spent_usd": Decimal(excess) * 2, "expected_usd": Decimal(excess), "excess_usd": Decimal(excess)}
    return ROW | usd | {"scope": scope, "owner": owner} | other


def raised(*rows):
    return Alert.validate(spend_stands_out(pl.DataFrame(rows, schema=polars_schema(SpendAnomaly)), RAISED))


def told(*rows):
    return [title.split(": ")[1].split(" cost ")[0] for title in raised(*rows)["title"]]


KEY = {"cause": "one_key", "cause_id": "k"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([view(21), view(21, "project", "p"), view(21, "project", "p", **OF_M)], ["project p, m"]),
        ([view(68, **KEY), view(63, "account", "prod")], ["account prod"]),
        ([view(68), view(56, "account", "prod"), view(8, "account", "lab")], ["all"]),
        ([view(100), view(50, "project", "p"), view(50, "project", "q")], ["all"]),
        ([view(100), view(6, "project", "p", **KEY)], ["all", "project p"]),
        ([view(68, **KEY), view(12, "account", "lab", **OF_M)], ["all"]),
        ([view(100, cause="price"), view(40, "account", "lab", **OF_M)], ["all", "account lab, m"]),
        ([view(21, "team", "search"), view(21, "account", "prod")], ["team search"]),
        ([view(21, **OF_M), view(20, provider="openai", model="n")], ["all, m", "all, n"]),
        ([view(21), view(21) | {"usage_date": date(2026, 11, 19)}], ["all", "all"]),
        ([view(21) | {"verdict": "cannot_be_judged", "cause": None}], []),
        ([view(21) | {"verdict": None}], ["all"]),
    ],
    ids=[
        "the narrowest of equal ones", "called otherwise in a part", "parts", "two halves", "a key of its own",
        "more volume", "another cause", "a team", "two models", "two days", "not judged", "a row of before",
    ],
)  # fmt: skip
def test_one_cause_is_one_alert(rows, expected):
    assert told(*rows) == expected


def test_the_alert_names_the_cause_and_where_it_shows():
    (row,) = raised(view(100), view(70, "project", "p", **KEY), view(60, "account", "a")).to_dicts()
    assert row["body"].splitlines() == [
        "cause: one key k", "excess: +100.00 USD", "shows in project p: +70.00 USD", "shows in account a: +60.00 USD",
    ]  # fmt: skip
    assert row["usd_per_month_effect"] == Decimal(100)


@pytest.mark.parametrize(
    ("day", "shift", "is_held_back"), [(20, 60, True), (21, 60, True), (22, 60, False), (21, 1001, False)]
)
def test_a_projection_that_the_day_moved_is_a_consequence(day, shift, is_held_back):
    facts = {"alert_on": date(2026, 11, day), "raised_at": RAISED, "usd_per_month_effect": Decimal(shift)}
    moved = alert_frame([alert("projection_moved", ["2026-11", day], "warning", "t", ["b"], **facts)])
    assert bool(inhibited(pl.concat([raised(view(100)), moved]))) == is_held_back
