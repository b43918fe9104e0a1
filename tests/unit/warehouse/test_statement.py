"""A person's statement reads the published file and can do nothing else."""

import duckdb
import pytest

from pipelines.warehouse.published import PublishedWarehouse
from pipelines.warehouse.statement import StatementError, one_statement, read_only

READS = [
    "FROM read_csv('/etc/passwd')",
    "FROM read_text('/etc/passwd')",
    "FROM glob('/*')",
    "FROM read_parquet('https://127.0.0.1:1/x.parquet')",
]
WRITES = [
    "COPY (SELECT 1) TO '{folder}/x.csv'",
    "COPY (SELECT 1) TO '{folder}/ledger/x.parquet'",
    "COPY (PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)) TO '{folder}/ledger/x.parquet'",
    "/* SELECT */ EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{folder}/ledger/x.parquet'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/ledger/x.parquet'",
    "EXPORT DATABASE '{folder}/ledger/out'",
    "ATTACH '{folder}/ledger/other.duckdb'",
    "PREPARE p AS COPY (SELECT 1) TO '{folder}/ledger/x.parquet'",
]
SETTINGS = [
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "INSTALL httpfs",
    "LOAD httpfs",
    "USE core",
]
ASKS = [
    "SELECT 1",
    "-- a comment\nFROM range(3)",
    "WITH a AS (SELECT 1) FROM a;",
    "((SELECT 1))",
    "PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)",
    "EXPLAIN (ANALYZE) SELECT 1",
    "SHOW TABLES",
    "DESCRIBE SELECT 1",
    "SELECT 'é; COPY' AS said",
]


@pytest.fixture
def published(tmp_path):
    with duckdb.connect(str(tmp_path / "costs.duckdb")) as connection:
        (tmp_path / "ledger").mkdir()
        connection.execute(f"COPY (SELECT 7 AS tokens) TO '{tmp_path}/ledger/day.parquet'")
        folder = f"coalesce(getvariable('warehouse'), '{tmp_path}')"
        connection.execute(f"CREATE VIEW usage AS FROM read_parquet({folder} || '/ledger/day.parquet')")
    return PublishedWarehouse(tmp_path)


@pytest.mark.parametrize("text", ASKS)
def test_a_statement_that_reads_is_run(published, text):
    with read_only(published, allows_files=False) as connection:
        assert connection.sql(one_statement(text, allows_files=False)).fetchall()


def test_views_on_the_ledger_are_read(published):
    with read_only(published, allows_files=False) as connection:
        assert connection.sql("FROM usage").fetchall() == [(7,)]


@pytest.mark.parametrize("text", READS)
def test_other_files_and_the_network_are_out_of_reach(published, text):
    with read_only(published, allows_files=False) as connection, pytest.raises(duckdb.Error):
        connection.sql(one_statement(text, allows_files=False)).fetchall()


@pytest.mark.parametrize("text", [*WRITES, *SETTINGS])
def test_a_statement_that_does_more_than_read_is_refused(published, text):
    files = sorted(published.folder.rglob("*"))
    with pytest.raises(StatementError, match="no statement that only reads"):
        one_statement(text.format(folder=published.folder), allows_files=False)
    assert sorted(published.folder.rglob("*")) == files


@pytest.mark.parametrize("text", SETTINGS[:2])
def test_settings_are_locked_even_for_a_statement_that_got_through(published, text):
    with read_only(published, allows_files=False) as connection, pytest.raises(duckdb.Error, match="locked"):
        connection.execute(text)


@pytest.mark.parametrize(("text", "found"), [("", "no st"), ("-- x", "no st"), ("FROM a; FROM b", "2 st")])
def test_exactly_one_statement_is_asked_for(text, found):
    with pytest.raises(StatementError, match=found):
        one_statement(text, allows_files=True)


def test_files_are_in_reach_where_the_person_says_so(published, tmp_path):
    file = tmp_path / "out.csv"
    statement = one_statement(f"COPY (SELECT 1 AS n) TO '{file}'", allows_files=True)
    with read_only(published, allows_files=True) as connection:
        connection.sql(statement)
    assert file.read_text() == "n\n1\n"
