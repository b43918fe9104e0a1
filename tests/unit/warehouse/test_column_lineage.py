"""Column lineage: against lineages written by hand from the statements, and whole for every mart."""

import logging

import pytest
from sqlglot.errors import SqlglotError

from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.warehouse.column_lineage import column_lineage
from pipelines.warehouse.marts import Mart, marts

MARTS = {mart.table.name: mart for mart in marts()}
WITHOUT_SOURCES = {
    ("source_health", "as_of"),  # a parameter
    ("source_health", "consecutive_failures"),  # counts of rows
    ("source_health", "open_hold_count"),
    ("gpu_rate_spread", "provider_count"),
}
COST, PRICE, RATE = "core.usage_cost", "core.token_price", "main.gpu_rate_current"
BY_HAND = {
    ("cost_daily", "quantity"): [(COST, "quantity")],
    ("cost_daily", "meter_group"): [(COST, "meter")],
    # Of usage, and of the fees of plans.
    ("cost_daily", "price_ids"): [("core.plan_fee", "plan_id"), (COST, "price_id")],
    ("cost_unpriced", "remedy"): [(COST, "unpriced_reason")],
    # A column of a row that is carried whole.
    ("price_conflict", "believed_since"): [(PRICE, "valid_from")],
    ("price_conflict", "other_fetched_at"): [("raw.parse", "fetched_at")],
    ("price_conflict", "reason"): [(PRICE, "source"), ("raw.source", "standing")],
    # Such a row, out of an aggregate that orders rows, and of two of them by CASE.
    ("gpu_rate_spread", "cheapest_provider"): [(RATE, "provider"), (RATE, "region"), (RATE, "usd_per_gpu_hour")],
    ("gpu_rate_conflict", "other_sku"): [(RATE, "sku")],
    ("price_change", "kind"): [
        (PRICE, name)
        for name in ("basis", "is_listed", "known_from", "known_to", "price_id", "usd_per_unit", "valid_from")
    ],
    ("price_change", "url"): [("raw.fetch", "url")],
    ("gpu_rate_current", "usd_per_gpu_hour"): [
        ("core.exchange_rate", "usd_per_currency"), ("core.gpu_rate", "local_per_gpu_hour"),
        ("core.gpu_rate", "usd_per_gpu_hour"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("mart", "column"), BY_HAND, ids=".".join)
def test_a_lineage_is_the_one_written_by_hand(mart, column):
    assert list(column_lineage(MARTS[mart])[column]) == BY_HAND[mart, column]


@pytest.mark.parametrize("mart", MARTS.values(), ids=MARTS)
def test_every_column_of_a_mart_comes_from_declared_columns(mart, caplog):
    column_lineage.cache_clear()
    with caplog.at_level(logging.WARNING, logger="sqlglot"):
        found = column_lineage(mart)
    assert caplog.records == [], "sqlglot lost its way"
    assert set(found) == set(mart.table.declaration.column_names())
    sources = {source for each in found.values() for source in each}
    assert {column for column, each in found.items() if not each} == {
        column for name, column in WITHOUT_SOURCES if name == mart.table.name
    }
    assert sources <= {
        (table, column) for table in mart.inputs for column in TABLES_BY_NAME[table].declaration.column_names()
    }


def test_both_sides_of_a_union_and_constants():
    statement = """
        SELECT meter AS one, 1 AS two FROM core.usage_cost
        UNION ALL SELECT model, cost_usd FROM core.usage_cost
    """
    mart = Mart(MARTS["cost_daily"].table, statement, (COST,))
    assert column_lineage(mart) == {"one": ((COST, "meter"), (COST, "model")), "two": ((COST, "cost_usd"),)}


def test_a_column_that_no_table_declares_is_an_error():
    mart = Mart(MARTS["cost_daily"].table, "SELECT no_such_column FROM core.usage_cost", (COST,))
    with pytest.raises(SqlglotError, match="no_such_column"):
        column_lineage(mart)
