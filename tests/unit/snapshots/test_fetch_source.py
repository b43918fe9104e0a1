"""What fetches leave in the warehouse: side by side, of hosts that hang, and of lists that come in pages."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipelines.snapshots.fetch_attempts import Attempt
from pipelines.snapshots.fetch_source import fetch_source, fetch_sources, record_body
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.source_state import latest_fetch
from pipelines.sources import archive, concurrent_fetch
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, Source, relocated
from pipelines.sources.fetch import Fetcher, Patience
from pipelines.sources.fetch_catalog import read_fetches
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.loopback import Loopback, Reply

AT = datetime(2026, 11, 2, 12)
IMPATIENT = Patience(connect=2, read=20, total=20, attempts=1, unreached=10)


def next_page(body: bytes) -> str | None:
    return json.loads(body)["link"]


def page(text: str, link: str | None = None) -> Reply:
    return Reply(body=json.dumps({"text": text, "link": link}).encode(), headers={"ETag": '"v1"'})


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse")
    prepare(made, AT)
    return made


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Patience(connect=2, read=2, total=4, attempts=1)) as once:
        yield once


@pytest.fixture
def paged(server: Loopback) -> Source:
    return replace(SOURCES_BY_KEY["litellm"], urls=(server.url("/list"),), next_page=next_page)


def test_the_pages_are_archived_as_one_array(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, paged: Source
) -> None:
    server.script("/list", page("a", "?skip=1"), page("b"))
    attempt = fetch_source(warehouse, paged, fetcher, AT)
    with warehouse.write() as connection:
        (row,) = read_table(connection, "raw.fetch").iter_rows(named=True)
    body = archive.read(warehouse.folder, row["archive_path"])
    assert [one["text"] for one in json.loads(body)] == ["a", "b"]
    assert (attempt.outcome, row["origin"], row["etag"], row["size_bytes"]) == ("new", "live", None, len(body))


def test_the_same_pages_again_are_unchanged_though_asked_for_in_full(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, paged: Source
) -> None:
    for hours in (0, 1):
        server.script("/list", page("a", "?skip=1"), page("b"))
        attempt = fetch_source(warehouse, paged, fetcher, AT + timedelta(hours=hours))
    assert attempt.outcome == "unchanged"
    assert not any("If-None-Match" in asked.headers for asked in server.asked_for("/list"))


def test_a_page_that_fails_midway_leaves_no_part(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, paged: Source
) -> None:
    server.script("/list", page("a", "?skip=1"), Reply(500))
    attempt = fetch_source(warehouse, paged, fetcher, AT)
    assert (attempt.outcome, attempt.sha256) == ("failed", None)
    assert attempt.error is not None
    assert "HTTP 500" in attempt.error


def test_a_recorded_list_is_one_file_with_all_its_pages(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, paged: Source
) -> None:
    recorded = b'[{"text": "a", "link": "?skip=1"}, {"text": "b", "link": null}]'
    source = replace(paged, urls=("https://prices.example/list?filter=x",))
    server.script("/prices.example/list", Reply(body=recorded))
    attempt = fetch_source(warehouse, source, fetcher, AT, server.url())
    assert (attempt.outcome, attempt.size_bytes) == ("new", len(recorded))


def serve_all(server: Loopback, sources: Sequence[Source], **reply: Any) -> None:
    """A page of its own for each source, at the first of its addresses."""
    for source in sources:
        path = urlsplit(relocated(source.urls[0], server.url())).path
        server.script(path, Reply(body=f"page of {source.urls[0]}".encode(), **reply))


def of_one_host_each() -> list[Source]:
    """One source of each host that is the first of its kind."""
    return list({urlsplit(source.urls[0]).netloc: source for source in reversed(SOURCES)}.values())


def by_source(attempts: Iterable[Attempt]) -> dict[str, Attempt]:
    listed = list(attempts)
    found = {attempt.source: attempt for attempt in listed}
    assert len(found) == len(listed)
    return found


def test_all_hosts_are_asked_at_once(warehouse: Warehouse, server: Loopback) -> None:
    """No page is answered before the pages of all hosts are asked for."""
    sources = of_one_host_each()
    assert len(sources) > 40
    serve_all(server, sources, meet=threading.Barrier(len(sources)))
    attempts = by_source(fetch_sources(warehouse, sources, AT, server.url(), patience=IMPATIENT))
    assert {attempt.outcome for attempt in attempts.values()} == {"new"}
    with warehouse.write() as connection:
        paths = dict(read_table(connection, "raw.fetch")["source", "archive_path"].iter_rows())
    for source in sources:
        assert attempts[source.key].url == source.urls[0]
        assert archive.read(warehouse.folder, paths[source.key]) == f"page of {source.urls[0]}".encode()
    assert len(server.asked_for("/robots.txt")) == 1


def test_two_at_once_of_one_host_though_all_pages_come_from_loopback(warehouse: Warehouse, server: Loopback) -> None:
    host = "raw.githubusercontent.com"
    sources = [source for source in SOURCES if urlsplit(source.urls[0]).netloc == host]
    assert len(sources) > 4
    serve_all(server, sources, pause_seconds=0.05)
    attempts = by_source(fetch_sources(warehouse, sources, AT, server.url(), patience=IMPATIENT))
    assert len(attempts) == len(sources)
    assert server.most_at_once[host] == 2


def test_hosts_that_hang_hold_up_no_other(warehouse: Warehouse, server: Loopback) -> None:
    """All twenty are waited for at the same time: none is answered, but all have been asked."""
    sources = of_one_host_each()
    hanging, others = sources[:20], sources[20:]
    serve_all(server, others)
    meet = threading.Barrier(20)
    serve_all(server, hanging, meet=meet, pause_seconds=60)
    impatient = replace(IMPATIENT, total=2)
    attempts = fetch_sources(warehouse, sources, AT, server.url(), patience=impatient)
    first = [next(attempts) for _ in others]
    assert {attempt.source for attempt in first} == {source.key for source in others}
    assert [attempt.error for attempt in first] == [None] * len(others)
    last = by_source(attempts)
    assert last.keys() == {source.key for source in hanging}
    assert all("deadline of 2 s" in str(attempt.error) for attempt in last.values())
    assert meet.n_waiting == 0
    assert not meet.broken


def test_a_name_that_is_never_resolved_is_left_alone(
    warehouse: Warehouse, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can end a resolver; the attempt ends all the same, and says why."""
    monkeypatch.setattr(concurrent_fetch, "GRACE_SECONDS", 0.1)
    release, resolve = threading.Event(), socket.getaddrinfo

    def stuck(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "stuck.test":
            release.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    server.script("/page", Reply(body=b"x"))
    one, other = (replace(SOURCES_BY_KEY[key], next_page=None) for key in ("litellm", "models_dev"))
    sources = [replace(one, urls=("http://stuck.test/",)), replace(other, urls=(server.url("/page"),))]
    try:
        attempts = by_source(fetch_sources(warehouse, sources, AT, patience=replace(IMPATIENT, total=0.5)))
        assert attempts["models_dev"].outcome == "new"
        assert attempts["litellm"].error == "no whole answer before its deadline of 0.5 s"
        short = replace(IMPATIENT, unreached=0.1)
        (alone,) = fetch_sources(warehouse, sources[:1], AT + timedelta(hours=1), patience=short)
        assert alone.error == "no host could be reached before the deadline of 0.1 s"
    finally:
        release.set()


def test_without_a_network_each_source_is_tried_twice_and_none_waits_for_another(warehouse: Warehouse) -> None:
    with Loopback() as gone:
        nobody = gone.url()
    patience = replace(IMPATIENT, attempts=4, backoff=0.01, backoff_max=0.02)
    attempts = by_source(fetch_sources(warehouse, SOURCES, AT, nobody, patience=patience))
    assert attempts.keys() == SOURCES_BY_KEY.keys()
    assert all("NewConnectionError" in str(attempt.error) for attempt in attempts.values())


def test_a_fault_of_the_program_is_an_attempt_that_tells_its_line_and_no_address(
    warehouse: Warehouse, server: Loopback, paged: Source
) -> None:
    def broken(body: bytes) -> str:
        raise KeyError(body)

    server.script("/list", Reply(body=b"hunter2"))
    server.script("/page", Reply(body=b"x"))
    sources = [
        replace(paged, next_page=broken),
        replace(SOURCES_BY_KEY["models_dev"], urls=(server.url("/page"),), next_page=None),
    ]
    attempts = by_source(fetch_sources(warehouse, sources, AT, patience=IMPATIENT))
    assert attempts["models_dev"].outcome == "new"
    assert str(attempts["litellm"].error).startswith("unexpected KeyError at test_fetch_source.py:")
    assert "hunter2" not in str(attempts["litellm"].error)


def test_the_database_is_free_while_an_answer_is_awaited(warehouse: Warehouse, server: Loopback) -> None:
    def note_something() -> Iterator[bytes]:
        with replace(warehouse, lock_timeout_seconds=5).write() as connection:
            yield str(connection.execute("SELECT count(*) FROM raw.source").fetchall()[0][0]).encode()

    server.script("/page", Reply(chunks=note_something()))
    source = replace(SOURCES_BY_KEY["models_dev"], urls=(server.url("/page"),), next_page=None)
    (attempt,) = fetch_sources(warehouse, [source], AT, patience=IMPATIENT)
    assert (attempt.outcome, attempt.error) == ("new", None)


def test_each_source_knows_its_own_last_body(warehouse: Warehouse, server: Loopback) -> None:
    sources = of_one_host_each()[:3]
    serve_all(server, sources, headers={"ETag": '"v1"'})
    for hours, outcome in ((0, "new"), (1, "unchanged")):
        at = AT + timedelta(hours=hours)
        attempts = by_source(fetch_sources(warehouse, sources, at, server.url(), patience=IMPATIENT))
        assert {attempt.outcome for attempt in attempts.values()} == {outcome}
    for source in sources:
        first, second = server.asked_for(urlsplit(relocated(source.urls[0], server.url())).path)
        assert "If-None-Match" not in first.headers
        assert second.headers["If-None-Match"] == '"v1"'


def test_a_body_that_cannot_be_kept_fails_its_source_alone(
    warehouse: Warehouse, server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = of_one_host_each()[:3]
    serve_all(server, sources)
    full, store = f"page of {sources[1].urls[0]}".encode(), archive.store

    def store_if_there_is_room(folder: Path, body: bytes) -> archive.ArchivedBody:
        if body == full:
            raise archive.ArchiveError("archive/ab/abc.gz: not stored: No space left on device")
        return store(folder, body)

    monkeypatch.setattr(archive, "store", store_if_there_is_room)
    attempts = by_source(fetch_sources(warehouse, sources, AT, server.url(), patience=IMPATIENT))
    assert [attempts[source.key].outcome for source in sources] == ["new", "failed", "new"]
    assert "No space left" in str(attempts[sources[1].key].error)


def test_no_sources_no_attempts(warehouse: Warehouse) -> None:
    assert list(fetch_sources(warehouse, [], AT)) == []


def test_attempts_stand_beside_the_bodies_before_the_database_knows_them(
    warehouse: Warehouse, server: Loopback, paged: Source, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.script("/list", page("one"))
    fetch_source(warehouse, paged, fetcher, AT)
    monkeypatch.setattr("pipelines.snapshots.fetch_attempts.append", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fetch_source(warehouse, paged, fetcher, AT + timedelta(days=1))
    noted = read_fetches(warehouse.folder).rows
    assert noted["fetched_at"].to_list() == [AT, AT + timedelta(days=1)]
    with warehouse.write() as connection:
        assert noted.head(1).equals(read_table(connection, "raw.fetch", "source = 'litellm'"))


def test_a_body_that_was_lost_is_asked_for_in_full(warehouse: Warehouse, server: Loopback, fetcher: Fetcher) -> None:
    source = replace(SOURCES_BY_KEY["litellm"], urls=(server.url("/list"),), next_page=None)
    server.script("/list", page("one"), page("one"))
    first = fetch_source(warehouse, source, fetcher, AT)
    path = next((warehouse.folder / "archive").glob("??/*.gz"))
    path.write_bytes(b"damaged")
    again = fetch_source(warehouse, source, fetcher, AT + timedelta(days=1))
    assert (again.outcome, again.sha256) == ("unchanged", first.sha256)
    assert "If-None-Match" not in server.asked_for("/list")[-1].headers
    assert archive.read(warehouse.folder, path.relative_to(warehouse.folder).as_posix())


@pytest.mark.parametrize("order", ["ab", "aab", "aba", "abab"])
def test_the_last_of_several_pages_of_one_moment_counts(warehouse: Warehouse, order: str) -> None:
    """Though the clock says the same; a page that is given twice in a row is one page."""
    pages = {name: f'{{"page": "{name}"}}'.encode() for name in "ab"}
    source = SOURCES_BY_KEY["litellm"]
    attempts = [record_body(warehouse, source, pages[name], AT) for name in order]
    with warehouse.write() as connection:
        newest = latest_fetch(connection, source.key, attempts[-1].fetched_at)
        stored = read_table(connection, "raw.fetch").sort("fetched_at")
    assert newest is not None
    assert newest["sha256"] == hashlib.sha256(pages[order[-1]]).hexdigest()
    statements = [name for name, before in zip(order, " " + order, strict=False) if name != before]
    assert stored["sha256"].to_list() == [hashlib.sha256(pages[name]).hexdigest() for name in statements]
    assert stored["fetched_at"].to_list() == [AT + timedelta(microseconds=n) for n in range(len(statements))]
