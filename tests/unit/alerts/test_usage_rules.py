"""Usage that is late, unpriced, refused or not counted, and what runs away."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.alerts.rule_catalog import LASTING
from pipelines.alerts.usage_rules import (
    file_not_read,
    runaway_conversation,
    runaway_key,
    usage_late,
    usage_refused,
    usage_unknown_count,
    usage_unpriced,
)

DAY = date(2026, 9, 20)
NOW = datetime(2026, 9, 20, 8)


@pytest.mark.parametrize(("late", "days", "expected"), [(3, 20, 1), (2, 20, 0), (3, 14, 1), (3, 13, 0), (40, 20, 1)])
def test_an_account_that_went_silent_is_told(late, days, expected):
    """The last day of usage is late + 1 days before."""
    last = DAY - timedelta(days=late + 1)
    used = pl.DataFrame({"account_id": "a", "usage_date": [last - timedelta(days=n) for n in range(days)]})
    found = usage_late(used, DAY, NOW)
    assert found["title"].to_list() == [f"account a: no usage since {last}, {late} days"] * expected


def test_unpriced_usage_is_one_alert_per_model():
    rows = [("openai", "x", DAY, 5, "unknown model", "map it"), ("openai", "x", DAY, 7, "unknown model", "map it")]
    names = ["provider", "model", "usage_date", "quantity", "unpriced_reason", "remedy"]
    (found,) = usage_unpriced(pl.DataFrame(rows, schema=names, orient="row"), NOW).to_dicts()
    assert found["title"] == "openai x: 12 tokens or calls without a price"
    assert "unknown model: map it" in found["body"]


def test_refused_records_are_one_alert_per_file_with_their_lines():
    rows = [("i", "a.csv", n, "no tokens", "tokens is @here") for n in range(1, 9)]
    frame = pl.DataFrame(rows, schema=["import_id", "file_name", "source_line", "rule", "detail"], orient="row")
    (found,) = usage_refused(frame, NOW).to_dicts()
    assert found["title"].endswith(": 8 records refused")
    assert found["body"].startswith("line 1: no tokens: tokens is ")
    assert "@here" not in found["body"]


def test_an_unknown_count_is_told_once_per_format():
    frame = pl.DataFrame({"format": "f", "path": "usage.new", "row_count": [2, 3], "last_usage_date": [DAY, DAY]})
    assert usage_unknown_count(frame, NOW).height == 1


@pytest.mark.parametrize(("last", "expected"), [(50, 0), (51, 1), (19, 0)])
def test_a_key_runs_away_at_more_than_five_of_its_usual_days(last, expected):
    dates = [DAY - timedelta(days=n) for n in range(1, 21)]
    costs = [Decimal(last), *[Decimal(10)] * 19]
    frame = pl.DataFrame({"account_id": "a", "api_key_id": "k", "usage_date": dates, "cost_usd": costs})
    assert runaway_key(frame, NOW).height == expected
    assert runaway_key(frame.clear(), NOW).is_empty()
    assert runaway_key(frame.filter(pl.col("usage_date") < dates[0]), NOW).is_empty()


def test_a_dear_conversation_is_told():
    rows = [("a", c, DAY, Decimal(usd), 10, 1000) for c, usd in (("dear", 50), ("cheap", 49))]
    names = ["account_id", "conversation_id", "usage_date", "cost_usd", "usage_rows", "tokens"]
    found = runaway_conversation(pl.DataFrame(rows, schema=names, orient="row"), NOW)
    assert found["title"].to_list() == ["conversation dear: 50.00 USD on 2026-09-20"]


def test_each_file_of_the_inbox_that_was_not_read_is_one_alert_that_lasts():
    names = ["path", "file_name", "is_in_inbox", "state", "state_at", "size_bytes", "modified_ns", "not_imported"]
    rows = [
        ("/i/a.csv", "a.csv", True, "refused", NOW, 1, 1, "it is damaged"),
        ("/i/b.csv", "b.csv", True, "not_recognised", NOW, 1, 1, None),
        ("/i/c.csv", "c.csv", True, "waiting", NOW, 1, 1, "still written"),
        ("/elsewhere/d.csv", "d.csv", False, "refused", NOW, 1, 1, "it is damaged"),
        ("/i/e.csv", "e.csv", None, "read", None, 1, 1, None),
    ]
    found = file_not_read(pl.DataFrame(rows, schema=names, orient="row"), NOW)
    assert sorted(found["title"]) == ["inbox: a.csv is refused", "inbox: b.csv is not recognised"]
    assert "file_not_read" in LASTING
