"""The moment until which an attempt may take, on the monotonic clock; nothing here knows what is waited for.

Many threads may share one: they all end at the same moment, whatever each of them waits for.
"""

import threading
import time


class Deadline:
    """Ends `seconds` after it was made; earlier, after `unreached_seconds`, as long as no host at all was reached."""

    def __init__(self, seconds: float, unreached_seconds: float, reached: threading.Event) -> None:
        self._start = time.monotonic()
        self._seconds = seconds
        self._unreached_seconds = min(seconds, unreached_seconds)
        self._reached = reached

    @property
    def reason(self) -> str:
        """Why an attempt ended here, for messages."""
        if self._reached.is_set():
            return f"no whole answer before its deadline of {self._seconds:g} s"
        return f"no host could be reached before the deadline of {self._unreached_seconds:g} s"

    def left(self) -> float:
        """Seconds until the end; none or fewer when it has come."""
        seconds = self._seconds if self._reached.is_set() else self._unreached_seconds
        return self._start + seconds - time.monotonic()

    def has_passed(self) -> bool:
        """Whether the end has come."""
        return self.left() <= 0

    def note_reached(self) -> None:
        """Say that a connection to some host was made: there is a network, and patience is worth it."""
        self._reached.set()

    def acquire(self, lock: "threading.Lock | threading.Semaphore") -> bool:
        """Wait for a lock as long as there is time. Returns whether it was had."""
        while not self.has_passed():
            # In pieces: the end moves away when the first host is reached.
            if lock.acquire(timeout=min(1.0, max(0.0, self.left()))):
                return True
        return False
