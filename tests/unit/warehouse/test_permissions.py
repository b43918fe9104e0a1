"""A warehouse of an older program, made with wide permissions, is closed; nothing beside it and behind links is."""

import stat
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.snapshots.prepare_run import prepare
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.permissions import close_to_others, open_to_others

NOON = datetime(2026, 11, 24, 12)
OPENAI = Path(__file__).parents[2] / "usage_files" / "openai_export.csv"


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def wide(tmp_path):
    """A warehouse that everybody can read and change, with somebody's own files beside it and in the inbox."""
    warehouse = Warehouse(tmp_path / "warehouse")
    import_files(warehouse, [OPENAI], NOON)
    for name in (".dagster/history", "archive/ab", "inbox", "theirs"):
        (warehouse.folder / name).mkdir(parents=True, exist_ok=True)
    for name in (".dagster/history/run.db", "archive/ab/x.gz", "inbox/log.csv", "theirs/notes.txt", "notes.txt"):
        (warehouse.folder / name).write_text("x")
    for path in [warehouse.folder, *warehouse.folder.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    outside = tmp_path / "outside.csv"
    outside.write_text("x")
    outside.chmod(0o644)
    (warehouse.folder / "archive" / "link").symlink_to(outside)
    return warehouse


def others(warehouse):
    """What is still open, by its path below the folder."""
    found = [path for path in [warehouse.folder, *warehouse.folder.rglob("*")] if not path.is_symlink()]
    return {path.relative_to(warehouse.folder).as_posix() for path in found if mode(path) & 0o077}


@pytest.mark.parametrize(
    "work", [lambda wide: prepare(wide, NOON), lambda wide: import_files(wide, [], NOON)], ids=["run", "import"]
)
def test_a_run_and_an_import_close_what_is_ours(wide, tmp_path, work):
    assert len(open_to_others(wide.folder)) > 10
    work(wide)
    assert others(wide) == {"notes.txt", "theirs", "theirs/notes.txt", "inbox/log.csv"}
    assert open_to_others(wide.folder) == []
    assert mode(wide.folder) == 0o700
    assert mode(tmp_path / "outside.csv") == 0o644


def test_the_owner_loses_no_right(wide):
    file = wide.folder / "archive" / "ab" / "x.gz"
    file.chmod(0o444)
    close_to_others(wide.folder)
    assert mode(file) == 0o400


def test_a_folder_that_is_no_warehouse_is_left(tmp_path):
    (tmp_path / "inbox").mkdir(mode=0o755)
    (tmp_path / "inbox").chmod(0o755)
    assert close_to_others(tmp_path) == 0
    assert mode(tmp_path / "inbox") == 0o755


def test_a_shared_folder_stays_shared(wide):
    wide.folder.chmod(0o1777)
    close_to_others(wide.folder)
    assert others(wide) >= {"."}
    assert mode(wide.folder) == 0o1777
