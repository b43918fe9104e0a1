"""The workload of logs: tokens as counted, calls from the ledger, the peak from its hours."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.decisions.logged_workload import logged_workloads
from pipelines.schema import ddl
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.schema.usage import Usage

DAY = date(2026, 10, 1)
OFFER = {
    "provider": "openai",
    "channel": "api",
    "region": "global",
    "model": "gpt-5-mini",
    "service_tier": "standard",
}


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA core")
        for name, columns in (
            ("token_price", TABLES_BY_NAME["core.token_price"].declaration.columns()),
            ("usage_cost", TABLES_BY_NAME["core.usage_cost"].declaration.columns()),
            ("usage", Usage.columns()),
        ):
            typed = ", ".join(f'"{column}" {ddl.sql_type(one)}' for column, one in columns.items())
            connection.execute(f"CREATE TABLE core.{name} ({typed})")
        yield connection


def _add(connection: duckdb.DuckDBPyConnection, table: str, **row: Any) -> None:
    names = {**OFFER, **row}
    marks = ", ".join("?" for _ in names)
    connection.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", list(names.values()))  # noqa: S608


def _call(connection: duckdb.DuckDBPyConnection, at: datetime, **row: Any) -> None:
    _add(connection, "core.usage", usage_at=at, usage_date=at.date(), grain="request", **row)


def test_a_week_of_calls_scaled_to_a_month(connection: duckdb.DuckDBPyConnection) -> None:
    # Seven days of one call at noon, the last of them with three: 9 calls of 100 in (40 cached) and 10 out.
    for number in range(7):
        at = datetime(2026, 9, 24, 12) + timedelta(days=number)
        for minute in range(3 if number == 6 else 1):
            tokens = {"input_uncached_tokens": 60, "cache_read_tokens": 40, "output_tokens": 10}
            _call(connection, at.replace(minute=minute), of_which_reasoning_tokens=4, **tokens)
    for meter, quantity in (("input_uncached", 540), ("cache_read", 360), ("output", 90)):
        _add(connection, "core.usage_cost", usage_date=date(2026, 9, 24), meter=meter, quantity=quantity)
    (month,) = logged_workloads(connection, 15, DAY)
    assert month.calls_per_month == 18
    assert month.tokens_per_month["input_uncached"] == 1080
    assert (month.mean_input_tokens, month.mean_output_tokens) == (100, 10)
    assert float(month.cached_share) == 0.4
    assert month.reasoning_tokens_per_month == 72
    # Three calls in the busiest of 7 * 24 hours that had nine: 3 / (9 / 168)
    assert month.peak_over_mean == Decimal(56)
    assert month.notes == ()


def test_a_report_left_out_adds_no_calls(connection: duckdb.DuckDBPyConnection) -> None:
    # Requests and a report of the same four calls: the tokens were counted once.
    at = datetime(2026, 9, 30)
    for hour in range(4):
        _call(connection, at + timedelta(hours=hour), input_uncached_tokens=100, output_tokens=50)
    bucket = {"requests": 4, "input_uncached_tokens": 400, "output_tokens": 200}
    _add(connection, "core.usage", usage_at=at, usage_date=at.date(), grain="bucket", **bucket)
    for meter, quantity in (("input_uncached", 400), ("output", 200)):
        _add(connection, "core.usage_cost", usage_date=at.date(), meter=meter, quantity=quantity)
    (month,) = logged_workloads(connection, 30, DAY)
    assert month.calls_per_month == 4
    assert month.peak_over_mean is None


def test_what_logs_do_not_tell_is_said(connection: duckdb.DuckDBPyConnection) -> None:
    at = datetime(2026, 9, 30)
    _add(connection, "core.usage", usage_at=at, usage_date=at.date(), grain="bucket", input_uncached_tokens=400)
    _add(connection, "core.usage_cost", usage_date=at.date(), meter="input_uncached", quantity=400)
    (month,) = logged_workloads(connection, 30, DAY)
    assert month.mean_input_tokens is None
    assert month.reasoning_tokens_per_month is None
    assert len(month.notes) == 3


def test_a_warehouse_without_usage_has_no_workload(connection: duckdb.DuckDBPyConnection) -> None:
    assert logged_workloads(connection, 30, DAY) == []


def test_parts_are_those_at_which_the_ledger_was_priced(connection: duckdb.DuckDBPyConnection) -> None:
    """300 tokens of short prompts and 100 of long ones, of 15 days: twice that a month."""
    for price_id, context_from in (("short", 0), ("long", 200_000)):
        connection.execute(
            "INSERT INTO core.token_price (price_id, context_from, time_window) VALUES (?, ?, 'always')",
            [price_id, context_from],
        )
        quantity = 300 if price_id == "short" else 100
        _add(
            connection,
            "core.usage_cost",
            usage_date=date(2026, 9, 24),
            meter="input_uncached",
            price_id=price_id,
            quantity=quantity,
        )
    (month,) = logged_workloads(connection, 15, DAY)
    assert month.parts is not None
    assert sorted(month.parts(())) == [
        (0, {"input_uncached": 600}, "always", "default"),
        (200_000, {"input_uncached": 200}, "always", "default"),
    ]
    assert month.tokens_per_month["input_uncached"] == 800
