"""Alerts of one day: raised from the tables, stored, then sent. What was stored once is not stored again."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import duckdb
import polars as pl

from pipelines.alerts import gpu_rules, lifecycle_rules, operating_rules, price_rules
from pipelines.alerts.delivery import deliver, targets_from_environment
from pipelines.alerts.outbox import due, unseen
from pipelines.models.model_ids import undated
from pipelines.snapshots.authority import first_hand
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, read_table

LOOK_BACK = timedelta(days=7)
"""Changes of the last week raise alerts, so that a day without a run loses none; older ones are history."""
GIVE_UP_AFTER = timedelta(days=7)
BUDGET = "COSTS_MONTHLY_BUDGET_USD"


def raise_alerts(warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]) -> int:
    """Store the alerts of a day that are not stored yet. Returns how many are new."""
    with warehouse.write() as connection:
        raised = pl.concat(_raised(connection, day, now, _budget(environ)))
        return append(connection, "main.alert", unseen(raised, read_table(connection, "main.alert")))


def deliver_due(warehouse: Warehouse, now: datetime, environ: Mapping[str, str]) -> pl.DataFrame:
    """Send what has not arrived yet and store each attempt. The warehouse is not locked while sending."""
    targets = targets_from_environment(environ)
    with warehouse.write() as connection:
        alerts = read_table(connection, "main.alert")
        deliveries = read_table(connection, "main.alert_delivery")
    attempts = deliver(due(alerts, deliveries, targets, now, GIVE_UP_AFTER), targets, now)
    with warehouse.write() as connection:
        append(connection, "main.alert_delivery", attempts)
    return attempts


def _raised(
    connection: duckdb.DuckDBPyConnection, day: date, now: datetime, budget: Decimal | None
) -> list[pl.DataFrame]:
    since = day - LOOK_BACK
    recent = {"first": since, "last": day}
    changes = read_table(connection, "main.price_change", "changed_on BETWEEN $first AND $last", **recent)
    moves = read_table(connection, "main.lifecycle_change", "changed_on BETWEEN $first AND $last", **recent)
    # A rate that is corrected for a time further back is no move of this week.
    is_recent = "known_from::DATE BETWEEN $first AND $last AND valid_from::DATE >= $first"
    rates = read_table(connection, "main.gpu_rate_history", is_recent, **recent)
    risks = read_table(connection, "main.deprecation_risk", "as_of = $day", day=day)
    health = read_table(connection, "main.source_health", "as_of = $day", day=day)
    forecast = read_table(connection, "main.spend_forecast", "as_of BETWEEN $day - 1 AND $day", day=day)
    prices, sources = read_table(connection, "core.token_price"), read_table(connection, "raw.source")
    lifecycles = read_table(connection, "core.model_lifecycle")
    totals = operating_rules.month_totals(forecast).filter(pl.col("as_of") == day)
    return [
        price_rules.price_changed(_told_first_hand(changes, prices, sources), prices, now),
        price_rules.price_held(read_table(connection, "core.price_hold"), now),
        gpu_rules.gpu_rate_changed(_offered(connection, rates, sources), now),
        lifecycle_rules.retirement_moved(_told_by_pages(moves, lifecycles, sources), now),
        lifecycle_rules.retirement_near(risks, now),
        lifecycle_rules.used_after_retirement(risks, now),
        # How a source stood on an earlier day is history, and no alert.
        operating_rules.source_failing(health.filter(as_of=now.date()), now),
        operating_rules.projection_moved(totals, now),
        *([operating_rules.budget_exceeded(totals, budget, now)] if budget is not None else []),
    ]


def _told_first_hand(changes: pl.DataFrame, prices: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Changes without those that an aggregator repeats: one price move is one message, from the first hand."""
    model = undated(pl.col("model")).alias("name")
    first_hand = sources.filter(pl.col("standing") != "aggregator")
    listed = prices.join(first_hand, on="source", how="semi").select("provider", model).unique()
    aggregators = sources.filter(standing="aggregator")
    repeated = (
        changes.join(aggregators, on="source", how="semi")
        .with_columns(model)
        .join(listed, on=["provider", "name"], how="semi")
    )
    return changes.join(repeated, on="price_id", how="anti")


def _told_by_pages(moves: pl.DataFrame, lifecycles: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """Moves without those of an API about models that a page lists: lifecycle_conflict shows where the two differ."""
    model = ["provider", "channel", "model"]
    is_page = pl.col("standing") == "page"
    paged = lifecycles.join(sources.filter(is_page), on="source", how="semi").select(model).unique()
    repeated = moves.join(sources.filter(~is_page), on="source", how="semi").join(paged, on=model, how="semi")
    return moves.join(repeated, on="lifecycle_id", how="anti")


def _offered(connection: duckdb.DuckDBPyConnection, rates: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """GPU rates without those that an aggregator repeats of a provider that is read itself."""
    listed = read_table(connection, "core.gpu_rate", "known_to IS NULL AND valid_to IS NULL AND is_listed")
    seller = ["source", "provider"]
    repeated = listed.join(first_hand(listed, sources), on=seller, how="anti")
    return rates.join(repeated, on=seller, how="anti")


def _budget(environ: Mapping[str, str]) -> Decimal | None:
    text = environ.get(BUDGET, "").strip()
    if not text:
        return None
    try:
        budget = Decimal(text)
    except InvalidOperation as error:
        raise WarehouseError(f"{BUDGET} must be an amount in USD such as 1500, not {text!r}") from error
    if not budget.is_finite() or budget < 0:
        raise WarehouseError(f"{BUDGET} must be a finite amount of at least 0, not {text!r}")
    return budget
