"""Paged lists, against a real server on loopback."""

import json
from collections.abc import Iterator

import pytest

from pipelines.sources import paged_fetch
from pipelines.sources.fetch import Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.paged_fetch import fetch_pages
from tests.loopback import Loopback, Reply

QUICK = Patience(connect=2, read=2, total=4, attempts=2, backoff=0.001, backoff_max=0.002, retry_after_max=0)


def next_page(body: bytes) -> str | None:
    """The link of a page {"link": ...}; a page without one is none."""
    try:
        return json.loads(body)["link"]
    except KeyError:
        raise ValueError("no link") from None


def page(link: str | None, text: str = "") -> Reply:
    return Reply(body=json.dumps({"text": text, "link": link}).encode(), headers={"ETag": '"v1"'})


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(QUICK) as quick:
        yield quick


def failure(fetcher: Fetcher, request: Request) -> str:
    with pytest.raises(FetchError) as caught:
        fetch_pages(fetcher, request, next_page)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_all_pages_are_one_array_in_their_order(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page(server.url("/list?skip=1"), "a"), page("?skip=2", "b"), page(None, "c"))
    answer = fetch_pages(fetcher, Request(server.url("/list?filter=x")), next_page)
    assert [one["text"] for one in json.loads(answer.body or b"")] == ["a", "b", "c"]
    assert (answer.url, answer.etag) == (server.url("/list?filter=x"), None)
    assert [asked.path for asked in server.asked_for("/list")] == ["/list?filter=x", "/list?skip=1", "/list?skip=2"]


def test_one_page_is_an_array_too(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page(None, "only"))
    answer = fetch_pages(fetcher, Request(server.url("/list")), next_page)
    assert answer.body == b'[{"text": "only", "link": null}]'


def test_pages_are_never_asked_conditionally(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("?skip=1"), page(None))
    fetch_pages(fetcher, Request(server.url("/list"), etag='"v1"', last_modified="Mon, 02 Nov 2026"), next_page)
    assert all(not {"If-None-Match", "If-Modified-Since"} & asked.headers.keys() for asked in server.asked_for("/list"))
    assert len(server.asked_for("/list")) == 2


@pytest.mark.parametrize(
    "link", ["http://localhost:{port}/more", "http://127.0.0.1:1/more", "https://127.0.0.1:{port}/more"]
)
def test_a_page_elsewhere_is_never_asked_for(link: str, server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page(link.format(port=server.server_port)))
    server.script("/more", page(None))
    assert "the next page is on a foreign host" in failure(fetcher, Request(server.url("/list")))
    assert server.asked_for("/more") == []


@pytest.mark.parametrize("link", ["ftp://127.0.0.1/more", "http://[", "http://user:secret@127.0.0.1/more"])
def test_an_address_that_is_none_fails_the_list(link: str, server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page(link))
    assert "secret" not in failure(fetcher, Request(server.url("/list")))


def test_a_page_that_fails_fails_the_list(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("/broken"))
    server.script("/broken", Reply(500))
    assert "HTTP 500" in failure(fetcher, Request(server.url("/list")))


def test_a_page_that_recovers_is_taken(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("/flaky"))
    server.script("/flaky", Reply(503), page(None, "back"))
    answer = fetch_pages(fetcher, Request(server.url("/list")), next_page)
    assert [one["text"] for one in json.loads(answer.body or b"")] == ["", "back"]


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[" * 100_000])
def test_a_body_that_is_no_page_fails_the_list(body: bytes, server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("/other"))
    server.script("/other", Reply(body=body))
    assert "not a page of the list" in failure(fetcher, Request(server.url("/list")))


def test_the_size_limit_is_for_all_pages_together(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("?skip=1", "x" * 600), page(None, "x" * 600))
    assert fetch_pages(fetcher, Request(server.url("/list"), max_bytes=2000), next_page).status == 200
    server.script("/list", page("?skip=1", "x" * 600), page(None, "x" * 600))
    assert "allowed" in failure(fetcher, Request(server.url("/list"), max_bytes=1000))


def test_pages_that_lead_in_a_circle_fail(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/list", page("/other"))
    server.script("/other", page("/list"))
    assert "in a circle" in failure(fetcher, Request(server.url("/list")))
    assert len(server.asked_for("/list")) == 1


def test_the_number_of_pages_is_bounded(server: Loopback, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paged_fetch, "MAX_PAGES", 3)
    server.script("/list", *(page(f"?skip={number}") for number in range(1, 9)))
    assert "more than 3 pages" in failure(fetcher, Request(server.url("/list")))
    assert len(server.asked_for("/list")) == 3


def test_robots_txt_holds_for_every_page(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /private"))
    server.script("/list", page("/private/list"))
    assert "robots.txt disallows it" in failure(fetcher, Request(server.url("/list")))
