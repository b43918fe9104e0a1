"""A real HTTP server on 127.0.0.1 that gives scripted answers and remembers what it was asked. For tests only."""

import socket
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """One scripted answer. Content-Length is that of the body unless `headers` says otherwise."""

    status: int = 200
    """0 closes the connection without an answer."""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    """Instead of a body: sent chunked, one after the other, until they end or the client goes away."""
    raw: Iterable[bytes] | None = None
    """Instead of an answer: sent as it is, one after the other, until they end or the client goes away."""
    pause_seconds: float = 0
    """Wait before each chunk or raw piece, or before the answer when there are none."""
    meet: threading.Barrier | None = None
    """Wait before all else until as many requests are being answered; 500 when the others do not come."""


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client_port: int
    """Tells connections apart."""


class Loopback(ThreadingHTTPServer):
    """`with Loopback() as server:` serves until the end of the block. What is not scripted is 404."""

    request_queue_size = 128  # connections that wait to be accepted; beyond the usual five they are reset

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tls = tls
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self.most_at_once: Counter[str] = Counter()
        """By the first part of the path: how many requests were being answered at the same time."""
        self._at_once: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._replies: dict[str, list[Reply]] = {}
        # A short poll lets the block end at once.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.005,))

    def get_request(self) -> tuple[socket.socket, Any]:
        """A new connection; over TLS its greetings are exchanged by the thread that serves it."""
        connection, address = super().get_request()
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate is what some tests are about; other faults are printed."""
        if not isinstance(sys.exception(), ssl.SSLError):
            super().handle_error(request, client_address)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path, on the port that the system chose."""
        return f"http{'s' if self.tls else ''}://{host}:{self.server_port}{path}"

    def script(self, path: str, *replies: Reply) -> None:
        """Answers for a path (without query), in order; the last one repeats."""
        self._replies[path] = list(replies)

    def asked_for(self, path: str) -> list[Asked]:
        """The requests for a path (without query) so far."""
        return [asked for asked in self.asked if asked.path.split("?")[0] == path]

    @contextmanager
    def counted(self, path: str) -> Iterator[None]:
        """Count a request as being answered for the length of the block."""
        part = path.partition("/")[2].split("/")[0]
        with self._counting:
            self._at_once[part] += 1
            self.most_at_once[part] = max(self.most_at_once[part], self._at_once[part])
        try:
            yield
        finally:
            with self._counting:
                self._at_once[part] -= 1

    def next_reply(self, path: str) -> Reply:
        """What the script says now."""
        replies = self._replies.get(path.split("?", maxsplit=1)[0], [Reply(404)])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving, also in the middle of an answer."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Loopback

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), body, self.client_address[1]))
        self.close_connection = True
        try:
            with self.server.counted(self.path):
                self._send(self.server.next_reply(self.path))
        except (BrokenPipeError, ConnectionResetError):
            return  # The client had enough: that is what some tests are about.

    do_POST = do_CONNECT = do_GET  # noqa: N815 - the names are http.server's

    def _send(self, reply: Reply) -> None:
        try:
            if reply.meet is not None:
                reply.meet.wait(10)
        except threading.BrokenBarrierError:
            reply = Reply(500)
        if reply.raw is not None:
            for piece in reply.raw:
                if self.server.stopping.wait(reply.pause_seconds):
                    return
                self.wfile.write(piece)
            return
        if reply.chunks is None:
            self.server.stopping.wait(reply.pause_seconds)
        if not reply.status:
            return
        is_chunked = reply.chunks is not None
        framing = {"Transfer-Encoding": "chunked"} if is_chunked else {"Content-Length": str(len(reply.body))}
        self.send_response(reply.status)
        for name, value in {**framing, "Connection": "close", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        if reply.chunks is not None:
            self._send_chunks(reply.chunks, reply.pause_seconds)

    def _send_chunks(self, chunks: Iterable[bytes], pause_seconds: float) -> None:
        for chunk in chunks:
            if self.server.stopping.wait(pause_seconds):
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Stay silent."""
