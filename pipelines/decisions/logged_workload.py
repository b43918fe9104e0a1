"""Workloads out of the user's own logs: what a month of calls to each offer sends and gets, from the days before one.

Tokens are those that were counted and priced (core.usage_cost), by the range of prompt sizes and the hours of their
prices. Its rows do not count calls, so calls come from the
ledger: as many as the tokens counted make at the mean length of a logged call. A report that is left out beside
another one of the same usage changes nothing by that.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from pipelines.decisions.scenario import TEXT_METERS, Scenario
from pipelines.decisions.workload import Part, Workload
from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.schema.time_windows import ALWAYS

OFFER = ("provider", "channel", "region", "model", "service_tier")
DAYS_PER_MONTH = 30
LEAST_DAYS_OF_A_PEAK = 7
"""Days that logs must span before a peak is read from them: a week has busy and quiet days."""

_WITHIN = "usage_date >= $first AND usage_date < $until"
_TOKENS = " + ".join(f"coalesce({QUANTITY_COLUMNS[meter]}, 0)" for meter in TOKEN_METERS)
_CALLS = "CASE WHEN grain = 'request' THEN coalesce(requests, 1) ELSE requests END"
_COUNTED = f"""
WITH ranges AS (
    SELECT price_id, any_value(context_from) AS context_from, any_value(time_window) AS time_window
    FROM core.token_price GROUP BY ALL
)
SELECT {", ".join(OFFER)}, coalesce(context_from, 0), coalesce(time_window, '{ALWAYS}'),
    coalesce(account_id, '{DEFAULT_ACCOUNT}'), meter, sum(quantity)::HUGEINT
FROM core.usage_cost LEFT JOIN ranges USING (price_id)
WHERE {_WITHIN} AND meter IN (SELECT unnest($meters)) GROUP BY ALL ORDER BY ALL
"""
_LOGGED = f"""
SELECT {", ".join(OFFER)}, sum({_TOKENS})::HUGEINT, sum({_CALLS})::HUGEINT,
    sum(of_which_reasoning_tokens)::HUGEINT,
    (sum(output_tokens) FILTER (WHERE of_which_reasoning_tokens IS NOT NULL))::HUGEINT
FROM {{usage}} WHERE {_WITHIN} AND {_CALLS} IS NOT NULL GROUP BY ALL
"""
_HOURS = f"""
SELECT {", ".join(OFFER)}, max(calls)::HUGEINT, sum(calls)::HUGEINT, min(hour)::DATE, max(hour)::DATE
FROM (
    SELECT {", ".join(OFFER)}, date_trunc('hour', usage_at) AS hour, sum({_CALLS}) AS calls
    FROM {{usage}} WHERE {_WITHIN} AND grain = 'request' GROUP BY ALL
) GROUP BY ALL
"""

_Priced = tuple[int, str, str]
"""From which prompt size and in which hours a price holds, and whose contract usage is under."""


def logged_workloads(
    connection: duckdb.DuckDBPyConnection, since_days: int, until: date, usage: str = "core.usage"
) -> list[Workload]:
    """A workload of each offer used in the `since_days` days before `until`, most tokens first; none without usage.

    `usage`: the view on the ledger; a warehouse that is being built has none of its own. Figures are scaled to
    DAYS_PER_MONTH days.
    """
    days = {"first": until - timedelta(days=since_days), "until": until}
    counted: dict[tuple[Any, ...], dict[_Priced, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for *offer, size, window, account, meter, quantity in connection.execute(
        _COUNTED, {**days, "meters": list(TOKEN_METERS)}
    ).fetchall():
        counted[tuple(offer)][size, window, account][meter] = quantity
    width = len(OFFER)
    logged = {row[:width]: row[width:] for row in connection.execute(_LOGGED.format(usage=usage), days).fetchall()}
    hours = {row[:width]: row[width:] for row in connection.execute(_HOURS.format(usage=usage), days).fetchall()}
    scale = Fraction(DAYS_PER_MONTH, since_days)
    found = [_workload(offer, tokens, logged.get(offer), hours.get(offer), scale) for offer, tokens in counted.items()]
    return sorted(found, key=lambda one: (-sum(one.tokens_per_month.values()), one.name))


def _workload(
    offer: tuple[Any, ...],
    priced: Mapping[_Priced, Mapping[str, int]],
    logged: tuple[Any, ...] | None,
    hours: tuple[Any, ...] | None,
    scale: Fraction,
) -> Workload:
    provider, channel, region, model, service_tier = offer
    notes = []
    tokens: Counter[str] = Counter()
    for one in priced.values():
        tokens.update(one)
    parts = [
        Part(size, {meter: count * scale for meter, count in one.items()}, window, account)
        for (size, window, account), one in priced.items()
    ]
    calls = reasoning = None
    if logged and logged[0] and logged[1]:
        calls = Fraction(sum(tokens.values()) * logged[1], logged[0]) * scale
    else:
        notes.append("the logs do not count calls, so means by call are not in your data")
    if logged and logged[2] is not None and logged[3]:
        reasoning = Fraction(tokens.get("output", 0) * logged[2], logged[3]) * scale
    else:
        notes.append("the logs do not tell reasoning apart from other output")
    peak = _peak(hours)
    if peak is None:
        notes.append(f"the logs hold no requests of {LEAST_DAYS_OF_A_PEAK} days, so their peak is not in your data")
    return Workload(
        name=f"{provider} {model}",
        basis="logs",
        provider=provider,
        model=model,
        channel=channel,
        region=region,
        service_tier=service_tier,
        days_per_month=DAYS_PER_MONTH,
        calls_per_month=calls or Fraction(0),
        tokens_per_month={meter: tokens.get(meter, 0) * scale for meter in dict.fromkeys((*TEXT_METERS, *tokens))},
        reasoning_tokens_per_month=reasoning,
        peak_over_mean=peak,
        tokens_per_second_per_user=Scenario.tokens_per_second_per_user,
        first_token_seconds=Scenario.first_token_seconds,
        notes=tuple(notes),
        # The edges are those at which the ledger was priced.
        parts=lambda _: parts,
    )


def _peak(hours: tuple[Any, ...] | None) -> Decimal | None:
    """Calls of the busiest hour over those of a mean hour, of the days from the first request to the last."""
    if hours is None:
        return None
    busiest, calls, first, last = int(hours[0]), int(hours[1]), hours[2], hours[3]
    days = (last - first).days + 1
    if days < LEAST_DAYS_OF_A_PEAK or not calls:
        return None
    return (Decimal(busiest * 24 * int(days)) / calls).quantize(Decimal("0.001"))
