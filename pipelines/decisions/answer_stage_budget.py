"""The answer of `costs budget-by-stage`: from the article's call, a scenario's, or the mean call of logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from pipelines.costs.quoted_prices import quoted_prices
from pipelines.costs.reprice import Target
from pipelines.costs.resolve_segments import names_of, segments_by_name
from pipelines.costs.usage_buckets import size_edges
from pipelines.decisions.logged_workload import logged_workloads
from pipelines.decisions.scenario import Scenario
from pipelines.decisions.scenario_usage import calls_by_size
from pipelines.decisions.stage_budget import (
    ARTICLE_CALL,
    ARTICLE_STATES,
    FORMULA_VERSION,
    STAGES,
    Call,
    StageBudget,
    stage_budgets,
)
from pipelines.decisions.what_if_shown import plain
from pipelines.decisions.workload import workload_of_scenario
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.user_inputs import map_in_force
from pipelines.warehouse.published import PublishedWarehouse

MODELS = (
    "gpt-5-nano",
    "gpt-4o-mini",
    "gpt-5-mini",
    "gemini-2.5-flash",
    "claude-haiku-4-5",
    "gpt-4o",
    "claude-sonnet-4-5",
)
"""Asked about where the user names none: small to large, of three makers."""
FORMULA = "calls a day * 30 * tokens of a call by meter * price of the meter"


@dataclass(frozen=True)
class BudgetQuestion:
    """`models` empty: MODELS. `stages`: calls a day."""

    day: date
    models: Sequence[str] = ()
    stages: Sequence[int] = STAGES
    service_tier: str | None = None
    """None: the scenario's, else standard."""


def answer_stage_budget(
    warehouse: PublishedWarehouse, question: BudgetQuestion, scenario: Scenario | None, since_days: int | None
) -> dict[str, Any]:
    """From the scenario's call, or with `since_days` from the mean call of logs, else from the article's."""
    tier = question.service_tier or (scenario.service_tier if scenario else "standard")
    targets = [Target("unknown", "api", "global", name, tier) for name in (question.models or MODELS)]
    used = pl.DataFrame(sorted({one[:4] for one in targets}), dict.fromkeys(MODEL_KEY, pl.String()), orient="row")
    with quoted_prices(warehouse, None) as prices:
        names = names_of(prices.listed(), used, map_in_force(warehouse.folder).rows)
        segments = segments_by_name(prices.versions(names["listed_model"].unique().to_list()), names, prices.read_at)
    call = _call(warehouse, question, scenario, since_days, size_edges(segments))
    rows = stage_budgets(question.stages, call, targets, segments, question.day)
    return {
        "date": question.day.isoformat(),
        "basis": call.basis,
        "tokens_per_call": {name: _shown(end) for name, end in (("low", call.low), ("high", call.high))},
        "rows": [_row(row) for row in rows],
        "formula": FORMULA,
        "formula_version": FORMULA_VERSION,
        "notes": [
            "no claim of quality: which models are good enough is the user's word",
            *([] if tier == "standard" else [f"prices of tier {tier}"]),
            *(workload_of_scenario(scenario).notes if scenario else ()),
        ],
    }


def _call(
    warehouse: PublishedWarehouse,
    question: BudgetQuestion,
    scenario: Scenario | None,
    since_days: int | None,
    edges: Sequence[int],
) -> Call:
    """`edges`: prompt sizes from which some price is another. Raises ValueError where the logs count no calls."""
    if scenario is not None:
        month = workload_of_scenario(scenario)
        calls = Fraction(scenario.calls_per_day) * scenario.days_per_month
        tokens = {meter: count / calls for meter, count in month.tokens_per_month.items()}
        by_size = []
        for one in calls_by_size(scenario, edges):
            share = one.calls / month.calls_per_month
            by_size.append((share, {meter: count / (calls * share) for meter, count in one.tokens.items()}))
        told = f"scenario {scenario.name}: its mean call, retries included"
        return Call(tokens, tokens, told, tuple(by_size))
    if since_days is None:
        return ARTICLE_CALL
    with warehouse.read() as connection:
        months = [one for one in logged_workloads(connection, since_days, question.day) if one.calls_per_month]
    calls = sum((one.calls_per_month for one in months), Fraction(0))
    if not calls:
        raise ValueError(f"the logs count no calls in the {since_days} days before {question.day}; leave --since out")
    meters = {meter for one in months for meter in one.tokens_per_month}
    tokens = {
        meter: sum((one.tokens_per_month.get(meter, Fraction(0)) for one in months), Fraction(0)) / calls
        for meter in sorted(meters)
    }
    return Call(tokens, tokens, f"the mean call of the {since_days} days before {question.day}")


def _shown(tokens: Any) -> dict[str, float]:
    return {meter: round(float(count), 2) for meter, count in tokens.items() if count}


def _row(row: StageBudget) -> dict[str, Any]:
    return {
        "calls_per_day": row.calls_per_day,
        "model": row.target.model,
        "service_tier": row.target.service_tier,
        "tokens_per_month_low": row.low_tokens,
        "tokens_per_month_high": row.high_tokens,
        "usd_per_month_low": plain(row.low_usd),
        "usd_per_month_high": plain(row.high_usd),
        "article_states": ARTICLE_STATES.get(row.calls_per_day),
        "reason": row.reason,
        "price_ids": list(row.price_ids),
    }
