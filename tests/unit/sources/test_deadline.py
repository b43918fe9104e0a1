"""When a deadline ends, and what it says then."""

import threading

from pipelines.sources.deadline import Deadline


def test_it_moves_away_when_the_first_host_is_reached() -> None:
    reached = threading.Event()
    first, second = Deadline(1000, 10, reached), Deadline(2000, 0, reached)
    assert 9 < first.left() <= 10
    assert (first.has_passed(), second.has_passed()) == (False, True)
    assert second.reason == "no host could be reached before the deadline of 0 s"
    first.note_reached()
    assert 999 < first.left() <= 1000
    assert not second.has_passed()
    assert second.reason == "no whole answer before its deadline of 2000 s"


def test_it_is_never_later_for_want_of_a_network() -> None:
    assert Deadline(1, 60, threading.Event()).left() <= 1


def test_a_lock_is_waited_for_until_the_end() -> None:
    lock = threading.Lock()
    assert Deadline(60, 60, threading.Event()).acquire(lock)
    assert not Deadline(0.05, 60, threading.Event()).acquire(lock)


def test_who_waits_for_a_lock_learns_that_a_host_was_reached() -> None:
    lock, reached = threading.Lock(), threading.Event()
    deadline = Deadline(60, 0.3, reached)
    with lock:
        waiting = threading.Thread(target=deadline.acquire, args=(lock,))
        waiting.start()
        reached.set()
        waiting.join(0.6)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
