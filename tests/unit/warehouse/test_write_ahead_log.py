"""What is committed to a DuckDB file, between its log and the file itself, also where a process ends in between."""

import shutil

import pytest

from pipelines.warehouse import write_ahead_log
from pipelines.warehouse.connection import attached, wal_of
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.write_ahead_log import checkpoint
from tests.unit.warehouse.fetch_rows import add_fetch


def numbers(file):
    with attached(file) as connection:
        return [number for (number,) in connection.execute("SELECT n FROM numbers ORDER BY n").fetchall()]


def add(file, number):
    with attached(file) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (n INTEGER)")
        connection.execute("INSERT INTO numbers VALUES (?)", [number])


@pytest.fixture
def file(tmp_path):
    """A DuckDB file with a row in it, and one more in its log."""
    made = tmp_path / "some.duckdb"
    add(made, 1)
    checkpoint(made)
    add(made, 2)
    return made


def test_what_is_committed_leaves_the_file_alone_until_it_is_replaced(file):
    before, inode = file.read_bytes(), file.stat().st_ino
    add(file, 3)
    assert (file.read_bytes(), file.stat().st_ino) == (before, inode)
    checkpoint(file)
    assert file.stat().st_ino != inode
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert numbers(file) == [1, 2, 3]


def test_without_a_log_nothing_is_replaced(file):
    checkpoint(file)
    inode = file.stat().st_ino
    checkpoint(file)
    assert file.stat().st_ino == inode


def test_a_log_that_is_in_the_file_already_is_not_read_again(file, tmp_path):
    """What put it there was killed before it removed the log."""
    shutil.copyfile(wal_of(file), tmp_path / "log")
    checkpoint(file)
    shutil.copyfile(tmp_path / "log", wal_of(file))
    assert numbers(file) == [1, 2]
    assert not wal_of(file).exists()
    add(file, 3)
    assert numbers(file) == [1, 2, 3]


def test_a_log_of_any_other_state_is_refused_and_kept(file, tmp_path):
    shutil.copyfile(wal_of(file), tmp_path / "log")
    for number in (3, 4):
        checkpoint(file)
        add(file, number)
    checkpoint(file)
    shutil.copyfile(tmp_path / "log", wal_of(file))
    with pytest.raises(WarehouseError, match=r"cannot open .*checkpoint iteration"):
        numbers(file)
    assert wal_of(file).read_bytes() == (tmp_path / "log").read_bytes()


def test_a_checkpoint_that_fails_leaves_file_and_log(file, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    before = {path.name: path.read_bytes() for path in file.parent.iterdir()}
    for place in ("copyfile", "attached"):
        with monkeypatch.context() as patch:
            patch.setattr(write_ahead_log.shutil if place == "copyfile" else write_ahead_log, place, fail)
            with pytest.raises(OSError, match="No space left"):
                checkpoint(file)
        assert {path.name: path.read_bytes() for path in file.parent.iterdir()} == before


def test_a_long_log_is_moved_into_the_file_when_a_step_ends(warehouse, monkeypatch, caplog):
    add_fetch(warehouse, "one")
    assert wal_of(warehouse.build_file).stat().st_size > 0
    monkeypatch.setattr(write_ahead_log, "LEAST_BYTES", 0)
    monkeypatch.setattr(write_ahead_log, "SHARE", 1 << 40)
    add_fetch(warehouse, "two")
    assert not wal_of(warehouse.build_file).exists()
    warehouse.publish()
    with warehouse.read() as connection:
        assert connection.execute("SELECT fetch_id FROM raw.fetch ORDER BY ALL").fetchall() == [("one",), ("two",)]
    assert caplog.text == ""


def test_a_published_file_has_what_is_in_the_log(warehouse):
    add_fetch(warehouse, "one")
    assert wal_of(warehouse.build_file).exists()
    warehouse.publish()
    assert not wal_of(warehouse.build_file).exists()
    with warehouse.read() as connection:
        assert connection.execute("SELECT fetch_id FROM raw.fetch").fetchall() == [("one",)]


def test_tables_are_in_the_file_as_soon_as_they_are_made(tmp_path):
    """From the log they would be made again at each opening."""
    made = Warehouse(tmp_path / "made")
    with made.write():
        pass
    assert not wal_of(made.build_file).exists()
    with attached(made.build_file) as connection:
        assert connection.execute("SELECT count(*) FROM raw.fetch").fetchall() == [(0,)]
