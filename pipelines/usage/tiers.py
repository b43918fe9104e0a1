"""The words of logs for service tiers, and which of response and request is believed. What is priced is elsewhere."""

from collections.abc import Mapping

import polars as pl

from pipelines.usage.fields import first_of
from pipelines.usage.importer import Reading

TIERS = {
    **dict.fromkeys(("default", "auto", "standard", "on_demand"), "standard"),
    **{word: word for word in ("batch", "flex", "priority", "fast")},
}


def tier_or_asked(told: Reading, asked: str, meanings: Mapping[str, str]) -> tuple[pl.Expr, pl.Expr]:
    """The tier, and why the row may have cost more, of logs that keep the request beside the response.

    `told`: of the response, NULL where it says none. Then one that is cheaper counts as it was asked for: a provider
    that has no room refuses it. One that is dearer may have been served as standard, which is the least.
    """
    word = first_of(asked).str.to_lowercase().replace_strict(dict(meanings), default=None, return_dtype=pl.String)
    is_cheaper, is_dearer = word.is_in(["flex", "batch"]), word.is_in(["priority", "fast"])
    tier = pl.coalesce(told.value, pl.when(is_cheaper).then(word), pl.lit("standard"))
    return tier, pl.when(told.value.is_null() & is_dearer).then(pl.lit("tier_only_asked"))
