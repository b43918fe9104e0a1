"""The DuckDB file: what is in it, what publishing does to readers, and what it says where it cannot be used."""

import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from filelock import FileLock

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.schema.tables import TABLES, TABLES_BY_NAME
from pipelines.schema.usage import Usage
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.warehouse import ledger
from pipelines.warehouse.database import (
    Warehouse,
    WarehouseError,
    append,
    fingerprints,
    read_table,
    replace_dates,
    scalar,
)

FETCH = {
    "fetch_id": "f1",
    "source": "litellm",
    "url": "https://example.org/prices",
    "fetched_at": datetime(2026, 3, 1, 6),
    "origin": "recorded",
    "outcome": "failed",
    "status": 500,
}
PRICE = {
    "price_id": "p",
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-x",
    "meter": "output",
    "service_tier": "standard",
    "context_from": 0,
    "time_window": "always",
    "unit": "mtok",
    "usd_per_unit": Decimal("1.5"),
    "currency": "USD",
    "printed": "$1.50",
    "basis": "printed",
    "is_listed": True,
    "source": "openai_pricing",
    "fetch_id": "f1",
}
COUNT_FETCHES = "SELECT count(*) FROM raw.fetch"


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse", lock_timeout_seconds=0.1)


def rows_of(table, *rows):
    return pl.DataFrame(list(rows), schema=polars_schema(TABLES_BY_NAME[table].declaration))


def add_fetch(warehouse, fetch_id):
    with warehouse.write() as connection:
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"fetch_id": fetch_id}))


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


def test_every_published_table_and_column_says_what_it_means(warehouse):
    warehouse.publish()
    with warehouse.read() as connection:
        tables = dict(
            connection.execute("SELECT schema_name || '.' || table_name, comment FROM duckdb_tables()").fetchall()
        )
        views = dict(connection.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall())
        bare = connection.execute(
            "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
            "WHERE NOT internal AND coalesce(trim(comment), '') = ''"
        ).fetchall()
        cost = scalar(
            connection, "SELECT comment FROM duckdb_columns() WHERE table_name = 'alert' AND column_name LIKE 'usd%'"
        )
    assert set(tables) == {table.qualified for table in TABLES}
    assert all((tables | views).values())
    assert "usage" in views
    assert bare == []
    assert "[USD per month]" in cost


def test_publishing_words_the_meanings_as_the_program_does(warehouse):
    """An older version of the program may have worded them differently."""
    warehouse.publish()
    with warehouse.write() as connection:
        connection.execute("COMMENT ON TABLE raw.fetch IS 'old'")
        connection.execute("COMMENT ON COLUMN raw.fetch.url IS NULL")
    query = (
        "SELECT comment FROM duckdb_tables() WHERE table_name = 'fetch' "
        "UNION ALL SELECT comment FROM duckdb_columns() WHERE table_name = 'fetch' AND column_name = 'url'"
    )
    warehouse.publish()
    with warehouse.read() as connection:
        table, column = (comment for (comment,) in connection.execute(query).fetchall())
    assert table == TABLES_BY_NAME["raw.fetch"].meaning
    assert column == Fetch.columns()["url"].description


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


def test_a_row_that_breaks_a_rule_is_not_stored(warehouse):
    with pytest.raises(Exception, match="origin"), warehouse.write() as connection:
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"origin": "dreamt"}))
    with warehouse.write() as connection:
        assert scalar(connection, COUNT_FETCHES) == 0


@pytest.mark.parametrize("use", ["write", "publish"])
def test_a_table_of_another_version_is_named_and_left_alone(warehouse, use):
    with warehouse.write():
        pass
    with duckdb.connect(str(warehouse.build_file)) as connection:
        connection.execute("ALTER TABLE raw.fetch RENAME COLUMN etag TO tag")
    with pytest.raises(WarehouseError, match=r"raw\.fetch was made by another version.*move build\.duckdb aside"):
        warehouse.write().__enter__() if use == "write" else warehouse.publish()
    with duckdb.connect(str(warehouse.build_file)) as connection:
        assert "tag" in [row[0] for row in connection.execute("DESCRIBE raw.fetch").fetchall()]
    assert not warehouse.published_file.exists()


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
    assert sorted(path.name for path in warehouse.folder.iterdir()) == [".build.lock", "build.duckdb", "costs.duckdb"]


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


def test_price_as_of_answers_for_any_moment(warehouse):
    """1.50 from January, 2 from 1 March 08:00 as learned then; on 5 March it turned out to be 3."""
    january, march, learned = datetime(2026, 1, 1), datetime(2026, 3, 1, 8), datetime(2026, 3, 5)
    versions = [
        {"valid_from": january, "known_from": january, "known_to": march},
        {"valid_from": january, "valid_to": march, "known_from": march},
        {"valid_from": march, "known_from": march, "known_to": learned, "usd_per_unit": Decimal(2)},
        {"valid_from": march, "known_from": learned, "usd_per_unit": Decimal(3)},
    ]
    with warehouse.write() as connection:
        append(connection, "core.token_price", rows_of("core.token_price", *(PRICE | version for version in versions)))
    warehouse.publish()
    with warehouse.read() as connection:

        def prices(call):
            return [row[0] for row in connection.execute(f"SELECT usd_per_unit FROM {call}").fetchall()]  # noqa: S608

        assert prices("price_as_of(TIMESTAMP '2025-12-31 23:59:59')") == []
        assert prices("price_as_of(TIMESTAMP '2026-01-01 00:00')") == [Decimal("1.5")]
        assert prices("price_as_of(TIMESTAMP '2026-03-01 07:59:59')") == [Decimal("1.5")]
        assert prices("price_as_of(TIMESTAMP '2026-03-01 08:00')") == [3]
        assert prices("price_known_at(TIMESTAMP '2026-03-02', TIMESTAMP '2025-12-01')") == []
        assert prices("price_known_at(TIMESTAMP '2026-03-02', TIMESTAMP '2026-02-01')") == [Decimal("1.5")]
        assert prices("price_known_at(TIMESTAMP '2026-03-02', TIMESTAMP '2026-03-01 08:00')") == [2]
        assert prices("price_known_at(TIMESTAMP '2026-03-02', TIMESTAMP '2026-03-05')") == [3]
        assert prices("price_known_at(TIMESTAMP '2026-02-01', TIMESTAMP '2026-03-05')") == [Decimal("1.5")]


def test_usage_is_empty_and_typed_without_a_ledger(warehouse):
    warehouse.publish()
    with warehouse.read() as connection:
        frame = connection.sql("SELECT * FROM core.usage").pl()
    assert (frame.height, frame.columns) == (0, list(Usage.columns()))
    assert frame.schema["reported_cost_usd"] == pl.Decimal(38, 12)


def test_usage_shows_the_ledger_files_in_force(warehouse):
    base = {"grain": "request", "provider": "anthropic", "channel": "api", "region": "global", "model": "claude-x"}
    base |= {"service_tier": "standard", "format": "claude_code", "import_id": "i1", "source_line": 1}
    rows = usage_frame(
        [
            base | {"usage_id": "u1", "usage_at": datetime(2026, 3, 21, 10), "output_tokens": 5},
            base | {"usage_id": "u2", "usage_at": datetime(2026, 3, 22, 10), "output_tokens": 7},
        ]
    )
    files = ledger.write(warehouse.folder, rows_of("core.ledger_file"), rows, largest_per_usage).files
    ledger.write(warehouse.folder, files, rows.with_columns(output_tokens=pl.lit(999, pl.Int64)), largest_per_usage)
    with warehouse.write() as connection:
        append(connection, "core.ledger_file", files)
    warehouse.publish()
    with warehouse.read() as connection:
        query = "SELECT usage_date, usage_id, output_tokens FROM core.usage ORDER BY ALL"
        assert connection.execute(query).fetchall() == [(date(2026, 3, 21), "u1", 5), (date(2026, 3, 22), "u2", 7)]


def test_sweep_removes_what_a_killed_publish_left(warehouse):
    assert warehouse.sweep() == 0, "there is no folder yet"
    warehouse.publish()
    for number in (11, 12):
        (warehouse.folder / f".costs.duckdb.{number}.tmp").write_bytes(b"half")
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


def test_only_the_dates_named_are_replaced(warehouse):
    table = TABLES_BY_NAME["core.cost_fingerprint"]
    days = [date(2026, 3, day) for day in (1, 2, 3)]

    def frame(dates, text):
        return pl.DataFrame({"usage_date": dates, "fingerprint": [text] * len(dates)})

    with warehouse.write() as connection:
        assert replace_dates(connection, table, days, frame(days, "old")) == 3
        assert replace_dates(connection, table, days[:2], frame(days[:1], "new")) == 1
        assert replace_dates(connection, table, [], frame([], "none").clear()) == 0
        found = read_table(connection, table.qualified).sort("usage_date").rows()
    assert found == [(days[0], "new"), (days[2], "old")]


def test_fingerprints_tell_changed_from_unchanged(warehouse):
    add_fetch(warehouse, "one")
    before = fingerprints(warehouse)
    assert set(before) == {table.qualified for table in TABLES}
    assert before["raw.fetch"][0] == 1
    warehouse.publish()
    assert fingerprints(warehouse) == before
    with warehouse.write() as connection:
        connection.execute("UPDATE raw.fetch SET status = 503")
    after = fingerprints(warehouse)
    assert {name for name in after if after[name] != before[name]} == {"raw.fetch"}
    assert after["raw.fetch"][0] == 1
