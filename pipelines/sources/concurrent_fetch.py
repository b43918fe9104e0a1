"""Calls side by side, each in a thread of its own, as each ends, and at a deadline whether it has ended or not.

Nothing here knows what the calls do. They must not open the database: who takes the results writes.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import TypeVar

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch_error import FetchError

Value = TypeVar("Value")
GRACE_SECONDS = 1.0
"""A call that looks at the deadline itself ends with a better message within this."""


def as_they_end(
    calls: Mapping[str, Callable[[], Value]], deadline: Deadline
) -> Iterator[list[tuple[str, Value | Exception]]]:
    """What each call returned or raised, by its key: all that have ended since the last time, at least one.

    A call that nothing ends (to resolve a name cannot be interrupted) is left alone after the deadline, as a
    FetchError. Its thread holds up nothing, not even the end of the program, which a pool of threads would do.
    """
    ended: SimpleQueue[tuple[str, Value | Exception]] = SimpleQueue()
    for key, call in calls.items():
        threading.Thread(target=_run, args=(key, call, ended), name=f"fetch {key}", daemon=True).start()
    waiting = dict.fromkeys(calls)
    while waiting:
        batch = _next_batch(ended, deadline) or [(key, FetchError(deadline.reason)) for key in waiting]
        for key, _ in batch:
            del waiting[key]
        yield batch


def _run(key: str, call: Callable[[], Value], ended: "SimpleQueue[tuple[str, Value | Exception]]") -> None:
    try:
        result: Value | Exception = call()
    except Exception as error:  # noqa: BLE001 - told to whoever takes the results
        result = error
    ended.put((key, result))


def _next_batch(
    ended: "SimpleQueue[tuple[str, Value | Exception]]", deadline: Deadline
) -> list[tuple[str, Value | Exception]]:
    """All that has ended, after a wait for the first; nothing when the deadline has passed."""
    batch: list[tuple[str, Value | Exception]] = []
    while not batch:
        wait = deadline.left() + GRACE_SECONDS
        try:
            batch.append(ended.get(timeout=max(0.0, wait)))
        except Empty:
            if deadline.left() + GRACE_SECONDS <= 0:
                return []
    while not ended.empty():
        batch.append(ended.get())
    return batch
