"""One robots.txt for each host, and few requests at once, whatever the threads do."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.politeness import REQUESTS_AT_ONCE, RobotsOfHosts, TurnsAtHosts
from pipelines.sources.robots import NO_RULES


def until(seconds: float) -> Deadline:
    return Deadline(seconds, seconds, threading.Event())


def test_eight_threads_ask_once_and_share_the_rules() -> None:
    robots, asked, all_here = RobotsOfHosts(), [], threading.Barrier(8)

    def ask():
        asked.append(threading.get_ident())
        return NO_RULES

    def rules(_: int):
        all_here.wait(10)
        return robots.rules("https://prices.test", ask, until(10))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(rules, range(8))) == [NO_RULES] * 8
    assert len(asked) == 1


def test_each_origin_has_its_own_rules() -> None:
    robots, asked = RobotsOfHosts(), []
    for origin in ("https://a.test", "http://a.test", "https://a.test:8443", "https://a.test"):
        robots.rules(origin, lambda origin=origin: asked.append(origin) or NO_RULES, until(10))
    assert asked == ["https://a.test", "http://a.test", "https://a.test:8443"]


def test_a_failure_is_shared_as_errors_of_their_own() -> None:
    robots, asked, caught = RobotsOfHosts(), [], []

    def fail():
        asked.append(1)
        raise FetchError("robots.txt not reachable", 503)

    for _ in range(2):
        with pytest.raises(FetchError, match=r"robots\.txt not reachable") as error:
            robots.rules("https://prices.test", fail, until(10))
        caught.append(error.value)
    assert [error.status for error in caught] == [503, 503]
    assert caught[0] is not caught[1]
    assert asked == [1]


def test_who_waits_for_the_rules_ends_at_its_deadline() -> None:
    robots, asking, answer = RobotsOfHosts(), threading.Event(), threading.Event()

    def slow():
        asking.set()
        answer.wait(10)
        return NO_RULES

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(robots.rules, "https://prices.test", slow, until(10))
        asking.wait(10)
        with pytest.raises(FetchError, match=r"https://prices\.test/robots\.txt: .*deadline of 0\.1 s"):
            robots.rules("https://prices.test", slow, until(0.1))
        answer.set()
        assert first.result() is NO_RULES


def test_a_turn_is_free_again_after_its_block_and_hosts_do_not_share() -> None:
    turns = TurnsAtHosts()
    for _ in range(REQUESTS_AT_ONCE + 1):
        with turns.turn("a.test", until(1)):
            pass
    with pytest.raises(ZeroDivisionError), turns.turn("a.test", until(1)):
        raise ZeroDivisionError
    taken = (turns.turn("a.test", until(1)), turns.turn("a.test", until(1)), turns.turn("b.test", until(1)))
    late = pytest.raises(FetchError, match=r"a\.test: .*waiting for others")
    with taken[0], taken[1], taken[2], late, turns.turn("a.test", until(0.05)):
        raise AssertionError("a third at once")
