"""The user's contract file becomes versions: what it says now is current, what it said before stays with its end."""

from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.schema.contract_terms import TERM_SCHEMA
from pipelines.snapshots.user_inputs import contract_in_force
from pipelines.warehouse.rows import append, read_current

TABLE = "core.contract_term"


def enter_contract(connection: duckdb.DuckDBPyConnection, folder: Path, at: datetime) -> int:
    """Bring core.contract_term up to the file in force, read at a moment (naive UTC). Returns how many rows changed.

    A file with a mistake changes nothing: its last good state is what is current.
    """
    stated = contract_in_force(folder).rows
    current = read_current(connection, TABLE)
    gone = current.join(stated, on="term_id", how="anti")
    new = stated.join(current, on="term_id", how="anti").select(TERM_SCHEMA.keys())
    # A clock that was put back must not end a version before it begins.
    begun: datetime | None = current["known_from"].max()  # type: ignore[assignment]
    known_at = max(at, begun or at)
    query = f"UPDATE {TABLE} SET known_to = $at WHERE known_to IS NULL AND term_id IN (SELECT unnest($gone))"
    if gone.height:
        connection.execute(query, {"at": known_at, "gone": gone["term_id"].to_list()})
    append(connection, TABLE, new.with_columns(known_from=pl.lit(known_at, pl.Datetime("us")), known_to=None))
    return gone.height + new.height
