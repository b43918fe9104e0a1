"""Sends stored messages through apprise and says what became of each. What is due is decided in outbox.py.

An address is a secret as a whole: host, path and query of a webhook are its password. It lives in `Target.url` only.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_exponential

from pipelines.alerts.alert_settings import DEFAULT
from pipelines.alerts.outbox import NO_SUBJECTS
from pipelines.alerts.send_message import NO_ANSWER, Patience, send_message, service_of
from pipelines.schema.alerts import AlertDelivery
from pipelines.schema.columns import polars_schema

ADDRESSES = "COSTS_ALERT_URLS"
SEPARATOR = re.compile(r"[\s,]*\s[\s,]*|,+(?=(?:[A-Za-z][\w-]*=)?[A-Za-z][A-Za-z0-9+.-]*://)")
"""A comma inside one address, as between two mail recipients, does not split it."""
NAMED = re.compile(r"(?P<name>[A-Za-z][\w-]*)=(?P<url>[A-Za-z][A-Za-z0-9+.-]*://.*)", re.DOTALL)
"""An address with the channel of alerts.toml that it is of: "finance=slack://..."."""

UNKNOWN_CHANNEL = "unknown"
MOST_IN_A_ROW = 3
PATIENCE = Patience()


@dataclass(frozen=True)
class Target:
    """One place that alerts go to. `url` may neither be stored nor shown."""

    channel: str
    """Kind of service."""
    digest: str
    url: str = field(repr=False)
    name: str = DEFAULT
    """The channel of alerts.toml."""


def targets_from_environment(environ: Mapping[str, str]) -> list[Target]:
    """The addresses in COSTS_ALERT_URLS, separated by blanks or commas, each once; none if it is not set.

    "name=address" is an address of the channel of that name, any other one of the channel 'default'.
    An address that apprise does not understand becomes a target of channel 'unknown', whose delivery fails with a
    message, so that a typing error shows up instead of silencing the alerts.
    """
    urls = filter(None, SEPARATOR.split(environ.get(ADDRESSES, "").strip(" ,\t\r\n")))
    return [target_of(url) for url in dict.fromkeys(urls)]


def mistaken_addresses(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Name of the setting and what to do, for each address in it that apprise does not understand."""
    mistaken = (target for target in targets_from_environment(environ) if target.channel == UNKNOWN_CHANNEL)
    return [(ADDRESSES, f"{_invalid(target)}. The other addresses get what is due") for target in mistaken]


def mistaken_channels(used: Collection[str], environ: Mapping[str, str]) -> list[str]:
    """What to do for each channel that alerts are to go to and that no address has, where there is any address."""
    targets = targets_from_environment(environ)
    missing = sorted(set(used) - {DEFAULT} - {target.name for target in targets}) if targets else []
    return [
        f"channel {name!r} has no address: write {name}=ADDRESS into {ADDRESSES}. Until then its alerts go elsewhere"
        for name in missing
    ]


def targets_of(channel: str, targets: Sequence[Target]) -> list[Target]:
    """Where alerts of a channel go: to its addresses, else to those without a name, else to all."""
    for name in (channel, DEFAULT):
        if found := [target for target in targets if target.name == name]:
            return found
    return list(targets)


@cache
def target_of(address: str) -> Target:
    """The target behind one apprise URL, with or without the name of a channel before it. Hashing it takes long."""
    named = NAMED.fullmatch(address)
    name, url = (named["name"], named["url"]) if named else (DEFAULT, address)
    # scrypt, as a plain hash of a mail address with a weak password could be found by trial.
    digest = hashlib.scrypt(url.encode(), salt=b"alert target", n=2**14, r=8, p=1, dklen=6).hex()
    service = service_of(url)
    return Target(UNKNOWN_CHANNEL if service is None else str(service.schema), digest, url, name)


def deliver(
    due: pl.DataFrame,
    alerts_of: Mapping[str, Sequence[str]],
    targets: Sequence[Target],
    now: datetime,
    patience: Patience = PATIENCE,
    note: Callable[[pl.DataFrame], None] = lambda rows: None,
    subjects: Mapping[str, str] = NO_SUBJECTS,
) -> pl.DataFrame:
    """Sends each message of `due` (rows of AlertMessage) to its address. Returns AlertDelivery rows of what came of it.

    `alerts_of`: message_id -> alerts that it tells of, a row each; `subjects`: alert_id -> its subject, if any. `note`
    gets the rows of a message twice: claimed before it is sent, delivered or failed before the next one is. After
    MOST_IN_A_ROW messages to one address have failed in a row, or one had no answer, its others are left for the next
    run, and so are those about the subject of a failed one. A message that was sent but whose row is lost is sent
    again: at least once, never silently not. Nothing raised by a service leaves this function.
    """
    retrying = Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait_exponential(multiplier=patience.backoff_seconds, max=10 * patience.backoff_seconds),
        retry=retry_if_result(lambda error: error is not None and not error.startswith(NO_ANSWER)),
        retry_error_callback=_last_error,
    )
    rows, seconds = [pl.DataFrame(schema=polars_schema(AlertDelivery))], patience.answer_seconds
    for target in targets:
        failed_in_a_row = 0
        unheard: set[str] = set()
        service = service_of(target.url)
        for message in due.filter(pl.col("target") == target.digest).iter_rows(named=True):
            alerts = alerts_of[message["message_id"]]
            about = {subjects.get(one, one) for one in alerts}
            if unheard & about:
                continue
            note(_attempt(message, alerts, target, now, "claimed", None))
            error = _invalid(target) if service is None else retrying(send_message, service, message, seconds)
            rows.append(_attempt(message, alerts, target, now, "failed" if error else "delivered", error))
            note(rows[-1])
            failed_in_a_row = failed_in_a_row + 1 if error else 0
            unheard.update(about if error else ())
            if failed_in_a_row >= MOST_IN_A_ROW or (error or "").startswith(NO_ANSWER):
                break
    return pl.concat(rows)


def _attempt(
    message: Mapping[str, Any], alerts: Sequence[str], target: Target, now: datetime, outcome: str, error: str | None
) -> pl.DataFrame:
    rows = [(alert, now, target.channel, target.digest, outcome, error, message["message_id"]) for alert in alerts]
    return pl.DataFrame(rows, schema=polars_schema(AlertDelivery), orient="row", strict=True)


def _invalid(target: Target) -> str:
    return (
        f"address {target.digest} in {ADDRESSES} is not one that apprise understands, such as slack://... or json://..."
    )


def _last_error(state: RetryCallState) -> str | None:
    return None if state.outcome is None else state.outcome.result()
