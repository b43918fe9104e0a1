"""The answer of `costs exposure`: the five hidden costs that no bill shows, from logs or from a scenario."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from pipelines.decisions.answer_hidden_cost import prices_of
from pipelines.decisions.exposure import (
    Ending,
    Measure,
    data_exposure,
    deprecation,
    rate_limits,
    unpredictable_cost,
    vendor_lock_in,
)
from pipelines.decisions.hidden_cost import MTOK, hidden_cost
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.workload import whole_tokens, workload_of_scenario
from pipelines.schema.meters import QUANTITY_COLUMNS, TOKEN_METERS
from pipelines.warehouse.published import PublishedWarehouse

DAYS_PER_MONTH = 30
_NO_LISTS = "no list of ends is known; `costs run` fetches them"
_WITHIN = "usage_date >= $first AND usage_date < $until"
_TOKENS = " + ".join(f"coalesce({QUANTITY_COLUMNS[meter]}, 0)" for meter in TOKEN_METERS)
_VENDORS = f"SELECT provider, sum(cost_usd)::VARCHAR FROM core.usage_cost WHERE {_WITHIN} GROUP BY ALL ORDER BY ALL"
_DAYS = f"SELECT usage_date, sum(cost_usd)::VARCHAR FROM core.usage_cost WHERE {_WITHIN} GROUP BY ALL ORDER BY ALL"
_PLACES = f"""
SELECT provider, channel, region, sum(quantity)::HUGEINT FROM core.usage_cost
WHERE {_WITHIN} AND meter IN (SELECT unnest($meters)) GROUP BY ALL ORDER BY ALL
"""
_MINUTES = f"""
SELECT max(calls)::HUGEINT, max(tokens)::HUGEINT FROM (
    SELECT sum(coalesce(requests, 1)) AS calls, sum({_TOKENS}) AS tokens FROM core.usage
    WHERE {_WITHIN} AND grain = 'request' GROUP BY provider, channel, region, model, usage_date, usage_minute
)
"""
_ENDINGS = """
SELECT model, min(days_left), sum(spend_30d_usd)::VARCHAR, sum(monthly_delta_usd)::VARCHAR FROM main.deprecation_risk
WHERE as_of = (SELECT max(as_of) FROM main.deprecation_risk WHERE as_of <= $until) GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class ExposureQuestion:
    """The `days` days before `day`. `limits` a minute, by "requests" and "tokens"; `budget` USD a month."""

    day: date
    days: int
    limits: Mapping[str, int] = field(default_factory=dict)
    budget: Decimal | None = None


def answer_logs(warehouse: PublishedWarehouse, question: ExposureQuestion) -> dict[str, Any] | None:
    """From the user's logs; None where nothing is logged in those days."""
    if not warehouse.published_file.exists():
        return None
    days = {"first": question.day - timedelta(days=question.days), "until": question.day}
    scale = Decimal(DAYS_PER_MONTH) / question.days
    with warehouse.read() as connection:
        vendors = connection.execute(_VENDORS, days).fetchall()
        if not vendors:
            return None
        spend = {vendor: Decimal(usd) * scale for vendor, usd in vendors if usd is not None}
        by_day = dict.fromkeys((days["first"] + timedelta(days=one) for one in range(question.days)), Decimal(0))
        by_day |= {day: Decimal(usd or 0) for day, usd in connection.execute(_DAYS, days).fetchall()}
        places = connection.execute(_PLACES, {**days, "meters": list(TOKEN_METERS)}).fetchall()
        peaks = connection.execute(_MINUTES, days).fetchone() or (None, None)
        endings = _endings(connection, question.day)
    busiest = {name: Fraction(peak) for name, peak in zip(("requests", "tokens"), peaks, strict=True) if peak}
    tokens = {tuple(place): int(count * scale) for *place, count in places}
    measures = [
        *vendor_lock_in(spend, None),
        *rate_limits(busiest, question.limits),
        *deprecation(endings, sum(spend.values(), Decimal(0)), _NO_LISTS),
        *unpredictable_cost(by_day, question.budget),
        *data_exposure(tokens),
    ]
    notes = [f"usage without a price is in no figure of money: {name}" for name, usd in vendors if usd is None]
    return _answer(question, measures, notes) | {"basis": "logs"}


def answer_scenario(warehouse: PublishedWarehouse, scenario: Scenario, question: ExposureQuestion) -> dict[str, Any]:
    """From a scenario's month. Raises ValueError where it has neither a model nor prices."""
    prices = prices_of(warehouse, scenario, question.day, None)
    month = workload_of_scenario(scenario)
    total = hidden_cost(scenario, prices.usd_per_mtok).total
    usd = (Decimal(total.numerator) / Decimal(total.denominator)).quantize(Decimal(1) / MTOK)
    vendor = _vendor(scenario, prices.evidence)
    minute = Fraction(scenario.calls_per_day) / 1440 * Fraction(scenario.peak_over_mean)
    tokens = sum(month.tokens_per_month.values(), Fraction(0))
    a_call = tokens / month.calls_per_month if month.calls_per_month else Fraction(0)
    peak = Fraction(scenario.peak_over_mean)
    of_minute = {"requests": minute, "tokens": minute * a_call}
    endings = _endings_of(warehouse, scenario, question.day, usd)
    name = "unpredictable_cost"
    measures = [
        *vendor_lock_in({vendor: usd}, scenario.migration_usd or None),
        *rate_limits(of_minute, question.limits, "calls a day / 1,440 * peak_over_mean"),
        *deprecation(endings, usd, _NO_LISTS),
        Measure(name, "a month at the busiest hour", f"{usd * _decimal(peak):.2f}", "USD a month", "* peak_over_mean"),
        Measure(name, "dearest day over the median day", None, "times", "needs logs of several days"),
        *data_exposure({(vendor, scenario.channel, scenario.region): whole_tokens(tokens)}),
    ]
    return _answer(question, measures, []) | {"basis": "scenario", "scenario": scenario.name}


def _answer(question: ExposureQuestion, measures: list[Measure], notes: list[str]) -> dict[str, Any]:
    return {
        "date": question.day.isoformat(),
        "days": question.days,
        "measures": [asdict(one) for one in measures],
        "notes": notes,
    }


def _endings(connection: duckdb.DuckDBPyConnection, day: date) -> list[Ending] | None:
    """Models in use with a known end, as judged last; None where nothing was judged or no end is known."""
    known = connection.execute("SELECT count(*) FROM core.model_lifecycle WHERE known_to IS NULL").fetchone()
    if known is None or not known[0]:
        return None
    found = connection.execute(_ENDINGS, {"until": day}).fetchall()
    return [Ending(model, left, _usd(spend), _usd(more)) for model, left, spend, more in found]


def _endings_of(warehouse: PublishedWarehouse, scenario: Scenario, day: date, usd: Decimal) -> list[Ending] | None:
    """The end of the scenario's model, where a list names one; None without any list."""
    if not warehouse.published_file.exists():
        return None
    with warehouse.read() as connection:
        found = connection.execute(
            "SELECT model, retires_on FROM core.model_lifecycle WHERE known_to IS NULL AND valid_to IS NULL "
            "AND channel = $channel ORDER BY ALL",
            {"channel": scenario.channel},
        ).fetchall()
    if not found:
        return None
    ends = [on for model, on in found if model == scenario.model and on is not None]
    return [Ending(scenario.model or "", (min(ends) - day).days, usd, None)] if ends else []


def _vendor(scenario: Scenario, evidence: tuple[Mapping[str, Any], ...]) -> str:
    listed = [line["listed_as"]["provider"] for line in evidence if "listed_as" in line]
    return scenario.provider or (listed[0] if listed else f"the vendor of {scenario.model}")


def _usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _decimal(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / Decimal(amount.denominator)
