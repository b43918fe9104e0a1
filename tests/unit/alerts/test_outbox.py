"""What was delivered is not due, what failed is."""

from datetime import date, datetime, timedelta

import polars as pl

from pipelines.alerts.delivery import Target
from pipelines.alerts.message import alert, alert_frame
from pipelines.alerts.outbox import due
from pipelines.schema.alerts import AlertDelivery
from pipelines.schema.columns import polars_schema

NOW = datetime(2026, 11, 21, 6)
WEEK = timedelta(days=7)
SLACK = Target("slack", "aaaa", "slack://secret")
MAIL = Target("mailto", "bbbb", "mailto://secret")


def alerts(*names, raised_at=NOW):
    rows = [
        alert("budget", [name], "warning", name, [name], alert_on=date(2026, 11, 21), raised_at=raised_at)
        for name in names
    ]
    return alert_frame(rows)


def attempts(*rows):
    columns = [(alert_id, NOW, "slack", target, outcome, None) for alert_id, target, outcome in rows]
    return pl.DataFrame(columns, schema=polars_schema(AlertDelivery), orient="row")


def titles_due(stored, deliveries, targets=(SLACK,), now=NOW):
    return due(stored, deliveries, targets, now, WEEK).select("title", "target").rows()


def test_only_pairs_without_a_delivery_are_due():
    stored = alerts("a", "b")
    first, second = stored["alert_id"]
    done = attempts((first, "aaaa", "delivered"), (first, "bbbb", "failed"), (second, "aaaa", "delivered"))
    assert titles_due(stored, done, (SLACK, MAIL)) == [("b", "bbbb"), ("a", "bbbb")]


def test_a_failure_before_a_delivery_does_not_matter():
    stored = alerts("a")
    tried = attempts((stored["alert_id"][0], "aaaa", "failed"), (stored["alert_id"][0], "aaaa", "delivered"))
    assert titles_due(stored, tried) == []


def test_old_alerts_are_given_up():
    stored = alerts("a")
    assert titles_due(stored, attempts(), now=NOW + WEEK) == [("a", "aaaa")]
    assert titles_due(stored, attempts(), now=NOW + WEEK + timedelta(microseconds=1)) == []


def test_no_target_and_a_target_named_twice():
    stored = alerts("a")
    assert titles_due(stored, attempts(), ()) == []
    assert titles_due(stored, attempts(), (SLACK, SLACK)) == [("a", "aaaa")]


def test_what_failed_least_comes_first():
    refused = alerts("refused", raised_at=NOW - timedelta(days=2))
    stored = pl.concat([refused, alerts("younger"), alerts("older", raised_at=NOW - timedelta(days=1))])
    failed = attempts((refused["alert_id"][0], "aaaa", "failed"))
    assert [title for title, _ in titles_due(stored, failed)] == ["older", "younger", "refused"]
