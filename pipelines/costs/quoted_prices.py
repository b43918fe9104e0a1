"""The price versions that a quote rests on: of the published file, or the shipped ones where there is none.

Read as rows of Python and not as Arrow: that takes pyarrow and numpy, which take longer to import than a quote takes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import duckdb
import polars as pl

from pipelines.costs.resolve_segments import last_readings
from pipelines.schema.contract_terms import TERM_SCHEMA
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.shipped_prices import PRICE_FILE, shipped_pages
from pipelines.sources.source import PRICE_HISTORY
from pipelines.warehouse.published import PublishedWarehouse

_KNOWN = "coalesce(known_from <= $known_at, true) AND (known_to IS NULL OR known_to > $known_at)"
"""Of versions: what was believed at a moment, or is believed now where that is NULL."""

PAID_SCHEMA = {"usage_date": pl.Date(), "term_id": pl.String(), "quantity": pl.Int64()}


@dataclass(frozen=True)
class QuotedPrices:
    """Versions of core.token_price by what was known at a moment, naive UTC, or by what is known now (None)."""

    connection: duckdb.DuckDBPyConnection
    versions_from: str
    page: Callable[[str], str | None]
    """fetch_id -> the address of the page that a version rests on."""
    known_at: datetime | None
    read_at: Mapping[str, datetime]
    """Source -> when it was last read with success by then; nothing where no warehouse is read."""

    def listed(self) -> pl.DataFrame:
        """What the price lists hold: MODEL_KEY."""
        query = f"SELECT DISTINCT {', '.join(MODEL_KEY)} FROM {self.versions_from} WHERE {_KNOWN} ORDER BY ALL"
        rows = self.connection.execute(query, {"known_at": self.known_at}).fetchall()
        return pl.DataFrame(rows, dict.fromkeys(MODEL_KEY, pl.String()), orient="row")

    def versions(self, models: Sequence[str]) -> pl.DataFrame:
        """The versions of some listed models, in the columns and types of core.token_price."""
        # The shipped file has them, and reading them from there declares nothing twice. A decimal comes as its text.
        schema = pl.Schema(pl.read_parquet_schema(PRICE_FILE))
        texts = {name: pl.String() if dtype.is_decimal() else dtype for name, dtype in schema.items()}
        there = {row[0] for row in self.connection.execute(f"DESCRIBE FROM {self.versions_from}").fetchall()}
        columns = ", ".join(
            (f"{name}::VARCHAR" if dtype.is_decimal() else name) if name in there else f"NULL AS {name}"
            for name, dtype in schema.items()
        )
        query = f"SELECT {columns} FROM {self.versions_from} WHERE {_KNOWN} AND model IN (SELECT unnest($models))"
        values = {"known_at": self.known_at, "models": list(models)}
        return pl.DataFrame(self.connection.execute(query, values).fetchall(), texts, orient="row").cast(schema)

    def terms(self) -> pl.DataFrame:
        """The terms of the contract, in TERM_SCHEMA; none where nothing is published."""
        found = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'core' AND table_name = 'contract_term'"
        if not self.connection.execute(found).fetchall():
            return pl.DataFrame(schema=TERM_SCHEMA)
        texts = {name: pl.String() if dtype.is_decimal() else dtype for name, dtype in TERM_SCHEMA.items()}
        there = {row[0] for row in self.connection.execute("DESCRIBE core.contract_term").fetchall()}
        columns = ", ".join(
            (f"{name}::VARCHAR" if dtype.is_decimal() else name) if name in there else f"NULL AS {name}"
            for name, dtype in TERM_SCHEMA.items()
        )
        query = f"SELECT {columns} FROM core.contract_term WHERE {_KNOWN}"
        rows = self.connection.execute(query, {"known_at": self.known_at}).fetchall()
        return pl.DataFrame(rows, texts, orient="row").cast(pl.Schema(TERM_SCHEMA))

    def paid_in_bands(self, terms: pl.DataFrame) -> pl.DataFrame:
        """Of each day the quantity that was paid by each band of volume among the terms: PAID_SCHEMA."""
        bands = terms.filter(pl.col("volume").is_not_null())["term_id"].to_list()
        if not bands:
            return pl.DataFrame(schema=PAID_SCHEMA)
        query = (
            "SELECT usage_date, term_id, sum(quantity)::BIGINT FROM core.usage_cost "
            "WHERE plan_id IS NULL AND term_id IN (SELECT unnest($bands)) GROUP BY ALL ORDER BY ALL"
        )
        return pl.DataFrame(self.connection.execute(query, {"bands": bands}).fetchall(), PAID_SCHEMA, orient="row")


@contextmanager
def quoted_prices(warehouse: PublishedWarehouse, known_at: datetime | None) -> Iterator[QuotedPrices]:
    """The prices of a warehouse, and those that ship with the program where it was never given them.

    That is so where nothing is published, and in the demo. Every question about a price is answered from here, so that
    a model which only the shipped history knows has the same price in all of them.
    """
    shipped = f"read_parquet('{str(PRICE_FILE).replace(chr(39), chr(39) * 2)}')"
    if not warehouse.published_file.exists():
        with duckdb.connect() as connection:
            yield QuotedPrices(connection, shipped, shipped_pages().get, known_at, {})
        return
    with warehouse.read() as connection:
        own = "core.token_price"
        has_history = f"(SELECT source FROM {own} WHERE source = '{PRICE_HISTORY}')"
        versions = f"(FROM {own} UNION ALL BY NAME FROM {shipped} WHERE NOT EXISTS {has_history})"
        yield QuotedPrices(
            connection, versions, partial(_page, connection), known_at, last_readings(connection, known_at)
        )


def _page(connection: duckdb.DuckDBPyConnection, fetch_id: str) -> str | None:
    found = connection.execute('SELECT url FROM raw."fetch" WHERE fetch_id = $id', {"id": fetch_id}).fetchone()
    return shipped_pages().get(fetch_id) if found is None else str(found[0])
