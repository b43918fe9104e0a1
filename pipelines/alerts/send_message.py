"""One attempt to hand one message to one service by apprise: bounded in time, and without its address in any log.

What is sent when, and what becomes of it, is in `delivery`. An address is a secret as a whole, so neither apprise nor
urllib3 may write to the log while one is in use.
"""

import logging
import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

NO_ANSWER = "no answer"
"""How the error of a call that was given up begins."""
LOGGERS_THAT_PRINT_ADDRESSES = ("apprise", "urllib3.connectionpool", "urllib3.util.retry")
NOTIFY_TYPES = {"info": NotifyType.INFO, "warning": NotifyType.WARNING, "critical": NotifyType.FAILURE}
HTTP_STATUS = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True)
class Patience:
    """How often a message is tried within a run, with which pauses, and how long an attempt may last."""

    attempts: int = 3
    backoff_seconds: float = 1.0
    """Before the second attempt; then twice as long each, ten times at most."""
    answer_seconds: float = 60.0
    """A service without an answer by then has failed: time-outs of sockets end no answer that only trickles."""


_heard: ContextVar[list[str] | None] = ContextVar("alert_delivery_heard", default=None)


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


def send_message(service: Any, message: Mapping[str, Any], answer_seconds: float) -> str | None:
    """Sends once; returns None or why it failed, after `answer_seconds` at the latest.

    `message`: a row of AlertMessage. A call that is given up goes on in a thread of its own, which keeps no process
    alive: the message may arrive later all the same, and once more with the same id.
    """
    said: list[str | None] = []
    with _silence() as heard:
        context = copy_context()
        call = threading.Thread(target=lambda: said.append(context.run(_notify, service, message, heard)), daemon=True)
        call.start()
        call.join(answer_seconds)
    return said[0] if said else f"{NO_ANSWER} within {answer_seconds:g} seconds"


def _notify(service: Any, message: Mapping[str, Any], heard: Sequence[str]) -> str | None:
    """What send_message says, however long it takes. apprise escapes plain text for services that want HTML."""
    try:
        sender = Apprise(service)
        kind = NOTIFY_TYPES[message["severity"]]
        is_sent = sender.notify(
            title=message["title"], body=message["body"], notify_type=kind, body_format=NotifyFormat.TEXT
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

    The filter stays in place afterwards: a slow call may go on in a thread of the same context.
    """
    for name in LOGGERS_THAT_PRINT_ADDRESSES:
        logging.getLogger(name).addFilter(_HUSH)
    heard: list[str] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)
