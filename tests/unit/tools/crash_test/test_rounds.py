"""What a round finds when something is lost, by hand: the round itself is run by `python -m tools.crash_test`."""

from pathlib import Path

import pytest

from pipelines.warehouse.database import Warehouse
from tools.crash_test.programs import DONE, program
from tools.crash_test.rounds import (
    CrashTestError,
    Findings,
    Reference,
    _compare,
    _next,
    content,
    published_content,
    told_wrongly,
)
from tools.crash_test.webhook import Webhook


@pytest.fixture
def warehouse(tmp_path):
    """An empty one, published."""
    made = Warehouse(tmp_path)
    with made.write():
        pass
    made.publish()
    return made


@pytest.fixture
def posts():
    with Webhook() as server:
        yield server


def found(warehouse, posts, reference):
    findings = Findings()
    _compare(warehouse, posts, reference, findings)
    return findings


def test_a_row_that_is_missing_an_alert_and_half_a_file_are_found(warehouse, posts):
    reference = Reference(content(warehouse), published_content(warehouse), {})
    assert not any(found(warehouse, posts, reference).faults.values())
    with warehouse.write() as connection:
        connection.execute("INSERT INTO core.cost_fingerprint VALUES ('2026-03-01', 'a')")
    (warehouse.folder / ".costs.duckdb.1.tmp").touch()
    findings = found(warehouse, posts, reference)
    assert len(findings.lost) == 1
    assert "core.cost_fingerprint" in findings.lost[0]
    assert len(findings.half_published) == 1


MESSAGE = ("1 warning: late", "message m; more: costs alerts show ID")


def test_an_alert_is_lost_unless_a_post_that_came_tells_it(warehouse):
    with warehouse.write() as connection:
        connection.execute(
            """
            INSERT INTO main.alert (alert_id, rule, severity, alert_on, raised_at, title, body)
            VALUES ('a', 'usage_late', 'warning', '2026-03-01', '2026-03-01', 'late', ''),
                ('b', 'source_failing', 'warning', '2026-03-01', '2026-03-01', 'no page', '');
            INSERT INTO main.alert_event (alert_id, event_at, event) VALUES
                ('a', '2026-03-01', 'firing'), ('b', '2026-03-01', 'firing'), ('b', '2026-03-01', 'inhibited')
            """
        )
    assert told_wrongly(warehouse, {}) == ["alert never told: late"], "what is held back is not to be told"
    tell(warehouse, "m", *MESSAGE)
    assert told_wrongly(warehouse, {}) == ["alert never told: late"], "a message that was written and not sent"
    assert told_wrongly(warehouse, {MESSAGE: 2}) == [], "twice the same text is the same message"
    assert told_wrongly(warehouse, {MESSAGE: 1, ("late", "other"): 1}) == ["a post is no stored message: late"]
    tell(warehouse, "n", "late", "message n; more: costs alerts show ID")
    assert told_wrongly(warehouse, {MESSAGE: 1}) == ["alert told 2 times as new to t: a"]


def tell(warehouse, message_id, title, body):
    with warehouse.write() as connection:
        connection.execute(
            "INSERT INTO main.alert_message VALUES (?, '2026-03-01', 't', 'all', 'warning', false, ?, ?)",
            [message_id, title, body],
        )
        connection.execute("INSERT INTO main.alert_notice VALUES (?, 0, 'a', 'firing')", [message_id])


def break_down(pipe, folder: Path) -> None:
    pipe.send("fetch")


def test_a_program_that_ends_by_itself_is_no_kill(tmp_path):
    with program(break_down, tmp_path) as (_, pipe):
        assert _next(pipe.recv) == "fetch" != DONE
        with pytest.raises(CrashTestError):
            _next(pipe.recv)
