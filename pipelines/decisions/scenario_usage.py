"""A scenario's month in the form that usage is priced in: buckets of its tokens, its own prices, its cache."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil

import polars as pl

from pipelines.costs.usage_buckets import BUCKET_SCHEMA, QUANTITIES
from pipelines.decisions.conversation import conversation_of, input_by_turn, turns_of
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.workload import Part, month_of_turns, whole_tokens
from pipelines.models.provider_aliases import UNKNOWN, provider_named
from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.offers import OFFER
from pipelines.schema.price_segments import SEGMENT_SCHEMA
from pipelines.schema.time_windows import ALWAYS

STATED = "scenario"
"""Where a price comes from that the scenario itself states."""


def parts_of(scenario: Scenario, edges: Sequence[int]) -> list[Part]:
    """The tokens of a month by the size of the prompts of its turns."""
    return [Part(one.prompt_tokens, one.tokens) for one in calls_by_size(scenario, edges)]


@dataclass(frozen=True)
class SizedCalls:
    """The calls of a month, retries included, whose prompts lie between the same two edges. Tokens by meter."""

    prompt_tokens: int
    """The smallest of these prompts."""
    calls: Fraction
    tokens: Mapping[str, Fraction]


def calls_by_size(scenario: Scenario, edges: Sequence[int]) -> list[SizedCalls]:
    """A month of a scenario, turns of prompts on either side of an edge apart. `edges`: prompt sizes, sorted."""
    sizes = input_by_turn(scenario)
    starts = {0, *(first for edge in edges if 0 < (first := bisect_left(sizes, edge)) < scenario.turns)}
    calls = Fraction(scenario.calls_per_day) * scenario.days_per_month * (1 + scenario.retries) / scenario.turns
    return [
        SizedCalls(sizes[first], calls * (until - first), month_of_turns(scenario, turns_of(scenario, first, until)))
        for first, until in pairwise(sorted(starts | {scenario.turns}))
    ]


def scenario_offer(scenario: Scenario) -> pl.DataFrame:
    """OFFER of the calls of a scenario, one row."""
    return pl.DataFrame([_offer(scenario)])


def scenario_buckets(scenario: Scenario, day: date, edges: Sequence[int]) -> pl.DataFrame:
    """The tokens of a month: `usage_buckets.BUCKET_SCHEMA` and task_class, retries included, a row for each size."""
    rows = []
    for one in calls_by_size(scenario, edges):
        tokens = {QUANTITY_COLUMNS[meter]: whole_tokens(count) for meter, count in one.tokens.items()}
        rows.append(_bucket(scenario, day, tokens | {"requests": whole_tokens(one.calls)}, one.prompt_tokens))
    return pl.concat(rows).with_columns(task_class=pl.lit(scenario.task, pl.String))


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
