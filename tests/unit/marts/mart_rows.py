"""Rows that marts are built from, and what a mart holds after it was built."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.warehouse.marts import build_mart, marts
from pipelines.warehouse.rows import append, read_table

MARTS = {mart.table.name: mart for mart in marts()}
TODAY = date(2026, 3, 10)
FIRST, NOW = datetime(2026, 3, 1, 6), datetime(2026, 3, 10, 6)
PRICE = {
    "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x", "meter": "output",
    "service_tier": "standard", "context_from": 0, "time_window": "always", "unit": "mtok",
    "usd_per_unit": Decimal(10), "currency": "USD",
    "printed": "$", "basis": "printed", "valid_from": FIRST, "known_from": FIRST, "is_listed": True,
    "source": "openai_pricing", "fetch_id": "f1",
}  # fmt: skip
COST = {
    "usage_date": date(2026, 3, 9), "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x",
    "service_tier": "standard", "account_id": "default", "meter": "output", "is_lower_bound": False, "usage_rows": 1,
    "quantity": 1_000_000,
}  # fmt: skip
FETCH = {
    "fetch_id": "f1", "source": "openai_pricing", "url": "https://example.org/p", "fetched_at": FIRST,
    "origin": "recorded", "outcome": "new",
}  # fmt: skip


def add(warehouse, table, *rows):
    frame = pl.DataFrame(list(rows), schema=polars_schema(TABLES_BY_NAME[table].declaration))
    with warehouse.write() as connection:
        append(connection, table, frame)


def built(warehouse, name, *columns, days=(TODAY,), order="ALL"):
    """The rows of a mart after building it, held against its declaration."""
    count = build_mart(warehouse, MARTS[name], list(days))
    with warehouse.write() as connection:
        table = read_table(connection, f"main.{name}", f"true ORDER BY {order}")
    rows = MARTS[name].table.declaration.validate(table).select(columns).rows()
    assert count == len(rows)
    return rows


def priced(price_id, usd, **differences):
    return (
        COST
        | {"price_id": price_id, "cost_usd": Decimal(usd), "usd_per_unit": Decimal(1), "unit": "mtok"}
        | {"effective_cost_usd": Decimal(usd), "contracted_usd_per_unit": Decimal(1)}
        | differences
    )


def restated(price_id, valid_to, known_at=NOW, **differences):
    """A version as it stands after its end became known: the open-ended one is no longer believed."""
    row = PRICE | {"price_id": price_id} | differences
    return [row | {"known_to": known_at}, row | {"valid_to": valid_to, "known_from": known_at}]
