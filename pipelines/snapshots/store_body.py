"""Write what was decided of a body: its refused rows, its holds, its versions. Nothing is decided here."""

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import SourceReject
from pipelines.snapshots.book import Book
from pipelines.snapshots.versions import VersionChange
from pipelines.warehouse.rows import append


def store_rejects(connection: duckdb.DuckDBPyConnection, source: str, fetch_id: str, rejects: pl.DataFrame) -> None:
    """Replace the refused rows of one body. `rejects`: place, raw_text, reason."""
    connection.execute("DELETE FROM raw.source_reject WHERE fetch_id = $id", {"id": fetch_id})
    rows = rejects.with_columns(fetch_id=pl.lit(fetch_id), source=pl.lit(source))
    append(connection, "raw.source_reject", rows.select(polars_schema(SourceReject).keys()))


def store_holds(connection: duckdb.DuckDBPyConnection, holds: pl.DataFrame) -> None:
    """Add holds that are new and replace those whose status changed."""
    ids = holds["hold_id"].to_list()
    connection.execute("DELETE FROM core.price_hold WHERE hold_id IN (SELECT unnest($ids))", {"ids": ids})
    append(connection, "core.price_hold", holds)


def store_versions(connection: duckdb.DuckDBPyConnection, book: Book, change: VersionChange) -> None:
    """End what is no longer believed and add what is. `known_to` is the only value that ever changes in a version."""
    if change.closed.height:
        connection.register("closed", change.closed)
        connection.execute(
            f"UPDATE core.{book.table} AS version SET known_to = closed.known_to FROM closed "
            f"WHERE version.{book.id_column} = closed.{book.id_column} "
            "AND version.known_from = closed.known_from AND version.known_to IS NULL"
        )
        connection.unregister("closed")
    append(connection, f"core.{book.table}", change.opened)
