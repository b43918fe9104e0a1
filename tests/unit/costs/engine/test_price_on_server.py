"""A server of Spark Connect prices to the last digit what this process does; one that is lost leaves nothing behind."""

import os
import re
import signal
import socket
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.spark_servers import sail, spark, why_no_spark
from pipelines.costs import price_ledger
from pipelines.costs.counted_rows import every_row
from pipelines.costs.engine import price_on_server as price_on_server_module
from pipelines.costs.engine.engine_setting import ENGINE, EngineError
from pipelines.costs.engine.ledger_tasks import DayOfLedger, tasks_of
from pipelines.costs.engine.price_on_server import price_on_server
from pipelines.costs.engine.price_tasks import PriceTasks
from pipelines.costs.plan_coverage import count_days
from pipelines.costs.price_ledger import price_days
from pipelines.costs.pricing.price_sums import OWNERS
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.costs.resolve_segments import segments_of
from pipelines.doctor.settings import look_at_settings
from pipelines.models.model_map import MAP_FILE, read_model_map
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.usage.contract import USAGE_SCHEMA
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.file_format import recognised_files
from pipelines.usage.find_files import named_files
from pipelines.usage.owner_map import OWNER_SCHEMA
from pipelines.usage.plan_file import PLAN_SCHEMA
from pipelines.usage.read_files import read_files
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from pipelines.warehouse.rows import read_table
from tests.unit.costs.test_price_ledger import MARCH, add_price, add_usage
from tests.unit.usage.test_plan_file import HEADER

FILES = Path(__file__).parents[3] / "usage_files"
SHARED = Path(__file__).parents[4].parent / "shared" / "usage_samples"
AS_OF = datetime(2026, 11, 25)
PLAN = "Max,anthropic,user,ann,anthropic,claude_code,1,31,,2026-01-01,"
TABLES = ("core.usage_cost", "main.usage_overlap", "core.cost_comparison", "main.cost_by_owner", "main.hidden_cost")
PATIENCE = 100


@pytest.fixture(scope="module")
def server():
    with sail() as started:
        yield started


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Every usage sample in one ledger: the rows of each day that count, and the prices that ship."""
    folder = tmp_path_factory.mktemp("samples")
    usage = pl.concat(list(_usage_of_samples()))
    files = ledger.write(folder, pl.DataFrame(schema=FILE_SCHEMA), usage, largest_per_usage).files
    scans = {day: ledger.scan(folder / path) for day, path in files.select("usage_date", "path").iter_rows()}
    counted = count_days(scans, pl.DataFrame(schema=PLAN_SCHEMA), pl.DataFrame(schema=OWNER_SCHEMA))
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    segments = segments_of(versions, usage.select(MODEL_KEY).unique(), read_model_map(folder / MAP_FILE))
    rows = files.select("usage_date", "path", "row_count").iter_rows()
    days = {day: DayOfLedger(folder / path, count, counted[day].rule) for day, path, count in rows}
    return days, counted, segments


def _usage_of_samples():
    files, _ = recognised_files(named_files([place for place in (FILES, SHARED) if place.is_dir()]), None)
    for batch in read_files(files, lambda import_id: False, AS_OF):
        if "usage_id" in batch.rows.columns:  # a bill has none
            yield batch.rows.select(list(USAGE_SCHEMA))


@pytest.fixture
def warehouse(tmp_path):
    """One day: usage under a plan and not, a lower bound, and a report that holds what a log holds."""
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    (made.folder / "plans.csv").write_text(f"{HEADER}\n{PLAN}\n")
    add_usage(made, MARCH, 3_000, "planned", user_id="ann")
    add_usage(made, MARCH, 1_000, "billed", user_id="bob", lower_bound_reason="unknown_count")
    end = {"usage_at": datetime(2026, 3, 20), "usage_until": datetime(2026, 3, 21), "grain": "bucket"}
    add_usage(made, MARCH, 1_500, "report", format="anthropic_usage_report", import_id="i2", **end)
    add_usage(made, MARCH, 7_000, "short", model="claude-z", lower_bound_reason="unknown_count")
    return made


def tables_of(warehouse):
    with warehouse.write() as connection:
        return {table: read_table(connection, table) for table in TABLES}


def priced(warehouse, environ):
    """All tables that follow from the ledger, priced anew."""
    with warehouse.write() as connection:
        connection.execute("DELETE FROM core.cost_fingerprint")
    assert price_days(warehouse, [MARCH], environ) == 1
    return tables_of(warehouse)


def assert_same(found, expected):
    for table, rows in expected.items():
        assert_frame_equal(found[table], rows, check_row_order=False)


def test_every_sample_costs_the_same_to_the_last_digit(samples, server):
    days, counted, segments = samples
    here = price_by_day({day: one.usage for day, one in counted.items()}, segments)
    there = price_on_server(server.address, days, segments, OWNERS)
    assert_frame_equal(there, here, check_row_order=False)
    assert here["provider"].n_unique() > 5
    assert {"unknown_model", "no_price_for_tier", None} <= set(here["unpriced_reason"])
    assert set(here["is_lower_bound"]) == {True, False}
    assert here["cost_usd"].sum() > Decimal(0)
    assert any(one.rule is not every_row for one in counted.values())


def test_what_counts_is_known_of_the_whole_day(warehouse, server):
    here = priced(warehouse, {})
    assert_same(priced(warehouse, {ENGINE: server.address}), here)
    # The report is the larger of what is not under the plan.
    columns = ("model", "quantity", "plan_id", "is_lower_bound")
    assert sorted(here["core.usage_cost"].select(columns).rows(), key=str) == [
        ("claude-x", 1_500, None, False),
        ("claude-x", 3_000, "Max/user/ann", False),
        ("claude-z", 7_000, None, False),
    ]
    assert here["main.usage_overlap"].height == 1


def test_a_day_without_usage_that_counts_costs_nothing(server):
    assert price_on_server(server.address, {}, pl.DataFrame(), ("project_id",)).is_empty()


def test_of_a_server_that_answers_the_doctor_tells_its_version(server, tmp_path):
    (found,) = (one for one in look_at_settings(tmp_path, {ENGINE: server.address}) if one.name == ENGINE)
    assert found.is_ok
    assert re.fullmatch(rf"{server.address} answers: Spark \d+\.\d+\.\d+", found.found)


def test_nobody_listening_is_told_before_anything_is_done(warehouse):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    before = tables_of(warehouse)
    with pytest.raises(EngineError, match=f"nobody answers at sc://127.0.0.1:{port} .*sail spark server --port {port}"):
        priced(warehouse, {ENGINE: f"sc://127.0.0.1:{port}"})
    assert_same(tables_of(warehouse), before)


def test_another_formula_on_the_server_is_refused(warehouse, server, monkeypatch):
    monkeypatch.setattr(
        "pipelines.costs.engine.price_on_server.PriceTasks",
        lambda *arguments: PriceTasks(*arguments, formula_version="cost-0"),
    )
    before = tables_of(warehouse)
    with pytest.raises(EngineError, match="the program that asks by cost-0: install the same version"):
        priced(warehouse, {ENGINE: server.address})
    assert_same(tables_of(warehouse), before)


def paused(rule, marker):
    """The rule of a day, but that the first process that comes to it says so in a file, and waits."""

    def wait_then_count(rows):
        try:
            file = os.open(marker, os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return rule(rows)
        os.write(os.open(f"{marker}.pid", os.O_CREAT | os.O_WRONLY), str(os.getpid()).encode())
        os.close(file)
        parent, end = os.getppid(), time.monotonic() + PATIENCE
        while os.getppid() == parent and time.monotonic() < end:
            time.sleep(0.05)
        return rule(rows)

    return wait_then_count


def paused_server(monkeypatch, marker):
    """The first day that is priced on a server waits there."""

    def price(address, days, segments, owners):
        waiting = {day: replace(one, rule=paused(one.rule, str(marker))) for day, one in days.items()}
        return price_on_server(address, waiting, segments, owners)

    monkeypatch.setattr(price_ledger, "price_on_server", price)


def when_there(marker, action):
    """Do something with the process id in a file as soon as it is there."""

    def wait():
        file, end = Path(f"{marker}.pid"), time.monotonic() + PATIENCE
        while not (file.exists() and file.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        action(int(file.read_text()))

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_server_lost_amid_its_work_leaves_nothing_half_written(warehouse, monkeypatch, tmp_path):
    here = priced(warehouse, {})
    with monkeypatch.context() as patch, sail() as lost:
        paused_server(patch, tmp_path / "reached")
        killer = when_there(tmp_path / "reached", lambda pid: lost.kill())
        with pytest.raises(EngineError, match=r"went away before it had answered: .* Nothing was stored"):
            priced(warehouse, {ENGINE: lost.address})
        killer.join()
    assert_same(tables_of(warehouse), here)
    with warehouse.write() as connection:
        assert read_table(connection, "core.cost_fingerprint").is_empty(), "the days are still to be priced"
    with sail() as next_one:
        assert price_days(warehouse, [MARCH], {ENGINE: next_one.address}) == 1
    assert_same(tables_of(warehouse), here)


def executor_of(pid):
    """The executor process that a Python worker of Spark works for."""
    while "CoarseGrainedExecutorBackend" not in Path(f"/proc/{pid}/cmdline").read_text():
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert pid > 1
    return pid


@pytest.mark.skipif(why_no_spark() is not None, reason=str(why_no_spark()))
def test_spark_with_two_executors_and_one_of_them_killed(samples, warehouse, monkeypatch, tmp_path):
    days, counted, segments = samples
    here = price_by_day({day: one.usage for day, one in counted.items()}, segments)
    monkeypatch.setattr(price_on_server_module, "tasks_of", lambda days: tasks_of(days, 40))
    killed = []

    def kill(pid):
        killed.append(executor_of(pid))
        os.kill(killed[0], signal.SIGKILL)

    with spark() as server:
        waiting = {day: replace(one, rule=paused(one.rule, str(tmp_path / "reached"))) for day, one in days.items()}
        killer = when_there(tmp_path / "reached", kill)
        found = price_on_server(server.address, waiting, segments, OWNERS)
        killer.join()
        in_warehouse = priced(warehouse, {ENGINE: server.address})
    assert len(killed) == 1
    assert_frame_equal(found, here, check_row_order=False)
    assert_same(in_warehouse, priced(warehouse, {}))
