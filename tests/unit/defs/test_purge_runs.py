"""Old runs go with their events, their files and their logs; newest and unfinished ones stay."""

import dagster as dg
import pytest

from pipelines.defs.build import build_definitions
from pipelines.defs.purge_runs import purge, purge_runs
from pipelines.defs.resources import Settings
from pipelines.defs.instance import open_instance


@dg.op
def nothing() -> None:
    """Does nothing."""


@dg.job
def one() -> None:
    """A job."""
    nothing()


@dg.job
def other() -> None:
    """Another job."""
    nothing()


@pytest.fixture
def instance(tmp_path, monkeypatch):
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "")  # so that it is put back: opening sets both
    with open_instance(tmp_path) as opened:
        yield opened


def test_of_each_job_the_newest_runs_stay(instance, tmp_path):
    runs = [one.execute_in_process(instance=instance).run_id for _ in range(3)]
    kept = other.execute_in_process(instance=instance).run_id
    waiting = instance.create_run_for_job(one, status=dg.DagsterRunStatus.STARTED).run_id
    assert purge_runs(instance, kept=1) == 2
    assert {run.run_id for run in instance.get_runs()} == {runs[2], kept, waiting}
    for run_id in runs[:2]:
        assert list(tmp_path.rglob(f"*{run_id}*")) == []
    assert instance.all_logs(runs[2])
    assert purge_runs(instance, kept=1) == 0


def test_the_daemon_does_it_by_a_schedule_of_its_own(instance, tmp_path):
    definitions = build_definitions(Settings(warehouse_folder=str(tmp_path)))
    assert definitions.resolve_schedule_def("purge_schedule").job_name == purge.name
    assert purge.execute_in_process(instance=instance).success
