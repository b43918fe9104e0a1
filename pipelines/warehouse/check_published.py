"""Hold the published file against the build file that it is a copy of."""

import duckdb
import polars as pl

from pipelines.schema.mart_expectations import PUBLISHED_CHECK
from pipelines.schema.validation import CheckResult, broken, validate_rows
from pipelines.warehouse.connection import wal_of
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.good_copy import fingerprints_of
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import fingerprints


def check_published(warehouse: Warehouse) -> list[CheckResult]:
    """Compare row counts and content hashes of every table of the two files.

    Nothing is compared, and nothing returned, where another run has changed the build file since it was published. A
    published file that is missing or cannot be read fails the checks.
    """
    if _is_behind(warehouse):
        return []
    try:
        rows = compare_published(warehouse)
    except (WarehouseError, duckdb.Error) as error:
        return broken(PUBLISHED_CHECK.expectations, error)
    # A table that is the same in both is a rule kept: only the others are asked about.
    differing = rows.filter(
        (pl.col("build_rows") != pl.col("published_rows")) | (pl.col("build_hash") != pl.col("published_hash"))
    )
    return validate_rows(differing, PUBLISHED_CHECK.statement, PUBLISHED_CHECK.expectations, PUBLISHED_CHECK.key)


def _is_behind(warehouse: Warehouse) -> bool:
    """Publishing copies the file last of all, so it is the younger one until the next change."""
    if not warehouse.build_file.exists() or not warehouse.published_file.exists():
        return False
    files = [file for file in (warehouse.build_file, wal_of(warehouse.build_file)) if file.exists()]
    return max(file.stat().st_mtime_ns for file in files) > warehouse.published_file.stat().st_mtime_ns


def compare_published(warehouse: Warehouse) -> pl.DataFrame:
    """One row per table: table, build_rows, published_rows, build_hash, published_hash."""
    built = fingerprints(warehouse)
    with warehouse.read() as connection:
        published = fingerprints_of(connection)
    rows = [(name, built[name][0], published[name][0], str(built[name][1]), str(published[name][1])) for name in built]
    columns = ["table", "build_rows", "published_rows", "build_hash", "published_hash"]
    return pl.DataFrame(rows, schema=columns, orient="row")
