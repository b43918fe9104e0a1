"""Alerts of one day: raised from the tables, stored, then sent. What was stored once is not stored again."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

import duckdb
import polars as pl

from pipelines.alerts import gpu_rules, lifecycle_rules, operating_rules, price_rules
from pipelines.alerts.delivery import deliver, targets_from_environment
from pipelines.alerts.outbox import due
from pipelines.models.model_ids import undated
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import append, append_new, read_table

LOOK_BACK = timedelta(days=7)
"""Changes of the last week raise alerts, so that a day without a run loses none; older ones are history."""
GIVE_UP_AFTER = timedelta(days=7)
BUDGET = "COSTS_MONTHLY_BUDGET_USD"
_REPEATED_OFFERS = """
SELECT DISTINCT source, provider
FROM (
    SELECT source, provider, is_first_hand(standing, rank, provider) AS is_offer
    FROM core.gpu_rate LEFT JOIN raw.source USING (source)
    WHERE known_to IS NULL AND valid_to IS NULL AND is_listed
)
WHERE NOT is_offer
"""


def raise_alerts(warehouse: Warehouse, day: date, now: datetime, environ: Mapping[str, str]) -> int:
    """Store the alerts of a day that are not stored yet. Returns how many are new."""
    with warehouse.write() as connection:
        raised = pl.concat(_raised(connection, day, now, _budget(environ)))
        return append_new(connection, "main.alert", raised, ["alert_id"])


def deliver_due(warehouse: Warehouse, now: datetime, environ: Mapping[str, str]) -> pl.DataFrame:
    """Send what has not arrived yet and store each attempt. The warehouse is not locked while sending."""
    targets = targets_from_environment(environ)
    with warehouse.write() as connection:
        alerts = read_table(connection, "main.alert")
        deliveries = read_table(connection, "main.alert_delivery")
    attempts = deliver(due(alerts, deliveries, targets, now, GIVE_UP_AFTER), targets, now)
    with warehouse.write() as connection:
        append(connection, "main.alert_delivery", attempts)
    if attempts.height:
        warehouse.save_records()
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
    prices, lifecycles = read_table(connection, "core.token_price"), read_table(connection, "core.model_lifecycle")
    provider, channel, model = pl.col("provider"), pl.col("channel"), pl.col("model")
    told = _without_repeats(connection, changes, prices, "NOT is_aggregator(standing)", [provider, undated(model)])
    # Where an API differs from the page is shown by lifecycle_conflict.
    ends = _without_repeats(connection, moves, lifecycles, "standing = 'page'", [provider, channel, model])
    totals = operating_rules.month_totals(forecast).filter(pl.col("as_of") == day)
    return [
        price_rules.price_changed(told, prices, now),
        price_rules.price_held(read_table(connection, "core.price_hold"), now),
        gpu_rules.gpu_rate_changed(_offered(connection, rates), now),
        lifecycle_rules.retirement_moved(ends, now),
        lifecycle_rules.retirement_near(risks, now),
        lifecycle_rules.used_after_retirement(risks, now),
        # How a source stood on an earlier day is history, and no alert.
        operating_rules.source_failing(health.filter(as_of=now.date()), now),
        operating_rules.projection_moved(totals, now),
        *([operating_rules.budget_exceeded(totals, budget, now)] if budget is not None else []),
    ]


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
