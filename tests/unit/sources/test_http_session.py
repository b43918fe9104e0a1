"""Connections of ours over TLS and through a proxy: the deadline holds there too. The rest is tested with `fetch`."""

import itertools
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pipelines.sources.fetch import Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from tests.loopback import Loopback, Reply


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server whose certificate is trusted."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Loopback(context) as loopback:
        yield loopback


def test_one_connection_over_tls_is_kept(server: Loopback) -> None:
    kept = {"Connection": "keep-alive"}
    server.script("/robots.txt", Reply(404, headers=kept))
    server.script("/page", Reply(200, b"<table>", kept))
    with Fetcher(Patience(total=10, attempts=1)) as fetcher:
        assert [fetcher.fetch(Request(server.url("/page"))).body for _ in range(2)] == [b"<table>"] * 2
    assert len({asked.client_port for asked in server.asked}) == 1


@pytest.mark.parametrize("piece", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_what_drips_over_tls_ends_at_the_deadline(server: Loopback, piece: bytes) -> None:
    server.script("/page", Reply(raw=itertools.repeat(piece), pause_seconds=0.01))
    with Fetcher(Patience(total=1)) as fetcher, pytest.raises(FetchError, match="deadline of 1 s"):
        fetcher.fetch(Request(server.url("/page")))
    assert len(server.asked_for("/page")) == 1


def test_a_certificate_that_is_not_trusted_is_an_error(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with Fetcher(Patience(total=10)) as fetcher, pytest.raises(FetchError, match="TLS failed"):
        fetcher.fetch(Request(server.url("/page")))
    assert not server.asked


def test_a_proxy_that_drips_ends_at_the_deadline(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    with Loopback() as proxy:
        proxy.script("prices.test:443", Reply(raw=itertools.repeat(b"x"), pause_seconds=0.01))
        monkeypatch.setenv("https_proxy", proxy.url(""))
        with Fetcher(Patience(total=1)) as fetcher, pytest.raises(FetchError, match="deadline of 1 s"):
            fetcher.fetch(Request("https://prices.test/page"))
        assert [asked.method for asked in proxy.asked] == ["CONNECT"]
