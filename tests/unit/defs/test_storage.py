"""Dagster's event log with kept engines: what it writes and what Dagster's own class writes is the same to both."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pipelines.defs.running import QUIET, open_instance
from pipelines.defs.storage import EventLog

KEY = dg.AssetKey("made")


@dg.asset(key=KEY)
def made() -> None:
    """Nothing."""


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DAGSTER_HOME", "unset")
    monkeypatch.setenv("DAGSTER_STATE", "unset")
    with open_instance(tmp_path) as opened:
        yield opened


def materialize(instance: dg.DagsterInstance) -> str:
    job = dg.Definitions([made], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=instance, run_config=QUIET)
    assert result.success
    return result.run_id


def stories(log: SqliteEventLogStorage, run_ids: list[str]) -> list[list[str]]:
    return [[record.event_log_entry.message for record in log.get_records_for_run(run).records] for run in run_ids]


def test_dagsters_own_class_reads_the_same_while_it_is_open(instance, tmp_path):
    assert isinstance(instance.event_log_storage, EventLog)
    runs = [materialize(instance) for _ in range(5)]
    own = SqliteEventLogStorage(str(tmp_path / ".dagster" / "history" / "runs"))
    own.register_instance(instance)
    told = stories(instance.event_log_storage, runs)
    assert told == stories(own, runs)
    assert all(any("Materialized value made" in message for message in story) for story in told)
    newest = own.get_latest_materialization_events([KEY])[KEY]
    assert newest is not None
    assert newest.run_id == runs[-1]

    own.delete_events(runs[-1])
    assert stories(instance.event_log_storage, runs[-1:]) == [[]]


def test_events_of_a_run_are_in_its_file_at_once(instance, tmp_path):
    """The UI watches that file, not the one beside it that SQLite writes first."""
    run = materialize(instance)
    folder = tmp_path / ".dagster" / "history" / "runs"
    assert (folder / f"{run}.db").stat().st_size > 0
    assert not (folder / f"{run}.db-wal").exists()
