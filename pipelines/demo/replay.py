"""The demo: the real job on recorded pages of five dates, served on loopback, and generated sample usage.

Each date is one run whose clock stands at that date, fetched through the real code, so versions, held prices and
alerts come about as they would have. A second replay finds everything known and changes nothing.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipelines.defs.resources import Settings
from pipelines.defs.run_jobs import PHASES, Phase, open_instance, run_once
from pipelines.demo import DATES, page_for
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.sources.catalog import SOURCES, Source, relocated
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import fingerprints

PHASE_COUNT = len(DATES) * len(PHASES)
CLOCK = time(8, 0)
DECIDED_DAYS = 7
"""Decisions of this many days at the end, so that the day-to-day ones have something to compare."""


@dataclass(frozen=True)
class Replayed:
    """How a replay went; it ends with the first run in which something failed."""

    last_run: Sequence[Phase]
    is_unchanged: bool
    """Every table holds the same rows as before."""

    @property
    def is_success(self) -> bool:
        """Whether every phase of every run went well."""
        return all(phase.is_success for phase in self.last_run)


def replay(warehouse: Warehouse, on_phase: Callable[[str], None]) -> Replayed:
    """Run the job for each date. `on_phase` is told each date and phase before it begins, PHASE_COUNT of them."""
    before = fingerprints(warehouse)
    # A proxy of the environment has no business with pages that this process serves.
    os.environ["NO_PROXY"] = "127.0.0.1"
    with _page_server() as server, open_instance(warehouse.folder) as instance:
        for day in DATES:
            server.day = day
            write_sample_usage(warehouse.inbox, until=day)
            settings = Settings(
                warehouse_folder=str(warehouse.folder),
                as_of=datetime.combine(day, CLOCK).isoformat(),
                base_url=f"http://127.0.0.1:{server.server_port}",
            )
            is_last = day == DATES[-1]
            first_decided = day - timedelta(days=DECIDED_DAYS - 1) if is_last else day
            phases = run_once(settings, instance, partial(_tell, on_phase, day), first_decided, recorded_sources())
            if not all(phase.is_success for phase in phases):
                break
    return Replayed(phases, is_unchanged=before == fingerprints(warehouse))


def recorded_sources() -> list[Source]:
    """The sources of which the demo has pages; the others are not asked."""
    return [s for s in SOURCES if any(page_for(DATES[0], relocated(url, "").lstrip("/")) for url in s.urls)]


def _tell(on_phase: Callable[[str], None], day: date, phase: str) -> None:
    on_phase(f"{day} {phase}")


class _PageServer(ThreadingHTTPServer):
    """Serves the recorded pages as they were on `day`."""

    daemon_threads = True
    request_queue_size = 128  # all sources ask at once; of the usual five that may wait the rest would be reset
    day = DATES[0]


class _Pages(BaseHTTPRequestHandler):
    server: _PageServer

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
def _page_server() -> Iterator[_PageServer]:
    with _PageServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
