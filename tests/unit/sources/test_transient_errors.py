"""Which failures are worth waiting for, and how their messages are made."""

import threading

import pytest
import requests
import urllib3
from tenacity import RetryCallState, Retrying

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch import Fetcher, Patience, Request
from pipelines.sources.fetch_error import FetchError
from pipelines.sources.transient_errors import StopAtDeadline, StopWhereNobodyAnswers, passing, retry_after


def unresolved():
    inner = urllib3.exceptions.NameResolutionError("secret.example?key=1", None, OSError("secret"))
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/?key=1", inner))


def stops(error, attempt):
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    state.set_exception((type(error), error, None))
    return StopWhereNobodyAnswers()(state)


def test_a_message_names_the_kinds_of_errors_and_no_address_of_theirs():
    error = passing("https://api.example/prices", unresolved())
    assert str(error) == "https://api.example/prices: ConnectionError: MaxRetryError: NameResolutionError"
    assert error.is_unreached


def wrapped(error):
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", error))


@pytest.mark.parametrize(
    "error",
    [
        unresolved(),
        wrapped(urllib3.exceptions.NewConnectionError(None, "refused")),
        requests.ConnectTimeout(
            urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.ConnectTimeoutError(None, "slow"))
        ),
    ],
)
def test_a_host_that_is_not_reached_is_asked_for_twice(error):
    assert [stops(passing("a", error), attempt) for attempt in (1, 2)] == [False, True]


def test_other_failures_are_tried_more_often():
    assert not stops(passing("a", requests.ConnectionError("reset by peer")), 3)
    assert not stops(FetchError("HTTP 404"), 3)


def test_a_host_without_a_name_server_entry_fails_after_two_attempts():
    with Fetcher(Patience(backoff=0.01, backoff_max=0.01, attempts=4)) as fetcher, pytest.raises(FetchError) as failure:
        fetcher.fetch(Request("https://no-such-host.invalid/prices"))
    assert "NameResolutionError" in str(failure.value) or "Proxy" in str(failure.value)


@pytest.mark.parametrize(("sleep", "is_end"), [(0.0, False), (29.0, False), (31.0, True)])
def test_no_wait_lasts_to_the_deadline(sleep, is_end):
    state = RetryCallState(Retrying(), None, (), {})
    state.upcoming_sleep = sleep
    assert StopAtDeadline(Deadline(30, 30, threading.Event()))(state) is is_end


@pytest.mark.parametrize(("header", "seconds"), [("3", 3), ("999", 60), ("", None), ("soon", None)])
def test_a_retry_after_header_is_bounded(header, seconds):
    assert retry_after(header, 60) == seconds
