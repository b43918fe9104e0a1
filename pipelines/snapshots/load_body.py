"""Load the newest body of a source: in one transaction it becomes versions, holds and rejects, or is refused.

What the body changes is decided in `fold_body`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Parse
from pipelines.schema.validation import CheckResult
from pipelines.snapshots.book import Reading
from pipelines.snapshots.fold_body import Entered, enter_body
from pipelines.snapshots.source_state import (
    is_checked_before,
    latest_fetch,
    reading_of,
    state_at,
    store_holds,
    store_rejects,
    store_versions,
)
from pipelines.snapshots.stage_body import BOOKS_BY_TABLE
from pipelines.sources import archive
from pipelines.sources.catalog import Source
from pipelines.sources.parser_version import parser_version
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append_new, replace_rows, scalar


@dataclass
class Promotion:
    """What became of one body; `reason` says why it was refused."""

    source: str
    outcome: str
    reason: str | None = None
    row_count: int = 0
    reject_count: int = 0
    held_count: int = 0
    kept_count: int = 0
    change_count: int = 0
    checks: list[CheckResult] = field(default_factory=list)
    """None where the body before was the same: it was checked then."""


def promote_latest(warehouse: Warehouse, source: Source, at: datetime, parsed_at: datetime | None = None) -> Promotion:
    """Promote the newest body of a source fetched up to `at`. Writes raw.parse, rejects, holds and versions.

    A body that was promoted before is only checked, unless a person has approved it. `parsed_at`: the moment of the
    decision, where a body of an earlier day is entered; else `at`.
    """
    with warehouse.write() as connection:
        fetch = latest_fetch(connection, source.key, at)
        if fetch is None:
            return Promotion(source.key, "refused", "nothing was fetched yet")
        reading = reading_of(connection, source.key, fetch)
        is_dry = _was_promoted(connection, reading.fetch_id) and not reading.is_approved
        body = partial(archive.read, warehouse.folder, fetch["archive_path"])
        state = state_at(connection, source, reading.at)
        state = replace(state, is_checked=not is_dry and is_checked_before(connection, source, fetch, state))
        entered = enter_body(connection, source, body, reading, state, is_dry=is_dry)
        promotion = _promotion(source, entered)
        if not is_dry:
            _store(connection, source, entered, reading)
            _note(connection, promotion, reading, parser_version(source.parse), parsed_at or at)
    return promotion


def approve_latest(warehouse: Warehouse, source: Source, at: datetime) -> Promotion:
    """A person vouches for the newest body of a source: its held prices and refused rows enter."""
    with warehouse.write() as connection:
        fetch = latest_fetch(connection, source.key, at)
        if fetch is not None:
            row = {"source": source.key, "sha256": fetch["sha256"], "accepted_at": at}
            append_new(connection, "raw.acceptance", pl.DataFrame([row]), ["source", "sha256"])
    promotion = promote_latest(warehouse, source, at)
    warehouse.save_records()  # an approval can be had from nowhere else
    return promotion


def _promotion(source: Source, entered: Entered) -> Promotion:
    """What became of a body, as people are told."""
    promotion = Promotion(source.key, "promoted" if entered.refusal is None else "refused", entered.refusal)
    if entered.checked is not None:
        promotion.checks = entered.checked.results
        promotion.row_count = entered.checked.staged.rows.height
        promotion.reject_count = entered.checked.rejects.height
    if entered.folded is not None:
        promotion.held_count = entered.folded.held_count
        promotion.kept_count = entered.folded.kept_count
        promotion.change_count = entered.folded.change.opened.height
    return promotion


def _store(connection: duckdb.DuckDBPyConnection, source: Source, entered: Entered, reading: Reading) -> None:
    if entered.checked is not None:
        store_rejects(connection, source.key, reading.fetch_id, entered.checked.rejects)
    if entered.folded is not None:
        store_holds(connection, entered.folded.holds)
        store_versions(connection, BOOKS_BY_TABLE[source.table], entered.folded.change)


def _was_promoted(connection: duckdb.DuckDBPyConnection, fetch_id: str) -> bool:
    query = "SELECT count(*) FROM raw.parse WHERE fetch_id = $id AND outcome = 'promoted'"
    return bool(scalar(connection, query, {"id": fetch_id}))


def _note(
    connection: duckdb.DuckDBPyConnection, promotion: Promotion, reading: Reading, version: str, at: datetime
) -> None:
    row = {
        "fetch_id": reading.fetch_id,
        "source": promotion.source,
        "fetched_at": reading.at,
        "parsed_at": at,
        "parser_version": version,
        "outcome": promotion.outcome,
        "row_count": promotion.row_count,
        "reject_count": promotion.reject_count,
        "held_count": promotion.held_count,
        "kept_count": promotion.kept_count,
        "change_count": promotion.change_count,
        "reason": promotion.reason,
    }
    rows = pl.DataFrame([row], schema=polars_schema(Parse))
    replace_rows(connection, "raw.parse", "fetch_id", [reading.fetch_id], rows)
