"""A killed command line leaves a run that looks alive and holds the pool: the next run has to end it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.instance import open_instance
from pipelines.defs.run_jobs import FROM_COMMAND_LINE, end_dead_runs


def test_the_next_run_ends_a_dead_one_and_frees_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "unset")
    monkeypatch.setenv("DAGSTER_STATE", "unset")
    with open_instance(tmp_path) as instance:
        storage = instance.event_log_storage
        storage.set_concurrency_slots("duckdb", 1)
        run = instance.create_run_for_job(_empty_job(), tags=FROM_COMMAND_LINE, status=dg.DagsterRunStatus.STARTED)
        assert storage.claim_concurrency_slot("duckdb", run.run_id, "step").is_claimed

        assert end_dead_runs(instance) == 1

        assert storage.get_concurrency_info("duckdb").active_slot_count == 0
        ended = instance.get_run_by_id(run.run_id)
        assert ended is not None
        assert ended.status == dg.DagsterRunStatus.FAILURE
        assert end_dead_runs(instance) == 0


def _empty_job() -> dg.JobDefinition:
    @dg.job
    def nothing() -> None:
        """A job without a step."""

    return nothing


def test_two_that_open_the_history_of_runs_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster makes its tables at the first opening; each of them would make all."""
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "unset")

    def opened(_: int) -> int:
        with open_instance(tmp_path) as instance:
            return instance.get_runs_count()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(opened, range(8))) == [0] * 8
