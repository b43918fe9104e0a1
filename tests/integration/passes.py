"""The steps of a run without Dagster, for programs that are killed: import, promote, price, build, publish.

Great Expectations stays out: its import takes seconds in each process. What the checks say has tests of its own.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pipelines.costs.price_ledger import days_to_build, price_days
from pipelines.demo import page_for
from pipelines.demo.sample_usage import write_sample_usage
from pipelines.schema.validation import CheckResult
from pipelines.snapshots import stage_body as staging
from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.stage_body import Staged
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.usage.import_files import import_files, inbox_files
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts

FIRST_DAY = date(2026, 7, 29)
STEPS = 4
DAYS_PER_STEP = 8
SOURCE = SOURCES_BY_KEY["anthropic_pricing"]


def without_checks(source: object, staged: Staged, *, is_approved: bool) -> list[CheckResult]:
    """Stands in for `check_rows`."""
    return []


def leave_out_great_expectations(replace: Callable[[object, str, object], object] = setattr) -> None:
    """Put the stand-in in place; tests pass monkeypatch.setattr, so that it goes again."""
    replace(staging, "check_rows", without_checks)


def fill_inbox(warehouse: Warehouse, number: int) -> None:
    """The usage that is known by the day of a step."""
    write_sample_usage(warehouse.inbox, until=FIRST_DAY + timedelta(days=number * DAYS_PER_STEP))


def run_step(warehouse: Warehouse, number: int) -> None:
    """Some days later than the step before: what is in the inbox, the page of that day, tables, publishing."""
    day = FIRST_DAY + timedelta(days=number * DAYS_PER_STEP)
    at = datetime.combine(day, time(8))
    prepare(warehouse, at)
    page = page_for(day, SOURCE.urls[0].removeprefix("https://"))
    assert page is not None
    record_body(warehouse, SOURCE, page.read_bytes(), at)
    assert promote_latest(warehouse, SOURCE, at).outcome == "promoted"
    import_files(warehouse, inbox_files(warehouse), at)
    days = days_to_build(warehouse, day)
    price_days(warehouse, days)
    for mart in marts():
        build_mart(warehouse, mart, days)
    warehouse.publish()


def run_all(folder: Path) -> Warehouse:
    """Every step in a folder, undisturbed."""
    warehouse = Warehouse(folder)
    for number in range(STEPS):
        fill_inbox(warehouse, number)
        run_step(warehouse, number)
    return warehouse
