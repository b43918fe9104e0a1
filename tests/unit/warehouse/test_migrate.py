"""Older build files: what is carried over, what is put aside first, and what is refused with the file as it was."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.schema import ddl
from pipelines.schema.tables import TABLES
from pipelines.warehouse import migrate
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.migrate import Migration, migrations
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import scalar
from tests.unit.warehouse.fetch_rows import FETCH, add_fetch

OLD = Path(__file__).parents[2] / "warehouse_f4734e3"
COPY = "build.duckdb.before-0001"
CHANGED = "core.ledger_file"
"""The one table that a migration takes a column from."""
EXTENDED = (
    *("core.reported_cost", "core.usage_cost", "core.cost_comparison"),
    *("main.cost_daily", "main.cost_unpriced", "main.cost_reconciliation", "main.usage_overlap"),
    *("main.spend_forecast", "core.price_hold"),
)
"""Tables that have more columns than then."""
KEPT = {
    "core.token_price": 427,
    "core.gpu_rate": 40,
    "core.model_lifecycle": 56,
    "core.price_hold": 16,
    "core.usage_import": 10,
    "main.alert": 22,
    "main.alert_delivery": 3,
    "raw.acceptance": 1,
    "raw.fetch": 35,
    "raw.parse": 35,
}
"""Rows that f4734e3 wrote into it, as that program counted them."""


@pytest.fixture
def old(tmp_path):
    """A warehouse as commit f4734e3 left it."""
    shutil.copytree(OLD, tmp_path / "warehouse")
    made = Warehouse(tmp_path / "warehouse", lock_timeout_seconds=0.1)
    made.build_file.write_bytes(gzip.decompress((OLD / "build.duckdb.gz").read_bytes()))
    return made


@pytest.fixture
def current(warehouse):
    """A warehouse that this program made, with rows in a table."""
    with warehouse.write() as connection:
        connection.execute("INSERT INTO core.cost_fingerprint VALUES ('2026-03-01', 'a'), ('2026-03-02', 'b')")
    return warehouse


def change(file, *statements):
    """What another version of the program did to a file."""
    with duckdb.connect(str(file)) as connection:
        for statement in statements:
            connection.execute(statement)


def change_tables(file, *statements):
    """The same, in a file that agrees with the declarations of that version."""
    change(file, *statements, "UPDATE raw.schema_version SET tables_hash = 'other'")


def content(file, columns=None):
    """Count and hash of the rows of every table, asked without the program. `columns`: only these of some tables."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        # Without columns that have come since, and are NULL.
        query = "SELECT count(*), bit_xor(hash(row_of)) "
        query += "FROM (SELECT COLUMNS(lambda name: name <> 'importer_version') FROM {}) AS row_of"
        of = {name: f"(SELECT {', '.join(listed)} FROM {name})" for name, listed in (columns or {}).items()}  # noqa: S608 - names of columns
        return {name: connection.execute(query.format(of.get(name, name))).fetchall()[0] for (name,) in names}


def shapes(file):
    """Columns of every table, in the file's order."""
    query = "SELECT schema_name || '.' || table_name, column_name, data_type, is_nullable FROM duckdb_columns() "
    found = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        for table, *shape in connection.execute(f"{query} WHERE NOT internal ORDER BY column_index").fetchall():
            found.setdefault(table, []).append(tuple(shape))
    return found


def open_once(warehouse):
    with warehouse.write():
        pass


def with_migration(monkeypatch, folder, statements):
    """Add a migration after those that there are."""
    file = folder / "0099_test.sql"
    file.write_text(statements)
    known = (*migrations(), Migration(99, file))
    monkeypatch.setattr(migrate, "migrations", lambda: known)


def test_migrations_are_numbered_in_order():
    numbers = [migration.number for migration in migrations()]
    assert numbers == sorted(set(numbers))


def test_a_warehouse_of_an_older_commit_keeps_every_row(old, caplog):
    # Its columns of then: others have come since, and stand between them.
    extended = ("main.break_even", "main.alert", "main.alert_delivery", "raw.parse", "core.usage_file")
    extended += ("core.token_price",)
    columns = {table: [name for name, *_ in shapes(old.build_file)[table]] for table in extended}
    before = content(old.build_file, columns)
    assert {name: count for name, (count, _) in before.items() if name in KEPT} == KEPT
    open_once(old)
    after = content(old.build_file, columns)
    assert {name: after[name] for name in before if name not in (CHANGED, *EXTENDED)} == {
        name: rows for name, rows in before.items() if name not in (CHANGED, *EXTENDED)
    }
    assert {name: after[name][0] for name in EXTENDED} == {name: before[name][0] for name in EXTENDED}
    assert after[CHANGED][0] == before[CHANGED][0] == 2
    assert set(after) == {table.qualified for table in TABLES}
    assert content(old.folder / COPY) == before
    assert COPY in caplog.text


def test_a_migrated_file_is_published_with_its_ledger(old):
    old.publish()
    with old.read() as connection:
        query = "SELECT (SELECT sum(row_count) FROM core.ledger_file), count(*) FROM core.usage"
        assert connection.execute(query).fetchall() == [(38, 38)]
        assert [name for name, *_ in connection.execute("DESCRIBE core.ledger_file").fetchall()] == [
            "usage_date",
            "path",
            "row_count",
        ]


def test_a_second_opening_does_nothing(old):
    open_once(old)
    files = {path.name: path.stat().st_mtime_ns for path in old.folder.iterdir()}
    after = old.build_file.read_bytes()
    open_once(old)
    assert {path.name: path.stat().st_mtime_ns for path in old.folder.iterdir()} == files
    assert old.build_file.read_bytes() == after


def test_a_new_file_has_the_newest_version_and_no_copy(warehouse):
    open_once(warehouse)
    with warehouse.write() as connection:
        assert scalar(connection, "SELECT version FROM raw.schema_version") == migrations()[-1].number
    assert list(warehouse.folder.glob("*.before-*")) == []


def test_a_file_of_a_newer_program_is_refused_and_left_alone(current):
    change(current.build_file, "UPDATE raw.schema_version SET version = 4711")
    before = current.build_file.read_bytes()
    for use in (current.publish, lambda: open_once(current)):
        with pytest.raises(
            WarehouseError,
            match=rf"build\.duckdb has schema version 4711; this program knows .* {migrations()[-1].number}\. ",
        ):
            use()
    assert current.build_file.read_bytes() == before
    assert [path.name for path in current.folder.glob("*.before-*")] == []


@pytest.mark.parametrize(
    "fault",
    [
        "UPDATE core.cost_fingerprint SET fingerprint = 'lost'; SELECT * FROM no_such_table",
        "DROP TABLE core.cost_fingerprint; CREATE TABLE core.cost_fingerprint (usage_date VARCHAR)",
    ],
    ids=["fails", "leaves a table that is not as declared"],
)
def test_a_migration_that_goes_wrong_leaves_the_file_as_it_was(current, tmp_path, monkeypatch, fault):
    before = content(current.build_file)
    with_migration(monkeypatch, tmp_path, fault)
    for _ in range(2):
        with pytest.raises(WarehouseError, match="Nothing in it was changed"):
            open_once(current)
    assert content(current.build_file) == before
    assert [path.name for path in current.folder.glob("*.before-*")] == ["build.duckdb.before-0099"]
    assert content(current.folder / "build.duckdb.before-0099") == before


def test_a_program_killed_in_a_migration_leaves_the_file_as_it_was(old):
    before = content(old.build_file)
    program = (
        "import os, signal, pathlib; from pipelines.warehouse import migrate, database; "
        "migrate._complete_tables = lambda connection: os.kill(os.getpid(), signal.SIGKILL); "
        f"database.Warehouse(pathlib.Path({str(old.folder)!r})).write().__enter__()"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own
    assert killed.returncode == -signal.SIGKILL
    assert content(old.build_file) == before
    columns = {"main.alert": [name for name, *_ in shapes(old.build_file)["main.alert"]]}
    before = content(old.build_file, columns)
    open_once(old)
    assert content(old.build_file, columns)["main.alert"] == before["main.alert"]
    assert [path.name for path in old.folder.glob("*.before-*")] == [COPY]


def test_a_copy_from_before_is_never_replaced(old):
    (old.folder / COPY).write_bytes(b"of an earlier upgrade")
    before = content(old.build_file)
    open_once(old)
    assert (old.folder / COPY).read_bytes() == b"of an earlier upgrade"
    assert content(old.folder / f"{COPY}-2") == before


def test_without_room_for_the_copy_nothing_is_migrated(old, monkeypatch):
    def full(*_):
        raise OSError(28, os.strerror(28))

    before = old.build_file.read_bytes()
    monkeypatch.setattr(migrate.shutil, "copyfile", full)
    with pytest.raises(WarehouseError, match=r"copied to .*before-0001 .*No space left on device"):
        open_once(old)
    assert old.build_file.read_bytes() == before
    assert [path.name for path in old.folder.glob("*before*")] == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE raw.fetch DROP COLUMN error",
        "ALTER TABLE raw.fetch DROP COLUMN status",
        "DROP TABLE core.price_hold",
        "ALTER TABLE raw.fetch ALTER url DROP NOT NULL",
        "ALTER TABLE raw.acceptance DROP COLUMN sha256",
    ],
    ids=["last column", "column in the middle", "table", "looser column", "column that is never NULL, no rows"],
)
def test_what_a_file_lacks_is_added_by_itself(current, statement):
    add_fetch(current, "f1")
    change_tables(current.build_file, statement)
    open_once(current)
    assert shapes(current.build_file) == {table.qualified: ddl.shapes(table) for table in TABLES}
    with current.write() as connection:
        query = "SELECT fetch_id, url, outcome, error FROM raw.fetch"
        assert connection.execute(query).fetchall() == [("f1", FETCH["url"], FETCH["outcome"], None)]
        assert scalar(connection, "SELECT count(*) FROM core.cost_fingerprint") == 2
    assert [path.name for path in current.folder.glob("*.before-*")] == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("ALTER TABLE core.cost_fingerprint RENAME COLUMN fingerprint TO mark", "column mark VARCHAR"),
        ("ALTER TABLE core.cost_fingerprint ALTER usage_date TYPE VARCHAR", "column usage_date VARCHAR"),
        ("ALTER TABLE core.cost_fingerprint DROP COLUMN fingerprint", "NOT NULL constraint failed"),
    ],
)
def test_a_table_that_no_migration_covers_is_named_and_left_alone(current, statement, found):
    change_tables(current.build_file, statement)
    before = current.build_file.read_bytes()
    for use in (current.publish, lambda: open_once(current)):
        with pytest.raises(
            WarehouseError, match=rf"build.duckdb .*core\.cost_fingerprint is not as .*{found}.*Keep it"
        ):
            use()
    assert current.build_file.read_bytes() == before
    assert not current.published_file.exists()


def test_a_migration_may_fill_a_column_that_is_never_null(current, tmp_path, monkeypatch):
    """DuckDB does not set NOT NULL after an update in one transaction; the table is made anew as declared instead."""
    change_tables(current.build_file, "ALTER TABLE core.cost_fingerprint DROP COLUMN fingerprint")
    statements = (
        "ALTER TABLE core.cost_fingerprint ADD COLUMN fingerprint VARCHAR;"
        "UPDATE core.cost_fingerprint SET fingerprint = 'filled'"
    )
    with_migration(monkeypatch, tmp_path, statements)
    open_once(current)
    with current.write() as connection:
        assert connection.execute("SELECT DISTINCT fingerprint FROM core.cost_fingerprint").fetchall() == [("filled",)]
    expected = [("usage_date", "DATE", False), ("fingerprint", "VARCHAR", False)]
    assert shapes(current.build_file)["core.cost_fingerprint"] == expected


def test_a_file_that_another_process_has_open_is_not_migrated(old):
    with closing(duckdb.connect(str(old.build_file))) as other:
        other.execute("SELECT 1")
        program = (
            "import pathlib; from pipelines.warehouse.database import Warehouse; "
            f"Warehouse(pathlib.Path({str(old.folder)!r})).publish()"
        )
        refused = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert "cannot open" in refused.stderr
    assert [path.name for path in old.folder.glob("*.before-*")] == []
