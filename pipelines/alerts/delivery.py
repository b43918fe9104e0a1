"""Sends stored alerts through apprise and says what became of each. What is due is decided in outbox.py.

An address is a secret as a whole: host, path and query of a webhook are its password. It lives in
`Target.url` only, and neither apprise nor urllib3 may write to the log while one is in use.
"""

import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from pipelines.schema.alerts import AlertDelivery
from pipelines.schema.columns import polars_schema

ADDRESSES = "COSTS_ALERT_URLS"
SEPARATOR = re.compile(r"[\s,]*\s[\s,]*|,+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
"""A comma inside one address, as between two mail recipients, does not split it."""

LOGGERS_THAT_PRINT_ADDRESSES = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
UNKNOWN_CHANNEL = "unknown"
NOTIFY_TYPES = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}
HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")

_heard: ContextVar[list[str] | None] = ContextVar("alert_delivery_heard", default=None)


@dataclass(frozen=True)
class Target:
    """One place that alerts go to. Only `channel` and `digest` may be stored or shown."""

    channel: str
    digest: str
    url: str = field(repr=False)


def targets_from_environment(environ: Mapping[str, str]) -> list[Target]:
    """The addresses in COSTS_ALERT_URLS, separated by blanks or commas, each once; none if it is not set.

    An address that apprise does not understand becomes a target of channel 'unknown', whose delivery fails with a
    message, so that a typing error shows up instead of silencing the alerts.
    """
    urls = filter(None, SEPARATOR.split(environ.get(ADDRESSES, "").strip(" ,\t\r\n")))
    return [target_of(url) for url in dict.fromkeys(urls)]


def mistaken_addresses(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Name of the setting and what to do, for each address in it that apprise does not understand."""
    mistaken = (target for target in targets_from_environment(environ) if target.channel == UNKNOWN_CHANNEL)
    return [(ADDRESSES, f"{_invalid(target)}. The other addresses get what is due") for target in mistaken]


def target_of(url: str) -> Target:
    """The target behind one apprise URL."""
    # scrypt, as a plain hash of a mail address with a weak password could be found by trial.
    digest = hashlib.scrypt(url.encode(), salt=b"alert target", n=2**14, r=8, p=1, dklen=6).hex()
    service = service_of(url)
    return Target(UNKNOWN_CHANNEL if service is None else str(service.schema), digest, url)


def deliver(
    due: pl.DataFrame,
    targets: Sequence[Target],
    now: datetime,
    attempts: int = 3,
    backoff_seconds: float = 1.0,
    give_up_after: int = 3,
    on_attempt: Callable[[pl.DataFrame], None] = lambda row: None,
) -> pl.DataFrame:
    """Sends every pair of `due` (the frame of `outbox.due`) and returns one AlertDelivery row per pair tried.

    Each pair is tried up to `attempts` times with exponential back-off. After `give_up_after` pairs of one target
    have failed in a row its other pairs are left for the next run. `on_attempt` gets each row before the next pair is
    sent. A pair that was sent but whose row is lost is sent again: at least once, never silently not. Nothing raised by
    a service leaves this function.
    """
    retrying = Retrying(
        stop=stop_after_attempt(attempts),
        wait=wait_exponential(multiplier=backoff_seconds, max=10 * backoff_seconds),
        retry=retry_if_result(lambda error: error is not None),
        retry_error_callback=_last_error,
    )
    rows = [pl.DataFrame(schema=polars_schema(AlertDelivery))]
    for target in targets:
        failed_in_a_row = 0
        service = service_of(target.url)
        for alert in due.filter(pl.col("target") == target.digest).iter_rows(named=True):
            error = _invalid(target) if service is None else retrying(_send, service, alert)
            rows.append(_attempt(alert["alert_id"], target, now, error))
            on_attempt(rows[-1])
            failed_in_a_row = failed_in_a_row + 1 if error else 0
            if failed_in_a_row >= give_up_after:
                break
    return pl.concat(rows)


def _attempt(alert_id: str, target: Target, now: datetime, error: str | None) -> pl.DataFrame:
    outcome = "failed" if error else "delivered"
    row = (alert_id, now, target.channel, target.digest, outcome, error)
    return pl.DataFrame([row], schema=polars_schema(AlertDelivery), orient="row", strict=True)


def service_of(url: str) -> Any:
    """The sender of apprise for the address, or None if there is none."""
    with _silence(), warnings.catch_warnings():
        # The first call imports all plugins; one of them uses a module that Python is about to drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            # Memory only: some services would otherwise cache tokens on disk.
            return Apprise.instantiate(url, asset=AppriseAsset(storage_mode="memory"))
        except Exception:  # noqa: BLE001 - what any of 250 plugins raises on a malformed address may quote it
            return None


def _send(service: Any, alert: Mapping[str, Any]) -> str | None:
    """Sends once; returns None or why it failed. apprise escapes plain text for services that want HTML."""
    with _silence() as heard:
        try:
            sender = Apprise(service)
            kind = NOTIFY_TYPES[alert["severity"]]
            is_sent = sender.notify(
                title=alert["title"], body=alert["body"], notify_type=kind, body_format=NotifyFormat.TEXT
            )
        except Exception as error:  # noqa: BLE001 - one broken service must not stop the others
            return f"the service failed with {type(error).__name__}"
    return None if is_sent else _reason(heard)


def _reason(heard: Sequence[str]) -> str:
    """What apprise reported, in words of our own, because its lines hold hosts, paths and server answers."""
    text = " ".join(heard)
    if status := HTTP_STATUS.search(text):
        return f"HTTP status {status[1]}"
    if "onnection error" in text:
        return "no connection"
    return "the service did not take it"


def _invalid(target: Target) -> str:
    return (
        f"address {target.digest} in {ADDRESSES} is not one that apprise understands, such as slack://... or json://..."
    )


def _last_error(state: RetryCallState) -> str | None:
    return None if state.outcome is None else state.outcome.result()


class _Hush(logging.Filter):
    """Takes the lines of a delivery out of the log and keeps them for `_reason`; other threads log as ever."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _heard.get()
        if heard is None:
            return True
        if record.levelno >= logging.WARNING:
            heard.append(record.getMessage())
        return False


_HUSH = _Hush()


@contextmanager
def _silence() -> Iterator[list[str]]:
    """Keeps apprise and urllib3 quiet; yields the warnings that they would have logged.

    The filter stays in place afterwards: apprise may leave a slow call running in a thread of the same context.
    """
    for name in LOGGERS_THAT_PRINT_ADDRESSES:
        logging.getLogger(name).addFilter(_HUSH)
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)
