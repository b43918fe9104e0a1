"""Every rule of a fetch, against a real server on loopback."""

import gzip
import itertools
import json
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.sources.fetch import USER_AGENT, Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from tests.loopback import Loopback, Reply

QUICK = Patience(connect=2, read=2, total=4, attempts=3, backoff=0.001, backoff_max=0.002, retry_after_max=0)
PAGE = Reply(
    body=b"<table>", headers={"Content-Type": "text/html", "ETag": '"v1"', "Last-Modified": "Mon, 02 Nov 2026"}
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as loopback:
        loopback.script("/page", PAGE)
        yield loopback


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(QUICK) as quick:
        yield quick


def failure(fetcher: Fetcher, request: Request) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(request)
    assert "\n" not in str(caught.value)
    return caught.value


def test_an_answer_with_its_headers(server: Loopback, fetcher: Fetcher) -> None:
    answer = fetcher.fetch(Request(server.url("/page?lang=en#top")))
    assert (answer.status, answer.body, answer.content_type) == (200, b"<table>", "text/html")
    assert (answer.etag, answer.last_modified) == ('"v1"', "Mon, 02 Nov 2026")
    assert answer.url == server.url("/page?lang=en")


def test_what_we_say_about_ourselves(server: Loopback, fetcher: Fetcher) -> None:
    fetcher.fetch(Request(server.url("/page"), accept="text/html"))
    assert [asked.headers["User-Agent"] for asked in server.asked] == [USER_AGENT, USER_AGENT]
    sent = server.asked_for("/page")[0].headers
    assert (sent["Accept"], sent["Accept-Language"]) == ("text/html", "en")
    assert "Mozilla" not in USER_AGENT
    assert not {"Authorization", "Cookie", "If-None-Match", "If-Modified-Since"} & sent.keys()


def test_unchanged_is_an_answer_without_body(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(304, headers={"ETag": '"v1"'}))
    answer = fetcher.fetch(Request(server.url("/page"), etag='"v1"', last_modified="Mon, 02 Nov 2026"))
    assert (answer.status, answer.body, answer.etag) == (304, None, '"v1"')
    sent = server.asked_for("/page")[0].headers
    assert (sent["If-None-Match"], sent["If-Modified-Since"]) == ('"v1"', "Mon, 02 Nov 2026")


def test_a_query_is_posted_as_json_and_retried(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/graphql", Reply(502), Reply(body=b"{}"))
    query = {"query": "{gpuTypes{id}}"}
    assert fetcher.fetch(Request(server.url("/graphql"), json_body=query)).body == b"{}"
    asked = server.asked_for("/graphql")
    assert [one.method for one in asked] == ["POST", "POST"]
    assert [json.loads(one.body) for one in asked] == [query, query]
    assert asked[0].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_passing_failures_are_retried(server: Loopback, fetcher: Fetcher, status: int) -> None:
    server.script("/page", Reply(status), Reply(status), PAGE)
    assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"
    assert len(server.asked_for("/page")) == 3


def test_retries_end(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(503))
    error = failure(fetcher, Request(server.url("/page")))
    assert (error.status, str(error)) == (503, f"{server.url('/page')}: HTTP 503")
    assert len(server.asked_for("/page")) == QUICK.attempts


@pytest.mark.parametrize("status", [202, 204, 206, 300, 304, 400, 401, 403, 404, 410, 501])
def test_other_statuses_fail_at_once(server: Loopback, fetcher: Fetcher, status: int) -> None:
    server.script("/page", Reply(status, headers={"ETag": '"v1"'}))
    assert failure(fetcher, Request(server.url("/page"))).status == status
    assert len(server.asked_for("/page")) == 1


@pytest.mark.parametrize("retry_after", ["0", "86400", "Fri, 01 Jan 2100 00:00:00 GMT", "soon", "9" * 5000, "-1"])
def test_retry_after_is_honoured_within_its_cap(server: Loopback, fetcher: Fetcher, retry_after: str) -> None:
    server.script("/page", Reply(429, headers={"Retry-After": retry_after}), PAGE)
    assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"


def test_no_wait_goes_beyond_the_deadline(server: Loopback) -> None:
    server.script("/page", Reply(429, headers={"Retry-After": "3600"}), PAGE)
    with Fetcher(Patience(total=5, retry_after_max=3600)) as fetcher:
        assert failure(fetcher, Request(server.url("/page"))).status == 429
    assert len(server.asked_for("/page")) == 1


def test_a_dropped_connection_is_retried(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(0), PAGE)
    assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"


def test_nobody_listens(fetcher: Fetcher) -> None:
    with Loopback() as gone:
        address = gone.url("/page")
    assert str(failure(fetcher, Request(address))).endswith("NewConnectionError")


def test_a_body_that_drips_ends_at_the_deadline(server: Loopback) -> None:
    dripped: list[int] = []
    drops = (dripped.append(number) or b"." for number in range(1000))
    server.script("/page", Reply(chunks=drops, pause_seconds=0.02))
    with Fetcher(Patience(read=2, total=0.3, attempts=3)) as fetcher:
        assert "deadline of 0.3 s" in str(failure(fetcher, Request(server.url("/page"))))
    assert len(dripped) < 100, "1000 drops would take 20 s"
    assert len(server.asked_for("/page")) == 1


def test_a_silent_server_ends_at_the_deadline(server: Loopback) -> None:
    server.script("/page", Reply(pause_seconds=30))
    with Fetcher(Patience(read=30, total=0.2)) as fetcher:
        error = failure(fetcher, Request(server.url("/page")))
    assert str(error) == f"{server.url('/page')}: no whole answer before its deadline of 0.2 s"
    assert len(server.asked_for("/page")) == 1


@pytest.mark.parametrize(
    "raw",
    [
        itertools.chain([b"HTTP/1.1 200 OK\r\nX-Slow: "], itertools.repeat(b"x")),
        itertools.repeat(b"H"),
        itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
        itertools.chain([b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"], itertools.repeat(b".")),
        itertools.chain([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"], itertools.repeat(b"x")),
        itertools.chain([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"], itertools.repeat(b"X: x\r\n")),
        itertools.chain([b"HTTP/1.1 404 No\r\nContent-Length: 60000\r\n\r\n"], itertools.repeat(b".")),
    ],
    ids=["header", "status line", "100 Continue", "body", "chunk size", "trailers", "body of an error"],
)
def test_what_drips_for_ever_ends_at_the_deadline(server: Loopback, raw: Iterator[bytes]) -> None:
    server.script("/page", Reply(raw=raw, pause_seconds=0.01))
    with Fetcher(Patience(read=2, total=0.3)) as fetcher:
        error = failure(fetcher, Request(server.url("/page")))
    assert "deadline of 0.3 s" in str(error) or error.status == 404
    assert len(server.asked_for("/page")) == 1


@pytest.mark.parametrize("flood", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\nX: x\r\n\r\n"])
def test_a_flood_of_headers_is_cut_off(server: Loopback, fetcher: Fetcher, flood: bytes) -> None:
    server.script("/page", Reply(raw=itertools.repeat(flood * 100)))
    assert str(failure(fetcher, Request(server.url("/page")))).endswith("LineTooLong")


def test_the_deadline_of_robots_and_redirects_is_that_of_the_page(server: Loopback) -> None:
    server.script("/robots.txt", Reply(404, pause_seconds=0.2))
    server.script("/page", Reply(302, headers={"Location": "/page"}, pause_seconds=0.2))
    with Fetcher(Patience(total=0.5)) as fetcher:
        assert "deadline of 0.5 s" in str(failure(fetcher, Request(server.url("/page"))))
    assert 1 <= len(server.asked_for("/page")) <= 2


def test_two_requests_may_share_a_deadline(server: Loopback) -> None:
    server.script("/slow", Reply(body=b"x", pause_seconds=0.3))
    with Fetcher(Patience(total=0.5)) as fetcher:
        deadline = fetcher.deadline()
        assert fetcher.fetch(Request(server.url("/slow")), deadline).body == b"x"
        with pytest.raises(FetchError, match=r"deadline of 0\.5 s"):
            fetcher.fetch(Request(server.url("/slow")), deadline)


def test_connections_are_kept(server: Loopback, fetcher: Fetcher) -> None:
    """Also behind a host without robots.txt, a redirect and an error, whose bodies are short."""
    kept = {"Connection": "keep-alive"}
    server.script("/robots.txt", Reply(404, b"no such file", kept))
    server.script("/page", Reply(200, b"<table>", kept))
    server.script("/old", Reply(301, b"moved", kept | {"Location": "/page"}))
    server.script("/gone", Reply(410, b"gone", kept))
    fetcher.fetch(Request(server.url("/page")))
    fetcher.fetch(Request(server.url("/old")))
    failure(fetcher, Request(server.url("/gone")))
    fetcher.fetch(Request(server.url("/page")))
    assert len(server.asked) == 6
    assert len({asked.client_port for asked in server.asked}) == 1


def test_a_kept_connection_that_the_server_closed_is_replaced(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(200, b"<table>", {"Connection": "keep-alive"}), Reply(0), PAGE)
    for _ in range(2):
        assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"


def test_threads_share_one_fetcher(server: Loopback, fetcher: Fetcher) -> None:
    """Eight pages are answered only when all eight are asked for at once, and the host's rules only once."""
    meet = threading.Barrier(8)
    server.script("/robots.txt", Reply(404, pause_seconds=0.2))
    for number in range(8):
        server.script(f"/{number}", Reply(body=b"%d" % number, meet=meet))
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda number: fetcher.fetch(Request(server.url(f"/{number}"))).body, range(8))
    assert list(answers) == [b"%d" % number for number in range(8)]
    assert len(server.asked_for("/robots.txt")) == 1


def test_an_announced_giant_is_not_read(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(body=b"x", headers={"Content-Length": str(5 * 10**9)}))
    assert "5000000000 bytes announced" in str(failure(fetcher, Request(server.url("/page"))))
    assert len(server.asked_for("/page")) == 1


def test_an_endless_body_is_cut_off(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(chunks=itertools.repeat(b"x" * 1000)))
    assert "body larger than 50000 bytes" in str(failure(fetcher, Request(server.url("/page"), max_bytes=50_000)))


def test_a_gzip_bomb_is_cut_off(server: Loopback, fetcher: Fetcher) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    server.script("/page", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    assert "body larger than 100000 bytes" in str(failure(fetcher, Request(server.url("/page"), max_bytes=100_000)))


def test_a_body_at_the_limit_is_whole(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(body=b"x" * 1000))
    assert fetcher.fetch(Request(server.url("/page"), max_bytes=1000)).body == b"x" * 1000
    failure(fetcher, Request(server.url("/page"), max_bytes=999))


@pytest.mark.parametrize("size", [1, 100_000, 3_000_000])
def test_gzip_is_decoded_whole(server: Loopback, fetcher: Fetcher, size: int) -> None:
    page = (b"0123456789" * 300_000)[:size]
    server.script("/page", Reply(body=gzip.compress(page), headers={"Content-Encoding": "gzip"}))
    assert fetcher.fetch(Request(server.url("/page"))).body == page
    server.script("/page", Reply(chunks=[gzip.compress(page)], headers={"Content-Encoding": "gzip"}))
    assert fetcher.fetch(Request(server.url("/page"))).body == page


@pytest.mark.parametrize("kept", [2, 9, 10, 100, -9, -8, -1])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_gzip_body_cut_short_is_an_error(server: Loopback, fetcher: Fetcher, kept: int, *, is_chunked: bool) -> None:
    """Though its announced length matches: the mark at its end does not."""
    cut = gzip.compress(bytes(range(256)) * 20)[:kept]
    gzipped = {"Content-Encoding": "gzip"}
    server.script("/page", Reply(chunks=[cut], headers=gzipped) if is_chunked else Reply(body=cut, headers=gzipped))
    assert str(failure(fetcher, Request(server.url("/page")))).endswith("the gzip body is cut short")
    assert len(server.asked_for("/page")) == QUICK.attempts


def test_a_gzip_body_with_a_wrong_checksum_is_an_error(server: Loopback, fetcher: Fetcher) -> None:
    packed = bytearray(gzip.compress(b"price" * 100))
    packed[-8] ^= 1
    server.script("/page", Reply(body=bytes(packed), headers={"Content-Encoding": "gzip"}))
    assert str(failure(fetcher, Request(server.url("/page")))).endswith("the gzip body is damaged")


def test_gzip_of_several_members_is_one_body(server: Loopback, fetcher: Fetcher) -> None:
    packed = gzip.compress(b"<ta") + gzip.compress(b"ble>")
    server.script("/page", Reply(body=packed, headers={"Content-Encoding": "x-gzip"}))
    assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "rot13"])
def test_an_encoding_not_asked_for_is_refused(server: Loopback, fetcher: Fetcher, encoding: str) -> None:
    server.script("/page", Reply(body=b"abc", headers={"Content-Encoding": encoding}))
    assert "not asked for" in str(failure(fetcher, Request(server.url("/page"))))


def test_broken_gzip_is_an_error(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    assert str(failure(fetcher, Request(server.url("/page")))).endswith("the gzip body is damaged")


def test_a_truncated_body_is_retried_then_an_error(server: Loopback, fetcher: Fetcher) -> None:
    cut = Reply(body=b"<tab", headers={"Content-Length": "7"})
    server.script("/page", cut, PAGE)
    assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"
    server.script("/page", cut)
    assert "IncompleteRead" in str(failure(fetcher, Request(server.url("/page"))))


def test_an_unfinished_chunked_body_is_an_error(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(body=b"7\r\n<table>\r\n", headers={"Transfer-Encoding": "chunked"}))
    failure(fetcher, Request(server.url("/page")))


def test_an_empty_body_is_an_error(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply())
    error = failure(fetcher, Request(server.url("/page")))
    assert (error.status, str(error)) == (200, f"{server.url('/page')}: the body is empty")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_on_the_same_host(server: Loopback, fetcher: Fetcher, status: int) -> None:
    server.script("/old", Reply(status, headers={"Location": "/page?x=1"}))
    answer = fetcher.fetch(Request(server.url("/old")))
    assert (answer.url, answer.body) == (server.url("/page?x=1"), b"<table>")


def test_redirects_to_a_foreign_host_are_not_followed(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/old", Reply(302, headers={"Location": server.url("/page?key=hunter2", host="localhost")}))
    error = failure(fetcher, Request(server.url("/old")))
    assert f"foreign host localhost:{server.server_port}" in str(error)
    assert "hunter2" not in str(error)
    assert server.asked_for("/page") == []


def test_redirects_to_a_named_host_are_followed_after_its_robots(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/old", Reply(302, headers={"Location": server.url("/page", host="localhost")}))
    answer = fetcher.fetch(Request(server.url("/old"), frozenset({f"LOCALHOST:{server.server_port}"})))
    assert answer.url == server.url("/page", host="localhost")
    robots_hosts = [asked.headers["Host"] for asked in server.asked_for("/robots.txt")]
    assert robots_hosts == [f"127.0.0.1:{server.server_port}", f"localhost:{server.server_port}"]


def test_a_redirect_loop_ends(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(302, headers={"Location": "/page"}))
    assert "more than 5 redirects" in str(failure(fetcher, Request(server.url("/page"))))
    assert len(server.asked_for("/page")) == 6


def test_the_body_of_a_redirect_is_not_read(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/old", Reply(302, chunks=itertools.repeat(b"x" * 1000), headers={"Location": "/page"}))
    assert fetcher.fetch(Request(server.url("/old"))).body == b"<table>"


def test_a_query_keeps_its_method_or_fails(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/graphql", Reply(308, headers={"Location": "/page"}), Reply(302, headers={"Location": "/page"}))
    query = Request(server.url("/graphql"), json_body={"query": "{}"})
    fetcher.fetch(query)
    assert [(asked.method, asked.body) for asked in server.asked_for("/page")] == [("POST", b'{"query": "{}"}')]
    assert "would turn the POST into a GET" in str(failure(fetcher, query))


@pytest.mark.parametrize("json_body", [None, {"query": "{}"}])
def test_robots_disallow(server: Loopback, fetcher: Fetcher, json_body: dict[str, str] | None) -> None:
    server.script("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /page"))
    error = failure(fetcher, Request(server.url("/page"), json_body=json_body))
    assert str(error) == f"{server.url('/page')}: robots.txt disallows it"
    assert server.asked_for("/page") == []


def test_robots_hold_for_redirects_too(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /page"))
    server.script("/old", Reply(302, headers={"Location": "/page"}))
    assert "robots.txt disallows it" in str(failure(fetcher, Request(server.url("/old"))))


@pytest.mark.parametrize(
    "robots", [Reply(404), Reply(403), Reply(410), Reply(200), Reply(body=b"User-agent: *\nAllow: /")]
)
def test_robots_allow_and_are_asked_once(server: Loopback, fetcher: Fetcher, robots: Reply) -> None:
    server.script("/robots.txt", robots)
    for _ in range(2):
        assert fetcher.fetch(Request(server.url("/page"))).body == b"<table>"
    assert len(server.asked_for("/robots.txt")) == 1


@pytest.mark.parametrize(
    "robots",
    [
        Reply(500),
        Reply(503),
        Reply(429),
        Reply(0),
        Reply(302, headers={"Location": "http://elsewhere.test/robots.txt"}),
        Reply(body=b"x", headers={"Content-Length": str(10**9)}),
    ],
    ids=["500", "503", "429", "dropped", "foreign", "giant"],
)
def test_without_robots_nothing_is_asked(server: Loopback, fetcher: Fetcher, robots: Reply) -> None:
    server.script("/robots.txt", robots)
    assert "robots.txt not rea" in str(failure(fetcher, Request(server.url("/page"))))
    assert server.asked_for("/page") == []


def test_robots_that_failed_are_not_asked_again(server: Loopback, fetcher: Fetcher) -> None:
    """A fetcher lives for one refresh, and has tried several times."""
    server.script("/robots.txt", *[Reply(500)] * QUICK.attempts, Reply(404))
    for _ in range(2):
        assert failure(fetcher, Request(server.url("/page"))).status == 500
    assert len(server.asked_for("/robots.txt")) == QUICK.attempts


@pytest.mark.parametrize(
    "reply",
    [Reply(404), Reply(503), Reply(0), Reply(), Reply(body=b"x", headers={"Content-Length": "9"})],
    ids=["404", "503", "dropped", "empty", "truncated"],
)
def test_no_message_or_traceback_holds_the_query(server: Loopback, fetcher: Fetcher, reply: Reply) -> None:
    server.script("/page", reply)
    error = failure(fetcher, Request(server.url("/page?key=hunter2")))
    assert server.asked_for("/page")[0].path == "/page?key=hunter2"
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_user_and_password_are_refused(server: Loopback, fetcher: Fetcher) -> None:
    error = failure(fetcher, Request(server.url("/page").replace("http://", "http://user:hunter2@")))
    assert "user and password" in str(error)
    assert "hunter2" not in str(error)
    assert server.asked == []


def test_netrc_is_not_sent(server: Loopback, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    fetcher.fetch(Request(server.url("/page")))
    assert all("Authorization" not in asked.headers for asked in server.asked)


def test_cookies_are_not_kept(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/page", Reply(body=b"x", headers={"Set-Cookie": "region=eu; Path=/"}))
    for _ in range(2):
        fetcher.fetch(Request(server.url("/page")))
    assert "Cookie" not in server.asked[-1].headers


def test_a_proxy_of_the_environment_is_used(
    server: Loopback, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", server.url(""))
    server.script("http://prices.test/page", PAGE)
    assert fetcher.fetch(Request("http://prices.test/page")).body == b"<table>"


def test_a_header_that_would_split_is_refused(server: Loopback, fetcher: Fetcher) -> None:
    assert "InvalidHeader" in str(failure(fetcher, Request(server.url("/page"), etag="a\r\nX: b")))
    assert server.asked_for("/page") == []


def test_a_missing_ca_bundle_is_an_error(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
    assert str(failure(fetcher, Request("https://127.0.0.1:1/page"))).endswith("/robots.txt: OSError")


def test_a_server_without_tls_is_an_error(server: Loopback, fetcher: Fetcher) -> None:
    address = server.url("/page").replace("http://", "https://")
    assert "TLS failed" in str(failure(fetcher, Request(address)))
