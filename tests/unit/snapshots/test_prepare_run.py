"""A run starts from a clean folder and a catalog that SQL can read."""

from datetime import datetime

import polars as pl

from pipelines.snapshots.prepare_run import prepare
from pipelines.sources.catalog import SOURCES
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

NOW = datetime(2026, 11, 24, 6)


def test_the_catalog_is_noted_with_its_order_and_what_is_proven(tmp_path):
    warehouse = Warehouse(tmp_path / "new")
    prepare(warehouse, NOW)
    prepare(warehouse, NOW)
    with warehouse.write() as connection:
        noted = read_table(connection, "raw.source").sort("rank")
    assert sorted(noted["source"]) == sorted(source.key for source in SOURCES)
    assert noted["rank"].to_list() == list(range(1, len(SOURCES) + 1))
    assert noted["standing"].to_list() == sorted(noted["standing"], key=["page", "api", "aggregator"].index)
    proven = {source.key for source in SOURCES if source.is_proven}
    assert set(noted.filter("is_proven")["source"]) == proven
    assert proven


def test_a_source_that_needs_a_key_is_noted_as_asked_only_with_one(tmp_path):
    warehouse = Warehouse(tmp_path)
    keyed = {source.key for source in SOURCES if source.api_key is not None}
    assert {"openai_models_api", "bedrock_models_api"} <= keyed
    for environ, left in (({}, set()), ({"OPENAI_API_KEY": "sk-1"}, {"openai_models_api"})):
        prepare(warehouse, NOW, environ)
        with warehouse.write() as connection:
            noted = read_table(connection, "raw.source")
        assert set(noted.filter(~pl.col("is_asked"))["source"]) == keyed - left


def test_temporary_files_of_killed_runs_go(tmp_path):
    stray = tmp_path / ".costs.duckdb.4711.tmp"
    stray.write_bytes(b"half a copy")
    prepare(Warehouse(tmp_path), NOW)
    assert not stray.exists()
