"""main.what_if: usage at other models."""

import dataframely as dy

from pipelines.schema.columns import choice, count, day, flag, text, usd
from pipelines.schema.offers import CHANNELS, SERVICE_TIERS

BASES = ("task_classes", "models_in_use")


class WhatIf(dy.Schema):
    """Usage of the 30 days before a day at another model: grain as_of, offer, task_class, target.

    Factors are 1: the target's tokenizer and its answers are taken as equal, which `costs what-if` can range over.
    No claim of quality: which models are good enough is the user's word.
    """

    as_of = day("day whose prices count; usage before it")
    basis = choice(
        "task_classes: the user's file says what is good enough; models_in_use: there is none, so every other model in "
        "use is shown",
        BASES,
    )
    task_class = text("class of the tasks, by task_classes.csv; NULL: not mapped", nullable=True)
    provider = text("who bills it")
    channel = text("where the model is bought")
    region = text("billing region")
    model = text("model id as the log reports it")
    service_tier = text("tier that the responses were billed at")
    target_provider = text("who would bill; 'unknown' where the model's name alone says it")
    target_channel = choice("where it would be bought", CHANNELS)
    target_region = text("billing region there")
    target_model = text("model instead")
    target_service_tier = choice("tier there", SERVICE_TIERS)
    usage_rows = count("ledger rows", unit="rows")
    spent_usd = usd("cost at the prices in force when it was used; NULL where some of it has no price")
    same_usd = usd("cost of the same offer at the prices of as_of; NULL where some of it has no price")
    target_usd = usd("cost at the target at the prices of as_of; NULL where some of it has no price: see reason")
    change_usd = usd("target_usd - same_usd")
    cold_cache_usd = usd("what the switch pays once, to fill the caches anew; NULL: no request tells")
    same_effective_usd = usd("same_usd as it is paid by the contract of as_of, plans apart")
    target_effective_usd = usd("target_usd as it is paid by that contract")
    change_effective_usd = usd("target_effective_usd - same_effective_usd")
    cold_cache_effective_usd = usd("cold_cache_usd as it is paid by that contract")
    is_cheapest = flag("the target of its usage that is paid least, and less than staying")
    is_lower_bound = flag("it may cost more: a report does not tell the sizes of its prompts")
    mapped = text("meters that the target does not sell, and under which they count", nullable=True)
    reason = text("meters that have no price at the target, and why", nullable=True)
    price_ids = text("the versions in core.token_price behind target_usd, comma separated", nullable=True)
    formula_version = text("version of the formula")
