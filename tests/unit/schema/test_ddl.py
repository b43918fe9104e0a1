"""SQL made of declarations, and what DuckDB makes of that SQL."""

import dataframely as dy
import duckdb
import pytest

from pipelines.schema import ddl
from pipelines.schema.columns import count, day, flag, instant, price, ratio, text, usd
from pipelines.schema.tables import TABLES, Table


class Sample(dy.Schema):
    """What's in a sample.

    Never read.
    """

    name = text("who's who")
    cost_usd = usd("exact cost")
    from_tokens = count("a column's name may be a word of SQL", unit="tokens", nullable=True)


SAMPLE = Table("main", "sample", Sample)


@pytest.mark.parametrize(
    ("column", "sql"),
    [
        (text("t"), "VARCHAR"),
        (count("c", unit="x"), "BIGINT"),
        (ratio("r"), "DOUBLE"),
        (flag("f"), "BOOLEAN"),
        (day("d"), "DATE"),
        (instant("i"), "TIMESTAMP"),
        (usd("u"), "DECIMAL(38,12)"),
        (price("p", unit="x"), "DECIMAL(18,6)"),
    ],
)
def test_each_kind_of_column_has_one_type(column, sql):
    assert ddl.sql_type(column) == sql


def test_a_type_that_no_table_uses_is_an_error():
    with pytest.raises(KeyError):
        ddl.sql_type(dy.Time())


def test_a_comment_says_meaning_and_unit():
    assert ddl.comment(usd("exact cost")) == "exact cost [USD]"
    assert ddl.comment(text("who bills")) == "who bills"


def test_the_statements_of_a_table():
    assert list(ddl.statements(SAMPLE)) == [
        "CREATE SCHEMA IF NOT EXISTS main",
        'CREATE TABLE IF NOT EXISTS main.sample ("name" VARCHAR NOT NULL, "cost_usd" DECIMAL(38,12), '
        '"from_tokens" BIGINT)',
    ]


def test_the_comments_of_a_table():
    assert dict(ddl.comments(SAMPLE)) == {
        "TABLE main.sample": "What's in a sample.",
        'COLUMN main.sample."name"': "who's who",
        'COLUMN main.sample."cost_usd"': "exact cost [USD]",
        'COLUMN main.sample."from_tokens"': "a column's name may be a word of SQL [tokens]",
    }


@pytest.mark.parametrize("text", ["plain", "it's", "''", "'; DROP TABLE x; --", ""])
def test_a_literal_comes_back_as_it_was(text):
    with duckdb.connect() as connection:
        assert connection.execute(f"SELECT {ddl.literal(text)}").fetchall() == [(text,)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.qualified)
def test_every_declared_table_can_be_made_twice(table):
    """Twice, because every run asks for every table."""
    with duckdb.connect() as connection:
        for statement in [*ddl.statements(table), *ddl.statements(table)]:
            connection.execute(statement)
        described = connection.execute(f"DESCRIBE {table.qualified}").fetchall()
    declared = table.declaration.columns()
    assert [(name, kind, null == "YES") for name, kind, null, *_ in described] == [
        (name, ddl.sql_type(column), column.nullable) for name, column in declared.items()
    ]
