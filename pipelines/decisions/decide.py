"""Decisions of one day from what was known then: break-even, forecast, notice, deprecation risk, what-if, claims."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.resolve_segments import segments_in_force, segments_with_history
from pipelines.decisions.break_even import break_even_table
from pipelines.decisions.claim_check import claim_table, gpu_rates
from pipelines.decisions.claim_inputs import models_of_claims
from pipelines.decisions.deprecation_risk import deprecation_risk, one_end_per_model
from pipelines.decisions.forecast import spend_forecast
from pipelines.decisions.logged_saving import logged_saving
from pipelines.decisions.notice import notice_statistics
from pipelines.decisions.throughput import Assumptions
from pipelines.decisions.what_if_table import what_if_table
from pipelines.models.model_ids import lifecycle_ids
from pipelines.schema.claims import ClaimCheck
from pipelines.schema.columns import polars_schema
from pipelines.schema.meters import TOKEN_METERS
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.current import end_of_day, in_force_at
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_known_at, read_table, replace_dates

RECENT_DAYS = 30
HISTORY_DAYS = 120
"""Usage before the day that a forecast and its past errors are made of."""

Decision = Callable[[duckdb.DuckDBPyConnection, Path, date], pl.DataFrame]


def decide_days(warehouse: Warehouse, table: str, decision: Decision, days: Sequence[date]) -> int:
    """Compute a decision table for some days. Returns how many rows these days have now."""
    rows = 0
    with warehouse.write() as connection:
        for day in days:
            rows += replace_dates(connection, TABLES_BY_NAME[table], [day], decision(connection, warehouse.folder, day))
    return rows


def break_even_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Every used API model against every GPU provider whose rate is in force."""
    used = _usage_before(connection, day, RECENT_DAYS)
    tokens = used.filter(pl.col("meter").is_in(TOKEN_METERS))
    volumes = tokens.group_by("provider", "model", "meter").agg(tokens=pl.col("quantity").sum())
    segments = _short_prompt_prices(connection, folder, _models(used), day)
    prices = in_force_at(segments, end_of_day(day)).filter(
        service_tier="standard", unit="mtok", channel="api", region="global"
    )
    columns = prices.select("provider", "model", "meter", "price_id", usd_per_mtok="usd_per_unit")
    offers = connection.sql("FROM gpu_offer_known_at($at, $at)", params={"at": end_of_day(day)}).pl()
    return break_even_table(columns, offers, volumes, day, Assumptions())


def forecast_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Month-end spend by model."""
    used = _usage_before(connection, day, HISTORY_DAYS)
    costs = used.select("usage_date", "provider", "model", "cost_usd")
    return spend_forecast(used, costs, _short_prompt_prices(connection, folder, _models(used), day), day)


def deprecation_risk_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Used models that have an end, on the channel where they are bought: each channel has dates of its own."""
    used = _usage_before(connection, day, 90)
    ends = _ends(connection, day)
    parts = [_risk_on(connection, folder, day, used, ends, channel) for channel in used["channel"].unique().sort()]
    return pl.concat(parts) if parts else pl.DataFrame()


def saving_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date, days: int = RECENT_DAYS) -> pl.DataFrame:
    """What each model used in the days before one saved and would save."""
    used = _usage_before(connection, day, days)
    prices = in_force_at(_short_prompt_prices(connection, folder, _models(used), day), end_of_day(day))
    hidden = read_table(
        connection,
        "main.hidden_cost",
        "usage_date >= $first AND usage_date < $day",
        first=day - timedelta(days=days),
        day=day,
    )
    return logged_saving(used, prices.filter(unit="mtok"), hidden, day)


def notice_statistics_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """How long before the end each provider and platform has told it."""
    return notice_statistics(_ends(connection, day), day)


def claim_check_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """The articles' claims at their own dates and at this day's prices, by what is known now: no one acted on them."""
    segments = segments_with_history(connection, folder, models_of_claims())
    return pl.DataFrame(claim_table(day, segments, gpu_rates(connection)), schema=polars_schema(ClaimCheck))


def what_if_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Usage of the last days at other models: those of the user's task classes, else every other model in use."""

    def segments_of(models: pl.DataFrame) -> pl.DataFrame:
        return segments_in_force(connection, folder, models, end_of_day(day))

    return what_if_table(connection, folder, day, RECENT_DAYS, segments_of)


def _ends(connection: duckdb.DuckDBPyConnection, day: date) -> pl.DataFrame:
    """What the best source of each model says about its end, as known on a day. A source not in the catalog is last."""
    ranks = read_table(connection, "raw.source").select("source", "rank")
    known = read_known_at(connection, "core.model_lifecycle", end_of_day(day)).join(ranks, on="source", how="left")
    return one_end_per_model(known.with_columns(pl.col("rank").fill_null(pl.lit(ranks.height + 1))))


def _risk_on(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    day: date,
    usage: pl.DataFrame,
    ends: pl.DataFrame,
    channel: str,
) -> pl.DataFrame:
    used, lifecycles = usage.filter(channel=channel), ends.filter(channel=channel)
    names = lifecycle_ids(used.select("provider", "model").unique(), lifecycles.select("provider", "model"))
    replacements = lifecycles.select("provider", model=pl.col("replacements").str.split(",")).explode("model")
    regions = used.select("provider", "channel", "region").unique()
    successors = replacements.drop_nulls("model").join(regions, on="provider").select(MODEL_KEY)
    models = pl.concat([_models(used), successors]).unique()
    prices = _short_prompt_prices(connection, folder, models, day)
    elsewhere = usage.filter(pl.col("channel") != channel)
    return deprecation_risk(used, lifecycles, prices, names.drop("rule"), day, elsewhere)


def _short_prompt_prices(
    connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, day: date
) -> pl.DataFrame:
    """Price segments as known on a day, for prompts of any size and at any hour at the price of short ones.

    Sums over days hide prompt sizes and hours.
    """
    segments = segments_in_force(connection, folder, models, end_of_day(day))
    return segments.filter(context_from=0, time_window=ALWAYS)


def _usage_before(connection: duckdb.DuckDBPyConnection, day: date, days: int) -> pl.DataFrame:
    """Priced and unpriced usage of the days before a day, fees included."""
    return read_table(
        connection,
        "core.usage_cost",
        "usage_date >= $first AND usage_date < $day",
        first=day - timedelta(days=days),
        day=day,
    )


def _models(used: pl.DataFrame) -> pl.DataFrame:
    return used.select(MODEL_KEY).unique().sort(MODEL_KEY)
