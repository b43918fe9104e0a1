"""Killed runs, full disks, two runs at once: what is published stays whole, nothing is lost."""

import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.snapshots.prepare_run import prepare
from pipelines.sources import archive
from pipelines.sources.archive import ArchiveError
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import fingerprints, read_table, scalar
from tests.integration import kill_target, passes

ROOT = Path(__file__).parents[2]
USAGE_FILES = ROOT / "tests" / "usage_files"
NOW = datetime(2026, 11, 24)
NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
KILLS = [0.05, 0.4, 0.75, 1.1, 1.45]
"""When each program is killed, in steps: how long a step takes depends on the machine and what else it does.

Few of them, as `tools.crash_test` kills by the hundred.
"""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([kill_target.__name__])


@contextmanager
def program(work: Callable[..., None], *arguments: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """A program of kill_target.py that has said its first word; whatever happens, it is gone at the end."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=work, args=(theirs, *arguments))
    process.start()
    theirs.close()
    try:
        assert ours.recv() in ("ready", "copying")
        yield process, ours
    finally:
        process.kill()
        process.join()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse after a run of all the usage, published."""
    made = Warehouse(tmp_path_factory.mktemp("made") / "warehouse")
    with pytest.MonkeyPatch.context() as patch:
        passes.leave_out_great_expectations(patch.setattr)
        passes.fill_inbox(made, passes.STEPS - 1)
        passes.run_step(made, passes.STEPS - 1)
    return made.folder


@pytest.fixture
def finished(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A copy of it."""
    passes.leave_out_great_expectations(monkeypatch.setattr)
    return Warehouse(Path(shutil.copytree(made, tmp_path / "finished")))


def killed_after(delay: float, folder: Path, first: int) -> int:
    """Run steps from `first` on, kill the program after a while, and return the step to go on with."""
    with program(kill_target.steps, folder, first) as (process, pipe):
        sleep(delay)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        finished = list(heard(pipe))
    return max(finished, default=first - 1) + 1


def heard(pipe: Connection) -> Iterator[int]:
    """Everything that a dead program has said."""
    with suppress(EOFError):
        while True:
            yield pipe.recv()


def content(warehouse: Warehouse) -> dict[str, object]:
    """All tables, to compare two folders: paths and times of files are their own, but not what was imported of them."""
    with warehouse.write() as connection:
        files = read_table(connection, "core.usage_file").select("path", "size_bytes", "import_id").rows()
    return fingerprints(warehouse) | {"core.usage_file": sorted((Path(path).name, *rest) for path, *rest in files)}


def test_kill_9_at_any_moment_hurts_neither_readers_nor_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes.leave_out_great_expectations(monkeypatch.setattr)
    begun = monotonic()
    undisturbed, warehouse = passes.run_all(tmp_path / "undisturbed"), Warehouse(tmp_path / "disturbed")
    step_seconds = (monotonic() - begun) / passes.STEPS
    passes.fill_inbox(warehouse, 0)
    passes.run_step(warehouse, 0)
    following = 1
    with program(kill_target.reading, warehouse.folder) as (_, reader):
        for steps in KILLS:
            following = killed_after(steps * step_seconds, warehouse.folder, following)
        passes.run_all(warehouse.folder)
        reader.send("stop")
        seen = reader.recv()
    assert seen["problems"] == []
    assert seen["reads"] > len(KILLS)
    assert following > 1, "no step was ever finished"
    assert content(warehouse) == content(undisturbed)
    assert list(warehouse.folder.glob(".costs*")) == []


def test_kill_9_in_the_middle_of_publishing_leaves_the_old_version(finished: Warehouse) -> None:
    before = finished.published_file.read_bytes()
    with program(kill_target.copying, finished.folder) as (process, _):
        process.kill()
        process.join()
    (stray,) = finished.folder.glob(".costs.duckdb.*.tmp")
    assert 0 < stray.stat().st_size < len(before)
    assert finished.published_file.read_bytes() == before
    prepare(finished, NOW)
    assert not stray.exists()
    finished.publish()
    with finished.read() as connection:
        assert scalar(connection, "SELECT count(*) FROM core.usage_import") == 2


def test_kill_9_while_a_lost_database_is_rebuilt_loses_nothing(finished: Warehouse, tmp_path: Path) -> None:
    lost = Warehouse(Path(shutil.copytree(finished.folder, tmp_path / "lost")))
    rebuilt = Warehouse(Path(shutil.copytree(finished.folder, tmp_path / "rebuilt")))
    rebuilt.build_file.unlink()
    begun = monotonic()
    assert rebuild(rebuilt.folder) == 0
    seconds = monotonic() - begun
    published = lost.published_file.read_bytes()
    lost.build_file.unlink()
    for share in (0.15, 0.5, 0.85):
        with program(kill_target.rebuilding, lost.folder) as (process, pipe):
            pipe.send("go")
            sleep(share * seconds)
            process.kill()
            process.join()
        kill_target.look(lost.published_file)
    assert lost.previous_file.exists() or lost.published_file.read_bytes() == published
    assert rebuild(lost.folder) == 0
    assert content(lost) == content(rebuilt)
    assert list(lost.folder.glob(".*.tmp")) == []


def rebuild(folder: Path) -> int:
    """Exit code of the command."""
    return CliRunner().invoke(app, ["--warehouse", str(folder), "rebuild"]).exit_code


def test_publishing_takes_away_what_a_killed_one_left(finished: Warehouse) -> None:
    (finished.folder / ".costs.duckdb.1.0.tmp").write_bytes(b"half")
    finished.publish()
    assert list(finished.folder.glob(".costs*")) == []


def test_two_runs_at_once_make_what_one_makes(finished: Warehouse, tmp_path: Path) -> None:
    last = passes.STEPS - 1
    shared = Warehouse(tmp_path / "shared")
    passes.fill_inbox(shared, last)
    with program(kill_target.once, shared.folder, last) as one, program(kill_target.once, shared.folder, last) as other:
        for _, pipe in (one, other):
            pipe.send("go")
        for process, _ in (one, other):
            process.join(60)
        assert (one[0].exitcode, other[0].exitcode) == (0, 0)
    assert content(shared) == content(finished)


def test_a_run_that_begins_while_another_archives_takes_nothing_from_it(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def begin_a_run(_: int) -> None:
        begun.append(list(warehouse.folder.rglob("archive/**/*.tmp")))
        prepare(warehouse, datetime.now(UTC).replace(tzinfo=None))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", begin_a_run)
        kept = archive.store(warehouse.folder, b"page")
    assert begun[0], "there was nothing to take"
    assert archive.read(warehouse.folder, kept.path) == b"page"


def test_a_full_disk_while_publishing_keeps_the_old_version(
    finished: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy_half(source: Path, target: Path) -> None:
        content = source.read_bytes()
        target.write_bytes(content[: len(content) // 2])
        raise NO_SPACE

    before = finished.published_file.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", copy_half)
        with pytest.raises(WarehouseError, match=r"cannot publish .*No space left on device.*stays in place"):
            finished.publish()
    assert finished.published_file.read_bytes() == before
    assert list(finished.folder.glob(".costs*")) == []
    finished.publish()


def test_a_full_disk_while_importing_leaves_no_row_and_no_half_file(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk takes the first days and not the last: none of the file counts, and it comes in whole later."""
    files = passes.write_sample_usage(warehouse.inbox, until=passes.FIRST_DAY)
    written = []

    def full_at_last(target: Path, *_: object) -> None:
        written.append(target)
        if len(written) == 5:
            raise NO_SPACE

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_at_last)
        with pytest.raises(OSError, match="No space left on device"):
            import_files(warehouse, files, NOW)
    with warehouse.write() as connection:
        for table in ("core.usage_import", "core.usage_reject", "core.ledger_file"):
            assert read_table(connection, table).is_empty()
    assert list(warehouse.folder.rglob("*.tmp")) == []
    assert [outcome.outcome for outcome in import_files(warehouse, files, NOW)] == ["imported", "imported"]


def test_a_full_disk_while_archiving_leaves_no_half_file(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise NO_SPACE

    page = passes.page_for(passes.FIRST_DAY, passes.SOURCE.urls[0].removeprefix("https://"))
    assert page is not None
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(ArchiveError, match="No space left on device"):
            passes.record_body(warehouse, passes.SOURCE, page.read_bytes(), NOW)
    assert [path for path in warehouse.folder.rglob("archive/**/*") if path.is_file()] == []
    with warehouse.write() as connection:
        assert read_table(connection, "raw.fetch").is_empty()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 24 MiB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small file system")
    command = [mount, "-t", "tmpfs", "-o", "size=24m", "none", folder]
    mounted = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - nothing of it comes from outside
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)  # noqa: S603, S607 - beside the mount that was found above


def test_a_disk_that_is_really_full(finished: Warehouse, small_disk: Path) -> None:
    shutil.copytree(finished.folder, small_disk, dirs_exist_ok=True)
    warehouse = Warehouse(small_disk)
    before = warehouse.published_file.read_bytes()
    free = shutil.disk_usage(small_disk).free
    filler = small_disk / "filler"
    filler.write_bytes(bytes(free - len(before) // 2))
    with pytest.raises(WarehouseError, match="No space left on device"):
        warehouse.publish()
    assert warehouse.published_file.read_bytes() == before
    filler.unlink()
    warehouse.publish()


def test_what_fits_into_the_log_of_a_full_disk_is_kept(small_disk: Path) -> None:
    """100,000 hashes are 4 MB in the log, which fit, and 4 MB more in the file, which do not."""
    warehouse = Warehouse(small_disk)
    with warehouse.write():
        pass
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 5_000_000))
    with warehouse.write() as connection:
        connection.execute(
            "INSERT INTO core.cost_fingerprint SELECT DATE '2026-01-02', hash(range) || '-' || hash(range + 1) "
            "FROM range(100_000)"
        )
    assert (small_disk / "build.duckdb.wal").exists(), "the disk was not full"
    filler.unlink()
    with warehouse.write() as connection:
        assert scalar(connection, "SELECT count(*) FROM core.cost_fingerprint") == 100_000
    assert not (small_disk / "build.duckdb.wal").exists()
