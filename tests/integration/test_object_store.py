"""The object store as a run, the doctor and the command line meet it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.defs import publish as publishing
from pipelines.defs.publish import costs_duckdb, stored_copy
from pipelines.defs.resources import Settings, settings_of
from pipelines.doctor.store_access import look_at_store
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.object_store import ObjectStore
from pipelines.warehouse.stored_copy import store_copy
from tests.s3_server import KEY, SECRET, s3_server

NOBODY = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    """Of a warehouse that was published once."""
    with s3_server():
        yield ObjectStore("s3://costs/prod")


@pytest.fixture(scope="module")
def stored(store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("stored") / "warehouse")
    warehouse.publish()
    store_copy(warehouse, store.url)
    return warehouse


def test_the_last_step_of_a_run_stores_what_could_not_be_published(
    stored: Warehouse, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stored.folder / "archive").mkdir()
    (stored.folder / "archive" / "fetches.jsonl").write_text("\n")
    monkeypatch.setattr(publishing, "unfinished_days", lambda warehouse: [date(2026, 7, 1)])
    settings = Settings(warehouse_folder=str(stored.folder), store=store.url)
    result = dg.materialize([stored_copy, costs_duckdb], resources={"settings": settings}, raise_on_error=False)
    ended = [event.step_key for event in result.all_events if event.is_step_failure or event.is_step_success]
    assert ended == ["costs_duckdb", "stored_copy"]
    assert [event.step_key for event in result.all_events if event.is_step_failure] == ["costs_duckdb"]
    assert "archive/fetches.jsonl" in store.sizes()


def test_without_a_store_nothing_is_asked(tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSTS_STORE", "")
    assert settings_of(tmp_path).store is None
    said = stored_copy(settings=settings_of(tmp_path)).metadata
    assert said == {"store": "none: COSTS_STORE is not set"}
    monkeypatch.setenv("COSTS_STORE", store.url)
    assert settings_of(tmp_path).store == store.url
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_says_whether_the_store_answers(
    stored: Warehouse, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    (none,) = look_at_store({})
    (well,) = look_at_store({"COSTS_STORE": store.url})
    (wrong,) = look_at_store({"COSTS_STORE": "s3://AKIA:hush@costs/prod"})
    count = len(store.sizes())
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    (silent,) = look_at_store({"COSTS_STORE": store.url})
    assert (none.remedy, well.remedy) == (None, None)
    assert well.found == f"{store.url}: {count} objects"
    assert "Look at the address" in (silent.remedy or "")
    assert "is not understood" in (wrong.remedy or "")
    told = f"{none} {well} {wrong} {silent}"
    assert not any(secret in told for secret in (KEY, SECRET, "hush"))


def test_the_command_line_brings_a_warehouse_back(
    stored: Warehouse, store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _run(tmp_path / "new", "restore", store.url)
    assert done.exit_code == 0
    assert f"`costs --warehouse {tmp_path / 'new'} rebuild`" in done.output
    assert (tmp_path / "new" / "costs.duckdb").read_bytes() == stored.published_file.read_bytes()
    assert "is not empty" in _failed(tmp_path / "new", "restore", store.url)
    assert "holds no warehouse" in _failed(tmp_path / "other", "restore", "s3://costs/nothing")
    assert "is not understood" in _failed(tmp_path / "other", "restore", "ftp://costs/prod")
    monkeypatch.setenv("AWS_ENDPOINT_URL", NOBODY)
    assert "Look at the address" in _failed(tmp_path / "other", "restore", store.url)
    wrong = _run(tmp_path / "other", "restore", "no-such-file")
    assert (wrong.exit_code, "no-such-file is no file" in wrong.output) == (2, True)


def _run(folder: Path, *arguments: str):
    return CliRunner().invoke(app, ["--warehouse", str(folder), *arguments])


def _failed(folder: Path, *arguments: str) -> str:
    done = _run(folder, *arguments)
    assert done.exit_code == 3
    assert SECRET not in done.output
    return done.output
