"""Decisions of one day from what was known then: break-even, notice, deprecation risk, what-if, claims."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.agreed_prices import Agreed
from pipelines.costs.counted_usage import counted_usage
from pipelines.costs.resolve_segments import Resolved, resolved_at, segments_in_force, segments_with_history
from pipelines.costs.usage_buckets import size_edges
from pipelines.decisions.ask_break_even import AskedBreakEven, asked_workloads, open_models_of
from pipelines.decisions.break_even import FORMULA_VERSION
from pipelines.decisions.break_even_change import INPUTS, OFFER, with_causes
from pipelines.decisions.break_even_market import market_known_on
from pipelines.decisions.claim_check import claim_table, gpu_rates
from pipelines.decisions.claim_inputs import models_of_claims
from pipelines.decisions.contract_on import contract_on
from pipelines.decisions.deprecation_risk import OWNER, SPEND_DAYS, deprecation_risk
from pipelines.decisions.known_ends import known_ends
from pipelines.decisions.logged_saving import logged_saving
from pipelines.decisions.logged_workload import logged_workloads
from pipelines.decisions.notice import notice_statistics
from pipelines.decisions.sized_usage import met_at, sized_mix
from pipelines.decisions.user_facts import user_facts
from pipelines.decisions.what_if_table import what_if_table
from pipelines.models.model_ids import lifecycle_ids
from pipelines.schema.claims import ClaimCheck
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import BreakEven, BreakEvenCurve
from pipelines.schema.offers import MODEL_KEY
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.schema.time_windows import ALWAYS
from pipelines.snapshots.current import end_of_day, in_force_at
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.publish import usage_query
from pipelines.warehouse.rows import read_table, replace_dates

RECENT_DAYS = 30
_RANGES = """
SELECT price_id, any_value(context_from) AS context_from, any_value(time_window) AS time_window
FROM core.token_price GROUP BY ALL
"""

TableOn = Callable[[duckdb.DuckDBPyConnection, Path, date], pl.DataFrame]
Decision = Callable[[duckdb.DuckDBPyConnection, Path, date], dict[str, pl.DataFrame]]
"""The rows of a day, by table: of one, or of several that follow from the same work and fail together."""


def one_table(name: str, on: TableOn) -> Decision:
    """The decision that is one table."""
    return lambda connection, folder, day: {name: on(connection, folder, day)}


def decide_days(warehouse: Warehouse, decision: Decision, days: Sequence[date]) -> Counter[str]:
    """Compute the tables of a decision for some days. Returns how many rows of these days each has now."""
    rows: Counter[str] = Counter()
    with warehouse.write() as connection:
        for day in days:
            for table, frame in decision(connection, warehouse.folder, day).items():
                rows[table] += replace_dates(connection, TABLES_BY_NAME[table], [day], frame)
    return rows


def break_even_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> dict[str, pl.DataFrame]:
    """Every used API model against every way to run an open model on machines of one's own, and its cost by volume."""
    asked = _break_even_asked(connection, folder, day)
    rows = with_causes(asked.rows(), _decided_before(connection, day))
    return {
        "main.break_even": pl.DataFrame(rows, schema=polars_schema(BreakEven)),
        "main.break_even_curve": pl.DataFrame(asked.curves(), schema=polars_schema(BreakEvenCurve)),
    }


def _break_even_asked(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> AskedBreakEven:
    query = "SELECT path FROM core.ledger_file WHERE usage_date >= $first AND usage_date < $day ORDER BY path"
    recent = {"first": day - timedelta(days=RECENT_DAYS), "day": day}
    paths = [path for (path,) in connection.execute(query, recent).fetchall()]
    connection.execute(f"CREATE OR REPLACE TEMP VIEW recent_usage AS {usage_query(folder, paths)}")
    workloads = logged_workloads(connection, RECENT_DAYS, day, "recent_usage")
    asked = asked_workloads(workloads)
    facts = user_facts(folder, keep=True)
    market = market_known_on(connection, [one.workload for one in asked], open_models_of(asked, facts), folder, day)
    return AskedBreakEven(asked, market, facts)


def _decided_before(connection: duckdb.DuckDBPyConnection, day: date) -> list[dict[str, object]]:
    """The rows of main.break_even of the newest day before one, by the formula of today."""
    columns = (*OFFER, *INPUTS)
    past = "FROM main.break_even WHERE formula_version = $version AND as_of"
    query = f"SELECT {', '.join(columns)} {past} = (SELECT max(as_of) {past} < $day)"
    rows = connection.execute(query, {"version": FORMULA_VERSION, "day": day}).fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def deprecation_risk_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Used models that have an end, on the channel where they are bought: each channel has dates of its own."""
    used = _usage_before(connection, day, 90)
    ends = known_ends(connection, day)
    parts = [_risk_on(connection, folder, day, used, ends, channel) for channel in used["channel"].unique().sort()]
    return pl.concat(parts) if parts else pl.DataFrame()


def saving_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date, days: int = RECENT_DAYS) -> pl.DataFrame:
    """What each model used in the days before one saved and would save."""
    used = _usage_before(connection, day, days)
    segments = segments_in_force(connection, folder, _models(used), end_of_day(day))
    prices = in_force_at(segments, end_of_day(day))
    used = met_at(used, connection.sql(_RANGES).pl())
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
    return notice_statistics(known_ends(connection, day), day)


def claim_check_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """The articles' claims at their own dates and at this day's prices, by what is known now: no one acted on them."""
    segments = segments_with_history(connection, folder, models_of_claims())
    return pl.DataFrame(claim_table(day, segments, gpu_rates(connection)), schema=polars_schema(ClaimCheck))


def what_if_on(connection: duckdb.DuckDBPyConnection, folder: Path, day: date) -> pl.DataFrame:
    """Usage of the last days at other models: those of the user's task classes, else every other model in use."""

    def resolve(models: pl.DataFrame) -> tuple[Resolved, Agreed | None]:
        return resolved_at(connection, folder, models, end_of_day(day)), contract_on(connection, day)

    return what_if_table(connection, folder, day, RECENT_DAYS, resolve)


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
    prices = _prices_at_any_hour(connection, folder, models, day)
    elsewhere = usage.filter(pl.col("channel") != channel)
    sized, edges = None, size_edges(prices)
    if edges:  # prices of the model or of its successor depend on the size, and sums do not tell it
        days = counted_usage(connection, folder, day - timedelta(days=SPEND_DAYS), day)
        sized = sized_mix(days, edges, OWNER, channel)
    return deprecation_risk(used, lifecycles, prices, names.drop("rule"), day, elsewhere, sized)


def _prices_at_any_hour(
    connection: duckdb.DuckDBPyConnection, folder: Path, models: pl.DataFrame, day: date
) -> pl.DataFrame:
    """Price segments as known on a day, without those of some hours: sums over days hide the hour."""
    return segments_in_force(connection, folder, models, end_of_day(day)).filter(time_window=ALWAYS)


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
