"""The sample usage: the same bytes at every call, and what the importers must make of them, counted from the text."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.demo.sample_usage import write_sample_usage
from tests.one_import import Imported, import_file

IMPORTED_AT = datetime(2026, 10, 10, 12)
EMPTY_DAY = date(2026, 9, 6)
DAYS = [date(2026, 7, 15) + timedelta(days=number) for number in range(87)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_sample_usage(tmp_path_factory.mktemp("inbox") / "demo")


@pytest.fixture(scope="module")
def openai(files: list[Path]) -> Imported:
    return import_file(files[0], IMPORTED_AT)


@pytest.fixture(scope="module")
def claude(files: list[Path]) -> Imported:
    return import_file(files[1], IMPORTED_AT)


def buckets(file: Path) -> list[dict[str, str]]:
    """Rows of the export, read without the importer."""
    header, *lines = file.read_text().splitlines()
    names = header.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def entries(file: Path) -> Iterator[dict[str, Any]]:
    """Whole lines of the session log, read without the importer."""
    for line in file.read_text().splitlines():
        if line.endswith("}"):
            yield json.loads(line)


def counts(imported: Imported) -> tuple[Any, ...]:
    count = imported.count
    duplicates = count.row_count - imported.usage.height
    return count.format, count.line_count, count.row_count, duplicates, count.reject_count, count.ignored_count


def test_two_calls_write_the_same_bytes(files: list[Path], tmp_path: Path) -> None:
    again = write_sample_usage(tmp_path)
    assert [file.name for file in again] == [file.name for file in files]
    assert [file.read_bytes() for file in again] == [file.read_bytes() for file in files]


def test_the_dashboard_export_is_read_whole(openai: Imported, files: list[Path]) -> None:
    """87 days with seven buckets each, but for one day whose line is empty: 86 x 7 + 1 = 603 lines under the header."""
    assert len(buckets(files[0])) == 603
    assert counts(openai) == ("openai_dashboard", 603, 602, 0, 0, 1)
    assert openai.usage.height == 602
    assert sorted(set(openai.usage["usage_date"])) == [day for day in DAYS if day != EMPTY_DAY]


def test_the_export_has_24_columns_and_one_empty_day(files: list[Path]) -> None:
    rows = buckets(files[0])
    assert {len(row) for row in rows} == {24}
    empty = [row["start_time_iso"] for row in rows if not row["model"]]
    assert empty == ["2026-09-06T00:00:00+00:00"]
    assert all(int(row["end_time"]) - int(row["start_time"]) == 86_400 for row in rows)


def test_tokens_arrive_as_the_export_counts_them(openai: Imported, files: list[Path]) -> None:
    rows = [row for row in buckets(files[0]) if row["model"]]
    for column, meter in (
        ("input_uncached_tokens", "input_uncached_tokens"),
        ("input_cached_tokens", "cache_read_tokens"),
        ("output_tokens", "output_tokens"),
        ("num_model_requests", "requests"),
    ):
        assert openai.usage[meter].sum() == sum(int(float(row[column])) for row in rows)


def test_the_export_holds_what_the_demo_shows(openai: Imported) -> None:
    usage = openai.usage
    cached = {"gpt-5.6-luna", "gpt-5.6-sol", "gpt-5-mini-2025-08-07", "o4-mini-2025-04-16"}
    assert set(usage["model"]) == cached | {"gpt-5.5"}
    assert usage["project_id"].n_unique() == usage["api_key_id"].n_unique() == 3
    batches = usage.filter(service_tier="batch")
    assert batches.height == 86
    assert batches["cache_read_tokens"].sum() == 0
    standard = usage.filter(pl.col("model").is_in(cached), service_tier="standard")
    assert standard["cache_read_tokens"].min() > 0  # type: ignore[operator]


def test_weekends_are_quiet_and_usage_grows(openai: Imported) -> None:
    by_day = openai.usage.group_by("usage_date").agg(pl.col("requests").sum()).sort("usage_date")
    weekday = by_day.filter(pl.col("usage_date").dt.weekday() <= 5)["requests"]
    weekend = by_day.filter(pl.col("usage_date").dt.weekday() > 5)["requests"]
    assert max(weekend) < min(weekday) / 3
    assert sum(weekday[-20:]) > 1.1 * sum(weekday[:20])


def test_the_session_log_is_read_whole_but_for_the_line_that_was_cut(claude: Imported, files: list[Path]) -> None:
    lines = files[1].read_text().splitlines()
    responses = {(entry["message"]["id"], entry["requestId"]) for entry in entries(files[1])}
    whole = len(lines) - 1
    assert counts(claude) == ("claude_code", len(lines), whole, whole - len(responses), 1, 0)
    assert claude.usage.height == len(responses)
    assert whole - len(responses) > 400
    assert claude.rejects.select("rule", "source_line").rows() == [
        ("invalid_json", next(n for n, line in enumerate(lines, 1) if not line.endswith("}")))
    ]


def test_a_response_counts_once_with_its_final_output(claude: Imported, files: list[Path]) -> None:
    final: dict[str, int] = {}
    for entry in entries(files[1]):
        final[entry["message"]["id"]] = entry["message"]["usage"]["output_tokens"]
    assert claude.usage["output_tokens"].sum() == sum(final.values())
    stops = [entry["message"]["stop_reason"] for entry in entries(files[1])]
    assert stops.count("end_turn") == len(final)


def test_weekdays_hold_10_to_21_responses_and_weekends_none(claude: Imported) -> None:
    by_day = dict(claude.usage.group_by("usage_date").len().iter_rows())
    assert sorted(by_day) == [day for day in DAYS if day.weekday() < 5]
    assert 10 <= min(by_day.values()) <= max(by_day.values()) <= 21


def test_the_log_holds_what_the_demo_shows(claude: Imported) -> None:
    usage = claude.usage
    known = {"claude-sonnet-4-6", "claude-haiku-4-5-20251001", "claude-opus-4-1-20250805"}
    assert set(usage["model"]) == known | {"claude-nonexistent-9"}
    assert usage.filter(model="claude-nonexistent-9").height == 1
    assert max(usage.filter(model="claude-opus-4-1-20250805")["usage_date"]) < date(2026, 8, 5)
    for meter in ("cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"):
        assert (usage[meter] > 0).sum() > 100
    assert 5 <= usage["web_searches"].is_not_null().sum() <= 60


def test_a_month_is_3_to_6_billion_tokens(openai: Imported, claude: Imported) -> None:
    meters = ["input_uncached_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"]
    usage = pl.concat([openai.usage, claude.usage]).with_columns(
        tokens=pl.sum_horizontal(pl.col(name).fill_null(0) for name in [*meters, "output_tokens"])
    )
    for month in (8, 9):
        assert 3e9 < usage.filter(pl.col("usage_at").dt.month() == month)["tokens"].sum() < 6e9


def test_every_bucket_starts_at_midnight_utc(files: list[Path]) -> None:
    starts = [datetime.fromtimestamp(int(row["start_time"]), UTC) for row in buckets(files[0])]
    assert {start.time() for start in starts} == {datetime.min.time()}
    assert sorted({start.date() for start in starts}) == DAYS
