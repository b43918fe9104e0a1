"""Failures of a fetch that may be gone at the next attempt, and how long they are worth waiting for."""

import urllib3
from tenacity import RetryCallState
from tenacity.stop import stop_base
from urllib3.util import Retry

from pipelines.sources.deadline import Deadline
from pipelines.sources.fetch_error import FetchError

UNREACHED = frozenset(
    error.__name__
    for error in (
        urllib3.exceptions.NameResolutionError,
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
    )
)


class PassingError(FetchError):
    """A failure that may be gone at the next attempt; `retry_after_seconds` is what the server asked for."""

    retry_after_seconds: float | None = None
    is_unreached: bool = False
    """No connection came about: no such name, refused, no way there, or silence."""


def passing(address: str, error: BaseException) -> PassingError:
    """The error of a connection, by the names of what went wrong: their texts hold the whole address."""
    names = _names(error)
    failure = PassingError(f"{address}: {': '.join(names)}")
    failure.is_unreached = not UNREACHED.isdisjoint(names)
    return failure


class StopWhereNobodyAnswers(stop_base):
    """Stops when no connection came about twice: without a network, eighty sources need not be waited for."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Whether to give up now."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return isinstance(error, PassingError) and error.is_unreached and retry_state.attempt_number >= 2


class StopAtDeadline(stop_base):
    """Stops when the wait before the next attempt would last to the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Whether to give up now."""
        return retry_state.upcoming_sleep >= self._deadline.left()


def retry_after(header: str, max_seconds: int) -> float | None:
    """Seconds that a Retry-After header asks for, None where it says nothing readable."""
    try:
        return Retry(retry_after_max=max_seconds).parse_retry_after(header)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None


def _names(error: BaseException) -> list[str]:
    """The names of an error and of those inside it: ConnectionError, MaxRetryError, NameResolutionError."""
    inside = [getattr(error, "reason", None), *error.args]
    inner = next((one for one in inside if isinstance(one, BaseException)), None)
    return [type(error).__name__, *(_names(inner) if inner else [])]
