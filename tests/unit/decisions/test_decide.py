"""Decisions read what the best source of each model says about its end, as known on a day."""

from datetime import date, datetime

from pipelines.decisions.decide import decide_days, notice_statistics_on, one_table
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.marts.mart_rows import add

DAY, MARCH, AUGUST = date(2026, 11, 1), date(2026, 3, 1), date(2026, 8, 28)
STATEMENT = {
    "provider": "openai", "channel": "api", "model": "gpt-x", "version": "", "scope": "all", "state": "deprecated",
    "announced_on": MARCH, "retires_on": AUGUST, "retires_precision": "day", "outcome": "fail",
    "valid_from": datetime(2026, 3, 2), "known_from": datetime(2026, 3, 2), "is_listed": True, "source": "page",
    "fetch_id": "f", "lifecycle_id": "page",
}  # fmt: skip


def test_notice_is_read_from_the_page_although_the_api_was_read_later(tmp_path):
    """180 days from March 1 to August 28; the API tells no announcement, and gpt-y only from a source not listed."""
    warehouse = Warehouse(tmp_path)
    common = {"kind": "lifecycle", "url": "https://example.org", "is_proven": True, "is_asked": True}
    add(
        warehouse, "raw.source",
        common | {"source": "page", "standing": "page", "rank": 1},
        common | {"source": "api", "standing": "api", "rank": 2},
    )  # fmt: skip
    later = {"known_from": datetime(2026, 6, 1), "valid_from": datetime(2026, 6, 1)}
    add(
        warehouse, "core.model_lifecycle",
        STATEMENT,
        STATEMENT | later | {"source": "api", "announced_on": None, "lifecycle_id": "api"},
        STATEMENT | {"source": "loaded once", "model": "gpt-y", "announced_on": date(2026, 8, 1), "lifecycle_id": "y"},
        STATEMENT | {"model": "gpt-z", "known_from": datetime(2026, 11, 2), "lifecycle_id": "not known yet"},
    )  # fmt: skip
    assert decide_days(warehouse, one_table("main.notice_statistics", notice_statistics_on), [DAY]).total() == 2
    with warehouse.write() as connection:
        table = read_table(connection, "main.notice_statistics", "period = '12_months'")
    figures = ("as_of", "announcer", "model_count", "event_count", "median_days", "min_days", "max_days")
    assert table.select(figures).rows() == [(DAY, "openai", 2, 2, 103.5, 27, 180)]
