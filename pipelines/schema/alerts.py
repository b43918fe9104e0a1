"""main.alert and main.alert_delivery: what the team is told, and every attempt to tell it."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, day, instant, text, usd

RULES = (
    "price_changed",
    "model_new",
    "model_vanished",
    "price_held",
    "gpu_rate_changed",
    "retirement_moved",
    "retirement_near",
    "used_after_retirement",
    "source_failing",
    "projection_moved",
    "spend_anomaly",
    "budget",
    "usage_left_out",
    "input_refused",
    "run_failed",
)
SEVERITIES = ("info", "warning", "critical")
DELIVERY_OUTCOMES = ("delivered", "failed")

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

    @dy.rule()
    def title_is_one_line(cls) -> pl.Expr:
        """Mail subjects and chat headings break on a line feed."""
        return ~cls.title.col.str.contains(r"[\r\n]")


class AlertDelivery(dy.Schema):
    """One attempt, quick retries included, to send one alert: grain alert_id, target, attempted_at."""

    alert_id = text("the alert in main.alert")
    attempted_at = instant("when the run that tried it took place")
    channel = text("kind of service by its apprise name, such as slack, json or mailto; never the address")
    target = text("digest of the address, so that a retry knows which one; the address cannot be read from it")
    outcome = choice("delivered: the service took it; failed: tried again by the next run", DELIVERY_OUTCOMES)
    error = text("why it failed, in one line without the address", nullable=True, max_length=MAX_ERROR)

    @dy.rule()
    def failure_has_an_error(cls) -> pl.Expr:
        """A failure says why, a success has nothing to say."""
        return (cls.outcome.col == "failed") == cls.error.col.is_not_null()
