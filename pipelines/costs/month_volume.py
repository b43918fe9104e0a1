"""What the contract's bands of volume count, read from the warehouse: the quantities of whole months, day by day.

A day's cost depends on other days of its month. Those whose cost is stored and up to date say what they counted; those
that are not are counted anew, so that a day costs the same whichever days are priced with it.
"""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.costs.contract_prices import with_terms
from pipelines.costs.stale_days import changed_fingerprints
from pipelines.costs.volume_bands import (
    QUANTITY_SCHEMA,
    Volume,
    pools_of,
    quantities_of,
    scales_of,
    shares_of,
)
from pipelines.warehouse.ledger_catalog import damaged_files
from pipelines.warehouse.rows import read_table

_STORED = """
SELECT usage_date, term_id, sum(quantity)::BIGINT AS quantity FROM core.usage_cost
WHERE plan_id IS NULL AND term_id IN (SELECT unnest($bands)) AND usage_date IN (SELECT unnest($days))
GROUP BY ALL
"""


def month_volume(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    costs: pl.DataFrame,
    terms: pl.DataFrame,
    listed: pl.DataFrame,
    days: Sequence[date],
    at_list: Callable[[Sequence[date]], pl.DataFrame],
) -> Volume | None:
    """The volume of some days whose `costs` at list are known; None where no band of the contract is about them.

    `at_list`: the same of other days.
    """
    scales = scales_of(terms.filter(pl.any_horizontal(_is_about(day) for day in days) if days else False))
    if scales.is_empty():
        return None
    rows = with_terms(costs, terms, listed)
    others = _other_days(connection, days)
    changed = set(changed_fingerprints(connection, folder, others)) if others else set()
    files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=others)
    anew = sorted(changed - damaged_files(folder, files).keys())
    stored = {"days": sorted(set(others) - set(anew)), "bands": scales["band_id"].to_list()}
    parts = [
        pl.DataFrame(schema=QUANTITY_SCHEMA),
        quantities_of(rows, scales),
        quantities_of(connection.sql(_STORED, params=stored).pl(), scales),
    ]
    if anew:
        parts.append(quantities_of(with_terms(at_list(anew), terms, listed), scales))
    return Volume(shares_of(pl.concat(parts), scales), pools_of(rows, scales))


def _is_about(day: date) -> pl.Expr:
    begun = (pl.col("valid_from") <= day).fill_null(value=True)
    return begun & (pl.col("valid_to") > day).fill_null(value=True)


def _other_days(connection: duckdb.DuckDBPyConnection, days: Sequence[date]) -> list[date]:
    """The days of the ledger in the months of some days, without these."""
    months = sorted({day.replace(day=1) for day in days})
    query = "SELECT usage_date FROM core.ledger_file WHERE date_trunc('month', usage_date) IN (SELECT unnest($months))"
    found = connection.execute(query, {"months": months}).fetchall()
    return sorted({day for (day,) in found} - set(days))
