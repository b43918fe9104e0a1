"""Three days of a real account: the export of its usage, priced by dated price lists, is what the bill says."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.price_ledger import price_days
from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.usage.import_files import import_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.litellm_replay import FEEDS, LiteLlmReplay

SHARED = Path(__file__).parents[2].parent / "shared"
EXPORT = SHARED / "usage_samples" / "openai-dashboard-export-completions-usage.tsv"
pytestmark = pytest.mark.skipif(
    not (FEEDS.is_dir() and EXPORT.is_file()), reason="the captured price lists and the usage export are absent"
)

IMPORTED_AT = datetime(2026, 11, 18, 8)
# The amounts of the cost export of the same account and days.
BILLED = {
    date(2025, 10, 7): Decimal("0.569788"),
    date(2025, 10, 10): Decimal("0.340900"),
    date(2025, 10, 11): Decimal("0.072054"),
}
# Tokens of the usage export, by day: input_uncached, output.
EXPORTED = {
    date(2025, 10, 7): (80_992, 274_770),
    date(2025, 10, 10): (124_784, 154_852),
    date(2025, 10, 11): (22_688, 33_191),
}


def priced(warehouse: Warehouse) -> pl.DataFrame:
    """The priced usage of the three days, in a warehouse that knows prices."""
    (outcome,) = import_files(warehouse, [EXPORT], IMPORTED_AT)
    assert (outcome.outcome, outcome.row_count, outcome.reject_count) == ("imported", 6, 0)
    assert price_days(warehouse, list(BILLED)) == 3
    with warehouse.write() as connection:
        return read_table(connection, "core.usage_cost").sort("usage_date", "meter")


def test_the_cost_of_three_days_is_the_bill(litellm_replay: LiteLlmReplay, tmp_path: Path) -> None:
    """By ten lists, each known since its own date."""
    assert [load.outcome for load in litellm_replay.loads] == ["promoted"] * 10
    warehouse = litellm_replay.copy(tmp_path)
    costs = priced(warehouse)
    assert costs["unpriced_reason"].to_list() == [None] * 6
    assert dict(costs.group_by("usage_date").agg(pl.col("cost_usd").sum()).iter_rows()) == BILLED
    tokens = {day: (costs.filter(usage_date=day)["quantity"].to_list()) for day in BILLED}
    assert tokens == {day: list(counts) for day, counts in EXPORTED.items()}
    with warehouse.write() as connection:
        versions = read_table(connection, "core.token_price", "known_to IS NULL")
    used = versions.join(costs.select("price_id").unique(), on="price_id", how="semi").sort("meter")
    # gpt-5-mini was first listed in the file of 2025-08-18, at 25 cents and 2 dollars per million tokens.
    assert used.select("model", "meter", "usd_per_unit", "valid_from", "source").rows() == [
        ("gpt-5-mini-2025-08-07", "input_uncached", Decimal("0.25"), datetime(2025, 8, 18, 8), "litellm"),
        ("gpt-5-mini-2025-08-07", "output", Decimal(2), datetime(2025, 8, 18, 8), "litellm"),
    ]


def test_a_list_of_a_later_date_prices_nothing_before_it(tmp_path: Path) -> None:
    """The file of January 2026 holds the same prices, yet it says nothing about October 2025."""
    warehouse, source, at = Warehouse(tmp_path), SOURCES_BY_KEY["litellm"], datetime(2026, 1, 29, 8)
    record_body(warehouse, source, (FEEDS / "2026-01-29.json").read_bytes(), at)
    assert promote_latest(warehouse, source, at).outcome == "promoted"
    costs = priced(warehouse)
    assert costs.height == 6
    assert costs["cost_usd"].null_count() == costs["price_id"].null_count() == 6
    assert set(costs["unpriced_reason"]) == {"before_first_price"}
    assert set(costs["first_price_on"]) == {date(2026, 1, 29)}
