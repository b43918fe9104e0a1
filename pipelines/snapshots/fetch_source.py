"""Fetch one source: ask, archive the body, note the attempt in raw.fetch. Nothing is parsed here."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import duckdb
import polars as pl

from pipelines.schema.columns import polars_schema
from pipelines.schema.raw import Fetch
from pipelines.sources import archive
from pipelines.sources.catalog import Source, relocated
from pipelines.sources.fetch import Answer, Fetcher, FetchError, Request
from pipelines.sources.paged_fetch import fetch_pages
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append, scalar


@dataclass(frozen=True)
class Attempt:
    """One row of raw.fetch, as people are told about it."""

    source: str
    fetch_id: str
    outcome: str
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
) -> Iterator[Attempt]:
    """Ask sources and note each attempt as it ends, in the order of ending. A failure is an attempt too."""
    with Fetcher() as fetcher:
        for source in sources:
            yield fetch_source(warehouse, source, fetcher, at, base_url, environ)


def fetch_source(
    warehouse: Warehouse,
    source: Source,
    fetcher: Fetcher,
    at: datetime,
    base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Attempt:
    """Ask a source's addresses, best first, and store what came. A failure is a row too, not an exception.

    `environ` holds the user's key, where the source needs one; recorded pages are asked for without.
    """
    with warehouse.write() as connection:
        last = _last_body(connection, source.key)
    errors = []
    for url in source.urls:
        address = relocated(url, base_url)
        is_same_page = last is not None and last["url"] == url
        request = Request(
            url=address,
            hosts=source.redirect_hosts if base_url is None else frozenset(),
            json_body=source.json_body,
            etag=last["etag"] if last and is_same_page else None,
            last_modified=last["last_modified"] if last and is_same_page else None,
            accept=source.accept,
            max_bytes=source.max_bytes,
        )
        try:
            if source.api_key is not None and base_url is None:
                request = replace(request, secret_headers=source.api_key.headers(environ or {}))
            # A recorded list is one file, which already holds all its pages.
            next_page = source.next_page if base_url is None else None
            answer = fetch_pages(fetcher, request, next_page) if next_page else fetcher.fetch(request)
        except FetchError as error:
            errors.append(error)
            continue
        # A recorded page is known by the address of the real one.
        shown = without_query(answer.url) if base_url is None else url
        return _store(warehouse, source, replace(answer, url=shown), last, at, _origin(base_url))
    return _note_failure(warehouse, source, errors, at, _origin(base_url))


def without_query(url: str) -> str:
    """An address without its query, which a server that redirects may fill with anything."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _origin(base_url: str | None) -> str:
    return "live" if base_url is None else "recorded"


def record_body(warehouse: Warehouse, source: Source, body: bytes, at: datetime) -> Attempt:
    """Store a saved page as if it had been fetched at its own date."""
    answer = Answer(source.urls[0], 200, body, None, None, None)
    with warehouse.write() as connection:
        last = _last_body(connection, source.key, before=at)
    return _store(warehouse, source, answer, last, at, origin="recorded")


def _last_body(
    connection: duckdb.DuckDBPyConnection, source: str, before: datetime = datetime.max
) -> dict[str, Any] | None:
    rows = connection.sql(
        "SELECT * FROM raw.fetch WHERE source = $source AND fetched_at < $before AND sha256 IS NOT NULL "
        "ORDER BY fetched_at DESC LIMIT 1",
        params={"source": source, "before": before},
    ).pl()
    return rows.row(0, named=True) if rows.height else None


def _store(
    warehouse: Warehouse, source: Source, answer: Answer, last: dict[str, Any] | None, at: datetime, origin: str
) -> Attempt:
    if answer.body is None:
        if last is None:
            raise ValueError(f"{source.key}: answered 'not modified' though nothing was known")
        body = {name: last[name] for name in ("sha256", "archive_path", "size_bytes")}
    else:
        stored = archive.store(warehouse.folder, answer.body)
        body = {"sha256": stored.sha256, "archive_path": stored.path, "size_bytes": stored.size_bytes}
    is_known = last is not None and last["sha256"] == body["sha256"]
    row = {
        **body,
        "outcome": "unchanged" if is_known else "new",
        "url": answer.url,
        "status": answer.status,
        "etag": answer.etag or (last["etag"] if last and is_known else None),
        "last_modified": answer.last_modified or (last["last_modified"] if last and is_known else None),
    }
    return _note(warehouse, source, row, at, origin)


def _note_failure(warehouse: Warehouse, source: Source, errors: list[FetchError], at: datetime, origin: str) -> Attempt:
    message = "; ".join(str(error) for error in errors)
    row = {"outcome": "failed", "url": source.urls[0], "status": errors[-1].status, "error": message}
    return _note(warehouse, source, row, at, origin)


def _note(warehouse: Warehouse, source: Source, row: dict[str, Any], at: datetime, origin: str) -> Attempt:
    digest = hashlib.sha256(f"{source.key}\x1f{at.isoformat()}\x1f{row.get('sha256')}".encode()).hexdigest()[:20]
    row = row | {"fetch_id": digest, "source": source.key, "fetched_at": at, "origin": origin}
    with warehouse.write() as connection:
        if not scalar(connection, "SELECT count(*) FROM raw.fetch WHERE fetch_id = $id", {"id": digest}):
            append(connection, "raw.fetch", pl.DataFrame([row], schema=polars_schema(Fetch)))
    return Attempt(
        source.key, digest, row["outcome"], row.get("sha256"), row.get("size_bytes"), row.get("error"), row["url"]
    )
