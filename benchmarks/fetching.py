"""A refresh of all sources: over slow hosts, among hosts that hang, and without a network.

The pages are served on loopback by the process that measures; what is measured is a process of its own.
"""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from benchmarks.measuring import Command, MeasuringError, alternate, figures, work
from benchmarks.result import Proof, Result, Target, failed
from benchmarks.settings import Settings
from pipelines.sources.catalog import SOURCES

DELAY_SECONDS = 1.0
SLOW_TARGET = Target(ratio=1 / 3)
HANGING_HOSTS, PATIENCE_SECONDS = 20, 10.0
HANGING_TARGET = Target(ratio=1.2)
NO_NETWORK_SECONDS = 15.0
HOSTS = list(dict.fromkeys(urlsplit(source.urls[0]).netloc for source in SOURCES))
PROXIES = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def fetching(settings: Settings, advance: Callable[[str], None]) -> Iterator[Result | Proof]:
    """`fetch_sources` over all sources, database and archive included."""
    for part in (_slow, _hanging, _no_network):
        try:
            yield part(settings, advance)
        except MeasuringError as error:
            yield failed(part.__name__.strip("_"), Target(), str(error))


def _slow(settings: Settings, advance: Callable[[str], None]) -> Result:
    """Every answer comes after a second; held against the sum of these seconds."""
    with _serving(_Behaviour(DELAY_SECONDS)) as base_url:
        runs = alternate({"slow hosts": _refresh(settings, base_url)}, settings.runs, advance)["slow hosts"]
    ours, delays = figures(runs), (len(SOURCES) + 1) * DELAY_SECONDS
    is_whole = all(run.found["outcomes"] == {"new": len(SOURCES)} for run in runs)
    theirs = {"seconds": delays}
    return Result(
        "fetch_slow_hosts",
        ours["seconds"] / delays,
        SLOW_TARGET,
        ours,
        theirs,
        is_whole,
        {"compared": "seconds with the sum of the delays of all pages and of robots.txt"},
    )


def _hanging(settings: Settings, advance: Callable[[str], None]) -> Result:
    """Twenty hosts that say nothing, held against one."""
    behaviours = {number: _Behaviour(0, frozenset(HOSTS[:number])) for number in (HANGING_HOSTS, 1)}
    with _serving(behaviours[HANGING_HOSTS]) as twenty, _serving(behaviours[1]) as one:
        commands = {
            "twenty": _refresh(settings, twenty, PATIENCE_SECONDS),
            "one": _refresh(settings, one, PATIENCE_SECONDS),
        }
        runs = alternate(commands, settings.runs, advance)
    ours, theirs = figures(runs["twenty"]), figures(runs["one"])
    is_whole = all(
        run.found["outcomes"] == _outcomes(behaviours[number].hanging)
        for name, number in (("twenty", HANGING_HOSTS), ("one", 1))
        for run in runs[name]
    )
    return Result(
        "fetch_hanging_hosts",
        ours["seconds"] / theirs["seconds"],
        HANGING_TARGET,
        ours,
        theirs,
        is_whole,
        {"compared": f"{HANGING_HOSTS} hosts that hang with one, patience {PATIENCE_SECONDS:g} s, all others read"},
    )


def _no_network(settings: Settings, advance: Callable[[str], None]) -> Proof:
    """Nobody listens, no name is known, or packets are lost; the patience is that of the product."""
    with _serving(_Behaviour(0)) as base_url:
        closed = base_url
    with _deaf() as lost:
        addresses = {"refused": closed, "unknown_name": "http://no-such-host.invalid", "lost": lost}
        runs = alternate({name: _refresh(settings, address) for name, address in addresses.items()}, 1, advance)
    checks = {
        **{f"{name}_is_told": run.found["outcomes"] == {"failed": len(SOURCES)} for name, (run,) in runs.items()},
        **{
            f"{name}_within_{NO_NETWORK_SECONDS:g}_s": run.seconds <= NO_NETWORK_SECONDS
            for name, (run,) in runs.items()
        },
    }
    seconds = {name: round(run.seconds, 2) for name, (run,) in runs.items()}
    return Proof("fetch_no_network", checks, {"seconds": seconds, "sources": len(SOURCES)})


def _refresh(settings: Settings, base_url: str, total_seconds: float | None = None) -> Command:
    folder = settings.data / "fetching"

    def clear() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    arguments = work("fetch", folder, base_url, *([] if total_seconds is None else [total_seconds])).arguments
    return Command(arguments, PROXIES, clear)


def _outcomes(hanging: frozenset[str]) -> dict[str, int]:
    failed = sum(urlsplit(source.urls[0]).netloc in hanging for source in SOURCES)
    return {"new": len(SOURCES) - failed, "failed": failed}


@dataclass(frozen=True)
class _Behaviour:
    delay_seconds: float
    hanging: frozenset[str] = frozenset()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, behaviour: _Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.behaviour = behaviour
        self.ending = threading.Event()


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.split("/")[1] in self.server.behaviour.hanging:
            self.server.ending.wait()
            self.close_connection = True
            return
        time.sleep(self.server.behaviour.delay_seconds)
        is_robots = self.path == "/robots.txt"
        body = b"" if is_robots else f"page of {self.path}".encode()
        self.send_response(404 if is_robots else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def _serving(behaviour: _Behaviour) -> Iterator[str]:
    with _Server(behaviour) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.ending.set()
            server.shutdown()


@contextmanager
def _deaf() -> Iterator[str]:
    """An address at which connections are neither made nor refused: the queue of a socket that accepts none is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
