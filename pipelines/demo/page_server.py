"""Recorded pages on loopback, as they were on a day. What is made of them is not known here."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipelines.demo import DATES, page_for


class PageServer(ThreadingHTTPServer):
    """Serves the recorded pages as they were on `day`."""

    daemon_threads = True
    request_queue_size = 128  # all sources ask at once; of the usual five that may wait the rest would be reset
    day = DATES[0]

    @property
    def base_url(self) -> str:
        """Where the pages are, for `Settings.base_url`."""
        return f"http://127.0.0.1:{self.server_port}"


class _Pages(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        page = page_for(self.server.day, self.path.lstrip("/"))
        body = page.read_bytes() if page else b"no such page"
        self.send_response(200 if page else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gives
        """The progress bar is enough."""


@contextmanager
def page_server() -> Iterator[PageServer]:
    """Serve until the end of the block."""
    with PageServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
