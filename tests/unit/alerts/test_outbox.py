"""What was delivered is not due, what failed is, after a while, and what begins is told before what ends."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from pipelines.alerts.outbox import due, wait_after
from pipelines.schema.alerts import AlertDelivery, AlertMessage, AlertNotice
from pipelines.schema.columns import polars_schema

NOW = datetime(2026, 11, 21, 6)
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)


def messages(*rows):
    """Name, minutes before NOW at which it was written, and address."""
    columns = [
        (name, NOW - minutes * MINUTE, target, "all", "warning", False, name, name) for name, minutes, target in rows
    ]
    return pl.DataFrame(columns, schema=polars_schema(AlertMessage), orient="row")


def notices(**alerts_of):
    rows = [(name, n, alert, "firing") for name, alerts in alerts_of.items() for n, alert in enumerate(alerts)]
    return pl.DataFrame(rows, schema=polars_schema(AlertNotice), orient="row")


def attempts(*rows):
    columns = [("x", NOW - minutes * MINUTE, "slack", "t", outcome, None, name) for name, minutes, outcome in rows]
    return pl.DataFrame(columns, schema=polars_schema(AlertDelivery), orient="row")


def names_due(stored, told, tried, now=NOW):
    return due(stored, told, tried, now, WEEK)["message_id"].to_list()


@pytest.mark.parametrize(
    ("tried", "expected"),
    [
        ([], True),
        ([("a", 5, "claimed")], True),
        ([("a", 5, "claimed"), ("a", 5, "delivered")], False),
        ([("a", 5, "claimed"), ("a", 5, "failed")], True),
        ([("a", 5, "failed"), ("a", 0, "failed")], False),
        ([("a", 5, "failed"), ("a", 2, "failed")], True),
        ([("a", 5, "failed"), ("a", 2, "delivered")], False),
    ],
)
def test_a_message_is_due_until_it_arrived_and_rests_after_a_failure(tried, expected):
    assert names_due(messages(("a", 9, "t")), notices(a="x"), attempts(*tried)) == ["a"] * expected


def test_the_rest_grows_to_an_hour():
    minutes = [wait_after(failures) / MINUTE for failures in (1, 2, 3, 7, 100)]
    assert minutes == [1, 2, 4, 60, 60]


def test_a_message_is_given_up_after_a_while():
    stored = messages(("a", 0, "t"))
    assert names_due(stored, notices(a="x"), attempts(), NOW + WEEK) == ["a"]
    assert names_due(stored, notices(a="x"), attempts(), NOW + WEEK + timedelta(microseconds=1)) == []


def test_what_is_told_of_an_alert_keeps_its_order_per_address():
    """The end of x waits for its beginning, which rests; the message about y, and another address, do not."""
    stored = messages(("end", 1, "t"), ("begin", 9, "t"), ("other", 5, "t"), ("elsewhere", 5, "u"))
    told = notices(begin="x", end=["y", "x"], other="z", elsewhere="x")
    assert names_due(stored, told, attempts(("begin", 0, "failed"))) == ["other", "elsewhere"]
    assert names_due(stored, told, attempts(("begin", 2, "failed"))) == ["begin", "other", "elsewhere", "end"]
    last = messages(("end", 1, "t"), ("begin", 9, "t"), ("after", 0, "t"))
    chained = notices(begin="x", end=["y", "x"], after="y")
    assert names_due(last, chained, attempts(("begin", 0, "failed"))) == []
