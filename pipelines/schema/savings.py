"""main.saving: what the usage of the last 30 days would have cost less, lever by lever."""

import dataframely as dy

from pipelines.schema.columns import choice, day, text, usd

SAVING_BASES = ("measured", "modelled", "unknown")
LOGGED_LEVERS = (
    "prompt_caching_saved",
    "cache_misses",
    "prompt_caching_left",
    "batch_saved",
    "batch_left",
    "flex_saved",
    "flex_left",
    "response_cache",
    "contract_discount",
    "smaller_model",
)


class LoggedSaving(dy.Schema):
    """Savings on the own mix of 30 days, from logs: grain as_of, provider, model, lever. Rows are never added up.

    What is "left" holds for all of the usage: batch and flex if every call could wait, and only one of the two.
    """

    as_of = day("usage of the 30 days before it; prices in force on it")
    provider = text("who bills")
    model = text("model id as the usage log reports it")
    lever = choice("what saves: _saved is in the bill already, the others are not", LOGGED_LEVERS)
    usd_per_month = usd("dollars of 30 days; NULL where the data do not tell", unit="USD per 30 days")
    cost_usd = usd("what the model cost in these days", unit="USD per 30 days")
    basis = choice(
        "measured: tokens and prices as they were; modelled: the same tokens at other prices; unknown: not in the data",
        SAVING_BASES,
    )
    reason = text("why there is no figure, or what it assumes", nullable=True)
    stacking = text("how it goes together with prompt caching at this provider", nullable=True)
    stacking_source = text("where that is said", nullable=True)
    stacking_source_on = day("when it was read", nullable=True)
    formula_version = text("version of the formula")
