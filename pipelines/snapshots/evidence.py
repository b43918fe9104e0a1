"""What is believed of one body's rows: on what evidence they are judged, and how they enter the timelines.

Reads the database, never writes it.
"""

from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.quarantine import WITNESS_COLUMNS, in_force_at, key_parts
from pipelines.snapshots.stage_body import Staged
from pipelines.snapshots.versions import VersionChange, fold
from pipelines.warehouse.rows import read_table


def reading_of(connection: duckdb.DuckDBPyConnection, source: str, fetch: dict[str, Any]) -> Reading:
    """A fetched body as a statement of its source, with whether a person has accepted it."""
    accepted = read_table(
        connection, "raw.acceptance", "source = $source AND sha256 = $sha256", source=source, sha256=fetch["sha256"]
    )
    return Reading(source, fetch["fetch_id"], fetch["fetched_at"], is_accepted=not accepted.is_empty())


def readable(book: Book, staged: Staged, good: pl.DataFrame) -> pl.DataFrame:
    """Believed versions but those whose rows were refused: the source still prints them, we just cannot say what."""
    key = list(book.key)
    refused = staged.rows.join(good, on=key, how="anti", nulls_equal=True)
    return staged.believed.join(refused, on=key, how="anti", nulls_equal=True)


def folded(
    book: Book,
    believed: pl.DataFrame,
    observed: pl.DataFrame,
    reading: Reading,
    until: datetime | None,
    *,
    new_rejects: int,
) -> VersionChange:
    """Fold a judged statement into its source's versions; keys that are missing have gone, unless they were refused.

    `new_rejects`: rows refused of this body more than of the one before. Where no more rows are missing, none has gone.
    """
    listed = in_force_at(believed, reading.at).filter("is_listed")
    missing = listed.join(observed, on=book.key, how="anti", nulls_equal=True)
    return fold(book, believed, observed, reading, until, is_whole=missing.height > new_rejects)


def open_holds(connection: duckdb.DuckDBPyConnection, source: str) -> pl.DataFrame:
    """Prices of a source that wait for their second witness."""
    return read_table(connection, "core.price_hold", "source = $source AND status = 'open'", source=source)


def witnesses(connection: duckdb.DuckDBPyConnection, book: Book, reading: Reading) -> pl.DataFrame:
    """What other sources print: their prices in force and those they have on hold. Two holds confirm each other."""
    others = read_table(
        connection, f"core.{book.table}", "source <> $source AND known_to IS NULL AND is_listed", source=reading.source
    )
    if book.table != "token_price":
        return in_force_at(others, reading.at)
    held = read_table(
        connection,
        "core.price_hold",
        "book = 'token_price' AND source <> $source AND status = 'open'",
        source=reading.source,
    )
    columns = ["source", *WITNESS_COLUMNS, "usd_per_unit"]
    printed = held.select("source", *key_parts(book), usd_per_unit="new_amount").with_columns(
        pl.col("context_from").cast(pl.Int64)
    )
    return pl.concat([in_force_at(others, reading.at).select(columns), printed.select(columns)])
