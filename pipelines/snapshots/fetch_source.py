"""Fetch sources: ask side by side, archive the bodies, note the attempts in raw.fetch. Nothing is parsed here.

Threads ask; the database and the archive are touched only by the thread that called.
"""

import hashlib
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.sources import archive
from pipelines.sources.catalog import Source, relocated
from pipelines.sources.concurrent_fetch import as_they_end
from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch import Answer, Fetcher, Patience, Request
from pipelines.sources.fetch_catalog import note_fetches
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.paged_fetch import fetch_pages
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


def fetch_sources(
    warehouse: Warehouse,
    sources: Sequence[Source],
    at: datetime,
    base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
    patience: Patience | None = None,
) -> Iterator[Attempt]:
    """Ask sources side by side and note each attempt as it ends, in the order of ending. A failure is an attempt too.

    All have one deadline, which begins now. The database is open only while rows are read or noted, never while an
    answer is awaited. `environ` holds the user's keys.
    """
    last = _last_bodies(warehouse, [source.key for source in sources])
    by_key = {source.key: source for source in sources}
    with Fetcher(patience) as fetcher:
        deadline = fetcher.deadline()
        ask = partial(_ask, fetcher=fetcher, deadline=deadline, base_url=base_url, environ=environ or {})
        calls = {source.key: partial(ask, source, last.get(source.key)) for source in sources}
        for ended in as_they_end(calls, deadline):
            rows = [_row(warehouse, by_key[key], last.get(key), answer) for key, answer in ended]
            yield from _note(warehouse, rows, at, _origin(base_url))


def fetch_source(
    warehouse: Warehouse,
    source: Source,
    fetcher: Fetcher,
    at: datetime,
    base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Attempt:
    """Ask one source in this thread, and note the attempt."""
    last = _last_bodies(warehouse, [source.key]).get(source.key)
    answer: Answer | Exception
    try:
        answer = _ask(source, last, fetcher, fetcher.deadline(), base_url, environ or {})
    except FetchError as error:
        answer = error
    return _note(warehouse, [_row(warehouse, source, last, answer)], at, _origin(base_url))[0]


def _ask(
    source: Source,
    last: Row | None,
    fetcher: Fetcher,
    deadline: Deadline,
    base_url: str | None,
    environ: Mapping[str, str],
) -> Answer:
    """What the first of a source's addresses answers that does, best first. Raises FetchError when none does.

    Recorded pages are asked for without the user's key, but no more of them at once than of the real host.
    """
    errors = []
    for url in source.urls:
        try:
            with fetcher.turn(urlsplit(url).netloc, deadline):
                answer = _ask_address(source, url, last, fetcher, deadline, base_url, environ)
        except FetchError as error:
            errors.append(error)
            continue
        # A recorded page is known by the address of the real one.
        return replace(answer, url=without_query(answer.url) if base_url is None else url)
    raise FetchError("; ".join(str(error) for error in errors), errors[-1].status)


def _ask_address(
    source: Source,
    url: str,
    last: Row | None,
    fetcher: Fetcher,
    deadline: Deadline,
    base_url: str | None,
    environ: Mapping[str, str],
) -> Answer:
    known = last if last is not None and last["url"] == url else {}
    request = Request(
        url=relocated(url, base_url),
        hosts=source.redirect_hosts if base_url is None else frozenset(),
        json_body=source.json_body,
        etag=known.get("etag"),
        last_modified=known.get("last_modified"),
        accept=source.accept,
        max_bytes=source.max_bytes,
    )
    if base_url is not None:  # a recorded list is one file, which already holds all its pages
        return fetcher.fetch(request, deadline)
    if source.api_key is not None:
        request = replace(request, secret_headers=source.api_key.headers(environ))
    if source.next_page is not None:
        return fetch_pages(fetcher, request, source.next_page, deadline)
    return fetcher.fetch(request, deadline)


def without_query(url: str) -> str:
    """An address without its query, which a server that redirects may fill with anything."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _origin(base_url: str | None) -> str:
    return "live" if base_url is None else "recorded"


def record_body(warehouse: Warehouse, source: Source, body: bytes, at: datetime) -> Attempt:
    """Store a saved page as if it had been fetched at its own date. Raises ArchiveError when it cannot be kept.

    Where another page of that moment is known, it counts as later by the smallest step of time, and so replaces it.
    """
    at = _next_moment(warehouse, source, hashlib.sha256(body).hexdigest(), at)
    answer = Answer(source.urls[0], 200, body, None, None, None)
    last = _last_bodies(warehouse, [source.key], before=at).get(source.key)
    return _note(warehouse, [_answered(warehouse, source, last, answer)], at, "recorded")[0]


def _next_moment(warehouse: Warehouse, source: Source, sha256: str, at: datetime) -> datetime:
    """The first moment from `at` on that no body of a source has; that of the last one before it, if it is the same."""
    with warehouse.write() as connection:
        rows = connection.execute(
            "SELECT fetched_at, sha256 FROM raw.fetch "
            "WHERE source = $source AND fetched_at >= $at AND sha256 IS NOT NULL",
            {"source": source.key, "at": at},
        ).fetchall()
    taken = dict(rows)
    last = None
    while at in taken:
        last, at = at, at + datetime.resolution
    return last if last is not None and taken[last] == sha256 else at


def _last_bodies(warehouse: Warehouse, keys: Sequence[str], before: datetime = datetime.max) -> dict[str, Row]:
    """The newest row of raw.fetch with a body, by source; sources without one are left out."""
    with warehouse.write() as connection:
        rows = connection.sql(
            "SELECT * FROM raw.fetch "
            "WHERE source IN (SELECT unnest($keys)) AND fetched_at < $before AND sha256 IS NOT NULL "
            "QUALIFY row_number() OVER (PARTITION BY source ORDER BY fetched_at DESC) = 1",
            params={"keys": list(keys), "before": before},
        ).pl()
    return {row["source"]: _askable(warehouse, row) for row in rows.iter_rows(named=True)}


def _askable(warehouse: Warehouse, row: Row) -> Row:
    """Without its validators where the body was lost or damaged: an answer of 'not modified' would leave it so."""
    if archive.is_whole(warehouse.folder, row["archive_path"]):
        return row
    return row | {"etag": None, "last_modified": None}


def _row(warehouse: Warehouse, source: Source, last: Row | None, answer: Answer | Exception) -> Row:
    """What is noted of an attempt, whatever its end; the body of an answer is archived."""
    if isinstance(answer, Answer):
        try:
            return _answered(warehouse, source, last, answer)
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


def _answered(warehouse: Warehouse, source: Source, last: Row | None, answer: Answer) -> Row:
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


def _note(warehouse: Warehouse, rows: Sequence[Row], at: datetime, origin: str) -> list[Attempt]:
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
