"""A server or an executor that is lost amid its work: the same totals, or an error and nothing half-written."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from benchmarks.spark_servers import sail, spark, why_no_spark
from pipelines.costs import price_ledger
from pipelines.costs.engine import price_on_server as price_on_server_module
from pipelines.costs.engine.engine_setting import ENGINE, EngineError
from pipelines.costs.engine.ledger_tasks import tasks_of
from pipelines.costs.engine.price_on_server import price_on_server
from pipelines.costs.price_ledger import price_days
from pipelines.costs.pricing.price_sums import OWNERS
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.warehouse.rows import read_table
from tests.unit.costs.engine.engine_tables import assert_same, priced, tables_of
from tests.unit.costs.test_price_ledger import MARCH

PATIENCE = 100
"""Seconds: nothing waits so long, but for what a test is about to fail on."""


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

    def price(address, days, segments, owners, store):
        waiting = {day: replace(one, rule=paused(one.rule, str(marker))) for day, one in days.items()}
        return price_on_server(address, waiting, segments, owners, store)

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
        with pytest.raises(EngineError, match=r"went away before it had answered: [^<].* Nothing was stored"):
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
