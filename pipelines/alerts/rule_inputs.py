"""What each rule is given: the tables of a day, read once, and the thresholds of alerts.toml."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import duckdb
import polars as pl

from pipelines.alerts import (
    anomaly_rules,
    budget_rules,
    conflict_rules,
    contract_rules,
    decision_rules,
    gpu_bound_rules,
    gpu_rules,
    lifecycle_rules,
    operating_rules,
    price_rules,
    retirement_rules,
    source_rules,
    usage_rules,
)
from pipelines.alerts.alert_settings import AlertSettings
from pipelines.models.model_ids import undated
from pipelines.snapshots.user_inputs import Problem
from pipelines.warehouse.rows import read_table

LOOK_BACK = timedelta(days=7)
"""Changes of the last week raise alerts, so that a day without a run loses none; older ones are history."""
MONTH = timedelta(days=30)
LATE_USAGE = timedelta(days=62)
"""Usage of so many days is looked at for what is left out: last month's report comes in this one."""
Rule = Callable[[], pl.DataFrame]
Rules = Iterator[tuple[str, Rule]]
_REPEATED_OFFERS = """
SELECT DISTINCT source, provider
FROM (
    SELECT source, provider, is_first_hand(standing, rank, provider) AS is_offer
    FROM core.gpu_rate LEFT JOIN raw.source USING (source)
    WHERE known_to IS NULL AND valid_to IS NULL AND is_listed
)
WHERE NOT is_offer
"""
_BETWEEN = "as_of BETWEEN $first AND $last"
_USED = """
SELECT provider, channel, model, sum(cost_usd)::DECIMAL(38, 12) AS cost_usd
FROM core.usage_cost WHERE usage_date >= $first AND usage_date < $day GROUP BY ALL
"""
_PAID_BY_TERM = """
SELECT term_id, sum(cost_usd)::DECIMAL(38, 12) AS cost_usd,
       sum(effective_cost_usd)::DECIMAL(38, 12) AS effective_cost_usd
FROM core.usage_cost JOIN core.contract_term AS term USING (term_id)
WHERE term.known_to IS NULL AND usage_date >= term.valid_to - 30 AND usage_date < term.valid_to
GROUP BY ALL
"""


@dataclass(frozen=True)
class Asked:
    """What the alerts of one day depend on beside the tables."""

    day: date
    now: datetime
    is_today: bool
    settings: AlertSettings
    problems: Sequence[Problem]


def rules_of_day(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    """Every rule that can tell something of the day, by name, to be called while the connection is open.

    A rule whose tables have no rows of the day is left out: it cannot tell, and nothing ends by that.
    """
    yield from _news(connection, asked)
    if asked.is_today:
        yield from _of_offers(connection, asked)
        yield from _of_decisions(connection, asked)
        yield from _of_contract(connection, asked)
        yield from _of_operation(connection, asked)
        yield from _of_spend(connection, asked)
        yield from _of_usage(connection, asked)


def _news(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    now, recent = asked.now, {"first": asked.day - LOOK_BACK, "last": asked.day}
    changes = read_table(connection, "main.price_change", "changed_on BETWEEN $first AND $last", **recent)
    moves = read_table(connection, "main.lifecycle_change", "changed_on BETWEEN $first AND $last", **recent)
    # A rate that is corrected for a time further back is no move of this week.
    is_recent = "known_from::DATE BETWEEN $first AND $last AND valid_from::DATE >= $first"
    rates = read_table(connection, "main.gpu_rate_history", is_recent, **recent)
    prices, lifecycles = read_table(connection, "core.token_price"), read_table(connection, "core.model_lifecycle")
    provider, channel, model = pl.col("provider"), pl.col("channel"), pl.col("model")
    told = _without_repeats(connection, changes, prices, "NOT is_aggregator(standing)", [provider, undated(model)])
    # Where an API differs from the page is shown by lifecycle_conflict.
    ends = _without_repeats(connection, moves, lifecycles, "standing = 'page'", [provider, channel, model])
    yield "price_changed", partial(price_rules.price_changed, told, prices, now)
    yield "gpu_rate_changed", partial(gpu_rules.gpu_rate_changed, _offered(connection, rates), now)
    yield "retirement_moved", partial(retirement_rules.retirement_moved, ends, now)


def _of_offers(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    now = asked.now
    yield "price_held", partial(price_rules.price_held, read_table(connection, "core.price_hold"), now)
    risks = read_table(connection, "main.deprecation_risk", "as_of = $day", day=asked.day)
    if risks.height or _is_decided(connection, asked.day):
        near = _thresholds(asked, "retirement_near")
        yield "retirement_near", partial(lifecycle_rules.retirement_near, risks, now, **near)
        yield "used_after_retirement", partial(lifecycle_rules.used_after_retirement, risks, now)


def _of_decisions(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    now = asked.now
    conflicts = read_table(connection, "main.price_conflict")
    used = connection.sql(_USED, params={"first": asked.day - MONTH, "day": asked.day}).pl()
    least = _thresholds(asked, "source_conflict")
    yield "source_conflict", partial(conflict_rules.source_conflict, conflicts, used, now, **least)
    rates = _offered(connection, read_table(connection, "main.gpu_rate_history", "is_listed AND pricing = 'on_demand'"))
    yield (
        "gpu_rate_beyond",
        partial(gpu_bound_rules.gpu_rate_beyond, rates, now, **_thresholds(asked, "gpu_rate_beyond")),
    )
    recent = {"first": asked.day - LOOK_BACK, "last": asked.day}
    switches = read_table(connection, "main.what_if", _BETWEEN, **recent)
    switches = switches.filter(pl.col("as_of") == pl.col("as_of").max())
    if switches.height or _is_decided(connection, asked.day):
        least = _thresholds(asked, "cheaper_equivalent")
        yield "cheaper_equivalent", partial(decision_rules.cheaper_equivalent, switches, now, **least)
    since = "as_of BETWEEN (SELECT max(as_of) FROM main.break_even WHERE as_of < $first) AND $last OR " + _BETWEEN
    answers = read_table(connection, "main.break_even", since, **recent)
    least = _thresholds(asked, "break_even_crossed")
    yield "break_even_crossed", partial(decision_rules.break_even_crossed, answers, now, **least)


def _of_contract(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    day, now = asked.day, asked.now
    terms = read_table(connection, "core.contract_term", "known_to IS NULL")
    charges = read_table(connection, "main.contract_charge")
    within = _thresholds(asked, "contract_ending")
    yield "contract_ending", partial(contract_rules.contract_ending, terms, charges, day, now, **within)
    paid = connection.sql(_PAID_BY_TERM).pl()
    yield "contract_ended", partial(contract_rules.contract_ended, terms, paid, day, now)


def _of_operation(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    now = asked.now
    yield "input_refused", partial(operating_rules.input_refused, asked.problems, now)
    health = read_table(connection, "main.source_health", "as_of = $day", day=asked.day)
    if health.height:
        shares = _thresholds(asked, "sources_unreachable")
        yield "sources_unreachable", partial(source_rules.sources_unreachable, health, now, **shares)
        yield "source_failing", partial(source_rules.source_failing, health, now)
    late = {"first": asked.day - LATE_USAGE, "last": asked.day}
    overlaps = read_table(connection, "main.usage_overlap", "usage_date BETWEEN $first AND $last", **late)
    least = _thresholds(asked, "usage_left_out")
    yield "usage_left_out", partial(operating_rules.usage_left_out, overlaps, now, **least)


def _of_spend(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    of_month = "as_of BETWEEN $day - 1 AND $day AND period = 'month' AND scope = 'all'"
    forecast = read_table(connection, "main.spend_forecast", of_month, day=asked.day)
    totals = operating_rules.month_totals(forecast).filter(pl.col("as_of") == asked.day)
    if totals.height:
        least = _thresholds(asked, "projection_moved")
        of_week = "as_of = $day AND period = 'week' AND scope = 'all' AND model = 'all'"
        changes = read_table(connection, "main.spend_change", of_week, day=asked.day)
        yield "projection_moved", partial(operating_rules.projection_moved, totals, asked.now, changes=changes, **least)
        budgets = read_table(connection, "main.budget_status", "as_of = $day", day=asked.day)
        yield "budget", partial(budget_rules.budget_exceeded, budgets, asked.now)
    anomalies = read_table(connection, "main.spend_anomaly", "as_of = $day", day=asked.day)
    yield "spend_anomaly", partial(anomaly_rules.spend_stands_out, anomalies, asked.now)


def _of_usage(connection: duckdb.DuckDBPyConnection, asked: Asked) -> Rules:
    now, day = asked.now, asked.day
    recent = "usage_date >= $first AND usage_date < $day"
    month = {"first": day - MONTH, "day": day}
    owned = read_table(connection, "main.cost_by_owner", recent, **month | {"first": day - LATE_USAGE})
    yield "usage_late", partial(usage_rules.usage_late, owned, day, now, **_thresholds(asked, "usage_late"))
    unpriced = read_table(connection, "main.cost_unpriced", recent, **month)
    yield "usage_unpriced", partial(usage_rules.usage_unpriced, unpriced, now)
    # News of what came in lately: files of before were told then.
    imported = "import_id IN (SELECT import_id FROM core.usage_import WHERE imported_at::DATE BETWEEN $first AND $day)"
    lately = {"first": day - LOOK_BACK, "day": day}
    refused = read_table(connection, "core.usage_reject", imported, **lately)
    yield "usage_refused", partial(usage_rules.usage_refused, refused, now)
    yield "file_not_read", partial(usage_rules.file_not_read, read_table(connection, "core.usage_file"), now)
    unknown = read_table(connection, "core.usage_unknown_count", imported, **lately)
    yield "usage_unknown_count", partial(usage_rules.usage_unknown_count, unknown, now)
    spent = owned.filter(pl.col("usage_date") >= day - timedelta(days=29))
    yield "runaway_key", partial(usage_rules.runaway_key, spent, now, **_thresholds(asked, "runaway_key"))
    talks = read_table(connection, "main.conversation_cost", recent, **month | {"first": day - timedelta(days=1)})
    least = _thresholds(asked, "runaway_conversation")
    yield "runaway_conversation", partial(usage_rules.runaway_conversation, talks, now, **least)


def _thresholds(asked: Asked, rule: str) -> Mapping[str, Any]:
    """What the user says of a rule's thresholds; its function knows the rest."""
    return asked.settings.rule(rule).thresholds


def _is_decided(connection: duckdb.DuckDBPyConnection, day: date) -> bool:
    """Whether ends of models were looked at on a day, also where no model in use has one."""
    return bool(read_table(connection, "main.notice_statistics", "as_of = $day", day=day).height)


def _without_repeats(
    connection: duckdb.DuckDBPyConnection,
    changes: pl.DataFrame,
    versions: pl.DataFrame,
    is_better: str,
    about: Sequence[pl.Expr],
) -> pl.DataFrame:
    """Changes without those that a source repeats of a model that a better one lists: one move is one message.

    `versions`: what was ever listed. `is_better`: a condition on raw.source. `about`: columns of both frames that say
    what a change is about. A source that is not in the catalog neither repeats nor is repeated.
    """
    better = read_table(connection, "raw.source", is_better)
    others = read_table(connection, "raw.source", f"NOT ({is_better})").select("source")
    listed = versions.join(better, on="source", how="semi").select(about).unique()
    repeats = listed.join(others, how="cross")
    return changes.join(
        repeats, left_on=[*about, "source"], right_on=repeats.columns, how="anti", maintain_order="left"
    )


def _offered(connection: duckdb.DuckDBPyConnection, rates: pl.DataFrame) -> pl.DataFrame:
    """GPU rates without those of a source and provider that an aggregator only repeats."""
    repeated = connection.sql(_REPEATED_OFFERS).pl()
    return rates.join(repeated, on=["source", "provider"], how="anti", maintain_order="left")
