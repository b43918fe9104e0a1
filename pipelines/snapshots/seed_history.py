"""The history that ships with the program: read it, and enter it into a warehouse that has none yet."""

from functools import cache

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.snapshots.book import GPU_RATES, TOKEN_PRICES, Book
from pipelines.snapshots.shipped_gpu_rates import DatedRate, gpu_rate_evidence, gpu_rate_history
from pipelines.snapshots.shipped_prices import EVIDENCE_FILE, SHIPPED, shipped_versions
from pipelines.sources.source import GPU_RATE_HISTORY, PRICE_HISTORY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, read_table


@cache
def shipped_evidence() -> pl.DataFrame:
    """Rows of raw.fetch: what the shipped versions rest on, by address and date."""
    return pl.read_csv(EVIDENCE_FILE, schema=polars_schema(Fetch))


@cache
def shipped_rates() -> pl.DataFrame:
    """Rows of DatedRate: GPU rates as public texts stated them, by address and date."""
    rows = pl.read_csv(SHIPPED / "gpu_rates.csv", schema_overrides=polars_schema(DatedRate))
    return DatedRate.validate(rows.select(DatedRate.column_names()), cast=True)


def seed_price_history(warehouse: Warehouse) -> int:
    """Enter the shipped prices, or bring them up to date after an upgrade. Returns how many versions are new."""
    return _seed(warehouse, TOKEN_PRICES, PRICE_HISTORY, shipped_versions(), shipped_evidence())


def seed_gpu_rate_history(warehouse: Warehouse) -> int:
    """Enter the shipped GPU rates, or bring them up to date after an upgrade. Returns how many versions are new."""
    rates = shipped_rates()
    return _seed(warehouse, GPU_RATES, GPU_RATE_HISTORY, gpu_rate_history(rates), gpu_rate_evidence(rates))


def _seed(warehouse: Warehouse, book: Book, source: str, shipped: pl.DataFrame, evidence: pl.DataFrame) -> int:
    """Make a source's versions and evidence those that ship.

    Rows of an older release that the present one no longer ships are removed: they are the program's, not the user's.
    """
    table, key = f"core.{book.table}", [book.id_column, "known_from"]
    with warehouse.write() as connection:
        present = read_table(connection, table, "source = $source", source=source)
        if present.sort(key).equals(shipped.sort(key)):
            return 0
        connection.execute(f"DELETE FROM {table} WHERE source = $source", {"source": source})
        connection.execute("DELETE FROM raw.fetch WHERE source = $source", {"source": source})
        append(connection, "raw.fetch", evidence)
        append(connection, table, shipped)
    return shipped.join(present, on=key, how="anti").height
