"""What is noted of an attempt to fetch: a row of raw.fetch and of the catalogue, its body archived. Asks nobody."""

import hashlib
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.sources import archive
from pipelines.sources.catalog import Source
from pipelines.sources.fetch import Answer
from pipelines.sources.fetch_catalog import note_fetches
from pipelines.sources.fetch_error import FetchError
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append

Row = dict[str, Any]
"""Columns of raw.fetch by name."""


@dataclass(frozen=True)
class Attempt:
    """One row of raw.fetch, as people are told about it."""

    source: str
    fetch_id: str
    outcome: str
    fetched_at: datetime
    sha256: str | None
    size_bytes: int | None
    error: str | None
    url: str


def attempt_row(warehouse: Warehouse, source: Source, last: Row | None, answer: Answer | Exception) -> Row:
    """What is noted of an attempt, whatever its end; the body of an answer is archived."""
    if isinstance(answer, Answer):
        try:
            return answered_row(warehouse, source, last, answer)
        except archive.ArchiveError as error:
            answer = error
    is_known = isinstance(answer, FetchError | archive.ArchiveError)
    return {
        "source": source.key,
        "outcome": "failed",
        "url": source.urls[0],
        "status": getattr(answer, "status", None),
        "error": str(answer) if is_known else _unexpected(answer),
    }


def _unexpected(error: Exception) -> str:
    """A fault of the program by its kind and line. Its text is left out: it may hold an address with a key."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{where}"


def answered_row(warehouse: Warehouse, source: Source, last: Row | None, answer: Answer) -> Row:
    """What is noted of an answer. `last`: the row of the body before it. Raises ArchiveError when it cannot be kept."""
    if answer.body is not None:
        stored = archive.store(warehouse.folder, answer.body)
        body = {"sha256": stored.sha256, "archive_path": stored.path, "size_bytes": stored.size_bytes}
    elif last is not None:
        body = {name: last[name] for name in ("sha256", "archive_path", "size_bytes")}
    else:
        raise ValueError(f"{source.key}: answered 'not modified' though nothing was known")
    is_known = last is not None and last["sha256"] == body["sha256"]
    return {
        **body,
        "source": source.key,
        "outcome": "unchanged" if is_known else "new",
        "url": answer.url,
        "status": answer.status,
        "etag": answer.etag or (last["etag"] if last and is_known else None),
        "last_modified": answer.last_modified or (last["last_modified"] if last and is_known else None),
    }


def note_attempts(warehouse: Warehouse, rows: Sequence[Row], at: datetime, origin: str) -> list[Attempt]:
    """Add rows to the catalogue beside the bodies and to raw.fetch; the same attempt is noted once."""
    rows = [row | {"fetch_id": _fetch_id(row, at), "fetched_at": at, "origin": origin} for row in rows]
    with warehouse.write() as connection:
        known = connection.execute(
            "SELECT fetch_id FROM raw.fetch WHERE fetch_id IN (SELECT unnest($ids))",
            {"ids": [row["fetch_id"] for row in rows]},
        ).fetchall()
        new = [row for row in rows if (row["fetch_id"],) not in known]
        # First beside the bodies: what only the database knew would be lost with it.
        note_fetches(warehouse.folder, new)
        append(connection, "raw.fetch", pl.DataFrame(new, schema=polars_schema(Fetch)))
    return [
        Attempt(
            source=row["source"],
            fetch_id=row["fetch_id"],
            outcome=row["outcome"],
            fetched_at=row["fetched_at"],
            sha256=row.get("sha256"),
            size_bytes=row.get("size_bytes"),
            error=row.get("error"),
            url=row["url"],
        )
        for row in rows
    ]


def _fetch_id(row: Row, at: datetime) -> str:
    text = f"{row['source']}\x1f{at.isoformat()}\x1f{row.get('sha256')}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]
