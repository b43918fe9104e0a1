"""What is owed to each host in one refresh: robots.txt is asked for once, and few requests at once.

No network here: `fetch` asks. Kept for one refresh only, and safe for many threads.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from protego import Protego

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch_error import FetchError

REQUESTS_AT_ONCE = 2
"""To one host. Browsers open six connections; nobody waits for us."""


class RobotsOfHosts:
    """The rules of each origin. Who needs them first asks; the others wait, and share what came, a failure too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._known: dict[str, Protego | FetchError] = {}

    def rules(self, origin: str, ask: Callable[[], Protego], deadline: Deadline) -> Protego:
        """The rules of an origin; `ask` is called at most once for each. Raises FetchError, that of `ask` included."""
        with self._lock:
            lock = self._locks.setdefault(origin, threading.Lock())
        if not deadline.acquire(lock):
            raise FetchError(f"{origin}/robots.txt: {deadline.reason}")
        try:
            if origin not in self._known:
                self._known[origin] = _result(ask)
            known = self._known[origin]
        finally:
            lock.release()
        if isinstance(known, FetchError):
            raise FetchError(str(known), known.status)  # a new one, because each thread adds its own traceback
        return known


class TurnsAtHosts:
    """Who may ask a host now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: dict[str, threading.Semaphore] = {}

    @contextmanager
    def turn(self, host: str, deadline: Deadline) -> Iterator[None]:
        """Wait until fewer than REQUESTS_AT_ONCE others ask the host. Raises FetchError at the deadline."""
        with self._lock:
            free = self._free.setdefault(host, threading.Semaphore(REQUESTS_AT_ONCE))
        if not deadline.acquire(free):
            raise FetchError(f"{host}: {deadline.reason}, spent waiting for others that ask the same host")
        try:
            yield
        finally:
            free.release()


def _result(ask: Callable[[], Protego]) -> Protego | FetchError:
    try:
        return ask()
    except FetchError as error:
        return error
