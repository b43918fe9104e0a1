"""Rows that the tests of the warehouse put into it."""

from datetime import datetime

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.warehouse.rows import append

FETCH = {
    "fetch_id": "f1",
    "source": "litellm",
    "url": "https://example.org/prices",
    "fetched_at": datetime(2026, 3, 1, 6),
    "origin": "recorded",
    "outcome": "failed",
    "status": 500,
}
COUNT_FETCHES = "SELECT count(*) FROM raw.fetch"


def rows_of(table, *rows):
    return pl.DataFrame(list(rows), schema=polars_schema(TABLES_BY_NAME[table].declaration))


def add_fetch(warehouse, fetch_id):
    with warehouse.write() as connection:
        append(connection, "raw.fetch", rows_of("raw.fetch", FETCH | {"fetch_id": fetch_id}))
