"""Failures of a fetch that may be gone at the next attempt, and how long they are worth waiting for."""

import urllib3
from tenacity import RetryCallState
from tenacity.stop import stop_base
from urllib3.util import Retry

from pipelines.sources.fetch_error import FetchError


class PassingError(FetchError):
    """A failure that may be gone at the next attempt; `retry_after_seconds` is what the server asked for."""

    retry_after_seconds: float | None = None
    is_unknown_host: bool = False


def passing(address: str, error: BaseException) -> PassingError:
    """The error of a connection, by the names of what went wrong: their texts hold the whole address."""
    names = _names(error)
    failure = PassingError(f"{address}: {': '.join(names)}")
    failure.is_unknown_host = urllib3.exceptions.NameResolutionError.__name__ in names
    return failure


class StopAtUnknownHost(stop_base):
    """Stops when a name could not be resolved twice: without a network, thirty sources need not be waited for."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        """Whether to give up now."""
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return isinstance(error, PassingError) and error.is_unknown_host and retry_state.attempt_number >= 2


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
