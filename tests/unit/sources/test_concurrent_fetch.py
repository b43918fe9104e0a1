"""Calls side by side: all at once, as they end, and none waited for beyond the deadline."""

import threading

import pytest

from pipelines.sources import concurrent_fetch
from pipelines.sources.concurrent_fetch import as_they_end
from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch_error import FetchError


def until(seconds: float) -> Deadline:
    return Deadline(seconds, seconds, threading.Event())


def test_all_run_at_once_in_threads_that_hold_up_no_exit() -> None:
    meet = threading.Barrier(100)

    def call() -> bool:
        meet.wait(10)
        return threading.current_thread().daemon

    found = [ended for batch in as_they_end({str(n): call for n in range(100)}, until(20)) for ended in batch]
    assert sorted(found) == sorted((str(n), True) for n in range(100))


def test_what_ends_first_comes_first_and_what_is_raised_is_a_result() -> None:
    go = threading.Event()

    def wait() -> str:
        go.wait(10)
        return "late"

    batches = as_they_end({"waits": wait, "fails": lambda: {}["x"]}, until(20))
    ((key, error),) = next(batches)
    assert key == "fails"
    assert isinstance(error, KeyError)
    go.set()
    assert list(batches) == [[("waits", "late")]]


def test_what_does_not_end_is_left_alone_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concurrent_fetch, "GRACE_SECONDS", 0.1)
    go = threading.Event()
    found = dict(batch[0] for batch in as_they_end({"stuck": lambda: go.wait(30)}, until(0.1)))
    go.set()
    assert isinstance(found["stuck"], FetchError)
    assert "deadline of 0.1 s" in str(found["stuck"])


def test_nothing_to_do() -> None:
    assert list(as_they_end({}, until(1))) == []
