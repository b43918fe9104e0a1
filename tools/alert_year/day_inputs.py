"""The tables of one day of the year, as the rules read them. Projections and ends are simpler than the program's own.

A month is projected by the mean of the last 28 days; how good the real forecast is, is for its own backtest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import polars as pl

from pipelines.alerts import (
    anomaly_rules,
    budget_rules,
    lifecycle_rules,
    operating_rules,
    price_rules,
    retirement_rules,
    source_rules,
    usage_rules,
)
from pipelines.alerts.rule_inputs import LOOK_BACK, Rule
from pipelines.decisions.budget import span_of
from pipelines.decisions.spend_anomaly import spend_anomaly
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import SourceHealth
from pipelines.schema.decisions import DeprecationRisk
from pipelines.schema.owner_costs import ConversationCost
from pipelines.schema.spend import BudgetStatus
from tools.alert_year.decided_facts import decided_rules
from tools.alert_year.team_usage import BUDGET_USD, ONE_SOURCE_DOWN, OUTAGE

SOURCES = tuple(f"source_{number:02}" for number in range(12))
MEAN_DAYS = 28
ANOMALY_DAYS = timedelta(days=150)
"""Usage that a day is held against here: the program takes 460 days, which would take the year too long."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Year:
    """What is known of the whole year; each day sees of it what was there then."""

    usage: pl.DataFrame
    prices: pl.DataFrame
    changes: pl.DataFrame
    moves: pl.DataFrame


def rules_of(year: Year, day: date, now: datetime) -> Iterator[tuple[str, Rule]]:
    """Every rule by name with what it is given on a day."""
    usage = year.usage.filter(pl.col("arrives_on") <= day)
    is_recent = pl.col("changed_on").is_between(day - LOOK_BACK, day)
    yield "price_changed", partial(price_rules.price_changed, year.changes.filter(is_recent), year.prices, now)
    yield "retirement_moved", partial(retirement_rules.retirement_moved, year.moves.filter(is_recent), now)
    risks = _risks(year.moves, usage, day)
    yield "retirement_near", partial(lifecycle_rules.retirement_near, risks, now)
    yield "used_after_retirement", partial(lifecycle_rules.used_after_retirement, risks, now)
    health = _health(day)
    yield "sources_unreachable", partial(source_rules.sources_unreachable, health, now)
    yield "source_failing", partial(source_rules.source_failing, health, now)
    months = [_month(usage, one) for one in (day - timedelta(days=1), day)]
    yield "projection_moved", partial(operating_rules.projection_moved, _totals(months), now)
    yield "budget", partial(budget_rules.budget_exceeded, _budget(months[1]), now)
    talks = pl.DataFrame(schema=polars_schema(ConversationCost))
    seen = usage.filter(pl.col("usage_date") >= day - ANOMALY_DAYS)
    yield "spend_anomaly", lambda: anomaly_rules.spend_stands_out(spend_anomaly(seen, talks, day), now)
    yield "usage_late", partial(usage_rules.usage_late, usage.filter(pl.col("usage_date") < day), day, now)
    spent = usage.filter(pl.col("usage_date") >= day - timedelta(days=29))
    yield "runaway_key", partial(usage_rules.runaway_key, spent, now)
    yield from decided_rules(usage, day, now)


def _risks(moves: pl.DataFrame, usage: pl.DataFrame, day: date) -> pl.DataFrame:
    used = usage.filter(pl.col("usage_date") >= day - timedelta(days=90)).group_by("provider", "model")
    month = pl.col("usage_date") >= day - timedelta(days=30)
    sums = used.agg(last_used_on=pl.col("usage_date").max(), spend_30d_usd=pl.col("cost_usd").filter(month).sum())
    ends = moves.filter(pl.col("changed_on") <= day).sort("changed_on").unique(["provider", "model"], keep="last")
    both = sums.join(ends.drop("spend_30d_usd"), on=["provider", "model"])
    end = pl.col("new_retires_on")
    return _typed(
        both.with_columns(
            as_of=pl.lit(day),
            retires_on=end,
            expected_end_on=end,
            days_left=(end - pl.lit(day)).dt.total_days(),
            days_basis=pl.lit("firm"),
            replacement=pl.col("new_replacements"),
            is_used_after_retirement=pl.col("last_used_on") >= end,
        ),
        DeprecationRisk,
    )


def _health(day: date) -> pl.DataFrame:
    """One row per source; in an outage all fail, and in another one alone does."""
    rows = []
    for source in SOURCES:
        spans = [OUTAGE, *([ONE_SOURCE_DOWN] if source == SOURCES[0] else [])]
        down = next((first for first, last in spans if first <= day <= last), None)
        rows.append(
            {
                "as_of": day,
                "source": source,
                "url": f"https://example.org/{source}",
                "is_proven": True,
                "status": "failing" if down else "ok",
                "last_success_at": datetime.combine((down or day + timedelta(days=1)) - timedelta(days=1), time(6)),
                "failing_since": datetime.combine(down, time(6)) if down else None,
                "consecutive_failures": (day - down).days + 1 if down else 0,
                "reason": "no connection" if down else None,
            }
        )
    return _typed(pl.DataFrame(rows, infer_schema_length=None), SourceHealth)


def _month(usage: pl.DataFrame, as_of: date) -> Row:
    first, last = span_of("month", as_of)
    before = usage.filter(pl.col("usage_date") < as_of)
    spent = _sum(before.filter(pl.col("usage_date") >= first))
    recent = _sum(before.filter(pl.col("usage_date") >= as_of - timedelta(days=MEAN_DAYS)))
    left = recent / MEAN_DAYS * ((last - as_of).days + 1)
    return {"as_of": as_of, "first_on": first, "last_on": last, "spent_usd": spent, "projected_usd": spent + left}


def _sum(usage: pl.DataFrame) -> Decimal:
    return sum(usage["effective_cost_usd"], Decimal(0))


def _totals(months: list[Row]) -> pl.DataFrame:
    before, now = months
    is_same = before["first_on"] == now["first_on"]
    row = {
        "as_of": now["as_of"],
        "month": now["first_on"],
        "projected_usd": now["projected_usd"],
        "spent_usd": now["spent_usd"],
        "is_unpriced": False,
        "projected_usd_before": before["projected_usd"] if is_same else None,
    }
    return pl.DataFrame([row], schema_overrides={"projected_usd_before": pl.Decimal(38, 12)})


def _budget(month: Mapping[str, Any]) -> pl.DataFrame:
    spent, projected = month["spent_usd"], month["projected_usd"]
    status = "exceeded" if spent > BUDGET_USD else "will_exceed" if projected > BUDGET_USD else "within"
    row = dict(month) | {
        "scope": "all",
        "owner": "all",
        "period": "month",
        "budget_usd": BUDGET_USD,
        "status": status,
        "is_lower_bound": False,
        "source": "budgets.toml",
        "low_usd": (spent + (projected - spent) * Decimal("0.9")),
    }
    return _typed(pl.DataFrame([row], infer_schema_length=None), BudgetStatus)


def _typed(frame: pl.DataFrame, table: Any) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype, strict=False).alias(name)
        for name, dtype in polars_schema(table).items()
    )
