"""What a fetch leaves in the warehouse, for lists that come in pages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.snapshots.fetch_source import fetch_source
from pipelines.snapshots.prepare_run import prepare
from pipelines.sources import archive
from pipelines.sources.catalog import SOURCES_BY_KEY, Source
from pipelines.sources.fetch import Fetcher, Patience
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.loopback import Loopback, Reply

AT = datetime(2026, 11, 2, 12)


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
