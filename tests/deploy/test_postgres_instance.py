"""Dagster on a real Postgres, by the settings of deploy/dagster.yaml. Needs Debian's package `postgresql`."""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import dagster as dg
import psycopg2
import pytest

from pipelines.defs.automation import refresh_sources
from pipelines.defs.build import build_definitions
from pipelines.defs.instance import events_kept_open, open_instance
from pipelines.defs.prepare import catalog_of_sources
from pipelines.defs.resources import POOL, Settings
from pipelines.warehouse.database import Warehouse

DAGSTER_YAML = Path(__file__).parents[2] / "deploy" / "dagster.yaml"
PASSWORD = "p@ss/w:rd%41 ?#"  # noqa: S105 - what a URL has to escape
RUN_ID = "11111111-1111-4111-8111-111111111111"


def _server_programs() -> Path | None:
    """The folder of initdb and pg_ctl, of the newest version that is installed."""
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    found = known[-1] if known else shutil.which("initdb")
    return Path(found).parent if found else None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An empty Postgres on a free port: what the connection takes, by psycopg2's names."""
    programs = _server_programs()
    if programs is None:
        pytest.skip("there is no Postgres on this machine: apt-get install postgresql")
    # Postgres refuses to be root's; the package makes a user for it.
    user = "postgres" if os.geteuid() == 0 else getpass.getuser()
    folder = Path(mkdtemp(prefix="postgres."))  # pytest's folders are closed to other users
    password = folder / "password"
    password.write_text(PASSWORD)
    for path in (folder, password):
        shutil.chown(path, user)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data, options = folder / "data", f"-p {port} -k {folder} -h 127.0.0.1 -F"

    def run(program: str, *arguments: str) -> None:
        subprocess.run([programs / program, *arguments], user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    run("initdb", "-D", str(data), "-U", "dagster", "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync")
    run("pg_ctl", "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield {"host": "127.0.0.1", "port": str(port), "user": "dagster", "password": PASSWORD, "dbname": "postgres"}
    finally:
        run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def instance(server: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The command line's instance below `tmp_path`, whose settings are linked as deploy/entrypoint.sh does."""
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "DB": "dbname"}
    for variable, name in names.items():
        monkeypatch.setenv(f"DAGSTER_PG_{variable}", server[name])
    for name in ("DAGSTER_HOME", "DAGSTER_STATE"):
        monkeypatch.setenv(name, "replaced by open_instance, restored by the patch")
    (tmp_path / ".dagster").mkdir()
    (tmp_path / ".dagster" / DAGSTER_YAML.name).symlink_to(DAGSTER_YAML)
    with open_instance(tmp_path) as opened:
        yield opened


def test_a_job_of_ours_leaves_its_history_in_postgres_alone(
    server: dict[str, str], instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    job = build_definitions(Settings(warehouse_folder=str(tmp_path))).resolve_job_def(refresh_sources.name)
    with events_kept_open(instance, RUN_ID):
        result = job.execute_in_process(
            run_id=RUN_ID, instance=instance, asset_selection=[catalog_of_sources.key], raise_on_error=False
        )
    assert result.success
    with psycopg2.connect(**server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pipeline_name, status FROM runs WHERE run_id = %s", [RUN_ID])
        assert cursor.fetchall() == [("refresh_sources", "SUCCESS")]
        cursor.execute("SELECT count(*) FROM event_logs WHERE dagster_event_type = 'ASSET_MATERIALIZATION'")
        assert cursor.fetchall() == [(1,)]
    connection.close()
    assert list((tmp_path / ".dagster").rglob("*.db")) == []
    with Warehouse(tmp_path).write() as build:
        assert build.execute("SELECT count(*) > 50 FROM raw.source").fetchall() == [(True,)]
    held = [file for file in tmp_path.rglob("*") if file.is_file() and PASSWORD.encode() in file.read_bytes()]
    assert held == []


def test_two_workers_share_one_place_in_the_pool(instance: dg.DagsterInstance) -> None:
    ours = instance.event_log_storage
    with dg.DagsterInstance.from_ref(instance.get_ref()) as other:
        theirs = other.event_log_storage
        assert ours.claim_concurrency_slot(POOL, "run_1", "costs").is_claimed
        assert not theirs.claim_concurrency_slot(POOL, "run_2", "costs").is_claimed
        ours.free_concurrency_slot_for_step("run_1", "costs")
        assert theirs.claim_concurrency_slot(POOL, "run_2", "costs").is_claimed
    assert ours.get_concurrency_info(POOL).slot_count == 1
