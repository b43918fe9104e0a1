"""What a published file says beside its rows, and what its view and macros answer."""

import re
import shutil
from datetime import date, datetime
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pipelines.schema.raw import Fetch
from pipelines.schema.tables import TABLES, TABLES_BY_NAME
from pipelines.schema.usage import Usage
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, scalar
from tests.unit.warehouse.fetch_rows import rows_of

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


@pytest.fixture
def with_usage(warehouse):
    """A published warehouse with two days of usage; other rows for the same days were never put in force."""
    base = {"grain": "request", "provider": "anthropic", "channel": "api", "region": "global", "model": "claude-x"}
    base |= {"service_tier": "standard", "format": "claude_code", "import_id": "i1", "source_line": 1}
    rows = usage_frame(
        [
            base | {"usage_id": "u1", "usage_at": datetime(2026, 3, 21, 10), "output_tokens": 5},
            base | {"usage_id": "u2", "usage_at": datetime(2026, 3, 22, 10), "output_tokens": 7},
        ]
    )
    with warehouse.write():
        """A ledger without a database would be one that was lost."""
    files = ledger.write(warehouse.folder, rows_of("core.ledger_file"), rows, largest_per_usage).files
    ledger.write(warehouse.folder, files, rows.with_columns(output_tokens=pl.lit(999, pl.Int64)), largest_per_usage)
    with warehouse.write() as connection:
        append(connection, "core.ledger_file", files)
    warehouse.publish()
    return warehouse


USAGE = "SELECT usage_date, usage_id, output_tokens FROM core.usage ORDER BY ALL"
USAGE_ROWS = [(date(2026, 3, 21), "u1", 5), (date(2026, 3, 22), "u2", 7)]


def test_usage_shows_the_ledger_files_in_force(with_usage):
    with with_usage.read() as connection:
        assert connection.execute(USAGE).fetchall() == USAGE_ROWS


def test_usage_answers_from_anywhere_where_the_file_was_published(with_usage, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(with_usage.published_file), read_only=True) as connection:
        assert connection.execute(USAGE).fetchall() == USAGE_ROWS


def test_a_folder_that_was_moved_still_answers(with_usage, tmp_path):
    moved = Warehouse(tmp_path / "it's elsewhere")
    with_usage.folder.rename(moved.folder)
    with moved.read() as connection:
        assert connection.execute(USAGE).fetchall() == USAGE_ROWS


def test_a_copy_answers_without_the_program_as_its_comment_says(with_usage, tmp_path):
    moved = tmp_path / "moved"
    with_usage.folder.rename(moved)
    with duckdb.connect(str(moved / "costs.duckdb"), read_only=True) as connection:
        query = "SELECT comment FROM duckdb_views() WHERE view_name = 'usage'"
        (said,) = re.findall(r"SET VARIABLE \w+ = '[^']*'", scalar(connection, query))
        connection.execute(said.replace("/the/folder", str(moved)))
        assert connection.execute(USAGE).fetchall() == USAGE_ROWS


def test_a_file_copied_without_its_ledger_answers_all_but_usage(with_usage, tmp_path):
    alone = tmp_path / "alone" / "costs.duckdb"
    alone.parent.mkdir()
    with_usage.published_file.rename(alone)
    shutil.rmtree(with_usage.folder)
    with duckdb.connect(str(alone), read_only=True) as connection:
        assert scalar(connection, "SELECT count(*) FROM core.ledger_file") == 2
        assert connection.execute("SELECT * FROM price_as_of(now()::TIMESTAMP)").fetchall() == []
        with pytest.raises(duckdb.IOException, match=r"No files found.*ledger/usage_date"):
            connection.execute(USAGE)
