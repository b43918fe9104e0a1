"""Secrets are fields of a resource: Dagster knows the names of the variables, a run their values, the log neither."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.alerts.delivery import ADDRESSES
from pipelines.defs.resources import Secrets, secrets_from_environment
from pipelines.snapshots.holiday_setting import HOLIDAYS_OF
from pipelines.snapshots.user_inputs import BUDGET
from pipelines.sources.catalog import SOURCES

KEYS = {source.api_key.variable for source in SOURCES if source.api_key}


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, ADDRESSES, BUDGET):
        monkeypatch.delenv(name, raising=False)


def test_every_variable_that_a_run_reads_is_a_field():
    assert {name.upper() for name in Secrets.model_fields} == {*KEYS, ADDRESSES, BUDGET, HOLIDAYS_OF}


def test_variables_that_are_not_set_are_left_out():
    assert secrets_from_environment().environ() == {}


def test_a_run_gets_the_values_and_tells_them_nobody(monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance):
    monkeypatch.setenv(ADDRESSES, "json://hook.example/s3cr3t")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    seen = {}

    @dg.asset
    def reader(secrets: Secrets) -> None:
        seen.update(secrets.environ())
        assert "s3cr3t" not in repr(secrets)

    definitions = dg.Definitions([reader], resources={"secrets": secrets_from_environment()})
    job = definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(instance=instance)

    assert seen == {ADDRESSES: "json://hook.example/s3cr3t", "OPENAI_API_KEY": ""}
    written = [file for file in Path(instance.root_directory).rglob("*") if file.is_file()]
    assert any(file.suffix == ".db" for file in written)
    assert not any(b"s3cr3t" in file.read_bytes() for file in written)
    assert result.success
