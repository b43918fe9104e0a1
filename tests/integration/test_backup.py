"""A backup holds one moment whole; what is restored is what it was, or nothing is in place."""

import gzip
import re
import shutil
import threading
from pathlib import Path

import duckdb
import pytest
from backports.zstd import tarfile
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.warehouse import USER_FILES, backup
from pipelines.warehouse.backup import back_up, restore
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import fingerprints
from tests.integration import passes
from tests.unit.warehouse.fetch_rows import add_fetch

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "warehouse"
    with pytest.MonkeyPatch.context() as patch:
        passes.leave_out_great_expectations(patch.setattr)
        passes.fill_inbox(Warehouse(folder), 0)
        passes.run_step(Warehouse(folder), 0)
    return folder


@pytest.fixture
def warehouse(made: Path, tmp_path: Path) -> Warehouse:
    return Warehouse(Path(shutil.copytree(made, tmp_path / "warehouse")))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_backed_up_is_restored(warehouse: Warehouse, tmp_path: Path) -> None:
    file, folder = tmp_path / "kept.tar.zst", tmp_path / "other" / "place"
    before = fingerprints(warehouse)
    assert back_up(warehouse, file).damaged == []
    assert file.stat().st_mode & 0o077 == 0, "for the owner alone"
    restore(file, folder)
    assert fingerprints(Warehouse(folder)) == before
    with Warehouse(folder).read() as connection:
        rows = connection.execute("SELECT count(*) FROM core.usage").fetchall()
        assert rows == connection.execute("SELECT sum(row_count) FROM core.ledger_file").fetchall()
    restored = contents(folder)
    assert {"build.duckdb", "costs.duckdb", "records/records.json", "archive/fetches.jsonl", "ledger/files.jsonl"} <= {
        *restored
    }
    assert not [name for name in restored if name.startswith(("inbox", ".dagster"))], "no log of the user, no secret"
    assert Warehouse(folder).publish().exists()
    assert not list(warehouse.folder.glob(".backup*.tmp"))


def test_all_that_the_user_wrote_by_hand_is_restored(warehouse: Warehouse, tmp_path: Path) -> None:
    """The files that the documents promise, each with the state that was good before a slip of the pen."""
    table = (DOCS / "configuration.md").read_text().split("## Files in the warehouse folder")[1].split("\n## ")[0]
    names = {name for name in re.findall(r"`([\w/.]+)`", table) if name.endswith((".csv", ".toml"))}
    assert names >= {"model_map.csv", "owners.csv", "contract_prices.csv", "plans.csv", "budgets.toml", "alerts.toml"}
    assert names == set(USER_FILES)
    kept = {name: f"{name}, by hand" for name in names} | {f".last_good/{name}": f"good {name}" for name in names}
    (warehouse.folder / ".last_good").mkdir()
    for name, text in kept.items():
        (warehouse.folder / name).write_text(text)
    back_up(warehouse, tmp_path / "kept.tar.zst")
    restore(tmp_path / "kept.tar.zst", tmp_path / "other")
    assert {name: (tmp_path / "other" / name).read_text() for name in kept} == kept


def test_a_folder_with_nothing_but_dagsters_state_is_restored_where_it_is(warehouse: Warehouse, tmp_path: Path) -> None:
    """As a container has it: it can neither be moved, nor can anything be written beside it."""
    file, folder = tmp_path / "kept.tar.zst", tmp_path / "mounted" / "warehouse"
    back_up(warehouse, file)
    (folder / ".dagster").mkdir(parents=True)
    (folder / ".dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    (folder / ".build.lock").touch()
    number = folder.stat().st_ino
    damaged = tmp_path / "damaged.tar.zst"
    damaged.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(WarehouseError):
        restore(damaged, folder)
    assert {path.name for path in folder.iterdir()} == {".dagster", ".build.lock"}
    restore(file, folder)
    assert fingerprints(Warehouse(folder)) == fingerprints(warehouse)
    assert (folder / ".dagster" / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
    assert (folder.stat().st_ino, [path.name for path in folder.parent.iterdir()]) == (number, ["warehouse"])


def test_a_backup_of_a_run_that_goes_on_is_of_one_moment(warehouse: Warehouse, tmp_path: Path) -> None:
    """Every attempt adds one row and the same number to a second table, in one transaction."""
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.05):  # a lock that is taken again at once is never got by another
            with warehouse.write() as connection:
                connection.execute(
                    "INSERT INTO core.cost_fingerprint SELECT DATE '2020-01-01' + count(*)::INTEGER, 'x' "
                    "FROM core.cost_fingerprint"
                )
                connection.execute(
                    "INSERT INTO raw.acceptance SELECT 's', count(*)::VARCHAR, now() FROM raw.acceptance"
                )
            warehouse.publish()

    with warehouse.write() as connection:
        query = "SELECT (SELECT count(*) FROM core.cost_fingerprint) - (SELECT count(*) FROM raw.acceptance)"
        apart = connection.execute(query).fetchall()
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            back_up(warehouse, tmp_path / f"{number}.tar.zst")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        folder = tmp_path / f"restored-{number}"
        restore(tmp_path / f"{number}.tar.zst", folder)
        with Warehouse(folder).write() as connection:
            assert connection.execute(query).fetchall() == apart


@pytest.mark.parametrize("how", ["cut", "one bit", "empty", "text"])
def test_a_damaged_backup_puts_nothing_in_place(warehouse: Warehouse, tmp_path: Path, how: str) -> None:
    file, folder = tmp_path / "kept.tar.zst", tmp_path / "new"
    back_up(warehouse, file)
    content = file.read_bytes()
    middle = len(content) // 2
    damaged = {
        "cut": content[:middle],
        "one bit": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
        "text": b"no archive" * 99,
    }
    file.write_bytes(damaged[how])
    with pytest.raises(WarehouseError, match=r"kept\.tar\.zst"):
        restore(file, folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.tar.zst", "warehouse"]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "extra"])  # noqa: S108 - must not be written
def test_a_member_that_has_no_place_is_refused(warehouse: Warehouse, tmp_path: Path, name: str) -> None:
    file, hostile = tmp_path / "kept.tar.zst", tmp_path / "hostile.tar.zst"
    back_up(warehouse, file)
    with tarfile.open(file, "r:zst") as old, tarfile.open(hostile, "w:zst") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        new.addfile(tarfile.TarInfo(name))
    with pytest.raises(WarehouseError, match="hostile"):
        restore(hostile, tmp_path / "new")
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "new").exists()


def test_a_folder_in_use_is_moved_aside_only_when_asked(warehouse: Warehouse, tmp_path: Path) -> None:
    file, folder = tmp_path / "kept.tar.zst", tmp_path / "used"
    back_up(warehouse, file)
    folder.mkdir()
    (folder / "mine").write_text("mine")
    with pytest.raises(WarehouseError, match="used is not empty; --force"):
        restore(file, folder)
    assert contents(folder) == {"mine": b"mine"}
    _, aside = restore(file, folder, force=True)
    assert aside is not None
    assert contents(aside) == {"mine": b"mine"}
    assert (folder / "build.duckdb").exists()


def test_a_backup_that_cannot_be_written_leaves_the_one_of_before(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept.tar.zst"
    back_up(warehouse, file)
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_add_manifest", full)
    with pytest.raises(WarehouseError, match=r"cannot write .*No space left"):
        back_up(warehouse, file)
    assert file.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.tar.zst", "warehouse"]


def test_a_damaged_ledger_file_is_named_and_left_out(warehouse: Warehouse, tmp_path: Path) -> None:
    damaged = next(warehouse.folder.glob("ledger/usage_date=*/*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:50])
    file = tmp_path / "kept.tar.zst"
    result = CliRunner().invoke(app, ["--warehouse", str(warehouse.folder), "backup", str(file)])
    assert (result.exit_code, damaged.name in result.output) == (1, True)
    with tarfile.open(file) as tar:
        assert damaged.name not in {name.split("/")[-1] for name in tar.getnames()}


def test_a_damaged_database_is_not_backed_up(warehouse: Warehouse, tmp_path: Path) -> None:
    add_fetch(warehouse, "one")
    content = bytearray(warehouse.build_file.read_bytes())
    for place in range(30_000, len(content), 60_000):
        content[place] ^= 1
    warehouse.build_file.write_bytes(content)
    with pytest.raises((WarehouseError, duckdb.Error)):
        back_up(warehouse, tmp_path / "kept.tar.zst")
    assert not (tmp_path / "kept.tar.zst").exists()


def test_commands_say_what_they_did(warehouse: Warehouse, tmp_path: Path) -> None:
    file = str(tmp_path / "kept.tar.zst")
    run = CliRunner().invoke
    assert run(app, ["--warehouse", str(warehouse.folder), "backup", file]).exit_code == 0
    refused = run(app, ["--warehouse", str(warehouse.folder), "restore", file])
    assert (refused.exit_code, "is not empty" in refused.output) == (3, True)
    restored = run(app, ["--warehouse", str(tmp_path / "new"), "restore", file])
    assert (restored.exit_code, "files restored" in restored.output) == (0, True)
    assert fingerprints(Warehouse(tmp_path / "new")) == fingerprints(warehouse)


@pytest.mark.parametrize("hurt", ["cut", "another body", "gone"])
def test_a_damaged_body_is_named_by_backup_and_by_restore(warehouse: Warehouse, tmp_path: Path, hurt: str) -> None:
    """With the source whose page it is, and what to do; everything else is in the backup."""
    body = sorted(warehouse.folder.glob("archive/??/*.gz"))[0]
    if hurt == "gone":
        body.unlink()
    else:
        body.write_bytes(body.read_bytes()[:-5] if hurt == "cut" else gzip.compress(b"another page"))
    file, folder = tmp_path / "kept.tar.zst", tmp_path / "new"
    run = CliRunner().invoke
    for command in (["--warehouse", str(warehouse.folder), "backup"], ["--warehouse", str(folder), "restore"]):
        result = run(app, [*command, str(file)])
        assert result.exit_code == 1, result.output
        (line,) = [line for line in result.output.splitlines() if body.name in line]
        assert f"page of {passes.SOURCE.key} of 2026-" in line
        assert "put it back from a backup" in line
    assert fingerprints(Warehouse(folder)) == fingerprints(warehouse)
    assert not (folder / body.relative_to(warehouse.folder)).exists()


def test_a_day_that_was_damaged_before_the_backup_is_named_when_it_is_restored(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    damaged = next(warehouse.folder.glob("ledger/usage_date=*/*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:50])
    file = tmp_path / "kept.tar.zst"
    back_up(warehouse, file)
    result = CliRunner().invoke(app, ["--warehouse", str(tmp_path / "new"), "restore", str(file)])
    assert (result.exit_code, damaged.name in result.output, "missing" in result.output) == (1, True, True)
