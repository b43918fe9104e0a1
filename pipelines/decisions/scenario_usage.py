"""A scenario's month in the form that usage is priced in: one bucket of its tokens, its own prices, its cache."""

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import ceil

import polars as pl

from pipelines.costs.usage_buckets import BUCKET_SCHEMA, QUANTITIES
from pipelines.decisions.conversation import conversation_of, input_by_turn
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.workload import whole_tokens, workload_of_scenario
from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import OFFER
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.time_windows import ALWAYS

STATED = "scenario"
"""Where a price comes from that the scenario itself states."""


def scenario_buckets(scenario: Scenario, day: date) -> pl.DataFrame:
    """The tokens of a month: `usage_buckets.BUCKET_SCHEMA` and task_class, retries included, one row."""
    month = workload_of_scenario(scenario)
    tokens = {QUANTITY_COLUMNS[meter]: whole_tokens(count) for meter, count in month.tokens_per_month.items()}
    tokens["requests"] = whole_tokens(month.calls_per_month)
    size = whole_tokens(month.mean_input_tokens or Fraction(0))
    return _bucket(scenario, day, tokens, size).with_columns(task_class=pl.lit(scenario.task, pl.String))


def scenario_prefixes(scenario: Scenario, day: date) -> pl.DataFrame:
    """What the cache holds in the busiest hour: BUCKET_SCHEMA, tokens as cache_read, no row where it holds nothing.

    The history of each conversation of that hour at its longest, where conversations are cached, else the one head
    that all calls share.
    """
    one = conversation_of(scenario)
    if not one.cache_read:
        return pl.DataFrame(schema=pl.Schema(BUCKET_SCHEMA))
    count, prefix = 1, whole_tokens(Fraction(one.cache_read) / one.calls)
    if scenario.cache_prefix == "conversation":
        calls_an_hour = Fraction(scenario.calls_per_day) / 24 * Fraction(scenario.peak_over_mean)
        count = ceil(calls_an_hour / scenario.turns)
        prefix = input_by_turn(scenario)[-1] - scenario.user_tokens - scenario.retrieved_tokens
    return _bucket(scenario, day, {"cache_read_tokens": count * prefix}, prefix)


def stated_segments(scenario: Scenario, day: date) -> pl.DataFrame:
    """The prices that the scenario states as price segments; none where it states none."""
    rows = [
        {
            **_offer(scenario),
            "meter": meter,
            "segment_id": -1 - number,
            "valid_from": datetime.combine(day, time()),
            "context_from": 0,
            "time_window": ALWAYS,
            "unit": "mtok",
            "usd_per_unit": usd,
            "price_id": STATED,
            "source": STATED,
        }
        for number, (meter, usd) in enumerate(scenario.stated_usd_per_mtok.items())
    ]
    return pl.DataFrame(rows, schema=pl.Schema(SEGMENT_SCHEMA))


def _bucket(scenario: Scenario, day: date, tokens: dict[str, int], size: int) -> pl.DataFrame:
    start = datetime.combine(day, time())
    row = {
        "usage_date": day,
        **_offer(scenario),
        "usage_at": start,
        "usage_until": start + timedelta(minutes=1),
        "prompt_tokens_from": size,
        **dict.fromkeys(QUANTITIES, 0),
        **tokens,
        "usage_rows": tokens.get("requests", 0),
    }
    return pl.DataFrame([row], schema=pl.Schema(BUCKET_SCHEMA))


def _offer(scenario: Scenario) -> dict[str, str]:
    named = provider_named(scenario.provider) if scenario.provider else (None, None)
    values = (named[0] or UNKNOWN, scenario.channel, scenario.region, scenario.model or UNKNOWN, scenario.service_tier)
    return dict(zip(OFFER, values, strict=True))
