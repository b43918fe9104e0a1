"""Price the ledger and hold it against bills: which days need it, and the core tables for those days."""

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

import duckdb
import polars as pl

from pipelines.costs.charge_contract import LISTED_MODELS
from pipelines.costs.day_batches import batches_of
from pipelines.costs.engine.engine_setting import server_address
from pipelines.costs.engine.ledger_tasks import DayOfLedger
from pipelines.costs.engine.price_on_server import price_on_server
from pipelines.costs.hidden_costs import hidden_costs
from pipelines.costs.ledger_days import billed_at_list, count_usage, files_of, in_texts, read_ledger, segments_of
from pipelines.costs.left_out import LeftOut, sum_left_out, with_dollars
from pipelines.costs.our_prices import OurPrices
from pipelines.costs.overlap import OVERLAP_SCHEMA
from pipelines.costs.owner_costs import cost_owners
from pipelines.costs.period_volume import PeriodVolume
from pipelines.costs.plan_coverage import not_owed
from pipelines.costs.plan_ledger import changed_plan_days, store_plan_fees
from pipelines.costs.pricing.price_sums import OWNERS, PLAN_ID
from pipelines.costs.pricing.price_usage import price_by_day
from pipelines.costs.prompt_parts import rows_with_parts
from pipelines.costs.reconciliation import compare
from pipelines.costs.stale_days import changed_fingerprints, fingerprints
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.snapshots.user_inputs import owners_in_force
from pipelines.warehouse import ledger
from pipelines.warehouse.connection import commit_so_far
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import damaged_files
from pipelines.warehouse.object_store import VARIABLE as STORE
from pipelines.warehouse.rows import append, read_current, read_table, replace_dates, scalar
from pipelines.warehouse.stored_copy import store_ledger

_MARTS_OF_FEES = ("main.cost_daily", "main.plan_value")
_MARTS = (*_MARTS_OF_FEES, "main.cost_unpriced", "main.cost_reconciliation")
_DAYS_WITHOUT_MARTS = """
SELECT DISTINCT usage_date FROM core.usage_cost
WHERE ((price_id IS NOT NULL OR term_id IS NOT NULL) AND usage_date NOT IN (SELECT usage_date FROM main.cost_daily))
   OR (price_id IS NULL AND term_id IS NULL AND usage_date NOT IN (SELECT usage_date FROM main.cost_unpriced))
UNION
SELECT DISTINCT usage_date FROM core.cost_comparison
WHERE usage_date NOT IN (SELECT usage_date FROM main.cost_reconciliation)
UNION
SELECT DISTINCT usage_date FROM core.plan_fee WHERE usage_date NOT IN (SELECT usage_date FROM main.plan_value)
"""

_LEARNED = {
    **dict.fromkeys(
        ("core.token_price", "core.gpu_rate", "core.model_lifecycle", "core.exchange_rate"),
        "known_from >= $since OR known_to >= $since",
    ),
    "core.price_hold": "first_seen_at >= $since",
}
BATCH_ROWS = 2_000_000
"""Rows of usage whose days are priced in one transaction: all that it writes is held in memory until it ends."""
OWNER_ROWS = 600_000
"""Rows whose owners are priced at once: they are held in memory, and may have as many sums as requests."""


def days_to_build(warehouse: Warehouse, today: date) -> list[date]:
    """Days whose tables are out of date: changed usage, prices or plans, no health report yet, and today.

    Days that a run left half built, because it was killed after pricing them, are among them.
    """
    with warehouse.write() as connection:
        days = set(changed_fingerprints(connection, warehouse.folder))
        days |= changed_plan_days(connection, warehouse.folder, today)
        days |= {day for (day,) in connection.execute(_DAYS_WITHOUT_MARTS).fetchall()}
        unreported = connection.execute(
            "SELECT day FROM (SELECT fetched_at::DATE AS day FROM raw.fetch WHERE origin <> 'shipped' "
            "UNION SELECT usage_date FROM core.ledger_file) WHERE day NOT IN (SELECT as_of FROM main.source_health)"
        ).fetchall()
    return sorted(days | {day for (day,) in unreported} | {today})


def changed_books(warehouse: Warehouse, since: datetime) -> list[str]:
    """The books of which something was learned since a moment, naive UTC: what builds on the others is as it was."""
    with warehouse.write() as connection:
        return [
            table
            for table, is_new in _LEARNED.items()
            if scalar(connection, f"SELECT count(*) FROM {table} WHERE {is_new}", {"since": since})
        ]


def unfinished_days(warehouse: Warehouse) -> list[date]:
    """Days that are priced and whose marts are not built: a run that builds them has failed, or is at it."""
    with warehouse.write() as connection:
        return sorted(day for (day,) in connection.execute(_DAYS_WITHOUT_MARTS).fetchall())


def first_known_day(warehouse: Warehouse) -> date | None:
    """The first day of which there is usage, a bill or a fetched page; None in an empty warehouse."""
    query = (
        "SELECT min(day) FROM (SELECT min(usage_date) AS day FROM core.ledger_file UNION ALL "
        "SELECT min(usage_date) FROM core.reported_cost UNION ALL "
        "SELECT min(fetched_at)::DATE FROM raw.fetch WHERE origin <> 'shipped')"
    )
    with warehouse.write() as connection:
        found: date | None = scalar(connection, query)
    return found


def price_days(warehouse: Warehouse, days: Sequence[date], environ: Mapping[str, str] = os.environ) -> int:
    """Compute cost, overlap and comparison of those of the days that are out of date. Returns their number.

    `environ` says which engine prices, and in which store it finds the ledger; raises WarehouseError where that cannot.

    A day whose file in the ledger is damaged keeps what it has, and stays out of date. Each day is changed whole or not
    at all, and its rows in the marts go with the old ones; days are up to date when all are, so that a run that ends
    here is seen to be unfinished.
    """
    address, store = server_address(environ), environ.get(STORE, "").strip() or None
    if address and store:  # before the database is taken: whoever stores a copy has the store first, then that
        store_ledger(warehouse, store, days)
    with warehouse.write() as connection:
        stale = sorted(changed_fingerprints(connection, warehouse.folder, days))
        files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=stale)
        damaged = damaged_files(warehouse.folder, files)
        stale = [day for day in stale if day not in damaged]
        days_of_fees = store_plan_fees(connection, warehouse.folder, days)
        rows = dict(files.select("usage_date", "row_count").iter_rows())
        terms, listed = read_current(connection, "core.contract_term"), connection.sql(LISTED_MODELS).pl()
        agreed = PeriodVolume(
            connection, warehouse.folder, terms, listed, partial(billed_at_list, connection, warehouse)
        )
        for number, batch in enumerate(batches_of(stale, rows, BATCH_ROWS)):
            if number:
                commit_so_far(connection)
            _price(connection, warehouse, batch, agreed, address, store)
            for mart in _MARTS:
                replace_dates(connection, TABLES_BY_NAME[mart], batch, pl.DataFrame())
        for mart in _MARTS_OF_FEES:
            replace_dates(connection, TABLES_BY_NAME[mart], days_of_fees, pl.DataFrame())
        # Looked at again: what has no price is part of the fingerprint, and pricing has just changed it.
        after = fingerprints(connection, warehouse.folder, stale) if stale else {}
        found = pl.DataFrame({"usage_date": list(after.keys()), "fingerprint": list(after.values())})
        replace_dates(connection, TABLES_BY_NAME["core.cost_fingerprint"], stale, found)
    return len(stale)


def usage_left_out(warehouse: Warehouse, days: Sequence[date]) -> Sequence[LeftOut]:
    """What of some days is in no cost because another report states it too, at the prices in force; nothing is stored.

    A day whose file in the ledger is damaged is passed over.
    """
    with warehouse.write() as connection:
        files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=list(days))
        damaged = damaged_files(warehouse.folder, files)
        whole = [day for day in files["usage_date"] if day not in damaged]
        usage = count_usage(warehouse, read_ledger(connection, warehouse, whole))
        counted = {day: one for day, one in usage.items() if one.left_out is not None}
        segments = segments_of(connection, warehouse, counted, read_table(connection, "core.reported_cost", "false"))
    overlaps = [with_dollars(day, one, segments) for day, one in counted.items()]
    return sum_left_out(pl.concat([pl.DataFrame(schema=OVERLAP_SCHEMA), *overlaps]))


def _price(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    days: Sequence[date],
    agreed: PeriodVolume,
    address: str | None,
    store: str | None,
) -> None:
    """Replace the rows of some days in every table that follows from the ledger."""
    files = files_of(connection, warehouse, days)
    scans = {day: ledger.scan(file) for day, (file, _) in files.items()}
    counted = count_usage(warehouse, scans)
    reported = read_table(connection, "core.reported_cost", "usage_date IN (SELECT unnest($days))", days=list(days))
    usage = in_texts(one.usage for one in counted.values())
    segments = segments_of(connection, warehouse, counted, reported)
    by_plan = [PLAN_ID] if PLAN_ID in usage.collect_schema() else []
    owners = [*OWNERS, *by_plan]
    if address is None:
        costs = price_by_day({day: one.usage for day, one in counted.items()}, segments, owners)
    else:
        asked = {day: DayOfLedger(file.resolve(), rows, counted[day].rule) for day, (file, rows) in files.items()}
        costs = price_on_server(address, asked, segments, owners, store)
    # What a plan covers is paid by its fee: the contract has no say in it, and nothing is owed for it.
    is_billed = pl.col(PLAN_ID).is_null()
    prices = OurPrices(segments, agreed.terms, agreed.listed, agreed.of(costs.filter(is_billed), days))
    costs = pl.concat([prices.agreed(costs.filter(is_billed)), costs.filter(~is_billed).with_columns(not_owed())])
    overlaps = [with_dollars(day, one, segments) for day, one in counted.items()]
    tables = {
        "core.usage_cost": costs,
        "main.usage_overlap": pl.concat([pl.DataFrame(schema=OVERLAP_SCHEMA), *overlaps]),
        "core.cost_comparison": compare(*_billed(usage, costs), reported, prices),
        "main.cost_by_owner": pl.DataFrame(),
        "main.conversation_cost": pl.DataFrame(),
        "main.hidden_cost": pl.DataFrame(),
    }
    for table, rows in tables.items():
        replace_dates(connection, TABLES_BY_NAME[table], days, rows)
    teams = owners_in_force(warehouse.folder).rows
    for batch in batches_of(counted, {day: count for day, (_, count) in files.items()}, OWNER_ROWS):
        of_batch = rows_with_parts({day: counted[day].usage for day in batch})
        by_owner, conversations = cost_owners(of_batch, prices, teams)
        append(connection, "main.cost_by_owner", by_owner)
        append(connection, "main.conversation_cost", conversations)
        append(connection, "main.hidden_cost", hidden_costs(of_batch, segments, teams))


def _billed(usage: pl.LazyFrame, costs: pl.DataFrame) -> tuple[pl.LazyFrame, pl.DataFrame]:
    """Usage and costs that a bill may state, which leaves out what is under a plan."""
    if PLAN_ID in usage.collect_schema():
        usage = usage.filter(pl.col(PLAN_ID).is_null())
    return usage, costs.filter(pl.col(PLAN_ID).is_null()).drop(PLAN_ID)
