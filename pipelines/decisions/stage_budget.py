"""What a product costs by stage: calls a day -> tokens and dollars a month at some models, from prices in force.

One call is the article's (500 to 800 tokens in, 300 to 500 out), or the mean call of a scenario or of logs. Prices come
through the exact engine; which model is good enough is the user's word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from pipelines.costs.reprice import EQUAL, Target, frozen, moved, reprice, totals
from pipelines.costs.usage_buckets import BUCKET_SCHEMA, QUANTITIES
from pipelines.decisions.workload import whole_tokens
from pipelines.schema.meters import PROMPT_METERS, QUANTITY_COLUMNS

FORMULA_VERSION = "stage-budget-1"
STAGES = (500, 5_000, 50_000, 500_000)
"""Calls a day: the article's edges of its stages, and ten times its last."""
ARTICLE_STATES = {
    500: "under 5M tokens, under 10 USD",
    5_000: "5M to 50M tokens, 10 to 150 USD",
    50_000: "50M to 500M tokens, 150 to 2,500 USD",
    500_000: "500M+ tokens, 2,500 to 25,000+ USD",
}
"""What it says of the stage that ends there; of the last, of everything beyond."""
DAYS_PER_MONTH = 30


@dataclass(frozen=True)
class Call:
    """Tokens of one call by meter, at least and at most."""

    low: Mapping[str, Fraction]
    high: Mapping[str, Fraction]
    basis: str
    by_size: tuple[tuple[Fraction, Mapping[str, Fraction]], ...] = ()
    """Of calls of several sizes: the share of each size, and the tokens of one such call. Else all are alike."""

    def sizes(self, end: Mapping[str, Fraction]) -> Iterable[tuple[Fraction, Mapping[str, Fraction]]]:
        """Share and tokens of the calls of each size, at one end."""
        return self.by_size or ((Fraction(1), end),)


ARTICLE_CALL = Call(
    {"input_uncached": Fraction(500), "output": Fraction(300)},
    {"input_uncached": Fraction(800), "output": Fraction(500)},
    "article: 500 to 800 tokens in, 300 to 500 out",
)


@dataclass(frozen=True)
class StageBudget:
    """One stage at one model. Money is USD a month, exact; None: no price, see `reason`."""

    calls_per_day: int
    target: Target
    low_tokens: int
    high_tokens: int
    low_usd: Decimal | None
    high_usd: Decimal | None
    reason: str | None
    price_ids: tuple[str, ...]


def stage_budgets(
    stages: Sequence[int], call: Call, targets: Sequence[Target], segments: pl.DataFrame, day: date
) -> list[StageBudget]:
    """Every stage at every target, stages as given, cheapest first. `segments`: price segments of all targets."""
    prices = frozen(segments, day)
    parts = [
        target.applied(_bucket(calls * DAYS_PER_MONTH * share, tokens, day, f"{calls}|{number}|{name}"))
        for calls in stages
        for number, target in enumerate(targets)
        for name, end in (("low", call.low), ("high", call.high))
        for share, tokens in call.sizes(end)
    ]
    found = reprice(moved(pl.concat(parts), day, EQUAL), prices).costs
    usd = totals(found)
    rows = []
    for calls in stages:
        of_stage = []
        for number, target in enumerate(targets):
            pair = f"{calls}|{number}"
            lines = found.filter(pl.col("group").str.starts_with(f"{pair}|"))
            missing = (
                lines.filter(pl.col("price_id").is_null()).select("meter", "unpriced_reason").unique().sort("meter")
            )
            of_stage.append(
                StageBudget(
                    calls,
                    target,
                    _tokens(calls, call.low),
                    _tokens(calls, call.high),
                    usd.get(f"{pair}|low"),
                    usd.get(f"{pair}|high"),
                    ", ".join(f"{meter}: {reason}" for meter, reason in missing.iter_rows()) or None,
                    tuple(lines["price_id"].drop_nulls().unique().sort()),
                )
            )
        rows += sorted(of_stage, key=_order)
    return rows


def _order(row: StageBudget) -> tuple[bool, Decimal, str]:
    return row.high_usd is None, row.high_usd or Decimal(0), row.target.model or ""


def _tokens(calls: int, call: Mapping[str, Fraction]) -> int:
    return whole_tokens(sum(call.values(), Fraction(0)) * calls * DAYS_PER_MONTH)


def _bucket(calls: Fraction, call: Mapping[str, Fraction], day: date, group: str) -> pl.DataFrame:
    """A month of equal calls as one bucket of usage."""
    start = datetime.combine(day, time())
    tokens = {QUANTITY_COLUMNS[meter]: whole_tokens(count * calls) for meter, count in call.items()}
    size = whole_tokens(sum((call.get(meter, Fraction(0)) for meter in PROMPT_METERS), Fraction(0)))
    row: dict[str, Any] = {
        **{name: "unknown" for name in BUCKET_SCHEMA if BUCKET_SCHEMA[name] == pl.String()},
        **dict.fromkeys(QUANTITIES, 0),
        "usage_date": day,
        "usage_at": start,
        "usage_until": start + timedelta(minutes=1),
        "prompt_tokens_from": size,
        **tokens,
        "requests": whole_tokens(calls),
        "usage_rows": whole_tokens(calls),
    }
    return pl.DataFrame([row], schema=pl.Schema(BUCKET_SCHEMA)).with_columns(group=pl.lit(group))
