"""What the year is held to, on small books by hand: a judge that finds nothing says nothing."""

from datetime import date, datetime

import polars as pl

from pipelines.alerts.life import event_frame
from pipelines.alerts.message import alert, alert_frame
from pipelines.schema.alerts import AlertMessage, AlertNotice
from pipelines.schema.columns import polars_schema
from tools.alert_year.judge import lost, messages_a_day, never_told, percentile, without_end
from tools.alert_year.live import Book
from tools.alert_year.team_usage import Cause

AT = datetime(2026, 3, 1, 7)
DOWN = Cause("down", ("source_failing",), date(2026, 3, 1), date(2026, 3, 2))


def book(*events, told=True):
    facts = {"alert_on": AT.date(), "raised_at": AT}
    row = alert("source_failing", ["s"], "warning", "s: failing", [], **facts)
    rows = [{"alert_id": row["alert_id"], "event_at": AT, "event": name, "because": None} for name in events]
    message = {"message_id": "m", "created_at": AT, "target": "t", "owner": "all", "severity": "warning"}
    message |= {"is_digest": False, "title": "t", "body": "b"}
    notices = [("m", 0, row["alert_id"], "firing")] if told else []
    return Book(
        alert_frame([row]),
        event_frame(rows),
        pl.DataFrame([message], schema=polars_schema(AlertMessage)),
        pl.DataFrame(notices, schema=polars_schema(AlertNotice), orient="row"),
    )


def test_a_cause_is_lost_unless_a_message_told_it_in_its_time():
    assert lost(book("firing"), [DOWN]) == []
    assert lost(book("firing", told=False), [DOWN]) == ["down"]
    later = Cause("later", ("source_failing",), date(2026, 3, 2), date(2026, 3, 9))
    other = Cause("other", ("run_failed",), date(2026, 3, 1), date(2026, 3, 9))
    assert lost(book("firing"), [later, other]) == ["later", "other"]


def test_what_lasts_has_an_end_and_what_fires_is_told_or_held_back():
    assert without_end(book("firing")) == ["s: failing"]
    assert without_end(book("firing", "resolved")) == []
    assert never_told(book("firing", told=False)) == ["s: failing"]
    assert never_told(book("firing", "inhibited", told=False)) == []


def test_days_without_a_message_count_and_the_percentile_is_a_day_that_was():
    counts = messages_a_day(book("firing").messages, date(2026, 2, 28), date(2026, 3, 2))
    assert counts == [0, 1, 0]
    # 99 of 100 days have at most 2 messages.
    assert percentile([7] + [2] * 99) == 2
    assert percentile([7, 7] + [2] * 98) == 7
