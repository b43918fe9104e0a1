"""core.model_lifecycle: every version of what a provider says about a model's end."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, day, flag, instant, text, usd
from pipelines.schema.offers import CHANNELS
from pipelines.schema.versions import Version

STATES = ("active", "legacy", "deprecated", "retired")
PRECISIONS = ("day", "month", "floor", "none")
CONTRADICTIONS = ("dates", "believed_only", "other_only")
OUTCOMES = ("fail", "reroute_rebill", "redirect", "price_rise")


class LifecycleObservation(dy.Schema):
    """One model's state as one source printed it at one moment."""

    provider = text("who retires the model: openai, anthropic, ...")
    channel = choice("where the dates apply", CHANNELS)
    model = text("model id as used in requests", max_length=200)
    version = text("version of the model where the source retires versions one by one, else ''", min_length=0)
    scope = text("regions or tiers that the dates hold for; 'all' where the source names none", max_length=300)
    state = choice("what the source calls the model, or what its dates imply at the fetch", STATES)
    announced_on = day("day of the announcement; never filled from another date", nullable=True)
    legacy_on = day("day from which new use is discouraged or closed", nullable=True)
    price_change_on = day("day from which it costs more until its end", nullable=True)
    retires_on = day("day from which it is gone; the first day of the month, or the floor, by precision", nullable=True)
    retires_precision = choice(
        "day: exact; month: some day of that month; floor: not sooner than; none: no date given", PRECISIONS
    )
    retires_printed = text("the text that the source printed for the date", nullable=True, max_length=300)
    retires_at = instant("moment of the end where the source prints an hour and a zone", nullable=True)
    outcome = choice(
        "what happens to requests afterwards; reroute_rebill: another model answers and is billed; redirect: the same "
        "lineage answers; price_rise: it answers at a higher price until it is gone",
        OUTCOMES,
    )
    replacements = text("recommended model ids in the source's order, comma separated", nullable=True, max_length=500)
    replacement_note = text("what the source says of replacements beside their ids", nullable=True, max_length=300)
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


class LifecycleChange(dy.Schema):
    """What changed about the end of models: grain lifecycle_id."""

    changed_on = day("UTC day on which the warehouse learned it")
    provider = text("who makes the model")
    channel = text("where the dates apply")
    model = text("model id as the source lists it")
    version = text("version of the model where the source retires versions one by one, else ''", min_length=0)
    scope = text("regions or tiers that the dates hold for; 'all' where the source names none")
    old_state = choice("state before; NULL where the source named the model for the first time", STATES, nullable=True)
    new_state = choice("state now", STATES)
    old_retires_on = day("date before", nullable=True)
    new_retires_on = day("date now", nullable=True)
    old_precision = choice("how exact the date was", PRECISIONS, nullable=True)
    new_precision = choice("how exact the date is", PRECISIONS)
    old_legacy_on = day("day of legacy status before", nullable=True)
    new_legacy_on = day("day of legacy status now", nullable=True)
    old_price_change_on = day("day of the price change before", nullable=True)
    new_price_change_on = day("day of the price change now", nullable=True)
    old_outcome = choice("what was to happen to requests afterwards", OUTCOMES, nullable=True)
    new_outcome = choice("what happens to requests afterwards, as said now", OUTCOMES)
    old_replacements = text("recommended ids before", nullable=True)
    new_replacements = text("recommended ids now", nullable=True)
    is_listed = flag("whether the source still prints the model")
    spend_30d_usd = usd("cost of the model on that channel in the 30 days before changed_on")
    known_from = instant("since when the warehouse knows")
    is_first_snapshot = flag("the source had never been read before, so nothing is really new")
    source = text("key of the source")
    url = text("the page", nullable=True)
    fetch_id = text("the fetch whose page shows it")
    lifecycle_id = text("the version in core.model_lifecycle")


class LifecycleConflict(dy.Schema):
    """Sources that disagree about a retirement now: grain other_lifecycle_id."""

    provider = text("who retires the model")
    channel = text("where the dates apply")
    model = text("model id as the sources list it")
    version = text("version of the model, or ''", min_length=0)
    contradiction = choice(
        "dates: both print one and they cannot both hold; believed_only, other_only: only that one prints a date",
        CONTRADICTIONS,
    )
    believed_scope = text("regions or tiers of the row that counts")
    believed_source = text("the best source that lists the model")
    believed_state = text("what it calls the model")
    believed_retires_on = day("its date", nullable=True)
    believed_precision = text("how exact it is")
    believed_printed = text("the date as printed", nullable=True)
    believed_fetched_at = instant("its newest body whose rows were promoted", nullable=True)
    believed_lifecycle_id = text("the version in core.model_lifecycle")
    other_scope = text("regions or tiers of the other row")
    other_source = text("the source that disagrees")
    other_state = text("what it calls the model")
    other_retires_on = day("its date", nullable=True)
    other_precision = text("how exact it is")
    other_printed = text("the date as printed", nullable=True)
    other_fetched_at = instant("its newest body whose rows were promoted", nullable=True)
    other_lifecycle_id = text("the version in core.model_lifecycle")
    days_difference = dy.Int64(
        description="other date less the one that counts; NULL where one prints none",
        nullable=True,
        metadata={"unit": "days"},
    )
    reason = text("why the one counts")
