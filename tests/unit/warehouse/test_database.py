"""The build file and the published file: what readers see, and what is said where one cannot be used."""

import subprocess
import sys

import duckdb
import pytest
from filelock import FileLock

from pipelines.warehouse.connection import wal_of
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, read_table, scalar
from tests.unit.warehouse.fetch_rows import COUNT_FETCHES, FETCH, add_fetch, rows_of


def published_count(warehouse):
    with warehouse.read() as connection:
        return scalar(connection, COUNT_FETCHES)


def count_in_a_new_process(file):
    """What somebody sees who opens the file now: this process might be handed an instance that it has open."""
    program = (
        f"import duckdb; print(duckdb.connect({str(file)!r}, read_only=True).execute({COUNT_FETCHES!r}).fetchall())"
    )
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - our own


def test_two_warehouses_are_open_at_once_and_stay_apart(warehouse, tmp_path):
    other = Warehouse(tmp_path / "other")
    with warehouse.write() as one, other.write() as two:
        append(one, "raw.fetch", rows_of("raw.fetch", FETCH))
        assert (scalar(one, COUNT_FETCHES), scalar(two, COUNT_FETCHES)) == (1, 0)
    with warehouse.write() as one, other.write() as two:
        assert (scalar(one, COUNT_FETCHES), scalar(two, COUNT_FETCHES)) == (1, 0)


def test_an_error_while_writing_undoes_all_of_it(warehouse):
    add_fetch(warehouse, "kept")
    with pytest.raises(ZeroDivisionError), warehouse.write() as connection:  # noqa: PT012 - the block is the test
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"fetch_id": "lost"}))
        connection.execute("DELETE FROM raw.fetch WHERE fetch_id = 'kept'")
        raise ZeroDivisionError
    with warehouse.write() as connection:
        assert read_table(connection, "raw.fetch")["fetch_id"].to_list() == ["kept"]


def test_a_reader_keeps_its_version_and_blocks_nobody(warehouse):
    add_fetch(warehouse, "one")
    warehouse.publish()
    with warehouse.read() as reader:
        before = warehouse.published_file.stat().st_ino
        add_fetch(warehouse, "two")
        warehouse.publish()
        assert warehouse.published_file.stat().st_ino != before, "replaced, not written into"
        assert scalar(reader, COUNT_FETCHES) == 1
        assert count_in_a_new_process(warehouse.published_file) == "[(2,)]"
        assert scalar(reader, COUNT_FETCHES) == 1
    assert published_count(warehouse) == 2
    assert sorted(path.name for path in warehouse.folder.iterdir()) == [
        ".build.lock",
        "build.duckdb",
        "costs.duckdb",
        "costs.duckdb.previous",
        "records",
    ]


def test_a_writer_never_blocks_a_reader(warehouse):
    add_fetch(warehouse, "one")
    warehouse.publish()
    with warehouse.write() as connection:
        connection.execute("DELETE FROM raw.fetch")
        assert count_in_a_new_process(warehouse.published_file) == "[(1,)]"
        assert published_count(warehouse) == 1


def test_the_published_file_cannot_be_written(warehouse):
    warehouse.publish()
    with warehouse.read() as connection, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("DELETE FROM raw.fetch")


def test_sweep_removes_what_a_killed_copy_left(warehouse):
    assert warehouse.sweep() == 0, "there is no folder yet"
    warehouse.publish()
    for name in (".costs.duckdb.11.tmp", ".build.duckdb.before-0001.12.tmp"):
        (warehouse.folder / name).write_bytes(b"half")
    assert warehouse.sweep() == 2
    assert published_count(warehouse) == 0
    assert warehouse.sweep() == 0


@pytest.mark.parametrize("use", ["write", "publish", "sweep"])
def test_a_lock_that_is_held_is_said(warehouse, use):
    warehouse.publish()
    calls = {"write": lambda: warehouse.write().__enter__(), "publish": warehouse.publish, "sweep": warehouse.sweep}
    with (
        FileLock(warehouse.folder / ".build.lock"),
        pytest.raises(WarehouseError, match=r"another run has held .*warehouse"),
    ):
        calls[use]()


def test_a_build_file_that_is_no_database_is_said(warehouse):
    warehouse.folder.mkdir()
    warehouse.build_file.write_bytes(b"not a database" * 1_000)
    with pytest.raises(WarehouseError, match=r"cannot open .*build\.duckdb"):
        warehouse.write().__enter__()


def test_reading_before_the_first_run_says_what_makes_the_file(warehouse):
    with pytest.raises(WarehouseError, match=r"costs\.duckdb does not exist yet; `costs run`"):
        warehouse.read().__enter__()


def test_the_last_published_file_is_kept(warehouse):
    add_fetch(warehouse, "one")
    warehouse.publish()
    add_fetch(warehouse, "two")
    warehouse.publish()
    assert count_in_a_new_process(warehouse.previous_file) == "[(1,)]"
    assert count_in_a_new_process(warehouse.published_file) == "[(2,)]"


@pytest.mark.parametrize(
    "remain", ["costs.duckdb", "records/records.json", "archive/fetches.jsonl", "ledger/d/x.parquet"]
)
@pytest.mark.parametrize("use", ["write", "publish"])
@pytest.mark.parametrize("is_there", ["missing", "empty", "without a table"])
def test_no_empty_database_is_begun_where_one_was(warehouse, remain, use, is_there):
    file = warehouse.folder / remain
    file.parent.mkdir(parents=True)
    file.write_bytes(b"good")
    if is_there == "empty":
        warehouse.build_file.touch()
    elif is_there == "without a table":
        duckdb.connect(str(warehouse.build_file)).close()
    with pytest.raises(WarehouseError, match=r"build\.duckdb is (missing|empty).*`costs --warehouse .* rebuild`"):
        warehouse.publish() if use == "publish" else warehouse.write().__enter__()
    assert file.read_bytes() == b"good"
    assert warehouse.build_file.exists() == (is_there != "missing")


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_log_without_its_database_is_left_alone(warehouse, is_empty):
    add_fetch(warehouse, "one")
    warehouse.build_file.unlink()
    if is_empty:
        warehouse.build_file.touch()
    before = wal_of(warehouse.build_file).read_bytes()
    with pytest.raises(WarehouseError, match=r"build\.duckdb is (missing|empty).*`costs --warehouse .* rebuild`"):
        warehouse.write().__enter__()
    assert wal_of(warehouse.build_file).read_bytes() == before


def test_a_first_step_that_was_killed_as_it_began_stops_no_other(warehouse):
    warehouse.folder.mkdir()
    warehouse.build_file.touch()
    add_fetch(warehouse, "one")
    warehouse.publish()
    assert published_count(warehouse) == 1


def test_a_file_that_lost_rows_is_not_published_unless_it_is_said_why(warehouse, caplog):
    add_fetch(warehouse, "one")
    add_fetch(warehouse, "two")
    warehouse.publish()
    before = warehouse.published_file.read_bytes()
    with warehouse.write() as connection:
        connection.execute("DELETE FROM raw.fetch WHERE fetch_id = 'one'")
    with pytest.raises(WarehouseError, match=r"raw\.fetch: 2 rows became 1.*stays as it was.*rebuild"):
        warehouse.publish()
    assert warehouse.published_file.read_bytes() == before
    assert not list(warehouse.folder.glob(".*.tmp"))
    warehouse.publish(loses="a test")
    assert "raw.fetch: 2 rows became 1 (a test)" in caplog.text
    assert published_count(warehouse) == 1


def test_rows_that_ship_may_become_fewer(warehouse):
    add_fetch(warehouse, "one")
    with warehouse.write() as connection:
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"fetch_id": "s", "origin": "shipped"}))
    warehouse.publish()
    with warehouse.write() as connection:
        connection.execute("DELETE FROM raw.fetch WHERE origin = 'shipped'")
    warehouse.publish()
    assert published_count(warehouse) == 1


def fill(warehouse):
    """Enough for blocks of data of their own."""
    add_fetch(warehouse, "one")
    with warehouse.write() as connection:
        connection.execute(
            "INSERT INTO core.cost_fingerprint SELECT DATE '2026-01-02', hash(range) || '-' || hash(range + 1) "
            "FROM range(60_000)"
        )


def test_a_single_bit_of_the_build_file_is_never_published(warehouse):
    fill(warehouse)
    warehouse.publish()
    good, whole = warehouse.published_file.read_bytes(), warehouse.build_file.read_bytes()
    refused = 0
    for place in range(5_000, len(whole), len(whole) // 24):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        warehouse.build_file.write_bytes(damaged)
        try:
            warehouse.publish()
        except WarehouseError:
            assert warehouse.published_file.read_bytes() == good
            refused += 1
        else:  # a block that is free
            with warehouse.read() as connection:
                assert scalar(connection, COUNT_FETCHES) == 1
                assert scalar(connection, "SELECT count(DISTINCT fingerprint) FROM core.cost_fingerprint") == 60_000
            good = warehouse.published_file.read_bytes()
    assert refused > 12


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_build_file_that_was_cut_is_said_with_what_to_do(warehouse, share):
    fill(warehouse)
    whole = warehouse.build_file.read_bytes()
    warehouse.build_file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WarehouseError, match=r"build\.duckdb.*rebuild"):
        warehouse.write().__enter__()


def test_a_published_file_that_cannot_be_opened_is_replaced_and_not_kept(warehouse, caplog):
    add_fetch(warehouse, "one")
    warehouse.publish()
    warehouse.publish()
    previous = warehouse.previous_file.read_bytes()
    warehouse.published_file.write_bytes(b"no database" * 1_000)
    warehouse.publish()
    assert published_count(warehouse) == 1
    assert warehouse.previous_file.read_bytes() == previous
    assert "is replaced unread" in caplog.text
