"""Fetch sources: ask side by side, archive the bodies, note the attempts in raw.fetch. Nothing is parsed here.

Threads ask; the database and the archive are touched only by the thread that called.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from pipelines.snapshots.fetch_attempts import Attempt, Row, answered_row, attempt_row, note_attempts
from pipelines.sources import archive
from pipelines.sources.catalog import Source, relocated
from pipelines.sources.concurrent_fetch import as_they_end
from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch import Answer, Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.paged_fetch import fetch_pages
from pipelines.warehouse.database import Warehouse


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
            rows = [attempt_row(warehouse, by_key[key], last.get(key), answer) for key, answer in ended]
            yield from note_attempts(warehouse, rows, at, _origin(base_url))


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
    return note_attempts(warehouse, [attempt_row(warehouse, source, last, answer)], at, _origin(base_url))[0]


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
    return note_attempts(warehouse, [answered_row(warehouse, source, last, answer)], at, "recorded")[0]


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
