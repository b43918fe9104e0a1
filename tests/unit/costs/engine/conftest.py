"""A Sail, every usage sample as a ledger, and a small warehouse, for all tests of the engine."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from benchmarks.spark_servers import sail
from pipelines.costs.engine.ledger_tasks import DayOfLedger
from pipelines.costs.plan_coverage import count_days
from pipelines.costs.resolve_segments import segments_of
from pipelines.models.model_map import MAP_FILE, read_model_map
from pipelines.schema.offers import MODEL_KEY
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.shipped_prices import shipped_versions
from pipelines.usage.contract import USAGE_SCHEMA
from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.file_format import recognised_files
from pipelines.usage.find_files import named_files
from pipelines.usage.owner_map import OWNER_SCHEMA
from pipelines.usage.plan_file import PLAN_SCHEMA
from pipelines.usage.read_files import read_files
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from tests.unit.costs.test_price_ledger import MARCH, add_price, add_usage
from tests.unit.usage.test_plan_file import HEADER

FILES = Path(__file__).parents[3] / "usage_files"
SHARED = Path(__file__).parents[4].parent / "shared" / "usage_samples"
AS_OF = datetime(2026, 11, 25)
PLAN = "Max,anthropic,user,ann,anthropic,claude_code,1,31,,2026-01-01,"


@pytest.fixture(scope="module")
def server():
    with sail() as started:
        yield started


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Every usage sample in one ledger: the rows of each day that count, and the prices that ship."""
    folder = tmp_path_factory.mktemp("samples")
    usage = pl.concat(list(_usage_of_samples()))
    files = ledger.write(folder, pl.DataFrame(schema=FILE_SCHEMA), usage, largest_per_usage).files
    scans = {day: ledger.scan(folder / path) for day, path in files.select("usage_date", "path").iter_rows()}
    counted = count_days(scans, pl.DataFrame(schema=PLAN_SCHEMA), pl.DataFrame(schema=OWNER_SCHEMA))
    versions = shipped_versions().filter(pl.col("known_to").is_null())
    segments = segments_of(versions, usage.select(MODEL_KEY).unique(), read_model_map(folder / MAP_FILE))
    rows = files.select("usage_date", "path", "row_count").iter_rows()
    days = {day: DayOfLedger(folder / path, count, counted[day].rule) for day, path, count in rows}
    return days, counted, segments


def _usage_of_samples():
    files, _ = recognised_files(named_files([place for place in (FILES, SHARED) if place.is_dir()]), None)
    for batch in read_files(files, lambda import_id: False, AS_OF):
        if "usage_id" in batch.rows.columns:  # a bill has none
            yield batch.rows.select(list(USAGE_SCHEMA))


@pytest.fixture
def warehouse(tmp_path):
    """One day: usage under a plan and not, a lower bound, and a report that holds what a log holds."""
    made = Warehouse(tmp_path)
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    (made.folder / "plans.csv").write_text(f"{HEADER}\n{PLAN}\n")
    add_usage(made, MARCH, 3_000, "planned", user_id="ann")
    add_usage(made, MARCH, 1_000, "billed", user_id="bob", lower_bound_reason="unknown_count")
    end = {"usage_at": datetime(2026, 3, 20), "usage_until": datetime(2026, 3, 21), "grain": "bucket"}
    add_usage(made, MARCH, 1_500, "report", format="anthropic_usage_report", import_id="i2", **end)
    add_usage(made, MARCH, 7_000, "short", model="claude-z", lower_bound_reason="unknown_count")
    return made
