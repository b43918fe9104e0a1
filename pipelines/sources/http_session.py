"""Sessions of requests over one pool of connections, whose answers end at a deadline. No retries, no policy of ours.

The time-outs of requests and urllib3 bound one read from a socket. A server that sends a byte of a header now and then,
or `100 Continue` for ever, never lets such a read time out, so the reads themselves look at the deadline here.
"""

import http.client
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pipelines.sources.deadline import Deadline

MAX_HEADER_BYTES = 1024 * 1024
"""Of all headers before a body, those of `100 Continue` included; http.client bounds lines, but not their sum."""
MAX_HOSTS = 200
CONNECTIONS_PER_HOST = 100
"""Recorded pages come from one host; else politeness lets few connections be."""

_DEADLINE: ContextVar[Deadline] = ContextVar("deadline of the request that this thread makes")


@contextmanager
def answered_before(deadline: Deadline) -> Iterator[None]:
    """Hold the requests that this thread makes within the block to a deadline, their bodies too, whenever read."""
    token = _DEADLINE.set(deadline)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


class Session(requests.Session):
    """One user's requests: no cookies, no .netrc, no redirects followed; proxies and CA bundle are honoured.

    requests does not promise that threads may share a session; urllib3 promises it of a pool. So each attempt has a
    session of its own, which costs nothing, and all have one adapter, which keeps the connections.
    """

    def __init__(self, adapter: HTTPAdapter) -> None:
        super().__init__()
        # A callable that adds nothing keeps requests from looking into .netrc, while proxies stay in force.
        self.auth = lambda prepared: prepared
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("http://", adapter)
        self.mount("https://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Redirects are followed by hand; requests would read the whole body of one even if told not to follow."""


class Adapter(HTTPAdapter):
    """The pool of connections of all sessions; their answers end at the deadline of `answered_before`."""

    def __init__(self) -> None:
        super().__init__(pool_connections=MAX_HOSTS, pool_maxsize=CONNECTIONS_PER_HOST)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """As requests does, with connections of ours."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """As requests does, with connections of ours; those of SOCKS stay what they are."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager


class _DeadlineReader(io.RawIOBase):
    """What a socket receives, until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._socket = sock
        self._received = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout()
        self._deadline = deadline
        self.header_bytes_left: int | None = MAX_HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left()
        if left <= 0:
            raise TimeoutError(self._deadline.reason)
        self._socket.settimeout(left if self._patience is None else min(self._patience, left))
        count = self._received.readinto(buffer)
        if self.header_bytes_left is not None:
            self.header_bytes_left -= count or 0
            if self.header_bytes_left < 0:
                raise http.client.LineTooLong("headers")
        return count

    def close(self) -> None:
        self._received.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer whose bytes come through a _DeadlineReader. It is made once the request has been sent."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        deadline = _DEADLINE.get()
        deadline.note_reached()
        self.fp.close()
        self._reader = _DeadlineReader(sock, deadline)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        self._reader.header_bytes_left = None


class _Connection(HTTPConnection):
    response_class = _Response


class _TLSConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS = {"http": _Pool, "https": _TLSPool}
