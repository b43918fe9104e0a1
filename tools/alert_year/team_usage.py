"""The made-up usage of a team, seeded, and what goes wrong in its year. How alerts find it is not said here."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import polars as pl

FIRST, LAST = date(2025, 9, 1), date(2026, 8, 31)
HISTORY = timedelta(days=70)
"""Usage before the first day, without which nothing is usual."""
MODELS = {
    ("prod", "openai", "gpt-5-mini"): 40,
    ("prod", "anthropic", "claude-opus-4-20250514"): 60,
    ("prod", "google", "gemini-2.0-flash"): 15,
    ("lab", "anthropic", "claude-sonnet-4-5"): 25,
}
"""(account, provider, model) -> USD of a usual working day."""
LEFT_ON = {"claude-opus-4-20250514": date(2026, 6, 19), "gemini-2.0-flash": date(2026, 5, 20)}
"""Last day of use: the first is used four days beyond its end, the second is left in time."""
WEEKEND = 0.4
DOUBLED_ON = date(2026, 1, 21)
LATE = (date(2026, 3, 9), date(2026, 3, 15))
"""Days of account lab whose usage came only after the last of them."""
OUTAGE = (date(2025, 12, 6), date(2025, 12, 7))
ONE_SOURCE_DOWN = (date(2026, 2, 10), date(2026, 2, 12))
RUN_FAILED_ON = date(2026, 4, 8)
BUDGET_USD = Decimal(4_000)
BUSY = (date(2025, 11, 10), date(2025, 11, 28))
"""Days with half as much again, which carry one month over the budget."""
CONTRACT_ENDS = date(2026, 7, 1)
DISCOUNT = 0.4
"""Of one model, until the contract ends."""
DISCOUNTED = "gpt-5-mini"
CHEAPER = (date(2026, 2, 2), date(2026, 3, 6))
"""Days on which the task classes say that a cheaper model is good enough; then the team has moved."""
PAYS = (date(2026, 5, 4), date(2026, 7, 20))
"""Days on which rented GPUs cost less than the API."""
CONFLICT = (date(2026, 1, 12), date(2026, 1, 15))
"""Days on which a second source prints another price of a model in use."""
GPU_ROSE_ON = date(2026, 7, 21)
"""By a third."""


@dataclass(frozen=True)
class Cause:
    """One thing that goes wrong, and the rules of which one has to tell it between two days."""

    name: str
    rules: tuple[str, ...]
    first: date
    last: date


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days)


CAUSES = (
    Cause("a day with twice the usage", ("spend_anomaly",), DOUBLED_ON, _after(DOUBLED_ON, 2)),
    Cause("a week of usage that came late", ("usage_late",), LATE[0], LATE[1]),
    Cause("all sources down for two days", ("sources_unreachable",), *OUTAGE),
    Cause("one source down for three days", ("source_failing",), *ONE_SOURCE_DOWN),
    Cause("a step of a run failed", ("run_failed",), RUN_FAILED_ON, RUN_FAILED_ON),
    Cause("the budget of a month was passed", ("budget",), BUSY[0], date(2025, 11, 30)),
    Cause("a contract is about to end", ("contract_ending",), _after(CONTRACT_ENDS, -30), _after(CONTRACT_ENDS, -1)),
    Cause("a contract ended", ("contract_ended",), CONTRACT_ENDS, _after(CONTRACT_ENDS, 1)),
    Cause("a cheaper model is good enough", ("cheaper_equivalent",), CHEAPER[0], _after(CHEAPER[0], 1)),
    Cause("rented GPUs begin to pay", ("break_even_crossed",), PAYS[0], _after(PAYS[0], 1)),
    Cause("rented GPUs no longer pay", ("break_even_crossed",), _after(PAYS[1], 1), _after(PAYS[1], 2)),
    Cause("a GPU rate rose by a third", ("gpu_rate_beyond",), GPU_ROSE_ON, _after(GPU_ROSE_ON, 1)),
    Cause("two sources contradict each other", ("source_conflict",), *CONFLICT),
    Cause("a used model nears its end", ("retirement_near",), date(2026, 3, 1), date(2026, 6, 14)),
    Cause("a used model's end was announced", ("retirement_moved",), date(2026, 4, 15), date(2026, 4, 16)),
    Cause("a model used after its end", ("used_after_retirement",), date(2026, 6, 15), date(2026, 6, 20)),
)


def team_usage(seed: int) -> pl.DataFrame:
    """One row per day, account and model, with the columns that the rules and `spend_anomaly` read.

    `arrives_on`: the first day of whose run the row is there.
    """
    random, rows = Random(seed), []  # noqa: S311 - repeatable on purpose
    day = FIRST - HISTORY
    while day <= LAST:
        for (account, provider, model), usual in MODELS.items():
            usd = usual * random.lognormvariate(0, 0.08) * _times(day, account)
            if day > LEFT_ON.get(model, LAST):
                usd *= 0
            is_late = account == "lab" and LATE[0] <= day <= LATE[1]
            arrives = LATE[1] + timedelta(days=1) if is_late else day + timedelta(days=1)
            if usd:
                rows.append((day, arrives, account, provider, model, *_figures(usd, model, day)))
        day += timedelta(days=1)
    names = ["usage_date", "arrives_on", "account_id", "provider", "model", "quantity", "effective_cost_usd"]
    money = {"effective_cost_usd": pl.Decimal(38, 12)}
    same = {"channel": "api", "region": "global", "service_tier": "standard", "meter": "output"}
    frame = pl.DataFrame(rows, schema=names, schema_overrides=money, orient="row")
    return frame.with_columns(
        **{name: pl.lit(value) for name, value in same.items()},
        project_id=pl.lit(None, pl.String),
        api_key_id=pl.lit("key-") + pl.col("account_id"),
        cost_usd=pl.col("effective_cost_usd"),
    )


def _times(day: date, account: str) -> float:
    times = WEEKEND if day.weekday() >= 5 else 1.0
    times *= 2.0 if day == DOUBLED_ON and account == "prod" else 1.0
    return times * (1.5 if BUSY[0] <= day <= BUSY[1] else 1.0)


def _figures(usd: float, model: str, day: date) -> tuple[int, Decimal]:
    """Tokens, and cost at what was agreed."""
    agreed = usd * (1 - DISCOUNT) if model == DISCOUNTED and day < CONTRACT_ENDS else usd
    return int(usd * 1e5), Decimal(f"{agreed:.6f}")
