"""Write priced usage of the published file for other tools. The rows of a format are a pure function beside it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.costs.focus import DEFAULT_VERSION, INPUT_SCHEMA, focus_rows
from pipelines.costs.focus_contract import contract_rows
from pipelines.costs.focus_plans import cover, purchase_rows
from pipelines.costs.focus_sku_prices import INPUT_SCHEMA as PRICE_SCHEMA
from pipelines.costs.focus_sku_prices import sku_price_rows
from pipelines.sources.catalog import ranks
from pipelines.warehouse.atomic_file import atomic_file
from pipelines.warehouse.published import PublishedWarehouse

SUFFIXES = (".csv", ".parquet")
INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

_PRICED = """
SELECT
    cost.* REPLACE (
        -- A day that an older program priced, and that can be priced no more, is at list price.
        coalesce(cost.effective_cost_usd, cost.cost_usd) AS effective_cost_usd,
        coalesce(cost.contracted_usd_per_unit, cost.usd_per_unit) AS contracted_usd_per_unit
    ),
    version.provider AS listed_provider, version.channel AS listed_channel, version.region AS listed_region,
    version.model AS listed_model, version.service_tier AS listed_tier, version.source, version.time_window,
    version.context_from, version.context_to, body.url AS fetch_url,
    fee.plan, fee.kind || '/' || fee.id AS plan_owner, NULL::DECIMAL(38, 12) AS covered_usd
FROM core.usage_cost AS cost
LEFT JOIN (
    SELECT * FROM core.token_price QUALIFY row_number() OVER (PARTITION BY price_id ORDER BY known_from DESC) = 1
) AS version USING (price_id)
LEFT JOIN raw."fetch" AS body USING (fetch_id)
LEFT JOIN core.plan_fee AS fee USING (usage_date, plan_id)
WHERE cost.usage_date BETWEEN $first AND $last AND (price_id IS NOT NULL OR term_id IS NOT NULL)
    AND (term_id IS NULL OR contracted_usd_per_unit IS NOT NULL)
ORDER BY ALL
"""
_FEES = """
SELECT * FROM core.plan_fee WHERE usage_date BETWEEN $first AND $last ORDER BY ALL
"""
_CONTRACT = """
SELECT * FROM main.contract_charge
WHERE period_to - 1 BETWEEN $first AND $last AND charge_usd IS DISTINCT FROM 0 ORDER BY ALL
"""
_UNPRICED = """
SELECT count(*), coalesce(sum(quantity), 0)::BIGINT FROM core.usage_cost
WHERE usage_date BETWEEN $first AND $last AND (
    (price_id IS NULL AND term_id IS NULL) OR (term_id IS NOT NULL AND contracted_usd_per_unit IS NULL)
)
"""


_PRICES = """
SELECT version.*, learned.first_known
FROM core.token_price AS version
JOIN (
    SELECT price_id, min(known_from) AS first_known FROM core.token_price GROUP BY price_id
) AS learned USING (price_id)
WHERE version.known_to IS NULL
"""


@dataclass(frozen=True)
class Export:
    """What was written, and what could not be: usage without a price, and fees without a rate, have no amount."""

    row_count: int
    unpriced_rows: int
    unpriced_quantity: int
    unknown_fees: int
    open_charges: int
    """Of the contract, whose period is not over: they may still change."""
    unrated_charges: int
    """Of the contract, in a currency that has no rate on some day that they rest on."""


def export_focus(
    warehouse: PublishedWarehouse, first: date, last: date, file: Path, version: str = DEFAULT_VERSION
) -> Export:
    """Write the charges of the days from first to last, both included, as CSV or Parquet by the file's suffix.

    Raises ValueError for another suffix or days in the wrong order, OSError if the file cannot be written.
    """
    _refuse_other_suffix(file)
    if first > last:
        raise ValueError(f"the first day, {first}, is after the last, {last}")
    days = {"first": first, "last": last}
    with warehouse.read() as connection:
        priced: pl.DataFrame = connection.sql(_PRICED, params=days).pl()
        fees = connection.sql(_FEES, params=days).pl()
        agreed = connection.sql(_CONTRACT, params=days).pl()
        ((unpriced_rows, unpriced_quantity),) = connection.execute(_UNPRICED, days).fetchall()
    usage, known_fees = cover(priced.select(INPUT_SCHEMA.keys()).cast(INPUT_SCHEMA), fees.drop_nulls("fee_usd"))
    charges = focus_rows(usage, version)
    over = agreed.filter(~pl.col("is_open"))
    due = over.drop_nulls("charge_usd")
    beside = (purchase_rows(known_fees, charges.schema), contract_rows(due, charges.schema))
    charges = pl.concat([charges, *beside])
    _write(charges, file)
    unknown_fees, open_charges = fees.height - known_fees.height, agreed.height - over.height
    unrated = over.height - due.height
    return Export(charges.height, unpriced_rows, unpriced_quantity, unknown_fees, open_charges, unrated)


def export_sku_prices(warehouse: PublishedWarehouse, file: Path) -> int:
    """Write the list prices as records of SKU Price, of which there is a draft only. Returns their number.

    Raises ValueError for another suffix than CSV and Parquet, OSError if the file cannot be written.
    """
    _refuse_other_suffix(file)
    with warehouse.read() as connection:
        versions: pl.DataFrame = connection.sql(_PRICES).pl()
    order = ranks()
    known = pl.DataFrame({"source": order.keys(), "rank": order.values()})
    records = sku_price_rows(versions.select(PRICE_SCHEMA.keys()).cast(PRICE_SCHEMA), known)
    _write(records, file)
    return records.height


def write_book(book: pl.DataFrame, file: Path, form: str) -> int:
    """Write a price book as CSV, as Parquet, or as records of SKU Price ('focus'). Returns their number.

    Records of SKU Price are CSV unless the name says Parquet.
    """
    if form == "focus":
        order = ranks()
        versions = book.with_columns(first_known="known_from").select(PRICE_SCHEMA.keys()).cast(PRICE_SCHEMA)
        book = sku_price_rows(versions, pl.DataFrame({"source": order.keys(), "rank": order.values()}))
    is_parquet = form == "parquet" or (form == "focus" and file.suffix == ".parquet")
    _write_as(book, file, ".parquet" if is_parquet else ".csv")
    return book.height


def _refuse_other_suffix(file: Path) -> None:
    if file.suffix not in SUFFIXES:
        raise ValueError(f"{file.name}: expected a name that ends in {' or '.join(SUFFIXES)}")


def _write(rows: pl.DataFrame, file: Path) -> None:
    _write_as(rows, file, file.suffix)


def _write_as(rows: pl.DataFrame, file: Path, suffix: str) -> None:
    with atomic_file(file) as temporary:
        if suffix == ".csv":
            rows.write_csv(temporary, datetime_format=INSTANT_FORMAT)
        else:
            rows.write_parquet(temporary)
