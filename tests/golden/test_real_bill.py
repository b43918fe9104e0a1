"""A real account's cost export against its usage export: what agrees to the last digit, and what does not."""

import csv
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.price_ledger import days_to_build, price_days
from pipelines.schema.columns import polars_schema
from pipelines.schema.reported_costs import ReportedCost
from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.usage.import_files import import_files
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart
from pipelines.warehouse.rows import read_table
from tests.unit.marts.mart_rows import MARTS

SHARED = Path(__file__).parents[2].parent / "shared"
PRICES = SHARED / "feeds" / "litellm" / "2025-08-18.json"
USAGE = SHARED / "usage_samples" / "openai-dashboard-export-completions-usage.tsv"
COSTS = SHARED / "usage_samples" / "openai-dashboard-export-costs.tsv"
pytestmark = pytest.mark.skipif(
    not (PRICES.is_file() and USAGE.is_file() and COSTS.is_file()),
    reason="the captured price list and the exports are absent",
)

IMPORTED_AT = datetime(2026, 11, 18, 8)
DAYS = [date(2025, 10, day) for day in (5, 6, 7, 8, 10, 11)]
# By hand, from the usage export and the list prices of that month (USD per million tokens: gpt-4o 2.50 input, 1.25
# cached, 10 output; gpt-5 1.25, 0.125, 10; gpt-5-mini 0.25, 0.025, 2), then from the cost export:
# 10-05  53440 x 2.50 + 5760 x 1.25 + 10646 x 10 = 247260 millionths; billed 0.895874
# 10-06  (38072 + 5783) x 1.25 + 8192 x 0.125 + 76000 x 10 = 815842.75 millionths; billed 0.56177125
# 10-08  an empty row in the usage export; billed 0.5455665
# The 0.648614 that 10-05 lacks is the price of one row of 10-06 (38072 x 1.25 + 8192 x 0.125 + 60000 x 10): OpenAI
# bills it on the day before. No column of either file says so, so it is no cause that is claimed.
EXPECTED = [
    # day, computed, reported, gap, missing usage, unexplained
    (date(2025, 10, 5), "0.247260", "0.895874", "-0.648614", "0", "-0.648614"),
    (date(2025, 10, 6), "0.81584275", "0.56177125", "0.2540715", "0", "0.2540715"),
    (date(2025, 10, 7), "0.569788", "0.569788", "0", "0", "0"),
    (date(2025, 10, 8), None, "0.5455665", "-0.5455665", "-0.5455665", "0"),
    (date(2025, 10, 10), "0.340900", "0.340900", "0", "0", "0"),
    (date(2025, 10, 11), "0.072054", "0.072054", "0", "0", "0"),
]


def reported_rows() -> pl.DataFrame:
    """The lines of the cost export as rows of core.reported_cost, without an importer."""
    rows = []
    with COSTS.open() as file:
        for number, cells in enumerate(csv.DictReader(file, delimiter="\t"), start=2):
            if cells["amount_value"]:
                starts_at, ends_at = (
                    datetime.fromtimestamp(int(cells[name]), UTC).replace(tzinfo=None)
                    for name in ("start_time", "end_time")
                )
                rows.append(
                    {
                        "cost_id": cells["start_time"],
                        "usage_date": starts_at.date(),
                        "starts_at": starts_at,
                        "ends_at": ends_at,
                        "provider": "openai",
                        "channel": "api",
                        "amount_usd": Decimal(cells["amount_value"]),
                        "printed_amount": cells["amount_value"],
                        "currency": cells["amount_currency"],
                        "is_credit": False,
                        "format": "openai_dashboard_costs",
                        "import_id": "i",
                        "source_line": number,
                    }
                )
    return pl.DataFrame(rows, schema=polars_schema(ReportedCost))


def test_the_export_of_costs_is_held_against_the_export_of_usage(tmp_path: Path) -> None:
    warehouse, source = Warehouse(tmp_path), SOURCES_BY_KEY["litellm"]
    at = datetime.combine(date.fromisoformat(PRICES.stem), time(8))
    record_body(warehouse, source, PRICES.read_bytes(), at)
    assert promote_latest(warehouse, source, at).outcome == "promoted"
    import_files(warehouse, [USAGE], IMPORTED_AT)
    with warehouse.write() as connection:
        assert store_reported_costs(connection, reported_rows()) == DAYS
        assert store_reported_costs(connection, reported_rows()) == []
    assert set(DAYS) <= set(days_to_build(warehouse, IMPORTED_AT.date())), "10-08 too, which has no usage"
    assert price_days(warehouse, DAYS) == len(DAYS)
    assert build_mart(warehouse, MARTS["cost_reconciliation"], DAYS) == len(DAYS)
    with warehouse.write() as connection:
        found = read_table(connection, "main.cost_reconciliation", "true ORDER BY usage_date")
    columns = ("usage_date", "computed_usd", "reported_usd", "gap_usd", "missing_usage_usd", "unexplained_usd")
    assert found.select(columns).rows() == [
        (day, *(None if amount is None else Decimal(amount) for amount in amounts)) for day, *amounts in EXPECTED
    ]
    assert found["model"].null_count() == len(DAYS), "the export names no model"
    assert found["reason"].to_list() == [
        "unexplained",
        "unexplained",
        "no difference",
        "billed, but the ledger holds no usage of it: import the usage of this day",
        "no difference",
        "no difference",
    ]
    with warehouse.write() as connection:
        assert read_table(connection, "main.usage_overlap").is_empty()
