"""Days of notice on a few statements, counted by hand."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from pipelines.decisions.notice import notice_days, notice_statistics
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import NoticeStatistics
from pipelines.schema.lifecycles import ModelLifecycle

AS_OF, MARCH = date(2026, 11, 1), date(2026, 3, 1)
FIGURES = ("announcer", "basis", "period", "model_count", "event_count", "median_days", "min_days", "p10_days",
           "max_days", "last_told_on")  # fmt: skip


def statement(model: str, told_on: date | None, days: int, **differences: Any) -> dict[str, Any]:
    row = {
        "provider": "openai", "channel": "api", "model": model, "version": "", "scope": "all", "state": "deprecated",
        "announced_on": told_on, "retires_on": (told_on or MARCH) + timedelta(days=days), "retires_precision": "day",
        "outcome": "fail", "valid_from": datetime(2026, 6, 1), "known_from": datetime(2026, 6, 1), "is_listed": True,
        "source": "page", "fetch_id": "f", "lifecycle_id": model,
    }  # fmt: skip
    return row | differences


def statistics(*rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    table = notice_statistics(pl.DataFrame(rows, schema=polars_schema(ModelLifecycle), orient="row"), AS_OF)
    NoticeStatistics.validate(table)
    return table.select(FIGURES).rows()


def test_the_last_twelve_months_and_all_time() -> None:
    """Ten of March and one of May 2026; two of October 2025 are older than 365 days, one of November is not yet."""
    days = (60, 61, 62, 62, 63, 76, 114, 181, 189, 200)
    rows = [statement(f"m{n}", MARCH, count) for n, count in enumerate(days)]
    may, october = date(2026, 5, 1), date(2025, 10, 31)
    rows += [statement("may", may, 210), statement("old", october, 5), statement("old too", october, 6)]
    rows += [statement("next", date(2026, 11, 2), 1), statement("first day", date(2025, 11, 1), 1)]
    assert statistics(*rows) == [
        ("openai", "announced", "12_months", 11, 2, 76.0, 60, 61, 210, may),
        ("openai", "announced", "all_time", 14, 4, 62.5, 1, 5, 210, may),
    ]


def test_only_the_newest_exact_date_of_a_model_counts() -> None:
    moved = {"known_from": datetime(2026, 7, 1), "lifecycle_id": "b"}
    rows = [
        statement("moved", MARCH, 30), statement("moved", MARCH, 60, **moved),
        statement("floor", MARCH, 1, retires_precision="floor"),
        statement("month", MARCH, 1, retires_precision="month"),
    ]  # fmt: skip
    assert [row[3:7] for row in statistics(*rows)] == [(1, 1, 60.0, 60), (1, 1, 60.0, 60)]


def test_a_platform_tells_for_all_makers_and_a_legacy_date_is_no_announcement() -> None:
    bedrock = {"channel": "bedrock", "announced_on": None}
    rows = [
        statement("claude", None, 184, provider="anthropic", legacy_on=MARCH, **bedrock),
        statement("nova", None, 181, provider="amazon", legacy_on=MARCH, **bedrock),
        statement("nova", None, 90, provider="amazon", legacy_on=MARCH, scope="eu-west-1", **bedrock),
    ]
    assert statistics(*rows) == [
        ("bedrock", "legacy", "12_months", 3, 1, 181.0, 90, 90, 184, MARCH),
        ("bedrock", "legacy", "all_time", 3, 1, 181.0, 90, 90, 184, MARCH),
    ]
    assert notice_days(pl.DataFrame(rows, schema=polars_schema(ModelLifecycle), orient="row"), AS_OF).is_empty()


def test_no_statement_gives_no_row() -> None:
    assert statistics() == []
