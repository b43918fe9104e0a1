"""Alerts: raised from the tables or by a failed run, stored, then sent. What was stored once is not stored again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import duckdb
import polars as pl

from pipelines.alerts import budget_rules, gpu_rules, lifecycle_rules, operating_rules, price_rules
from pipelines.alerts.delivery import deliver, mistaken_addresses, targets_from_environment
from pipelines.alerts.outbox import PAIR, due
from pipelines.models.model_ids import undated
from pipelines.schema.alerts import AlertDelivery
from pipelines.schema.columns import polars_schema
from pipelines.snapshots.user_inputs import Problem, check_user_inputs
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, append_new, read_table

LOOK_BACK = timedelta(days=7)
"""Changes of the last week raise alerts, so that a day without a run loses none; older ones are history."""
LATE_USAGE = timedelta(days=62)
"""Usage of so many days is looked at for what is left out: last month's report comes in this one."""
GIVE_UP_AFTER = timedelta(days=7)
Rule = Callable[[], pl.DataFrame]
_REPEATED_OFFERS = """
SELECT DISTINCT source, provider
FROM (
    SELECT source, provider, is_first_hand(standing, rank, provider) AS is_offer
    FROM core.gpu_rate LEFT JOIN raw.source USING (source)
    WHERE known_to IS NULL AND valid_to IS NULL AND is_listed
)
WHERE NOT is_offer
"""


class AlertRuleError(RuntimeError):
    """Some rules failed; what the others raised is stored. One line for each that failed."""


def raise_alerts(warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]) -> int:
    """Store the alerts of a day that are not stored yet. Returns how many are new.

    A rule that fails keeps back no other: raises AlertRuleError after the others are stored.
    """
    failures: list[str] = []
    new = 0
    with warehouse.write() as connection:
        for name, rule in _rules(connection, warehouse, day, now, environ):
            try:
                new += append_new(connection, "main.alert", rule(), ["alert_id"])
            except Exception as error:  # noqa: BLE001 - told below; a rule may fail in ways that nobody thought of
                failures.append(f"{name}: {type(error).__name__}: {error}")
    if failures:
        raise AlertRuleError("\n".join(failures))
    return new


def tell_failed_run(
    warehouse: Warehouse,
    job: str,
    failures: Mapping[str, str],
    now: datetime,
    environ: Mapping[str, str],
    before: Mapping[str, str] | None = None,
) -> None:
    """Store the alert of a failed run and send what is due. Where nothing can be stored, it is sent all the same.

    `failures` and `before`: what each failed step said now, and when it last ran, as in `operating_rules.run_failed`.
    Raises what kept it from being stored, once it is sent.
    """
    told = operating_rules.run_failed(job, failures, now, before)
    try:
        with warehouse.write() as connection:
            append_new(connection, "main.alert", told, ["alert_id"])
    except (WarehouseError, duckdb.Error, OSError):
        targets = targets_from_environment(environ)
        deliver(due(told, _no_delivery(), targets, now, GIVE_UP_AFTER), targets, now)
        raise
    deliver_due(warehouse, now, environ)


def deliver_due(warehouse: Warehouse, now: datetime, environ: Mapping[str, str]) -> pl.DataFrame:
    """Send what has not arrived yet, one alert after the other, and store each attempt before the next one.

    One process at a time does so, so that two runs send an alert once; one that is killed sends at most one again. The
    tables are not locked while an alert is on its way. An alert is tried once per target and moment.
    """
    targets = targets_from_environment(environ)
    if not targets:
        return _no_delivery()
    with warehouse.only_delivery():
        with warehouse.write() as connection:
            alerts = read_table(connection, "main.alert")
            deliveries = read_table(connection, "main.alert_delivery")
        tried = deliveries.filter(pl.col("attempted_at") == now)
        pending = due(alerts, deliveries, targets, now, GIVE_UP_AFTER).join(
            tried, on=PAIR, how="anti", maintain_order="left"
        )
        attempts = deliver(pending, targets, now, on_attempt=partial(_note_attempt, warehouse))
    if attempts.height:
        warehouse.save_records()
    return attempts


def _note_attempt(warehouse: Warehouse, attempt: pl.DataFrame) -> None:
    with warehouse.write() as connection:
        append(connection, "main.alert_delivery", attempt)


def _no_delivery() -> pl.DataFrame:
    return pl.DataFrame(schema=polars_schema(AlertDelivery))


def _rules(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]
) -> Iterator[tuple[str, Rule]]:
    """Every rule by name, to be called while the connection is open."""
    since = day - LOOK_BACK
    recent = {"first": since, "last": day}
    changes = read_table(connection, "main.price_change", "changed_on BETWEEN $first AND $last", **recent)
    moves = read_table(connection, "main.lifecycle_change", "changed_on BETWEEN $first AND $last", **recent)
    # A rate that is corrected for a time further back is no move of this week.
    is_recent = "known_from::DATE BETWEEN $first AND $last AND valid_from::DATE >= $first"
    rates = read_table(connection, "main.gpu_rate_history", is_recent, **recent)
    risks = read_table(connection, "main.deprecation_risk", "as_of = $day", day=day)
    health = read_table(connection, "main.source_health", "as_of = $day", day=day)
    of_month = "as_of BETWEEN $day - 1 AND $day AND period = 'month' AND scope = 'all'"
    forecast = read_table(connection, "main.spend_forecast", of_month, day=day)
    late = {"first": day - LATE_USAGE, "last": day}
    overlaps = read_table(connection, "main.usage_overlap", "usage_date BETWEEN $first AND $last", **late)
    prices, lifecycles = read_table(connection, "core.token_price"), read_table(connection, "core.model_lifecycle")
    provider, channel, model = pl.col("provider"), pl.col("channel"), pl.col("model")
    told = _without_repeats(connection, changes, prices, "NOT is_aggregator(standing)", [provider, undated(model)])
    # Where an API differs from the page is shown by lifecycle_conflict.
    ends = _without_repeats(connection, moves, lifecycles, "standing = 'page'", [provider, channel, model])
    totals = operating_rules.month_totals(forecast).filter(pl.col("as_of") == day)
    problems = check_user_inputs(warehouse.folder, environ)
    problems += [Problem(*mistake) for mistake in mistaken_addresses(environ)]
    budgets = read_table(connection, "main.budget_status", "as_of = $day", day=day)
    anomalies = read_table(connection, "main.spend_anomaly", "as_of = $day", day=day)
    yield "usage_left_out", partial(operating_rules.usage_left_out, overlaps, now)
    yield "input_refused", partial(operating_rules.input_refused, problems, now)
    yield "price_changed", partial(price_rules.price_changed, told, prices, now)
    yield "price_held", partial(price_rules.price_held, read_table(connection, "core.price_hold"), now)
    yield "gpu_rate_changed", partial(gpu_rules.gpu_rate_changed, _offered(connection, rates), now)
    yield "retirement_moved", partial(lifecycle_rules.retirement_moved, ends, now)
    yield "retirement_near", partial(lifecycle_rules.retirement_near, risks, now)
    yield "used_after_retirement", partial(lifecycle_rules.used_after_retirement, risks, now)
    # How a source stood on an earlier day is history, and no alert.
    yield "source_failing", partial(operating_rules.source_failing, health.filter(as_of=now.date()), now)
    yield "projection_moved", partial(operating_rules.projection_moved, totals, now)
    yield "budget", partial(budget_rules.budget_exceeded, budgets, now)
    yield "spend_anomaly", partial(budget_rules.spend_stands_out, anomalies, now)


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
