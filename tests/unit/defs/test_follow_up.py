"""What follows when a run has ended: one run for many, tried again where it failed, and no waiting for a lock."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from pipelines.defs import automation, follow_up
from pipelines.defs.changed import CHANGED_TAG, HOURLY_TAG
from pipelines.defs.follow_up import FROM_COMMAND_LINE, INBOX_TAG, next_import
from pipelines.defs.metadata import asset_key
from pipelines.defs.partitions import DAYS_TAG
from pipelines.defs.resources import Settings
from pipelines.snapshots.prepare_run import prepare
from pipelines.warehouse.database import Warehouse
from tests.unit.costs.test_price_ledger import FEBRUARY, add_usage
from tests.unit.marts.mart_rows import add

FAILURE, SUCCESS, STARTED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED


@pytest.fixture
def ephemeral() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def a_run(instance, job, status, tags=None):
    @dg.job(name=job)
    def nothing():
        """A job without a step."""

    run = instance.create_run_for_job(nothing, tags=tags)
    if status == FAILURE:
        instance.report_run_failed(run)
    elif status == SUCCESS:
        instance.handle_new_event(_success(run))
    else:
        instance.report_engine_event("started", run)
    return run


def _success(run):
    event = dg.DagsterEvent("PIPELINE_SUCCESS", run.job_name)
    return dg.EventLogEntry(None, "info", "", run.run_id, time.time(), job_name=run.job_name, dagster_event=event)


def test_a_failed_import_is_tried_again_later_and_later(ephemeral, monkeypatch):
    assert next_import(ephemeral, "s").run_key == "s:1"
    pauses = []
    for count in range(1, 9):
        a_run(ephemeral, "import_usage", FAILURE, {INBOX_TAG: "s"})
        ended = max(record.end_time for record in ephemeral.get_run_records())
        for pause in (59, 60, 120, 240, 480, 960, 1920, 3600):
            monkeypatch.setattr(follow_up, "wall_clock", lambda: ended + pause)  # noqa: B023 - called at once
            asked = next_import(ephemeral, "s")
            if isinstance(asked, dg.RunRequest):
                assert (asked.run_key, asked.tags[INBOX_TAG]) == (f"s:{count + 1}", "s")
                pauses.append(pause)
                break
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert next_import(ephemeral, "another state").run_key == "another state:1"


@pytest.mark.parametrize("status", [SUCCESS, STARTED])
def test_a_state_that_is_imported_or_is_being_imported_is_left_alone(ephemeral, status):
    a_run(ephemeral, "import_usage", status, {INBOX_TAG: "s"})
    assert isinstance(next_import(ephemeral, "s"), dg.SkipReason)


class Ticks:
    """One sensor with the cursor that it keeps."""

    def __init__(self, sensor, instance, settings):
        self._sensor, self._instance, self._settings = sensor, instance, settings
        self._cursor = str(time.time() - 1)

    def tick(self):
        with dg.build_sensor_context(
            self._instance, cursor=self._cursor, resources={"settings": self._settings}
        ) as context:
            result = self._sensor(context)
        self._cursor = result.cursor
        return result


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse with usage on two days that lie far apart."""
    made = Warehouse(tmp_path)
    found = Settings(warehouse_folder=str(tmp_path), as_of="2026-03-21T08:00:00")
    prepare(made, found.now())
    for day in (FEBRUARY, date(2025, 12, 1)):
        add_usage(made, day)
    return found


def test_what_was_read_with_gaps_asks_for_one_run(ephemeral, settings):
    ticks = Ticks(automation.after_reading, ephemeral, settings)
    assert not ticks.tick().run_requests
    for job, status in (("import_usage", SUCCESS), ("refresh_sources", FAILURE), ("decide", SUCCESS)):
        a_run(ephemeral, job, status)
    (asked,) = ticks.tick().run_requests
    assert asked.tags[DAYS_TAG] == "2025-12-01..2025-12-01,2026-02-10..2026-02-10,2026-03-21..2026-03-21"
    assert not ticks.tick().run_requests


def test_a_sensor_waits_for_no_lock_and_asks_again(ephemeral, settings, monkeypatch):
    monkeypatch.setattr("pipelines.defs.resources.SENSOR_LOCK_SECONDS", 0.1)
    ticks = Ticks(automation.after_reading, ephemeral, settings)
    a_run(ephemeral, "import_usage", SUCCESS)
    with FileLock(settings.warehouse.folder / ".build.lock"):
        skipped = ticks.tick()
    assert not skipped.run_requests
    assert "another run has held" in skipped.skip_reason.skip_message
    assert len(ticks.tick().run_requests) == 1


@pytest.mark.parametrize("status", [SUCCESS, FAILURE])
def test_several_builds_are_one_round_of_decisions_once_none_is_left(ephemeral, settings, status):
    ticks = Ticks(automation.after_costs, ephemeral, settings)
    a_run(ephemeral, "build_costs", status)
    a_run(ephemeral, "build_costs", status)
    waiting = a_run(ephemeral, "build_costs", STARTED)
    assert not ticks.tick().run_requests
    ephemeral.report_run_failed(waiting)
    assert len(ticks.tick().run_requests) == 1
    assert not ticks.tick().run_requests


def test_runs_of_the_command_line_ask_for_nothing(ephemeral, settings):
    a_run(ephemeral, "build_costs", SUCCESS, FROM_COMMAND_LINE)
    assert not Ticks(automation.after_costs, ephemeral, settings).tick().run_requests


def learn(settings, table, **row):
    """A row of a book that is known from now on."""
    add(settings.warehouse, table, row | {"known_from": datetime.now(UTC).replace(tzinfo=None)})


def test_an_hourly_check_that_finds_nothing_is_followed_by_nothing(ephemeral, settings):
    ticks = Ticks(automation.after_reading, ephemeral, settings)
    a_run(ephemeral, "refresh_sources", SUCCESS, HOURLY_TAG)
    assert not ticks.tick().run_requests
    a_run(ephemeral, "refresh_sources", FAILURE, HOURLY_TAG)
    (asked,) = ticks.tick().run_requests
    assert CHANGED_TAG not in asked.tags
    a_run(ephemeral, "refresh_sources", SUCCESS, HOURLY_TAG)
    a_run(ephemeral, "import_usage", SUCCESS)
    assert len(ticks.tick().run_requests) == 1


def test_what_an_hourly_check_found_is_written_on_what_follows(ephemeral, settings):
    ticks = Ticks(automation.after_reading, ephemeral, settings)
    a_run(ephemeral, "refresh_sources", SUCCESS, HOURLY_TAG)
    learn(settings, "core.gpu_rate", **GPU_RATE)
    (asked,) = ticks.tick().run_requests
    assert asked.tags[CHANGED_TAG] == "core.gpu_rate"
    # What was known before the check began is none of its finds.
    a_run(ephemeral, "refresh_sources", SUCCESS, HOURLY_TAG)
    assert not ticks.tick().run_requests


GPU_RATE = {
    "provider": "runpod", "tier": "secure", "sku": "H100", "gpu": "H100", "variant": "SXM", "memory_gb": 80,
    "gpu_count": 1, "gpu_fraction": Decimal(1), "region": "global", "pricing": "on_demand",
    "usd_per_gpu_hour": Decimal(4), "local_per_gpu_hour": Decimal(4), "currency": "USD", "price_kind": "quoted",
    "printed": "$4", "valid_from": datetime(2026, 1, 1), "is_listed": True, "source": "runpod_rates", "fetch_id": "f",
    "rate_id": "r",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "decided", "left_out"),
    [
        ([{CHANGED_TAG: "core.gpu_rate"}], "main.break_even", "main.spend_forecast"),
        ([{CHANGED_TAG: "core.model_lifecycle"}], "main.deprecation_risk", "main.gpu_rate_current"),
        ([{CHANGED_TAG: "core.gpu_rate"}, {CHANGED_TAG: "core.price_hold"}], "main.gpu_rate_current", "main.saving"),
        ([{CHANGED_TAG: "core.token_price"}], None, None),
        ([{CHANGED_TAG: "core.gpu_rate"}, {}], None, None),
    ],
)  # fmt: skip
def test_only_what_follows_from_a_change_is_decided_again(ephemeral, settings, tags, decided, left_out):
    ticks = Ticks(automation.after_costs, ephemeral, settings)
    for one in tags:
        a_run(ephemeral, "build_costs", SUCCESS, one)
    (asked,) = ticks.tick().run_requests
    if decided is None:
        assert asked.asset_selection is None
    else:
        assert asset_key(decided) in asked.asset_selection
        assert asset_key(left_out) not in asked.asset_selection
