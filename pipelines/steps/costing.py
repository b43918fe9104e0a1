"""Price the ledger: which days need it, and core.usage_cost for those days."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import polars as pl

from pipelines.books.model_names import DATE_SUFFIX
from pipelines.books.token_prices import price_segments
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.sources.catalog import SOURCES
from pipelines.usage.pricing import FORMULA_VERSION, price_usage
from pipelines.warehouse import Warehouse, read_table, replace_dates

_INPUTS_OF_A_DAY = """
WITH first_price AS (
    SELECT provider, model, service_tier, meter, min(valid_from) AS since
    FROM core.token_price WHERE known_to IS NULL GROUP BY ALL
),
unpriced AS (
    SELECT DISTINCT usage_date, provider, model, regexp_replace(model, $date_suffix, '') AS undated_model
    FROM core.usage_cost WHERE price_id IS NULL
),
-- What explains unpriced usage: the first price of each tier and meter of its models, at any time.
explained AS (
    SELECT usage_date, bit_xor(hash(known.model, known.service_tier, known.meter, known.since)) AS first_prices
    FROM unpriced
    JOIN first_price AS known
      ON known.provider = unpriced.provider AND known.model IN (unpriced.model, unpriced.undated_model)
    GROUP BY usage_date
)
SELECT
    file.usage_date,
    file.path,
    bit_xor(hash(version.price_id)) FILTER (version.valid_from < file.usage_date + INTERVAL 1 DAY
        AND (version.valid_to IS NULL OR version.valid_to > file.usage_date)) AS prices_in_force,
    any_value(explained.first_prices) AS first_prices
FROM core.ledger_file AS file
LEFT JOIN core.token_price AS version ON version.known_to IS NULL
LEFT JOIN explained USING (usage_date)
GROUP BY file.usage_date, file.path
"""

_MARTS = ("main.cost_daily", "main.cost_unpriced")
_DAYS_WITHOUT_MARTS = """
SELECT DISTINCT usage_date FROM core.usage_cost
WHERE (price_id IS NOT NULL AND usage_date NOT IN (SELECT usage_date FROM main.cost_daily))
   OR (price_id IS NULL AND usage_date NOT IN (SELECT usage_date FROM main.cost_unpriced))
"""

BATCH_DAYS = 31
"""Days priced at once: bounds memory for long backfills."""


def ranks() -> pl.DataFrame:
    """Which source is believed first: columns source, rank."""
    return pl.DataFrame({"source": [s.key for s in SOURCES], "rank": [s.rank for s in SOURCES]})


def days_to_build(warehouse: Warehouse, today: date) -> list[date]:
    """Days whose tables are out of date: changed usage, changed prices, no health report yet, and today.

    Days that a run left half built, because it was killed after pricing them, are among them.
    """
    with warehouse.write() as connection:
        days = set(_fingerprints_that_differ(connection))
        days |= {day for (day,) in connection.execute(_DAYS_WITHOUT_MARTS).fetchall()}
        unreported = connection.execute(
            "SELECT day FROM (SELECT fetched_at::DATE AS day FROM raw.fetch "
            "UNION SELECT usage_date FROM core.ledger_file) WHERE day NOT IN (SELECT as_of FROM main.source_health)"
        ).fetchall()
    return sorted(days | {day for (day,) in unreported} | {today})


def price_days(warehouse: Warehouse, days: Sequence[date]) -> int:
    """Compute core.usage_cost for those of the days that are out of date. Returns the number of days computed.

    Their rows in the marts go in the same transaction, so that a run that ends here is seen to be unfinished.
    """
    with warehouse.write() as connection:
        current = _fingerprints_that_differ(connection)
        stale = sorted(day for day in days if day in current)
        for start in range(0, len(stale), BATCH_DAYS):
            batch = stale[start : start + BATCH_DAYS]
            replace_dates(connection, TABLES_BY_NAME["core.usage_cost"], batch, _priced(connection, warehouse, batch))
            for mart in _MARTS:
                replace_dates(connection, TABLES_BY_NAME[mart], batch, pl.DataFrame())
        # Looked at again: what has no price is part of the fingerprint, and pricing has just changed it.
        after = _fingerprints_that_differ(connection)
        done = [day for day in stale if day in after]
        fingerprints = pl.DataFrame({"usage_date": done, "fingerprint": [after[day] for day in done]})
        replace_dates(connection, TABLES_BY_NAME["core.cost_fingerprint"], done, fingerprints)
    return len(stale)


def segments_in_force(
    connection: duckdb.DuckDBPyConnection, models: pl.DataFrame, known_at: datetime | None = None
) -> pl.DataFrame:
    """Price segments of the models, by what is believed now or was believed at a moment."""
    if known_at is None:
        versions = read_table(connection, "core.token_price", "known_to IS NULL")
    else:
        versions = read_table(
            connection, "core.token_price", "known_from <= $at AND (known_to IS NULL OR known_to > $at)", at=known_at
        )
    return price_segments(versions, models, ranks())


def read_ledger(
    connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]
) -> pl.LazyFrame | None:
    """The ledger's rows of some days, or None where there are none."""
    files = read_table(connection, "core.ledger_file", "usage_date IN (SELECT unnest($days))", days=list(days))
    paths = [warehouse.folder / path for path in files["path"]]
    return pl.scan_parquet(paths, hive_partitioning=False) if paths else None


def _priced(connection: duckdb.DuckDBPyConnection, warehouse: Warehouse, days: Sequence[date]) -> pl.DataFrame:
    usage = read_ledger(connection, warehouse, days)
    if usage is None:
        return pl.DataFrame()
    models = usage.select("provider", "model").unique().collect()
    return price_usage(usage, segments_in_force(connection, models))


def _fingerprints_that_differ(connection: duckdb.DuckDBPyConnection) -> dict[date, str]:
    """Days of the ledger whose inputs are not those that their cost was computed from, with the new fingerprint."""
    stored = read_table(connection, "core.cost_fingerprint")
    done = dict(zip(stored["usage_date"], stored["fingerprint"], strict=True))
    found = {}
    for usage_date, *inputs in connection.execute(_INPUTS_OF_A_DAY, {"date_suffix": DATE_SUFFIX}).fetchall():
        text = "\x1f".join(str(part) for part in (FORMULA_VERSION, *inputs))
        fingerprint = hashlib.sha256(text.encode()).hexdigest()[:20]
        if done.get(usage_date) != fingerprint:
            found[usage_date] = fingerprint
    return found
