"""Decisions by date: each a table of its own that fails alone."""

from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from pipelines.decisions.decide import (
    Decision,
    break_even_curve_on,
    break_even_on,
    claim_check_on,
    decide_days,
    deprecation_risk_on,
    notice_statistics_on,
    saving_on,
    what_if_on,
)
from pipelines.decisions.decide_spend import (
    budget_status_on,
    forecast_accuracy_on,
    forecast_on,
    spend_anomaly_on,
    spend_change_on,
)
from pipelines.defs.metadata import READ_DAILY, table_spec
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Secrets, Settings


def decision_asset(
    name: str,
    inputs: tuple[str, ...],
    decision: Callable[..., Any],
    *,
    newest_only: bool = False,
    reads_environ: bool = False,
) -> dg.AssetsDefinition:
    """One table that a polars function computes for a day from what was known on it.

    `newest_only`: of the days of a run only the last, where each reads a month of the ledger. `reads_environ`: it takes
    what the user set in the environment, as `environ`.
    """
    spec = table_spec(name, "decisions", {"polars", "duckdb"}, inputs, freshness_policy=READ_DAILY, partitions_def=DAYS)

    @dg.multi_asset(
        name=name.removeprefix("main."),
        specs=[spec],
        backfill_policy=IN_ONE_RUN,
        pool=POOL,
    )
    def decided(context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets) -> dg.MaterializeResult[Any]:
        of_day: Decision = partial(decision, environ=secrets.environ()) if reads_environ else decision
        days = days_of(context)[-1:] if newest_only else days_of(context)
        rows = decide_days(settings.warehouse, name, of_day, days)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows})

    return decided


BREAK_EVEN_INPUTS = (
    "core.token_price",
    "core.gpu_rate",
    "core.exchange_rate",
    "core.model_lifecycle",
    "core.usage_cost",
)

SPEND_INPUTS = ("core.token_price", "core.model_lifecycle", "core.usage_cost", "main.cost_by_owner")


DECISIONS = [
    decision_asset("main.break_even", BREAK_EVEN_INPUTS, break_even_on),
    decision_asset("main.break_even_curve", BREAK_EVEN_INPUTS, break_even_curve_on),
    decision_asset("main.spend_forecast", SPEND_INPUTS, forecast_on, reads_environ=True),
    decision_asset("main.forecast_accuracy", SPEND_INPUTS, forecast_accuracy_on, reads_environ=True),
    decision_asset("main.budget_status", (*SPEND_INPUTS, "main.cost_daily"), budget_status_on, reads_environ=True),
    decision_asset("main.spend_change", ("core.usage_cost", "main.cost_by_owner"), spend_change_on),
    decision_asset(
        "main.spend_anomaly", ("core.usage_cost", "main.cost_by_owner", "main.conversation_cost"), spend_anomaly_on
    ),
    decision_asset("main.saving", ("core.token_price", "core.usage_cost", "main.hidden_cost"), saving_on),
    decision_asset("main.notice_statistics", ("core.model_lifecycle",), notice_statistics_on),
    decision_asset(
        "main.deprecation_risk", ("core.model_lifecycle", "core.token_price", "core.usage_cost"), deprecation_risk_on
    ),
    decision_asset("main.what_if", ("core.token_price", "core.usage_cost"), what_if_on, newest_only=True),
    decision_asset("main.claim_check", ("core.token_price", "core.gpu_rate"), claim_check_on),
]
