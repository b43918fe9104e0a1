"""Columns, rules and identity of calls, out of the texts that `call_texts` names. No records, no files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import polars as pl

from pipelines.usage.call_texts import COUNTS, METERS, OWNERS, UNNAMED, CallCounts, Inside
from pipelines.usage.fields import (
    FILE_TIME,
    REST_AT_DEFAULT,
    any_moment,
    choice,
    export_count,
    key_id,
    seller,
    text,
    usd,
)
from pipelines.usage.identity import SEPARATOR
from pipelines.usage.importer import Reading, Rule, unreadable
from pipelines.usage.tiers import TIERS

MAKERS = {r"^claude-": "anthropic", r"^(?:gpt-(?:[345]|image|audio|realtime)|o[134](?:-|$))": "openai"} | {
    r"^gemini-": "google"
}
"""Only what other logs of the same calls say too, so that reports of both meet (`costs.overlap`)."""

# Thirty formats are made of the same readings.
_count, _text, _moment = cache(export_count), cache(text), cache(any_moment)


@cache
def _tier() -> Reading:
    return choice("tier", TIERS, "standard", "unknown_service_tier")


@dataclass(frozen=True)
class _Counted:
    """Expressions of the counts that depend on each other."""

    uncached: pl.Expr
    output: pl.Expr
    rest: pl.Expr
    """What a total holds that no reading explains; below 0 where it holds less than its parts. NULL without a total."""


@cache
def _counted(inside: Inside) -> _Counted:
    values = {name: _count(name).value for name in COUNTS}
    cache = pl.sum_horizontal(values[name].fill_null(0) for name in ("cache_read", "cache_write", "cache_write_1h"))
    reasoning = values["reasoning"].fill_null(0)
    more = values["total"] - values["input"].fill_null(0) - values["output"].fill_null(0)
    # The format's own reading first, so that it holds where a total fits several.
    readings = [(inside.cache, inside.reasoning), (inside.cache, not inside.reasoning)]
    readings += [(not cache_is_in, reasoning_is_in) for cache_is_in, reasoning_is_in in readings]
    fits = [more == (0 if c else cache) + (0 if r else reasoning) for c, r in readings]
    expected = (0 if inside.cache else cache) + (0 if inside.reasoning else reasoning)
    rest = pl.when(pl.any_horizontal(fits)).then(0).otherwise(more - expected)
    first = pl.coalesce(pl.when(fit).then(pl.lit(place)) for place, fit in enumerate(fits)).fill_null(0)
    cache_is_inside = first.is_in([place for place, (c, _) in enumerate(readings) if c])
    reasoning_is_inside = first.is_in([place for place, (_, r) in enumerate(readings) if r])
    plain = values["input"] - pl.when(cache_is_inside).then(cache).otherwise(0)
    return _Counted(
        uncached=pl.when(rest > 0).then(plain.fill_null(0) + rest).otherwise(plain),
        output=values["output"] + pl.when(reasoning_is_inside).then(0).otherwise(reasoning),
        rest=rest,
    )


def call_columns(says: CallCounts, texts: Mapping[str, str]) -> dict[str, pl.Expr | Reading]:
    """The columns of core.usage, and those that the identity needs. `texts`: name of a text -> its place."""
    counted = _counted(says.inside)
    starts = _moment("time", is_utc_without_zone=says.is_utc_without_zone, or_file_time=says.is_dated_by_file)
    told = _moment("until", is_utc_without_zone=says.is_utc_without_zone).value
    least = timedelta(days=1) if says.grain == "bucket" else timedelta(seconds=1)
    ends = pl.when(told > starts.value).then(told).otherwise(starts.value + least)
    provider, channel = _seller(says)
    own_tier = _tier().value
    ids = pl.concat_str("response", "row", separator="/", ignore_nulls=True)
    time = pl.coalesce("time", FILE_TIME) if says.is_dated_by_file else pl.col("time")
    stated = [time if name == "time" else pl.col(name) for name in texts]
    alike = pl.concat_str(*(said.fill_null("") for said in stated), pl.lit(""), separator=SEPARATOR)
    grain = pl.coalesce("grain", pl.lit(says.grain))
    return {
        "usage_at": starts,
        "usage_until": pl.when(grain != "request").then(ends),
        "grain": grain,
        "provider": provider,
        "channel": pl.lit(says.channel) if says.channel else channel,
        "region": _text("region").value.fill_null("global"),
        "model": _text("model").value.fill_null(says.unnamed) if says.unnamed else _text("model"),
        "service_tier": pl.lit(says.tier) if says.tier else own_tier,
        "input_uncached_tokens": counted.uncached,
        "lower_bound_reason": pl.coalesce("doubt", pl.when(counted.rest > 0).then(pl.lit(REST_AT_DEFAULT))),
        "cache_write_5m_tokens": _count("cache_write"),
        "output_tokens": counted.output,
        "of_which_reasoning_tokens": _count("reasoning"),
        **{column: _count(name) for name, column in METERS.items()},
        "requests": pl.coalesce(_count("requests").value, pl.when(grain == "request").then(1)),
        "account_id": _text("account"),
        "api_key_id": key_id("key"),
        **{column: _text(name) for name, column in OWNERS.items()},
        "reported_cost_usd": usd("cost", per_usd=says.cost_per_usd),
        "response": _text("response"),
        "row": _text("row"),
        "call": ids if says.has_ids else pl.when(ids != "").then(ids).otherwise(alike),
    }


def _seller(says: CallCounts) -> tuple[pl.Expr, pl.Expr]:
    """Provider and channel of the log's word, of the format, or of a model that only its maker sells by that name."""
    provider, channel = seller(pl.col("maker"))
    by_model = pl.coalesce(
        *(pl.when(pl.col("model").str.contains(ids)).then(pl.lit(maker)) for ids, maker in MAKERS.items()),
        pl.lit(UNNAMED),
    )
    if says.maker:
        return pl.lit(says.maker), channel
    named = pl.when(provider != "unknown").then(provider).otherwise(by_model)
    return named, channel


def call_rules(says: CallCounts, texts: Mapping[str, str]) -> tuple[Rule, ...]:
    """What makes a record a broken one. `texts` as for `call_columns`."""
    counted = _counted(says.inside)
    stated = [_count(name).value for name in COUNTS if name not in ("requests", "total")]
    rules = [
        *(unreadable(_count(name)) for name in ("input", "output", "total", "requests")),
        unreadable(_tier()),
        unreadable(_text("model")),
        Rule("no_token_counts", ~pl.any_horizontal(value.is_not_null() for value in stated), "no tokens are counted"),
        Rule("total_does_not_add_up", counted.rest < 0, "the total is less than input, output, cache and reasoning"),
        Rule("cached_exceeds_input", counted.uncached < 0, "cached tokens are more than the input that holds them"),
        Rule(
            "reasoning_exceeds_output",
            _count("reasoning").value > counted.output,
            "more reasoning than output tokens",
        ),
    ]
    if not says.unnamed:
        rules.append(Rule("no_model", (pl.col("model") == "").fill_null(value=True), "the record names no model"))
    if says.has_ids:
        is_nameless = (pl.coalesce("response", "row") == "").fill_null(value=True)
        rules.append(Rule("no_identity", is_nameless, "nothing tells the call from others"))
    return tuple(rules)
