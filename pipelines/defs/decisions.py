"""Decisions by date: one step makes their tables, and a decision that fails stops no other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg

from pipelines.decisions.decide import (
    Decision,
    break_even_on,
    claim_check_on,
    decide_days,
    deprecation_risk_on,
    notice_statistics_on,
    one_table,
    saving_on,
    what_if_on,
)
from pipelines.decisions.decide_spend import budget_status_on, forecast_on, spend_anomaly_on, spend_change_on
from pipelines.defs.metadata import READ_DAILY, asset_key, table_spec
from pipelines.defs.partitions import DAYS, IN_ONE_RUN, days_of
from pipelines.defs.resources import POOL, Secrets, Settings

PRICED_USAGE = ("core.token_price", "core.usage_cost")
OWNED_USAGE = ("core.usage_cost", "main.cost_by_owner")
FORECAST_INPUTS = (*PRICED_USAGE, "core.plan_fee", "core.model_lifecycle", "main.cost_by_owner")
BREAK_EVEN_INPUTS = (*PRICED_USAGE, "core.gpu_rate", "core.exchange_rate", "core.model_lifecycle")


@dataclass(frozen=True)
class Decided:
    """A decision, and what its tables are made from."""

    decision: Decision
    inputs: Mapping[str, tuple[str, ...]]
    """Table -> the tables below it."""
    newest_only: bool = False
    """Of the days of a run only the last, where each reads a month of the ledger."""


def _alone(name: str, on: Any, *inputs: str, newest_only: bool = False) -> Decided:
    return Decided(one_table(name, on), {name: inputs}, newest_only)


def decisions_of(environ: Mapping[str, str]) -> list[Decided]:
    """Every decision. Two read the environment: a budget may be stated there, and whose holidays are free days."""
    forecast, budget = partial(forecast_on, environ=environ), partial(budget_status_on, environ=environ)
    return [
        Decided(break_even_on, dict.fromkeys(("main.break_even", "main.break_even_curve"), BREAK_EVEN_INPUTS)),
        Decided(forecast, dict.fromkeys(("main.spend_forecast", "main.forecast_accuracy"), FORECAST_INPUTS)),
        _alone("main.budget_status", budget, *FORECAST_INPUTS),
        _alone("main.spend_change", spend_change_on, *OWNED_USAGE),
        _alone("main.spend_anomaly", spend_anomaly_on, *OWNED_USAGE, "main.conversation_cost"),
        _alone("main.saving", saving_on, *PRICED_USAGE, "main.hidden_cost"),
        _alone("main.notice_statistics", notice_statistics_on, "core.model_lifecycle"),
        _alone("main.deprecation_risk", deprecation_risk_on, "core.model_lifecycle", *PRICED_USAGE),
        _alone("main.what_if", what_if_on, *PRICED_USAGE, newest_only=True),
        _alone("main.claim_check", claim_check_on, "core.token_price", "core.gpu_rate"),
    ]


def _spec(name: str, inputs: tuple[str, ...]) -> dg.AssetSpec:
    kinds = {"polars", "duckdb"}
    return table_spec(name, "decisions", kinds, inputs, freshness_policy=READ_DAILY, partitions_def=DAYS)


@dg.multi_asset(
    name="decide_days",
    specs=[_spec(name, inputs) for decided in decisions_of({}) for name, inputs in decided.inputs.items()],
    can_subset=True,
    backfill_policy=IN_ONE_RUN,
    pool=POOL,
)
def decisions(
    context: dg.AssetExecutionContext, settings: Settings, secrets: Secrets
) -> Iterator[dg.MaterializeResult[Any]]:
    """What is computed for a day from what was known on it.

    One step, because a step costs Dagster more than most decisions take. It goes on where one fails, and fails at its
    end.
    """
    failures = []
    for decided in decisions_of(secrets.environ()):
        selected = [key for name in decided.inputs if (key := asset_key(name)) in context.selected_asset_keys]
        if not selected:
            continue
        days = days_of(context)[-1:] if decided.newest_only else days_of(context)
        try:
            rows = decide_days(settings.warehouse, decided.decision, days)
        except Exception as error:  # noqa: BLE001 - a decision that fails in an unknown way stops no other
            failures.append(f"{' and '.join(decided.inputs)}: {error}")
            continue
        for key in selected:
            yield dg.MaterializeResult(asset_key=key, metadata={"dagster/row_count": rows[".".join(key.path)]})
    if failures:
        raise dg.Failure("\n".join(failures), allow_retries=False)
