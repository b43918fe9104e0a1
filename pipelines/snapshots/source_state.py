"""What the database holds of a source: read before a body is entered, and stored after. Nothing is decided here."""

from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import SourceReject
from pipelines.snapshots.book import Book, Reading
from pipelines.snapshots.current import in_force_at
from pipelines.snapshots.quarantine import key_parts
from pipelines.snapshots.stage_body import SourceState
from pipelines.snapshots.versions import VersionChange
from pipelines.snapshots.witnesses import PLACE_COLUMNS, WITNESS_COLUMNS
from pipelines.sources.catalog import Source
from pipelines.sources.parsed import REJECT_SCHEMA
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.rows import append, read_current, read_table, replace_rows, scalar

RATES_KEEP = timedelta(days=730)
"""Rates of cards fall slowly: one of this time says what order of magnitude is right, an older one what none is."""


def latest_fetch(connection: duckdb.DuckDBPyConnection, source: str, at: datetime) -> dict[str, Any] | None:
    """The newest attempt of a source that has a body, fetched up to `at`."""
    rows = connection.sql(
        "SELECT * FROM raw.fetch WHERE source = $source AND fetched_at <= $at AND sha256 IS NOT NULL "
        "ORDER BY fetched_at DESC LIMIT 1",
        params={"source": source, "at": at},
    ).pl()
    return rows.row(0, named=True) if rows.height else None


def reading_of(connection: duckdb.DuckDBPyConnection, source: str, fetch: dict[str, Any]) -> Reading:
    """A fetched body as a statement of its source, with whether a person has approved it."""
    approved = read_table(
        connection, "raw.acceptance", "source = $source AND sha256 = $sha256", source=source, sha256=fetch["sha256"]
    )
    return Reading(source, fetch["fetch_id"], fetch["fetched_at"], is_approved=not approved.is_empty())


def state_at(connection: duckdb.DuckDBPyConnection, source: Source, at: datetime) -> SourceState:
    """What stands of a source before its body fetched at `at` is entered."""
    before = _promoted_before(connection, source, at)
    after = "SELECT min(fetched_at) FROM raw.parse WHERE source = $source AND outcome = 'promoted' AND fetched_at > $at"
    return SourceState(
        current=read_current(connection, f"core.{source.table}", "source = $source", source=source.key),
        open_holds=read_table(connection, "core.price_hold", "source = $source AND status = 'open'", source=source.key),
        min_rows=source.min_rows,
        last_rows=before.get("row_count"),
        rejects_before=_rejects_before(connection, source, at),
        next_at=scalar(connection, after, {"source": source.key, "at": at}),
    )


def _rejects_before(connection: duckdb.DuckDBPyConnection, source: Source, at: datetime) -> pl.DataFrame:
    """Refused rows of the newest promoted body before `at` of which no version had to be kept for what was refused."""
    newest = (
        "SELECT arg_max(fetch_id, fetched_at) FROM raw.parse WHERE source = $source AND outcome = 'promoted' "
        "AND fetched_at < $at AND coalesce(kept_count, 0) = 0"
    )
    fetch_id = scalar(connection, newest, {"source": source.key, "at": at})
    return read_table(connection, "raw.source_reject", "fetch_id = $id", id=fetch_id).select(REJECT_SCHEMA.keys())


def is_checked_before(
    connection: duckdb.DuckDBPyConnection, source: Source, fetch: dict[str, Any], state: SourceState
) -> bool:
    """Whether the body promoted before is the very same, read by the same parser, with nothing entered since.

    It passed the checks then, and would now.
    """
    before = _promoted_before(connection, source, fetch["fetched_at"])
    return (
        before.get("parser_version") == parser_version(source.parse)
        and before["sha256"] == fetch["sha256"]
        and state.current.filter(pl.col("known_from") > before["fetched_at"]).is_empty()
    )


def _promoted_before(connection: duckdb.DuckDBPyConnection, source: Source, at: datetime) -> dict[str, Any]:
    """The newest promoted body of a source fetched before `at`: its row of raw.parse and its hash; empty for none."""
    rows = connection.sql(
        "SELECT entered.*, sha256 FROM raw.parse AS entered JOIN raw.fetch AS fetched USING (fetch_id) "
        "WHERE entered.source = $source AND entered.outcome = 'promoted' AND entered.fetched_at < $at "
        "ORDER BY entered.fetched_at DESC LIMIT 1",
        params={"source": source.key, "at": at},
    ).pl()
    return rows.row(0, named=True) if rows.height else {}


def witnesses(connection: duckdb.DuckDBPyConnection, book: Book, reading: Reading) -> pl.DataFrame:
    """What other sources print: their prices in force and those they have on hold. Two holds confirm each other.

    Of a rate, what was last printed, and whether within `RATES_KEEP` (`is_recent`): dated tables end on their day, and
    tell what a card costs yet.
    """
    is_other = "source <> $source AND is_listed"
    stated = read_current(connection, f"core.{book.table}", is_other, source=reading.source)
    if book.table != "token_price":
        stated = stated.filter(pl.col("valid_from") <= reading.at).sort("valid_from")
        is_recent = pl.col("valid_from") >= reading.at - RATES_KEEP
        return stated.unique(book.key, keep="last", maintain_order=True).with_columns(is_recent=is_recent)
    others = in_force_at(stated, reading.at)
    held = read_table(
        connection,
        "core.price_hold",
        "book = 'token_price' AND source <> $source AND status = 'open'",
        source=reading.source,
    )
    columns = ["source", *WITNESS_COLUMNS, *PLACE_COLUMNS, "usd_per_unit"]
    # A hold states no unit and no end of its range: it is no witness of those.
    printed = held.select("source", *key_parts(book), usd_per_unit="new_amount").with_columns(
        pl.col("context_from").cast(pl.Int64), unit=pl.lit(None, pl.String), context_to=pl.lit(None, pl.Int64)
    )
    return pl.concat([others.select(columns), printed.select(columns)], how="vertical_relaxed")


def store_rejects(connection: duckdb.DuckDBPyConnection, source: str, fetch_id: str, rejects: pl.DataFrame) -> None:
    """Replace the refused rows of one body. `rejects`: place, raw_text, reason."""
    rows = rejects.with_columns(fetch_id=pl.lit(fetch_id), source=pl.lit(source))
    columns = polars_schema(SourceReject).keys()
    replace_rows(connection, "raw.source_reject", "fetch_id", [fetch_id], rows.select(columns))


def store_holds(connection: duckdb.DuckDBPyConnection, holds: pl.DataFrame) -> None:
    """Add holds that are new and replace those whose status changed."""
    replace_rows(connection, "core.price_hold", "hold_id", holds["hold_id"].to_list(), holds)


def store_versions(connection: duckdb.DuckDBPyConnection, book: Book, change: VersionChange) -> None:
    """End the versions that are no longer current and add those that are.

    `known_to` is the only value that ever changes in a version.
    """
    if change.closed.height:
        connection.register("closed", change.closed)
        connection.execute(
            f"UPDATE core.{book.table} AS version SET known_to = closed.known_to FROM closed "
            f"WHERE version.{book.id_column} = closed.{book.id_column} "
            "AND version.known_from = closed.known_from AND version.known_to IS NULL"
        )
        connection.unregister("closed")
    append(connection, f"core.{book.table}", change.opened)
