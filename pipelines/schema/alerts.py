"""What the team is told: alerts, what became of each, the messages that tell them, every attempt, and who hushed what.

All rows are only ever added. How an alert stands follows from its events (docs/alerts.md).
"""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, count, day, flag, instant, text, usd

RULES = (
    "price_changed",
    "model_new",
    "model_vanished",
    "price_held",
    "source_conflict",
    "gpu_rate_changed",
    "gpu_rate_beyond",
    "cheaper_equivalent",
    "break_even_crossed",
    "retirement_moved",
    "retirement_near",
    "used_after_retirement",
    "sources_unreachable",
    "source_failing",
    "projection_moved",
    "spend_anomaly",
    "budget",
    "contract_ending",
    "contract_ended",
    "usage_left_out",
    "usage_late",
    "usage_unpriced",
    "usage_refused",
    "file_not_read",
    "usage_unknown_count",
    "runaway_key",
    "runaway_conversation",
    "input_refused",
    "run_failed",
)
SEVERITIES = ("info", "warning", "critical")
EVENTS = ("firing", "resolved", "superseded", "inhibited", "silenced")
NOTICES = ("firing", "reminder", "resolved")
CLASSES = ("immediate", "digest")
DELIVERY_OUTCOMES = ("claimed", "delivered", "failed")

MAX_TITLE = 250
MAX_BODY = 1_500
"""Both together stay under 2,000 characters, the smallest limit of the usual chat services."""
MAX_VALUE = 200
MAX_ERROR = 200


class Alert(dy.Schema):
    """One thing worth telling, stored before it is sent: grain alert_id."""

    alert_id = text("hash of rule, scope and period or version, so that a repeated run finds it again")
    rule = choice("the rule that raised it", RULES)
    severity = choice("info: good to know; warning: look at it; critical: act now", SEVERITIES)
    alert_on = day("day that the alert belongs to, which may be before the day it was raised")
    raised_at = instant("when the rule first found it")
    provider = text("who bills the model; NULL where the alert is about several or none", nullable=True)
    model = text("model id; NULL where the alert is about several or none", nullable=True, max_length=200)
    source = text("key of the source in the catalog", nullable=True)
    title = text("one line of plain text", max_length=MAX_TITLE)
    body = text("a few lines of plain text", max_length=MAX_BODY)
    old_value = text("value before, with its unit", nullable=True, max_length=MAX_VALUE)
    new_value = text("value after, with its unit", nullable=True, max_length=MAX_VALUE)
    since = instant("from when the new value holds", nullable=True)
    usd_per_month_effect = usd("what it changes for this team; positive costs more", unit="USD per month")
    link = text("page that shows it", nullable=True)
    evidence_id = text("price_id, rate_id, lifecycle_id or fetch_id behind it", nullable=True)
    subject = text("rule and what it is about, as JSON: alerts of one subject follow one another", nullable=True)
    owner = text("whom it is for: of a budget its owner, else as alerts.toml says; 'all': everybody", nullable=True)
    channel = text("where it goes: a name of COSTS_ALERT_URLS; 'default': addresses without a name", nullable=True)
    delivery_class = choice("immediate: with the next run; digest: once a day", CLASSES, nullable=True)
    remind_after_days = count("told again after so long while it fires; NULL: never", unit="days", nullable=True)

    @dy.rule()
    def title_is_one_line(cls) -> pl.Expr:
        """Mail subjects and chat headings break on a line feed."""
        return ~cls.title.col.str.contains(r"[\r\n]")


class AlertEvent(dy.Schema):
    """What became of an alert, each change a row: grain alert_id, event_at, event.

    The last of firing, resolved and superseded is how it stands.
    """

    alert_id = text("the alert in main.alert")
    event_at = instant("when the run that saw it took place")
    event = choice(
        "firing: its cause holds; resolved: it ended, or the news is old; superseded: another alert of the subject "
        "took its place; inhibited: not told while its own cause is told; silenced: not told, a person said so",
        EVENTS,
    )
    because = text("why: alert_id of the cause or successor, silence_id, or words", nullable=True, max_length=MAX_VALUE)


class AlertMessage(dy.Schema):
    """One message to one address, stored before it is sent: grain message_id. It stays as it is, however often sent."""

    message_id = text("hash of target and what it tells; stands in the message, so that a repeat is known as one")
    created_at = instant("when the run that wrote it took place")
    target = text("digest of the address, as in main.alert_delivery")
    owner = text("whom it is for")
    severity = choice("of the worst alert that it tells as firing; info where all are resolved", SEVERITIES)
    is_digest = flag("holds what waited for the day's digest")
    title = text("one line of plain text", max_length=MAX_TITLE)
    body = text("a few lines of plain text, with message_id, alert ids and links", max_length=MAX_BODY)


class AlertNotice(dy.Schema):
    """One thing that a message tells of one alert, most severe first: grain message_id, alert_id."""

    message_id = text("the message in main.alert_message")
    position = count("place in the message", unit="1")
    alert_id = text("the alert in main.alert")
    notice = choice("firing: it began; reminder: it still holds; resolved: it ended", NOTICES)


class Silence(dy.Schema):
    """One person's word that some alerts are not to be told for a while: grain silence_id, said_at; the last counts."""

    silence_id = text("8 hex digits")
    said_at = instant("when")
    alert_id = text("of this alert and others of its subject; NULL: of any", nullable=True)
    rule = text("of this rule; NULL: of any", nullable=True)
    provider = text("of this provider; NULL: of any", nullable=True)
    model = text("of this model; NULL: of any", nullable=True)
    source = text("of this source; NULL: of any", nullable=True)
    owner = text("of this owner; NULL: of any", nullable=True)
    said_by = text("who", max_length=MAX_VALUE)
    until = instant("first moment at which they are told again")
    why = text("why", max_length=MAX_VALUE)


class AlertDelivery(dy.Schema):
    """One attempt, quick retries included, to tell one alert: grain alert_id, target, attempted_at, outcome."""

    alert_id = text("the alert in main.alert")
    attempted_at = instant("when the run that tried it took place")
    channel = text("kind of service by its apprise name, such as slack, json or mailto; never the address")
    target = text("digest of the address, so that a retry knows which one; the address cannot be read from it")
    outcome = choice(
        "claimed: about to be sent; delivered: the service took it; failed: tried again later; claimed alone: "
        "the process ended while it sent, so it is sent again",
        DELIVERY_OUTCOMES,
    )
    error = text("why it failed, in one line without the address", nullable=True, max_length=MAX_ERROR)
    message_id = text("the message that told it; NULL: of a program that sent each alert alone", nullable=True)

    @dy.rule()
    def failure_has_an_error(cls) -> pl.Expr:
        """A failure says why, a success has nothing to say."""
        return (cls.outcome.col == "failed") == cls.error.col.is_not_null()
