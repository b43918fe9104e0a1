"""Real deliveries to a real server on the loopback; the address of a target shows up nowhere."""

import json
import logging
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.delivery import deliver, target_of, targets_from_environment
from pipelines.alerts.message import alert, alert_frame
from pipelines.alerts.outbox import due
from pipelines.schema.alerts import AlertDelivery
from pipelines.schema.columns import polars_schema
from tests.loopback import Loopback, Reply

NOW = datetime(2026, 11, 21, 6)
SECRET = "s3cr3t-t0ken"  # noqa: S105 - stands for one
NO_DELIVERY = pl.DataFrame(schema=polars_schema(AlertDelivery))
OK, DOWN = Reply(200), Reply(500, b"no, s3cr3t-t0ken")


@pytest.fixture
def server():
    with Loopback() as running:
        yield running


def target_at(server, path=f"/{SECRET}"):
    return target_of(server.url(path).replace("http://", "json://"))


def alerts(*names):
    rows = [
        alert("budget", [name], "warning", name, [f"{name} 1", "2"], alert_on=date(2026, 11, 21), raised_at=NOW)
        for name in names
    ]
    return alert_frame(rows)


def send(stored, targets, deliveries=NO_DELIVERY, **options):
    pending = due(stored, deliveries, targets, NOW, timedelta(days=1))
    rows = deliver(pending, targets, NOW, backoff_seconds=0, **options)
    AlertDelivery.validate(rows)
    return rows


def test_a_message_arrives_as_written(server):
    server.script(f"/{SECRET}", OK)
    target = target_at(server)
    rows = send(alerts("budget & more >"), [target])
    (asked,) = server.asked
    message = json.loads(asked.body)
    assert (message["title"], message["message"]) == ("budget & more >", "budget & more > 1\n2")
    assert message["type"] == "warning"
    assert rows.select("channel", "target", "outcome", "error").row(0) == ("json", target.digest, "delivered", None)


def test_quick_retry_succeeds_within_the_run(server):
    server.script(f"/{SECRET}", DOWN, DOWN, OK)
    assert send(alerts("a"), [target_at(server)])["outcome"].to_list() == ["delivered"]
    assert len(server.asked) == 3


def test_what_failed_is_sent_by_the_next_run_and_only_there(server):
    server.script("/up", OK)
    server.script("/down", DOWN, DOWN, OK)
    targets = [target_at(server, "/up"), target_at(server, "/down")]
    stored = alerts("a")
    first = send(stored, targets, attempts=2)
    assert first["outcome"].to_list() == ["delivered", "failed"]
    assert first["error"].to_list() == [None, "HTTP status 500"]
    second = send(stored, targets, first)
    assert second.select("target", "outcome").rows() == [(targets[1].digest, "delivered")]
    assert send(stored, targets, pl.concat([first, second])).is_empty()
    assert len(server.asked_for("/up")) == 1


def test_a_dead_target_does_not_hold_up_the_run(server):
    server.script("/up", OK)
    server.script("/down", DOWN)
    rows = send(alerts(*"abcde"), [target_at(server, "/down"), target_at(server, "/up")], attempts=1, give_up_after=2)
    assert rows["outcome"].to_list() == ["failed"] * 2 + ["delivered"] * 5
    assert len(server.asked_for("/down")) == 2


def test_no_server_is_a_recorded_failure():
    with Loopback() as gone:
        target = target_at(gone)
    rows = send(alerts("a"), [target], attempts=1)
    assert rows.select("outcome", "error").row(0) == ("failed", "no connection")


@pytest.mark.parametrize("reply", [OK, DOWN, Reply(0)])
def test_the_secret_is_nowhere(server, reply, caplog, capsys):
    caplog.set_level(logging.NOTSET)
    for name in ("apprise", "urllib3"):
        caplog.set_level(1, logger=name)
    server.script(f"/{SECRET}", reply)
    targets = targets_from_environment({"COSTS_ALERT_URLS": server.url(f"/{SECRET}").replace("http", "json")})
    rows = send(alerts("a"), targets, attempts=2)
    logging.getLogger("apprise").warning("others are heard")
    assert "others are heard" in caplog.text
    shown = [caplog.text, *capsys.readouterr(), str(rows.rows()), repr(targets), str(targets[0])]
    assert SECRET in targets[0].url
    assert server.asked
    for text in shown:
        assert SECRET not in text
        assert str(server.server_port) not in text


@pytest.mark.parametrize("url", [f"nonsense-{SECRET}", f"nosuch://{SECRET}", f"slack://{SECRET}", f"json://[{SECRET}"])
def test_an_invalid_address_is_a_failure_that_does_not_print_it(url, caplog, capsys):
    caplog.set_level(1)
    targets = targets_from_environment({"COSTS_ALERT_URLS": url})
    rows = send(alerts("a"), targets)
    assert rows.select("channel", "outcome").row(0) == ("unknown", "failed")
    assert rows["error"].item().startswith(f"address {targets[0].digest} in COSTS_ALERT_URLS is not one")
    assert SECRET not in caplog.text + str(capsys.readouterr()) + str(rows.rows()) + repr(targets)


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("", []),
        (" , ", []),
        ("json://a/b,json://c/d", ["json://a/b", "json://c/d"]),
        ("json://a\n json://b , json://a", ["json://a", "json://b"]),
        ("mailto://u:p@example.org?to=a@example.org,b@example.org json://b", None),
        ("typo, json://b", ["typo", "json://b"]),
    ],
)
def test_addresses_are_separated_by_blanks_or_commas(value, urls):
    expected = ["mailto://u:p@example.org?to=a@example.org,b@example.org", "json://b"] if urls is None else urls
    assert [target.url for target in targets_from_environment({"COSTS_ALERT_URLS": value})] == expected


def test_an_unset_variable_means_no_targets():
    assert targets_from_environment({}) == []


def test_webhook_addresses_as_copied_from_the_service_are_known():
    target = target_of("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ")
    assert target.channel == "slack"
    assert "T1JJ3T3L2" not in repr(target)


def test_the_digest_tells_targets_apart_and_is_stable():
    digests = [target_of(url).digest for url in ("json://a", "json://a", "json://b")]
    assert digests[0] == digests[1] != digests[2]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "json://", "slack://", "mailto://", "https://"]))
def test_any_text_as_an_address_is_a_target_or_none(text, scheme):
    for target in targets_from_environment({"COSTS_ALERT_URLS": scheme + text}):
        assert target.url not in repr(target) or len(target.url) < 5
