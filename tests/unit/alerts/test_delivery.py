"""Real deliveries to a real server on the loopback; the address of a target shows up nowhere."""

import json
import logging
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.alerts.delivery import deliver, target_of, targets_from_environment, targets_of
from pipelines.alerts.outbox import due
from pipelines.alerts.send_message import Patience
from pipelines.schema.alerts import AlertDelivery, AlertMessage, AlertNotice
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


def messages(*names):
    """One message per name, for every address; each tells of the alert of that name."""
    return [
        {"message_id": name, "created_at": NOW, "owner": "all", "severity": "warning", "is_digest": False,
         "title": name, "body": f"{name} 1\n2"}
        for name in names
    ]  # fmt: skip


def send(told, targets, deliveries=NO_DELIVERY, now=NOW, **options):
    stored = [
        row | {"target": target.digest, "message_id": f"{row['message_id']} {target.digest}"}
        for target in targets
        for row in told
    ]
    notices = [(row["message_id"], 0, row["title"], "firing") for row in stored]
    notices = pl.DataFrame(notices, schema=polars_schema(AlertNotice), orient="row")
    pending = due(pl.DataFrame(stored, schema=polars_schema(AlertMessage)), notices, deliveries, now, timedelta(days=1))
    alerts_of = {row["message_id"]: [row["title"]] for row in stored}
    rows = deliver(pending, alerts_of, targets, now, Patience(backoff_seconds=0, **options))
    AlertDelivery.validate(rows)
    return rows


def test_a_message_arrives_as_written(server):
    server.script(f"/{SECRET}", OK)
    target = target_at(server)
    rows = send(messages("budget & more >"), [target])
    (asked,) = server.asked
    message = json.loads(asked.body)
    assert (message["title"], message["message"]) == ("budget & more >", "budget & more > 1\n2")
    assert message["type"] == "warning"
    assert rows.select("channel", "target", "outcome", "error").row(0) == ("json", target.digest, "delivered", None)


def test_quick_retry_succeeds_within_the_run(server):
    server.script(f"/{SECRET}", DOWN, DOWN, OK)
    assert send(messages("a"), [target_at(server)])["outcome"].to_list() == ["delivered"]
    assert len(server.asked) == 3


def test_what_failed_is_sent_by_the_next_run_and_only_there(server):
    server.script("/up", OK)
    server.script("/down", DOWN, DOWN, OK)
    targets = [target_at(server, "/up"), target_at(server, "/down")]
    stored = messages("a")
    first = send(stored, targets, attempts=2)
    assert first["outcome"].to_list() == ["delivered", "failed"]
    assert first["error"].to_list() == [None, "HTTP status 500"]
    assert send(stored, targets, first, NOW + timedelta(seconds=59)).is_empty()
    second = send(stored, targets, first, NOW + timedelta(minutes=1))
    assert second.select("target", "outcome").rows() == [(targets[1].digest, "delivered")]
    assert send(stored, targets, pl.concat([first, second]), NOW + timedelta(hours=1)).is_empty()
    assert len(server.asked_for("/up")) == 1


def test_a_dead_target_does_not_hold_up_the_run(server):
    server.script("/up", OK)
    server.script("/down", DOWN)
    rows = send(messages(*"abcde"), [target_at(server, "/down"), target_at(server, "/up")], attempts=1)
    assert rows["outcome"].to_list() == ["failed"] * 3 + ["delivered"] * 5
    assert len(server.asked_for("/down")) == 3


def test_no_server_is_a_recorded_failure():
    with Loopback() as gone:
        target = target_at(gone)
    rows = send(messages("a"), [target], attempts=1)
    assert rows.select("outcome", "error").row(0) == ("failed", "no connection")


@pytest.mark.parametrize("reply", [OK, DOWN, Reply(0)])
def test_the_secret_is_nowhere(server, reply, caplog, capsys):
    caplog.set_level(logging.NOTSET)
    for name in ("apprise", "urllib3"):
        caplog.set_level(1, logger=name)
    server.script(f"/{SECRET}", reply)
    targets = targets_from_environment({"COSTS_ALERT_URLS": server.url(f"/{SECRET}").replace("http", "json")})
    rows = send(messages("a"), targets, attempts=2)
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
    rows = send(messages("a"), targets)
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


def test_an_address_may_have_the_name_of_a_channel():
    named = "finance=mailto://u:p@example.org?to=a@example.org,b@example.org,json://b ops-1=slack://x"
    targets = targets_from_environment({"COSTS_ALERT_URLS": named})
    assert [target.name for target in targets] == ["finance", "default", "ops-1"]
    assert [target.name for target in targets_of("ops-1", targets)] == ["ops-1"]
    assert [target.name for target in targets_of("nobody", targets)] == ["default"]
    assert targets_of("nobody", targets[:1]) == targets[:1]
