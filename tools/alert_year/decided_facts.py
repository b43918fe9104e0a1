"""What decisions, sources and the contract say on each day of the year: made-up facts that hold between two days."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

from pipelines.alerts import conflict_rules, contract_rules, decision_rules, gpu_bound_rules
from pipelines.alerts.rule_inputs import LOOK_BACK, Rule
from pipelines.schema.columns import polars_schema
from pipelines.schema.contract import ContractCharge, ContractTerm
from pipelines.schema.costs import PriceConflict
from pipelines.schema.decisions import BreakEven
from pipelines.schema.gpu_rates import GpuRateHistory
from pipelines.schema.what_if import WhatIf
from tools.alert_year.team_usage import (
    CHEAPER,
    CONFLICT,
    CONTRACT_ENDS,
    DISCOUNT,
    DISCOUNTED,
    FIRST,
    GPU_ROSE_ON,
    PAYS,
)

SONNET = {"provider": "anthropic", "channel": "api", "region": "global", "model": "claude-sonnet-4-5"}


def decided_rules(usage: pl.DataFrame, day: date, now: datetime) -> Iterator[tuple[str, Rule]]:
    """The rules about decisions, sources and the contract, by name, with what they are given on a day."""
    yield "cheaper_equivalent", partial(decision_rules.cheaper_equivalent, _switches(day), now)
    answers = pl.concat([_answer(day - timedelta(days=n)) for n in range(LOOK_BACK.days, -1, -1)])
    yield "break_even_crossed", partial(decision_rules.break_even_crossed, answers, now)
    recent = usage.filter(pl.col("usage_date") >= day - timedelta(days=30))
    used = recent.group_by("provider", "channel", "model").agg(pl.col("cost_usd").sum())
    yield "source_conflict", partial(conflict_rules.source_conflict, _conflicts(day), used, now)
    yield "gpu_rate_beyond", partial(gpu_bound_rules.gpu_rate_beyond, _rates(), now)
    terms, charges = _terms(), pl.DataFrame(schema=polars_schema(ContractCharge))
    yield "contract_ending", partial(contract_rules.contract_ending, terms, charges, day, now)
    yield "contract_ended", partial(contract_rules.contract_ended, terms, _paid(usage), day, now)


def _frame(table: Any, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=polars_schema(table))


def _switches(day: date) -> pl.DataFrame:
    row = {
        "as_of": day,
        "basis": "task_classes",
        "task_class": "drafts",
        "usage_rows": 1,
        "is_cheapest": True,
        **SONNET,
        "service_tier": "standard",
        "target_channel": "api",
        "target_service_tier": "standard",
        "target_provider": "openai",
        "target_region": "global",
        "target_model": "gpt-5-mini",
        "same_usd": Decimal(600),
        "target_usd": Decimal(200),
        "change_usd": Decimal(-400),
        "is_lower_bound": False,
    }
    return _frame(WhatIf, *([row] if CHEAPER[0] <= day <= CHEAPER[1] else []))


def _answer(day: date) -> pl.DataFrame:
    does_pay = PAYS[0] <= day <= PAYS[1]
    row = {
        "as_of": day,
        "api_provider": "anthropic",
        "api_model": "claude-sonnet-4-5",
        "way": "rented",
        "gpu_provider": "runpod",
        "gpu_tier": "secure",
        "gpu": "H100",
        "mix_basis": "own",
        "verdict": "own_gpus" if does_pay else "api",
        "own_tokens_per_month": 900_000_000,
        "own_api_usd_per_month": Decimal(800),
        "own_gpu_usd_per_month": Decimal(700 if does_pay else 900),
        "moved_by": "rate 2.9 -> 2.2 USD per GPU hour" if day == PAYS[0] else None,
    }
    return _frame(BreakEven, row)


def _conflicts(day: date) -> pl.DataFrame:
    begun = datetime.combine(CONFLICT[0], time(5))
    row = {
        **SONNET,
        "meter": "output",
        "service_tier": "standard",
        "context_from": 0,
        "time_window": "always",
        "unit": "mtok",
        "believed_source": "anthropic_pricing",
        "believed_usd_per_unit": Decimal(15),
        "believed_since": begun,
        "other_source": "litellm",
        "other_model": "claude-sonnet-4-5",
        "other_usd_per_unit": Decimal(12),
        "other_since": begun,
        "pct_difference": -20.0,
        "reason": "the page outranks aggregators",
        "likely_cause": "unknown",
    }
    return _frame(PriceConflict, *([row] if CONFLICT[0] <= day <= CONFLICT[1] else []))


def _rates() -> pl.DataFrame:
    rose = datetime.combine(GPU_ROSE_ON, time(5))
    card = {
        "provider": "runpod",
        "tier": "secure",
        "sku": "H100",
        "gpu": "H100",
        "variant": "SXM",
        "memory_gb": 80,
        "gpu_count": 1,
        "gpu_fraction": Decimal(1),
        "region": "global",
        "pricing": "on_demand",
        "currency": "USD",
        "price_kind": "quoted",
        "is_listed": True,
        "source": "runpod_rates",
        "fetch_id": "f",
    }
    begun = datetime.combine(FIRST - timedelta(days=60), time(5))
    rates = [(begun, rose, Decimal(3)), (rose, None, Decimal(4))]
    return _frame(
        GpuRateHistory,
        *(
            card
            | {"valid_from": first, "valid_to": last, "known_from": first, "rate_id": str(rate)}
            | {"usd_per_gpu_hour": rate, "local_per_gpu_hour": rate}
            for first, last, rate in rates
        ),
    )


def _terms() -> pl.DataFrame:
    row = {
        "term_id": "t1",
        "kind": "discount",
        "provider": "openai",
        "model": DISCOUNTED,
        "value": Decimal(100 * DISCOUNT).quantize(Decimal(1)),
        "valid_from": date(2025, 7, 1),
        "valid_to": CONTRACT_ENDS,
        "known_from": datetime.combine(FIRST, time(5)),
        "basis": "contract",
    }
    return _frame(ContractTerm, row)


def _paid(usage: pl.DataFrame) -> pl.DataFrame:
    """What the discounted model cost in the contract's last days, at the list price and as agreed."""
    within = pl.col("usage_date").is_between(CONTRACT_ENDS - timedelta(days=30), CONTRACT_ENDS, closed="left")
    agreed = sum(usage.filter(within, model=DISCOUNTED)["effective_cost_usd"], Decimal(0))
    row = {"term_id": "t1", "cost_usd": agreed / (1 - Decimal(str(DISCOUNT))), "effective_cost_usd": agreed}
    money = pl.Decimal(38, 12)
    return pl.DataFrame([row], schema={"term_id": pl.String(), "cost_usd": money, "effective_cost_usd": money})
