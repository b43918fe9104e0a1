"""A source that needs a key of the user's is skipped without one, and asked with one."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.resources import Settings
from pipelines.defs.sources import book_asset, raw_asset
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

SOURCE = SOURCES_BY_KEY["openai_models_api"]


def run(folder: Path) -> dg.ExecuteInProcessResult:
    settings = Settings(warehouse_folder=str(folder), as_of="2026-11-02T12:00:00")
    assets = [raw_asset(SOURCE), book_asset(SOURCE)]
    return dg.materialize(assets, resources={"settings": settings}, raise_on_error=False)


def test_without_the_key_both_steps_are_no_failure_and_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    result = run(tmp_path)
    assert result.success
    assert not result.get_asset_materialization_events()
    with Warehouse(tmp_path).write() as connection:
        assert read_table(connection, "raw.fetch").is_empty()


def test_a_key_that_cannot_be_one_is_a_failure_that_does_not_tell_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk 123")
    result = run(tmp_path)
    assert not result.success
    said = str([event.event_specific_data for event in result.all_events])
    assert "OPENAI_API_KEY holds characters that no key has" in said
    assert "sk 123" not in said
