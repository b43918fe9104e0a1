"""core.model_lifecycle: every version of what a provider says about a model's end."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, day, instant, text
from pipelines.schema.versions import Version

STATES = ("active", "legacy", "deprecated", "retired")
PRECISIONS = ("day", "month", "floor", "none")
OUTCOMES = ("fail", "reroute_rebill", "redirect", "price_rise")


class LifecycleObservation(dy.Schema):
    """One model's state as one source printed it at one moment."""

    provider = text("who retires the model: openai, anthropic, ...")
    channel = choice("where the dates apply", ("api",))
    model = text("model id as used in requests", max_length=200)
    state = choice("what the source calls the model, or what its dates imply at the fetch", STATES)
    announced_on = day("day of the announcement; never filled from another date", nullable=True)
    retires_on = day("day from which it is gone; the first day of the month, or the floor, by precision", nullable=True)
    retires_precision = choice(
        "day: exact; month: some day of that month; floor: not sooner than; none: no date given", PRECISIONS
    )
    retires_printed = text("the text that the source printed for the date", nullable=True, max_length=300)
    outcome = choice("what happens to requests afterwards", OUTCOMES)
    replacements = text("recommended model ids in the source's order, comma separated", nullable=True, max_length=500)
    effective_from = instant("start of validity of this statement, where the source tells one", nullable=True)

    @dy.rule()
    def date_matches_precision(cls) -> pl.Expr:
        """'none' has no date, everything else has one."""
        return (cls.retires_precision.col == "none") == cls.retires_on.col.is_null()

    @dy.rule()
    def retires_after_announcement(cls) -> pl.Expr:
        """A model cannot be gone before its end was announced."""
        return (
            cls.retires_on.col.is_null() | cls.announced_on.col.is_null() | (cls.retires_on.col >= cls.announced_on.col)
        )


class ModelLifecycle(LifecycleObservation, Version):
    """One version of one model's state: grain provider, channel, model, interval."""

    lifecycle_id = text("identity of this version; risk rows refer to it")
