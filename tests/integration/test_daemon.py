"""The daemon's own path with a real dagster-daemon, of which no command line was run before: two days of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest

from pipelines.defs.instance import DAGSTER_YAML, open_instance
from pipelines.defs.partitions import DAYS_TAG
from pipelines.demo import DATES, page_for
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, relocated
from pipelines.warehouse.database import Warehouse
from tests.loopback import Loopback, Reply

TODAY = datetime.now(UTC).date()
FIRST, SECOND = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
CLOCK = "clock.txt"
TARGET = Path(__file__).with_name("daemon_target.py")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        running.script("/hook", Reply(200))
        yield running


def serve(server: Loopback, *keys: str) -> None:
    for key in keys:
        for url in SOURCES_BY_KEY[key].urls:
            page = page_for(DATES[0], relocated(url, "").lstrip("/"))
            if page is not None:
                server.script(urlsplit(relocated(url, server.url())).path, Reply(body=page.read_bytes()))


def look_for_runs_every_second(warehouse: Warehouse) -> None:
    """The settings that ship, but for the queue: five seconds between two looks are mere waiting, ten times over."""
    ours, state = warehouse.folder / "queue.yaml", warehouse.folder / ".dagster"
    ours.write_text(DAGSTER_YAML.read_text() + "run_queue: {dequeue_interval_seconds: 1}\n")
    state.mkdir()
    (state / DAGSTER_YAML.name).symlink_to(ours)


@contextmanager
def daemon(warehouse: Warehouse, server: Loopback) -> Iterator[None]:
    environ = os.environ | {
        "COSTS_WAREHOUSE": str(warehouse.folder),
        "COSTS_ALERT_URLS": server.url("/hook").replace("http://", "json://"),
        "COSTS_MONTHLY_BUDGET_USD": "1,500",
        "TEST_PAGES": server.url().rstrip("/"),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "PYTHONPATH": str(TARGET.parents[2]),
    }
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "-f", str(TARGET)]
    with (
        (warehouse.folder / "daemon.log").open("wb") as log,
        subprocess.Popen(  # noqa: S603 - the program beside this Python
            command, env=environ, cwd=warehouse.folder, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def until(holds: Callable[[], bool], warehouse: Warehouse, seconds: float = 500) -> None:
    give_up_at = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > give_up_at:
            pytest.fail((warehouse.folder / "daemon.log").read_text()[-8000:])
        time.sleep(0.2)


TOLD = """
SELECT rule, alert_id, count(*) FROM main.alert_notice JOIN main.alert USING (alert_id)
WHERE notice = 'firing' AND message_id IN (SELECT message_id FROM main.alert_delivery WHERE outcome = 'delivered')
GROUP BY ALL
"""


def begin_day(warehouse: Warehouse, day: date) -> None:
    """The clock says so, and a file with usage of the day before is dropped."""
    usage = "usage_at,provider,model,input_uncached_tokens,output_tokens\n"
    usage += f"{day - timedelta(days=1)}T12:00:00Z,anthropic,claude-opus-4-1,1000000,1000000\n"
    (warehouse.inbox / f"{day}.csv").write_text(usage)
    clock = warehouse.folder.parent / CLOCK
    clock.with_suffix(".new").write_text(f"{day}T08:00:00")
    clock.with_suffix(".new").replace(clock)


def finished(instance: dg.DagsterInstance, job: str) -> list[dg.DagsterRun]:
    return [run for run in instance.get_runs(dg.RunsFilter(job_name=job)) if run.is_finished]


@pytest.mark.timeout(1500)  # two minutes on a free machine; a run is a process that loads all definitions
def test_two_days_of_the_daemon(tmp_path, monkeypatch, server):
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "replaced by open_instance, restored by the patch")
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.inbox.mkdir(parents=True)
    (warehouse.folder / "model_map.csv").write_text("model;canonical_model\nx;y\n")
    look_for_runs_every_second(warehouse)
    serve(server, "anthropic_pricing")  # the other source is not found, and proven: its run fails
    begin_day(warehouse, FIRST)

    def is_published(day: date) -> bool:
        if not warehouse.published_file.exists():
            return False
        with warehouse.read() as connection:
            found = connection.execute("SELECT DISTINCT usage_date FROM core.usage_cost").fetchall()
        return (day - timedelta(days=1),) in found

    with open_instance(warehouse.folder) as instance, daemon(warehouse, server):
        until(lambda: is_published(FIRST), warehouse)
        until(lambda: len(finished(instance, "tell_of_failed_run")) == 1, warehouse)
        (reading,) = finished(instance, "refresh_sources")
        assert reading.status == dg.DagsterRunStatus.FAILURE
        before = {run.run_id for run in finished(instance, "build_costs")}

        begin_day(warehouse, SECOND)
        until(lambda: is_published(SECOND), warehouse)
        until(lambda: len(finished(instance, "publish")) == 2, warehouse)
        built = [run for run in finished(instance, "build_costs") if run.run_id not in before]
        with warehouse.read() as connection:
            health = connection.execute("SELECT as_of, count(*) FROM source_health GROUP BY ALL ORDER BY 1").fetchall()
            listed = connection.execute("SELECT count(*) FROM raw.source").fetchall()
            alerts = dict(connection.execute("SELECT rule, count(*) FROM main.alert GROUP BY ALL").fetchall())
        statuses = {run.job_name: run.status for run in instance.get_runs() if run.job_name != "refresh_sources"}

    assert listed == [(len(SOURCES),)]
    assert [count for _, count in health] == [len(SOURCES)] * len(health)
    assert FIRST in dict(health)
    assert alerts["run_failed"] == 1
    assert alerts["input_refused"] == 2
    assert set(statuses.values()) == {dg.DagsterRunStatus.SUCCESS}
    # Of the first day nothing is built again; usage of the day before and today are one span.
    assert {run.tags[DAYS_TAG] for run in built} <= {f"{FIRST}..{SECOND}", f"{SECOND}..{SECOND}"}
    with warehouse.write() as connection:
        told = connection.execute(TOLD).fetchall()
    assert all(count == 1 for _, _, count in told), "each alert is told once"
    rules = [rule for rule, _, _ in told]
    assert rules.count("input_refused") == 2
    assert set(rules) & {"run_failed", "source_failing"}, "a run that failed by a source is told by either"
    bodies = [asked.body for asked in server.asked_for("/hook")]
    assert len(bodies) == len(set(bodies)) >= 1, "no message comes twice"
