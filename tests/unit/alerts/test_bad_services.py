"""A real mail server, and webhooks that fail, hang and die half-way: all arrives, in order, in bounded time."""

import itertools
import re
import socket
import time
from datetime import datetime, timedelta
from functools import partial

import polars as pl
import pytest

from pipelines.alerts import deliver_alerts as alerting
from pipelines.alerts.deliver_alerts import deliver_due
from pipelines.alerts.life import event_frame
from pipelines.alerts.message import alert, alert_frame
from pipelines.alerts.send_message import Patience
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table
from tests.loopback import Loopback, Reply
from tests.mail_server import MailServer

NOW = datetime(2026, 9, 20, 8)
PATIENCE = 1.5
OK = Reply(200)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    """Short patience, no back-off; and smtplib asks no name server what this machine is called."""
    hasty = partial(alerting.deliver, patience=Patience(backoff_seconds=0, answer_seconds=PATIENCE))
    monkeypatch.setattr(alerting, "deliver", hasty)
    monkeypatch.setattr(socket, "getfqdn", lambda *_: "localhost")


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def fire(warehouse, name, at=NOW, subject="s", ends=()):
    """An alert begins at a moment; those of the names in `ends` are followed by it."""
    settled = {"owner": "all", "channel": "default", "delivery_class": "immediate"}
    row = alert(
        "source_failing", [name], "warning", name, ["down"], subject=[subject], alert_on=at.date(), raised_at=at
    )
    ids = [alert("source_failing", [one], "warning", one, [])["alert_id"] for one in ends]
    events = [(row["alert_id"], "firing", None), *((one, "superseded", row["alert_id"]) for one in ids)]
    with warehouse.write() as connection:
        append(connection, "main.alert", alert_frame([row | settled]))
        rows = [{"alert_id": one, "event_at": at, "event": event, "because": why} for one, event, why in events]
        append(connection, "main.alert_event", event_frame(rows))


def runs(warehouse, environ, count):
    """As many deliveries, an hour apart; the seconds that the longest took."""
    longest = 0.0
    for hour in range(count):
        begun = time.monotonic()
        deliver_due(warehouse, NOW + timedelta(hours=hour), environ)
        longest = max(longest, time.monotonic() - begun)
    return longest


def message_id(text):
    return re.search(r"message ([0-9a-f]{16})", text)[1]


def test_mail_arrives_also_from_a_server_that_is_busy_and_hangs_first(warehouse):
    fire(warehouse, "litellm: failing")
    with MailServer(["451 busy", "451 busy", "451 busy", 5 * PATIENCE]) as server:
        longest = runs(warehouse, {"COSTS_ALERT_URLS": server.address}, 4)
        subjects, ids = server.subjects(), {message_id(text) for text in server.texts()}
    assert set(subjects) == {"litellm: failing"}
    assert len(ids) == 1
    assert longest < 20 * PATIENCE
    with warehouse.write() as connection:
        told = read_table(connection, "main.alert_delivery").filter(pl.col("outcome") != "claimed").sort("attempted_at")
    assert told["outcome"].to_list() == ["failed"] * (told.height - 1) + ["delivered"]
    assert f"no answer within {PATIENCE:g} seconds" in told["error"].to_list()


def trickle():
    """A header that never ends: no time-out between two bytes is ever reached."""
    return itertools.chain([b"HTTP/1.1 200 OK\r\nX: "], itertools.repeat(b"x"))


HALF = Reply(200, b"o", {"Content-Length": "100"})


@pytest.mark.parametrize(
    "first",
    [Reply(500), Reply(0), Reply(200, pause_seconds=60), Reply(200, raw=trickle(), pause_seconds=0.1), HALF],
    ids=["fails", "dies", "hangs", "trickles for ever", "dies half-way"],
)
def test_a_webhook_at_its_worst_gets_every_alert_at_least_once_in_order(warehouse, first):
    """Three alerts of one subject, an hour apart, while the service is down for the first three attempts."""
    with Loopback() as server:
        server.script("/hook", first, first, first, OK)
        server.script("/well", OK)
        urls = " ".join(f"json://127.0.0.1:{server.server_port}/{name}" for name in ("hook", "well"))
        names = ["first", "second", "third"]
        longest = 0.0
        for hour, name in enumerate(names):
            fire(warehouse, name, NOW + timedelta(hours=hour), ends=names[max(hour - 1, 0) : hour])
            begun = time.monotonic()
            deliver_due(warehouse, NOW + timedelta(hours=hour), {"COSTS_ALERT_URLS": urls})
            longest = max(longest, time.monotonic() - begun)
        for hour in (3, 4):
            deliver_due(warehouse, NOW + timedelta(hours=hour), {"COSTS_ALERT_URLS": urls})
        told = {path: [asked.body.decode() for asked in server.asked_for(path)] for path in ("/hook", "/well")}
    assert longest < 20 * PATIENCE
    assert_told_in_order(told["/well"], names)
    assert_told_in_order(told["/hook"], names)


def assert_told_in_order(bodies, names):
    """Each at least once, none after a later one; what comes twice has the same id."""
    told = [next(name for name in names if f'"{name}"' in body) for body in bodies]
    assert sorted(set(told)) == sorted(names)
    assert told == sorted(told, key=names.index)
    for name in names:
        assert len({message_id(body) for body, other in zip(bodies, told, strict=True) if other == name}) == 1


def test_a_successor_does_not_overtake_what_it_follows(warehouse):
    """The first message rests after its failure; the second is about another alert of the same subject."""
    fire(warehouse, "sixty days left")
    with Loopback() as server:
        server.script("/hook", Reply(500), Reply(500), Reply(500), OK)
        environ = {"COSTS_ALERT_URLS": f"json://127.0.0.1:{server.server_port}/hook"}
        deliver_due(warehouse, NOW, environ)
        fire(warehouse, "thirty days left", NOW + timedelta(seconds=30))
        assert deliver_due(warehouse, NOW + timedelta(seconds=30), environ).is_empty()
        deliver_due(warehouse, NOW + timedelta(minutes=2), environ)
        bodies = [asked.body.decode() for asked in server.asked[3:]]
    assert_told_in_order(bodies, ["sixty days left", "thirty days left"])
