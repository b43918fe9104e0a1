"""The user's key reaches one address in one header, and no message, traceback, repr, row or archived body."""

import json
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from pipelines.schema.tables import TABLES
from pipelines.snapshots.fetch_source import fetch_source
from pipelines.snapshots.prepare_run import prepare
from pipelines.sources import archive
from pipelines.sources.api_key import ApiKey
from pipelines.sources.catalog import SOURCES, SOURCES_BY_KEY, Source
from pipelines.sources.fetch import Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.loopback import Loopback, Reply

AT = datetime(2026, 11, 2, 12)
SECRET = "sk-proj-0123456789abcdef"  # noqa: S105 - made up; what the tests look for
KEY = ApiKey("OPENAI_API_KEY")
ENVIRON = {"OPENAI_API_KEY": SECRET}
BODY = Reply(body=b'{"data": []}')


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with Loopback() as loopback:
        yield loopback


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(Patience(connect=2, read=2, total=4, attempts=2, backoff=0.001, backoff_max=0.002)) as quick:
        yield quick


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse")
    prepare(made, AT, ENVIRON)
    return made


@pytest.fixture
def keyed(server: Loopback) -> Source:
    return replace(SOURCES_BY_KEY["openai_models_api"], urls=(server.url("/v1/models"),), api_key=KEY)


def request(server: Loopback, path: str = "/v1/models") -> Request:
    return Request(server.url(path), hosts=frozenset({"localhost"}), secret_headers=KEY.headers(ENVIRON))


def everything_stored(warehouse: Warehouse) -> str:
    """All rows of all tables, all archived bodies and the names of all files."""
    said = []
    with warehouse.write() as connection:
        for table in TABLES:
            said += [str(row) for row in read_table(connection, table.qualified).iter_rows()]
    for file in warehouse.folder.rglob("*"):
        said.append(file.name)
        if file.suffix == ".gz":
            said.append(archive.read(warehouse.folder, file.relative_to(warehouse.folder).as_posix()).decode())
        elif file.is_file():
            said.append(file.read_bytes().decode("latin-1"))
    return "\n".join(said)


@pytest.mark.parametrize(
    ("key", "header", "sent"),
    [
        (KEY, "Authorization", f"Bearer {SECRET}"),
        (ApiKey("OPENAI_API_KEY", header="X-Goog-Api-Key", prefix=""), "X-Goog-Api-Key", SECRET),
    ],
)
def test_the_key_is_sent_in_its_header(server: Loopback, fetcher: Fetcher, key: ApiKey, header: str, sent: str) -> None:
    server.script("/v1/models", BODY)
    fetcher.fetch(Request(server.url("/v1/models"), secret_headers=key.headers(ENVIRON)))
    (asked,) = server.asked
    assert (asked.path, asked.headers[header]) == ("/v1/models", sent)


def test_no_other_request_of_the_session_holds_it(server: Loopback, fetcher: Fetcher) -> None:
    server.script("/v1/models", BODY)
    server.script("/page", BODY)
    fetcher.fetch(request(server))
    fetcher.fetch(Request(server.url("/page")))
    assert SECRET not in str([asked.headers for asked in server.asked_for("/page") + server.asked_for("/robots.txt")])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/elsewhere", "http://localhost/elsewhere", "https://example.org/"])
def test_a_redirect_is_not_followed_even_where_it_is_allowed(
    server: Loopback, fetcher: Fetcher, status: int, target: str
) -> None:
    server.script("/v1/models", Reply(status, headers={"Location": target}))
    with pytest.raises(FetchError, match="a redirect, which is not followed with a key"):
        fetcher.fetch(request(server))
    assert [asked.path for asked in server.asked] == ["/v1/models"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, b'{"error": {"message": "Incorrect API key provided: sk-proj-0123456789abcdef"}}'),
        Reply(503),
        Reply(0),
        Reply(200, b""),
        Reply(200, b"{}", {"Content-Encoding": "br"}),
        Reply(200, f'{{"data": [], "echo": "{SECRET}"}}'.encode()),
        Reply(302, headers={"Location": f"/x?key={SECRET}"}),
    ],
)
def test_no_failure_tells_it(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, keyed: Source, reply: Reply
) -> None:
    server.script("/v1/models", reply)
    with pytest.raises(FetchError) as caught:
        fetcher.fetch(request(server))
    told = "".join(traceback.format_exception(caught.value))
    attempt = fetch_source(warehouse, keyed, fetcher, AT, environ=ENVIRON)
    assert attempt.outcome == "failed"
    assert SECRET not in told + repr(attempt) + everything_stored(warehouse)
    assert SECRET in str([asked.headers for asked in server.asked])


def test_what_is_stored_of_a_good_answer_does_not_hold_it(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, keyed: Source
) -> None:
    server.script("/v1/models", BODY)
    attempt = fetch_source(warehouse, keyed, fetcher, AT, environ=ENVIRON)
    stored = everything_stored(warehouse)
    assert (attempt.outcome, attempt.url) == ("new", server.url("/v1/models"))
    assert '{"data": []}' in stored
    assert SECRET not in stored


def test_the_repr_of_a_request_a_source_and_a_key_does_not_hold_it(server: Loopback, keyed: Source) -> None:
    assert SECRET not in repr(request(server)) + repr(keyed) + repr(KEY)


def test_recorded_pages_are_asked_for_without_it(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, keyed: Source
) -> None:
    server.script(f"/127.0.0.1:{server.server_port}/v1/models", BODY)
    attempt = fetch_source(warehouse, keyed, fetcher, AT, server.url(), ENVIRON)
    assert attempt.outcome == "new"
    assert SECRET not in str([asked.headers for asked in server.asked])


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_without_a_key_a_source_is_not_asked(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, keyed: Source, text: str
) -> None:
    environ = {"OPENAI_API_KEY": text}
    assert not keyed.is_asked(environ)
    attempt = fetch_source(warehouse, keyed, fetcher, AT, environ=environ)
    assert (attempt.outcome, attempt.error) == ("failed", "OPENAI_API_KEY is not set")
    assert not server.asked


@pytest.mark.parametrize("text", ["sk-1\r\nX-Evil: 1", "sk 1", "sk-é", "sk-\x00"])
def test_text_that_can_be_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(FetchError) as caught:
        KEY.headers({"OPENAI_API_KEY": text})
    assert str(caught.value) == "OPENAI_API_KEY holds characters that no key has"


def test_a_blank_around_a_key_is_no_part_of_it() -> None:
    assert KEY.headers({"OPENAI_API_KEY": f" {SECRET}\n"}) == {"Authorization": f"Bearer {SECRET}"}


def test_keys_travel_over_tls_only_and_to_one_host() -> None:
    keyed = [source for source in SOURCES if source.api_key is not None]
    assert keyed
    for source in keyed:
        assert all(url.startswith("https://") for url in source.urls)
        assert {name for url in source.urls for name, _ in parse_qsl(urlsplit(url).query)} <= {
            "currencyCode",
            "pageSize",
        }
        assert not source.redirect_hosts
        assert len({url.split("/")[2] for url in source.urls}) == 1


def test_a_paged_list_takes_it_along_to_every_page(warehouse: Warehouse, server: Loopback, fetcher: Fetcher) -> None:
    google = replace(SOURCES_BY_KEY["gcp_rates"], urls=(server.url("/skus?currencyCode=USD&pageSize=5000"),))
    tokens = ("a=b", "c", "")
    pages = [json.dumps({"skus": [], "nextPageToken": token}).encode() for token in tokens]
    server.script("/skus", *(Reply(body=page) for page in pages))
    attempt = fetch_source(warehouse, google, fetcher, AT, environ={"GOOGLE_CLOUD_API_KEY": SECRET})
    assert (attempt.outcome, attempt.url) == ("new", server.url("/skus"))
    assert [(asked.path, asked.headers.get("X-Goog-Api-Key")) for asked in server.asked] == [
        ("/skus?currencyCode=USD&pageSize=5000", SECRET),
        ("/skus?currencyCode=USD&pageSize=5000&pageToken=a%3Db", SECRET),
        ("/skus?currencyCode=USD&pageSize=5000&pageToken=c", SECRET),
    ]
    assert not any("Authorization" in asked.headers for asked in server.asked)
    assert SECRET not in everything_stored(warehouse)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_paged_list_takes_it_to_no_other_host(
    warehouse: Warehouse, server: Loopback, fetcher: Fetcher, keyed: Source, host: str
) -> None:
    """Neither by a link nor by a redirect of a later page; a port of its own is a host of its own."""
    paged = replace(keyed, next_page=lambda body: json.loads(body)["link"])
    with Loopback() as elsewhere:
        elsewhere.script("/more", BODY)
        link = f"http://{host}:{elsewhere.server_port}/more"
        server.script("/v1/models", Reply(body=json.dumps({"link": link}).encode()))
        by_link = fetch_source(warehouse, paged, fetcher, AT, environ=ENVIRON)
        server.script("/v1/models", Reply(body=b'{"link": "/second"}'))
        server.script("/second", Reply(302, headers={"Location": link}))
        by_redirect = fetch_source(warehouse, paged, fetcher, AT, environ=ENVIRON)
        assert not elsewhere.asked
    assert "foreign host" in str(by_link.error)
    assert "a redirect, which is not followed with a key" in str(by_redirect.error)
    assert [asked.path for asked in server.asked] == ["/v1/models", "/v1/models", "/second"]
