"""What a round finds when something is lost, by hand: the round itself is run by `python -m tools.crash_test`."""

from pathlib import Path

import pytest

from pipelines.warehouse.database import Warehouse
from tools.crash_test.programs import DONE, program
from tools.crash_test.rounds import CrashTestError, Findings, Reference, _compare, _next, content, published_content
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


def break_down(pipe, folder: Path) -> None:
    pipe.send("fetch")


def test_a_program_that_ends_by_itself_is_no_kill(tmp_path):
    with program(break_down, tmp_path) as (_, pipe):
        assert _next(pipe.recv) == "fetch" != DONE
        with pytest.raises(CrashTestError):
            _next(pipe.recv)
