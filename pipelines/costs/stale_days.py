"""What the cost of each day is computed from, as one hash: which days must be priced again.

Pricing them, and storing the hash of what they were priced from, is in `price_ledger`.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.costs.plan_coverage import covering_lines
from pipelines.costs.pricing.price_usage import FORMULA_VERSION
from pipelines.costs.volume_periods import Period, Span, days_counted_with
from pipelines.models.model_map import POINTERS_FILE
from pipelines.snapshots.user_inputs import map_in_force, owners_in_force, plans_in_force
from pipelines.warehouse.rows import read_table

_INPUTS_BY_DAY = """
WITH days AS (
    SELECT usage_date
    FROM (SELECT usage_date FROM core.ledger_file UNION SELECT usage_date FROM core.reported_cost)
    WHERE $days IS NULL OR usage_date IN (SELECT unnest($days::DATE[]))
),
-- A rate of exchange is in its amount already; without it lines are what they were before there were any.
reported AS (
    SELECT usage_date, bit_xor(hash(line)) AS lines
    FROM (SELECT * EXCLUDE (usd_per_currency) FROM core.reported_cost) AS line SEMI JOIN days USING (usage_date)
    GROUP BY usage_date
),
open_price AS (
    SELECT * FROM core.token_price WHERE known_to IS NULL
),
-- A price holds on a day if it starts before the day's end and does not end by its beginning. The hashes of all that
-- have started and of all that have ended by then, in one XOR, leave those in force: x XOR x is nothing.
change AS (
    SELECT valid_from::DATE AS day, hash(price_id) AS price FROM open_price
    UNION ALL
    SELECT greatest(valid_from::DATE, (valid_to + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND)::DATE), hash(price_id)
    FROM open_price WHERE valid_to IS NOT NULL
),
-- The terms of the contract that change a price on a day, the same way. Those that are charges change no cost of a day.
agreed AS (
    SELECT coalesce(valid_from, DATE '0001-01-01') AS day, hash(term_id) AS term FROM core.contract_term
    WHERE known_to IS NULL AND kind IN ('price', 'discount')
    UNION ALL
    SELECT valid_to, hash(term_id) FROM core.contract_term
    WHERE known_to IS NULL AND kind IN ('price', 'discount') AND valid_to IS NOT NULL
),
contract AS (
    SELECT day, bit_xor(bit_xor(term)) OVER (ORDER BY day) AS terms FROM agreed GROUP BY day
),
in_force AS (
    SELECT day, bit_xor(bit_xor(price)) OVER (ORDER BY day) AS prices FROM change GROUP BY day
),
first_price AS (
    SELECT provider, channel, region, model, service_tier, meter, min(valid_from) AS since FROM open_price GROUP BY ALL
),
-- What explains unpriced usage: the first price of each tier and meter of its provider's models, at any time. Another
-- channel's usage may be of any provider. Hashed as text: the hashes of two rows whose last columns change alike differ
-- by the same, and an XOR would lose it.
explanation AS (
    SELECT provider, bit_xor(hash(first_price::VARCHAR)) AS prices FROM first_price GROUP BY provider
    UNION ALL
    SELECT 'any', bit_xor(hash(first_price::VARCHAR)) FROM first_price
),
unpriced AS (
    SELECT DISTINCT usage_date, CASE channel WHEN 'api' THEN provider ELSE 'any' END AS provider
    FROM core.usage_cost SEMI JOIN days USING (usage_date)
    WHERE price_id IS NULL
),
explained AS (
    SELECT usage_date, string_agg(provider || ' ' || prices, ', ' ORDER BY provider, prices) AS prices
    FROM unpriced JOIN explanation USING (provider)
    GROUP BY usage_date
)
SELECT days.usage_date, file.path, reported.lines, coalesce(in_force.prices, 0), explained.prices,
    coalesce(contract.terms, 0)
FROM days
LEFT JOIN core.ledger_file AS file USING (usage_date)
LEFT JOIN reported USING (usage_date)
LEFT JOIN explained USING (usage_date)
ASOF LEFT JOIN in_force ON days.usage_date >= in_force.day
ASOF LEFT JOIN contract ON days.usage_date >= contract.day
"""

_SPANS = """
SELECT volume, coalesce(per, 'month'),
    CASE WHEN bool_and(valid_from IS NOT NULL) THEN min(valid_from) END,
    CASE WHEN bool_and(valid_to IS NOT NULL) THEN max(valid_to) END
FROM core.contract_term WHERE known_to IS NULL AND volume IS NOT NULL
-- At several rates of exchange a scale has terms for each.
GROUP BY volume, per, volume_scale, CASE WHEN volume_scale IS NULL THEN {'from': valid_from, 'to': valid_to} END
ORDER BY ALL
"""


def changed_fingerprints(
    connection: duckdb.DuckDBPyConnection, folder: Path, days: Sequence[date] | None = None
) -> dict[date, str]:
    """Days with usage or bills, of some days or of all, whose cost was computed from something else, or not yet.

    Returns the new fingerprint of each. `folder` is the warehouse's.
    """
    stored = read_table(connection, "core.cost_fingerprint")
    done = dict(zip(stored["usage_date"], stored["fingerprint"], strict=True))
    current = fingerprints(connection, folder, days)
    return {day: fingerprint for day, fingerprint in current.items() if done.get(day) != fingerprint}


def fingerprints(
    connection: duckdb.DuckDBPyConnection, folder: Path, days: Sequence[date] | None = None
) -> dict[date, str]:
    """The fingerprint of each day with usage or bills, of some days or of all.

    It changes when the day's ledger file, its bills, the prices in force on it, the contract's terms for it, what
    explains its unpriced usage, the names of models, the plans that cover usage on it or the formula change.
    """
    spans = volume_spans(connection)
    read = None if days is None else list(days)
    if spans and days:
        read = sorted({*days, *other_days(connection, spans, days)})
    inputs = _inputs(connection, folder, read)
    asked = inputs if days is None else inputs.keys() & set(days)
    # A day without a plan, or without volume, keeps the fingerprint that it had before there were any.
    of_periods = _inputs_of_periods(inputs, spans)
    found = {}
    for usage_date in asked:
        text = "\x1f".join([*inputs[usage_date].of_cost, *of_periods.get(usage_date, ())])
        found[usage_date] = hashlib.sha256(text.encode()).hexdigest()[:20]
    return found


def volume_spans(connection: duckdb.DuckDBPyConnection) -> list[Span]:
    """When the bands of volume hold and count, of the contract as it is current."""
    return [Span(*row) for row in connection.execute(_SPANS).fetchall()]


def other_days(connection: duckdb.DuckDBPyConnection, spans: Sequence[Span], days: Sequence[date]) -> list[date]:
    """The days of the ledger whose volume says what some days cost."""
    in_ledger = connection.execute("FROM core.ledger_file SELECT DISTINCT usage_date ORDER BY ALL").fetchall()
    return days_counted_with(spans, days, (day for (day,) in in_ledger))


class _Inputs(NamedTuple):
    """What a day is computed from: `of_cost` all of it, `of_volume` what its quantities are of, where there are any."""

    of_cost: list[str]
    of_volume: list[str]


def _inputs(connection: duckdb.DuckDBPyConnection, folder: Path, days: list[date] | None) -> dict[date, _Inputs]:
    names = _names_version(folder)
    coverage = covering_lines(plans_in_force(folder).rows)
    found = {}
    for usage_date, *inputs in connection.execute(_INPUTS_BY_DAY, {"days": days}).fetchall():
        covered = [line for first, end, line in coverage if first <= usage_date and (end is None or usage_date < end)]
        by_plan = [str(covered)] if covered else []
        file, _, prices, _, terms = inputs
        of_cost = [str(part) for part in (FORMULA_VERSION, names, *inputs)]
        of_volume = [] if file is None else [f"{file} {prices} {terms} {by_plan}"]
        found[usage_date] = _Inputs([*of_cost, *by_plan], of_volume)
    return found


def _inputs_of_periods(inputs: Mapping[date, _Inputs], spans: Sequence[Span]) -> dict[date, list[str]]:
    """Hashes of the usage whose volume says what a day costs: that before it, or with all units that of its period."""
    found: dict[date, list[str]] = defaultdict(list)
    for span in spans:
        of_period: dict[Period, list[date]] = defaultdict(list)
        for day in sorted(inputs):
            period = span.period(day)
            if period is not None:
                of_period[period].append(day)
        for days in of_period.values():
            running = hashlib.sha256()
            before = {}
            for day in days:
                before[day] = running.hexdigest()
                running.update("".join(f"{part}\x1f" for part in inputs[day].of_volume).encode())
            for day in days:
                found[day].append(running.hexdigest() if span.volume == "all_units" else before[day])
    return found


def _names_version(folder: Path) -> str:
    """Hash of the tables of names: another meaning of an id is another price, or another owner."""
    texts = [POINTERS_FILE.read_bytes(), map_in_force(folder).content, owners_in_force(folder).content]
    return hashlib.sha256(b"\x1f".join(text for text in texts if text)).hexdigest()
