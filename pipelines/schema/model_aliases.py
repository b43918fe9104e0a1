"""core.model_alias: which model of a price list every id that people see means, by date."""

import dataframely as dy
import polars as pl

from pipelines.schema.columns import choice, instant, text
from pipelines.schema.offers import CHANNELS

RULES = ("mapped", "pointer", "exact", "dated", "snapshot", "prefix", "platform", "inferred", "fine_tune", "dotted")


class ModelAlias(dy.Schema):
    """What one used id means over one interval: grain provider, channel, region, model, valid_from."""

    provider = text("who bills it, as the log reports it; 'unknown' where it does not tell")
    channel = choice("where the model is bought, as the log reports it", CHANNELS)
    region = text("billing region, as the log reports it")
    model = text("model id, as the log reports it", max_length=200)
    canonical_provider = text("provider in the price list; NULL where no rule leads to a listed id", nullable=True)
    canonical_channel = choice("channel in the price list", CHANNELS, nullable=True)
    canonical_region = text("region in the price list", nullable=True)
    canonical_model = text("model id in the price list", nullable=True)
    rule = choice(
        "how the id leads there; mapped: the user's mapping; pointer: a moving name, by date; exact: the id itself; "
        "dated: without its snapshot date; snapshot: its only snapshot; prefix: without a router's prefix; platform: "
        "what a Bedrock or Vertex id says; inferred: the log names no provider and one sells this id; fine_tune: "
        "its base model; dotted: with dashes where another tool prints a dot, as in claude-sonnet-4.6",
        RULES,
        nullable=True,
    )
    valid_from = instant("from when the id means this; NULL: always", nullable=True)
    valid_to = instant("until when, exclusive; NULL: until further notice", nullable=True)
    nearest = text("listed ids that look alike, comma separated: a hint for a person, never used", nullable=True)
    reason = text("why there is no canonical model", nullable=True)

    @dy.rule()
    def canonical_is_whole_or_explained(cls) -> pl.Expr:
        """Either provider, channel, region, model and rule are known, or none is and the reason is."""
        parts = (cls.canonical_provider, cls.canonical_channel, cls.canonical_region, cls.canonical_model, cls.rule)
        is_unknown = cls.reason.col.is_not_null()
        return pl.all_horizontal(part.col.is_null() == is_unknown for part in parts)

    @dy.rule()
    def interval_is_not_empty(cls) -> pl.Expr:
        """Half-open intervals."""
        return cls.valid_from.col.is_null() | cls.valid_to.col.is_null() | (cls.valid_from.col < cls.valid_to.col)
