"""Whole runs through Dagster, on the demo's pages: what the instance records, what a failing source stops, backfills.

Three runs are made once for the module: a first day, a later day on which one page is gone, and that same run again.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import polars as pl
import pytest
from filelock import FileLock

from pipelines.defs.automation import inbox_sensor
from pipelines.defs.build import build_definitions
from pipelines.defs.instance import open_instance
from pipelines.defs.partitions import RANGE_END_TAG, RANGE_START_TAG
from pipelines.defs.resources import Settings
from pipelines.defs.run_jobs import QUIET, Phase, run_once
from pipelines.demo import page_for
from pipelines.demo.replay import recorded_sources
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.sources.catalog import SOURCES, relocated
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints, read_table
from tests.litellm_replay import shared_folder
from tests.loopback import Loopback, Reply

FIRST, SECOND = datetime(2026, 7, 29, 8), datetime(2026, 8, 22, 8)
GONE = "runpod_rates"
BACKFILLED = [date(2026, 8, 3) + timedelta(days=number) for number in range(6)]

PRICE_CHECKS = {
    *("has_rows", "keeps_rows", "key_is_unique", "provider_is_given", "model_is_given", "meter_is_known"),
    *("service_tier_is_known", "unit_is_known", "basis_is_known", "usd_per_unit_in_bounds", "unit_is_plausible"),
    *("moves_are_small", "channel_is_known"),
}


@dataclass
class Runs:
    """The three runs and what they left behind."""

    warehouse: Warehouse
    instance: dg.DagsterInstance
    settings: Settings
    phases: list[list[Phase]]
    states: list[dict[str, tuple[int, int]]]
    """Content of every table after each run."""

    def published(self, query: str) -> pl.DataFrame:
        """The answer of the file that people query."""
        with self.warehouse.read() as connection:
            return connection.sql(query).pl()

    def build_table(self, name: str, where: str) -> pl.DataFrame:
        """Rows of the build file, sorted."""
        with self.warehouse.write() as connection:
            frame = read_table(connection, name, where)
        return frame.sort(frame.columns)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The runs; where tests are spread over processes, the first one makes them for all."""
    shared = shared_folder(tmp_path_factory)
    warehouse, record = Warehouse(shared / "runs"), shared / "runs.json"
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
            patch.setenv(name, "replaced by open_instance, restored by the patch")
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1")
        with ExitStack() as stack:
            with FileLock(shared / "runs.lock"):
                instance = stack.enter_context(open_instance(warehouse.folder))
                if not record.exists():
                    record.write_text(json.dumps(_made(warehouse, instance)))
            made = json.loads(record.read_text())
            phases = [[Phase(**phase) for phase in run] for run in made["phases"]]
            states = [{name: tuple(found) for name, found in state.items()} for state in made["states"]]
            yield Runs(warehouse, instance, _settings(warehouse, SECOND), phases, states)


def _made(warehouse: Warehouse, instance: dg.DagsterInstance) -> dict[str, list[Any]]:
    phases, states = [], []
    with Loopback() as server:
        for at in (FIRST, SECOND, SECOND):
            _serve(server, at.date(), {GONE} if at == SECOND else set())
            write_sample_usage(warehouse.inbox, until=at.date())
            run = run_once(_settings(warehouse, at, server.url().rstrip("/")), instance, sources=recorded_sources())
            phases.append([asdict(phase) for phase in run])
            states.append(fingerprints(warehouse))
    return {"phases": phases, "states": states}


def _settings(warehouse: Warehouse, at: datetime, base_url: str | None = None) -> Settings:
    return Settings(warehouse_folder=str(warehouse.folder), as_of=at.isoformat(), base_url=base_url)


def _serve(server: Loopback, on: date, gone: set[str]) -> None:
    """All recorded pages of a date, but for those of some sources."""
    for source in SOURCES:
        for url in source.urls:
            page = page_for(on, relocated(url, "").lstrip("/"))
            is_there = page is not None and source.key not in gone
            server.script(
                urlsplit(relocated(url, server.url())).path, Reply(body=page.read_bytes()) if is_there else Reply(404)
            )


def test_a_first_run_succeeds_and_fills_the_tables(runs):
    """The usage begins on 15 July: 15 days of health up to the run, none of them without a row for each source."""
    assert [(phase.name, phase.is_success, phase.failures) for phase in runs.phases[0]] == [
        (name, True, {}) for name in ("sources", "usage", "tables", "decisions", "publish")
    ]
    tables = {name: count for name, (count, _) in runs.states[0].items()}
    assert (tables["raw.fetch"], tables["raw.parse"], tables["core.usage_import"]) == (7, 7, 2)
    assert tables["main.source_health"] == 15 * len(SOURCES)
    assert tables["core.token_price"] == 65 + 101 + 117
    assert (tables["core.gpu_rate"], tables["core.model_lifecycle"]) == (8 + 6, 25 + 28)
    assert (tables["core.ledger_file"], tables["main.price_change"]) == (14, 283)


def test_the_next_run_adds_to_them(runs):
    before, after = ({name: count for name, (count, _) in state.items()} for state in runs.states[:2])
    assert (after["raw.fetch"], after["raw.parse"], after["core.usage_import"]) == (14, 13, 4)
    assert after["main.source_health"] == 39 * len(SOURCES)
    grown = ("core.token_price", "core.model_lifecycle", "core.ledger_file", "core.usage_cost", "main.price_change")
    for name in (*grown, "main.cost_daily", "main.spend_forecast", "main.break_even", "main.alert"):
        assert after[name] > before[name], name


def test_the_same_instant_again_changes_no_table(runs):
    """The inbox is written again before it: `core.usage_file` holds the new time of files known by content."""
    assert [phase.is_success for phase in runs.phases[2]] == [False, True, True, True, True]
    before, after = runs.states[1:]
    assert {name for name in after if after[name] != before[name]} == {"core.usage_file"}
    assert after["core.usage_file"][0] == before["core.usage_file"][0]


def test_a_source_that_fails_is_named_and_stops_nothing_else(runs):
    sources, *others = runs.phases[1]
    assert not sources.is_success
    (step,) = sources.failures
    assert step == "load_gpu_rate"
    assert sources.failures[step].startswith(f"{GONE} could not be fetched: http://127.0.0.1:")
    assert sources.failures[step].endswith("/api.runpod.io/graphql: HTTP 404")
    assert [phase.is_success for phase in others] == [True] * 4
    health = runs.published("SELECT source, status, reason FROM source_health WHERE as_of = DATE '2026-08-22'")
    assert dict(health.filter(source=GONE).select("source", "status").rows()) == {GONE: "failing"}
    assert health.filter(source=GONE)["reason"][0].endswith("HTTP 404")
    asked = [source.key for source in recorded_sources() if source.key != GONE]
    assert set(health.filter(pl.col("source").is_in(asked))["status"]) == {"ok"}
    keyless = {source.key for source in SOURCES if not source.is_asked(os.environ)}
    assert set(health.filter(status="no_key")["source"]) == keyless
    assert set(health.filter(~pl.col("source").is_in([*asked, GONE, *keyless]))["status"]) == {"never"}
    rates = runs.published("SELECT count(*) AS n FROM core.gpu_rate WHERE source = 'runpod_rates' AND known_to IS NULL")
    assert rates["n"][0] == 8
    assert runs.published("FROM alert WHERE rule = 'source_failing'")["source"].to_list() == [GONE]
    assert runs.published("FROM cost_daily WHERE usage_date = DATE '2026-08-21'").height > 0


def test_checks_are_recorded_under_stable_names(runs):
    key = dg.AssetKey(["core", "token_price"])
    declared = build_definitions(runs.settings).resolve_asset_graph().asset_check_keys
    assert {check.name for check in declared if check.asset_key == key} == PRICE_CHECKS
    checks = [dg.AssetCheckKey(key, name) for name in PRICE_CHECKS]
    recorded = runs.instance.event_log_storage.get_latest_asset_check_execution_by_key(checks)
    evaluations = {check.name: record.event.asset_check_evaluation for check, record in recorded.items()}
    assert set(evaluations) == PRICE_CHECKS
    assert {name for name, found in evaluations.items() if not found.passed} == {"moves_are_small"}
    records = evaluations["moves_are_small"].metadata["not_met_by"].records
    assert [record.data["source"] for record in records] == ["litellm"]
    assert evaluations["moves_are_small"].severity == dg.AssetCheckSeverity.WARN
    assert evaluations["keeps_rows"].severity == dg.AssetCheckSeverity.ERROR


def test_materializations_say_what_was_found(runs):
    def latest(*path: str) -> dict[str, Any]:
        event = runs.instance.get_latest_materialization_event(dg.AssetKey(path))
        return {name: value.value for name, value in event.asset_materialization.metadata.items()}

    table = runs.instance.get_latest_materialization_event(dg.AssetKey(["core", "token_price"])).asset_materialization
    rows = {row.data["source"]: row.data for row in table.metadata["sources"].records}
    assert set(rows) == {"anthropic_pricing", "litellm", "openai_pricing"}
    assert rows["litellm"]["rows"] > 100
    assert latest("core", "token_price")["dagster/row_count"] == runs.states[-1]["core.token_price"][0]
    assert latest("raw", "litellm")["outcome"] == "unchanged"
    assert latest("core", "usage") == {
        "files_gone_since_an_older_importer": 0,
        "files_imported": 0,
        "files_known": 2,
        "files_read_again": 0,
        "files_still_being_written": 0,
        "rows_new": 0,
        "rows_refused": 0,
    }
    assert latest("costs_duckdb")["path"] == str(runs.warehouse.published_file)


def test_a_backfill_of_past_days_computes_the_same_rows(runs):
    """What a day cost is wiped out, derived rows and all; a backfill of its month computes it again."""
    first, last = BACKFILLED[0], BACKFILLED[-1]
    where = f"usage_date BETWEEN DATE '{first}' AND DATE '{last}'"
    tables = ("main.cost_daily", "core.usage_cost", "main.cost_unpriced")
    before = {name: runs.build_table(name, where) for name in tables}
    assert before["main.cost_daily"]["usage_date"].unique().sort().to_list() == BACKFILLED
    everything = fingerprints(runs.warehouse)
    with runs.warehouse.write() as connection:
        for name in (*tables, "core.cost_fingerprint"):
            connection.execute(f"DELETE FROM {name} WHERE {where}")  # noqa: S608 - names of this test
    assert runs.build_table("main.cost_daily", where).is_empty()

    job = build_definitions(runs.settings).resolve_job_def("build_costs")
    months = dict.fromkeys((RANGE_START_TAG, RANGE_END_TAG), "2026-08-01")
    result = job.execute_in_process(instance=runs.instance, run_config=QUIET, tags=months, raise_on_error=False)

    assert result.success
    for name, rows in before.items():
        assert runs.build_table(name, where).equals(rows), name
    assert fingerprints(runs.warehouse) == everything
    partitions = runs.instance.get_materialized_partitions(dg.AssetKey(["main", "cost_daily"]))
    assert partitions == {"2026-07-01", "2026-08-01"}


def test_the_entry_point_loads_and_what_starts_runs_is_on(monkeypatch, tmp_path):
    monkeypatch.setenv("COSTS_WAREHOUSE", str(tmp_path))
    from pipelines.definitions import defs  # noqa: PLC0415 - the environment is read at import

    dg.Definitions.validate_loadable(defs)
    assert {job.name for job in defs.jobs} == {
        *(
            "refresh_sources",
            "import_usage",
            "build_costs",
            "decide",
            "publish",
            "deliver",
            "tell_of_failed_run",
            "purge",
        ),
    }
    assert {(each.job_name, each.cron_schedule, each.execution_timezone) for each in defs.schedules} == {
        ("refresh_sources", "0 6 * * *", "UTC"),
        ("refresh_sources", "45 * * * *", "UTC"),
        ("deliver", "25 * * * *", "UTC"),
        ("purge", "30 5 * * *", "UTC"),
    }
    assert {each.default_status for each in defs.schedules} == {dg.DefaultScheduleStatus.RUNNING}
    assert {sensor.name: sensor.default_status for sensor in defs.sensors} == dict.fromkeys(
        ("inbox_sensor", "after_reading", "after_costs", "after_decisions", "after_failed_run"),
        dg.DefaultSensorStatus.RUNNING,
    )


def _evaluated(folder: Path) -> Any:
    settings = Settings(warehouse_folder=str(folder), as_of=FIRST.isoformat())
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_sensor_context(instance, resources={"settings": settings}) as context,
    ):
        return inbox_sensor.evaluate_tick(context)


def test_a_dropped_file_requests_one_run_per_state_of_the_inbox(tmp_path):
    assert _evaluated(tmp_path).run_requests == []
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "README.md").write_text("Drop usage files here.")
    empty = _evaluated(tmp_path)
    assert (empty.run_requests, empty.skip_message) == ([], "the inbox is empty")

    (inbox / "usage.csv").write_text("model\n")
    (asked,) = _evaluated(tmp_path).run_requests
    (again,) = _evaluated(tmp_path).run_requests
    assert asked.run_key == again.run_key
    (inbox / "usage.csv").write_text("model,batch\n")
    (changed,) = _evaluated(tmp_path).run_requests
    assert changed.run_key != asked.run_key
