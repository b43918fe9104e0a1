"""Whole captured pages through the real steps: archived, parsed, validated and promoted with nothing refused whole."""

from datetime import date, datetime, time
from pathlib import Path

import pytest

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import Promotion, promote_latest
from pipelines.snapshots.reparse import reparse
from pipelines.sources.catalog import SOURCES_BY_KEY
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.captures.test_feed_captures import COUNTS

SHARED = Path(__file__).parents[2].parent / "shared"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the captures in ../shared are absent")

# Row counts were counted on the captures with other tools than the parsers; see the tests of the parsers beside this.
PAGES = [
    ("anthropic_pricing", "llm_prices/anthropic_2026-04-26.html", 171),
    ("anthropic_pricing", "llm_prices/anthropic_2026-01-31.md", 121),
    ("openai_pricing", "llm_prices/openai_2026-04-27.html", 702),
    ("runpod_rates", "gpu_rates/runpod_2026-09-29_full.json", 76),
    ("coreweave_rates", "gpu_rates/coreweave_2026-09-29_excerpt.html", 9),
    ("openai_deprecations", "lifecycle/openai_2025-11-13.html", 60),
]
ANTHROPIC_DEPRECATIONS = {
    "2026-01-13": 22,
    "2026-02-19": 24,
    "2026-02-20": 24,
    "2026-04-15": 24,
    "2026-07-21": 29,
    "2026-08-22": 29,
}
LITELLM = {name.removeprefix("litellm/"): counts for name, counts in COUNTS.items() if name.startswith("litellm/")}
"""Rows of COUNTED_CHANNELS on each date, counted without the parser."""
COUNTED_CHANNELS = ("api", "azure", "openrouter", "vertex")


def promote(warehouse: Warehouse, key: str, file: Path, day: str) -> Promotion:
    at = datetime.combine(date.fromisoformat(day), time(8))
    attempt = record_body(warehouse, SOURCES_BY_KEY[key], file.read_bytes(), at)
    assert (attempt.outcome, attempt.error) == ("new", None)
    return promote_latest(warehouse, SOURCES_BY_KEY[key], at)


def failed(promotion: Promotion) -> list[str]:
    return [check.expectation.name for check in promotion.checks if not check.is_met]


@pytest.mark.parametrize(("key", "name", "rows"), PAGES, ids=[name for _, name, _ in PAGES])
def test_a_captured_page_is_promoted(tmp_path, key, name, rows):
    warehouse = Warehouse(tmp_path)
    day = name.split("_", maxsplit=2)[-1][:10]
    promotion = promote(warehouse, key, SHARED / "pages" / name, day)
    assert (promotion.outcome, promotion.reason, promotion.row_count) == ("promoted", None, rows)
    assert (promotion.change_count, promotion.held_count, failed(promotion)) == (rows, 0, [])


def test_six_captures_of_one_deprecation_page_in_a_row(tmp_path):
    warehouse = Warehouse(tmp_path)
    for day, rows in ANTHROPIC_DEPRECATIONS.items():
        promotion = promote(
            warehouse, "anthropic_deprecations", SHARED / "pages" / "lifecycle" / f"anthropic_{day}.md", day
        )
        assert (promotion.outcome, promotion.reason, promotion.row_count) == ("promoted", None, rows)
    with warehouse.write() as connection:
        haiku = read_table(
            connection, "core.model_lifecycle", "model = 'claude-3-haiku-20240307' AND known_to IS NULL"
        ).sort("valid_from")
    # Read on the pages by a person: a promise not before 2025-03-07, then the announcement, then the end.
    assert haiku.select("state", "retires_on", "retires_precision").rows()[:2] == [
        ("active", date(2025, 3, 7), "floor"),
        ("deprecated", date(2026, 4, 20), "day"),
    ]
    assert haiku["state"][-1] == "retired"
    assert haiku["valid_to"].to_list() == [*haiku["valid_from"][1:], None]
    again = reparse(warehouse, SOURCES_BY_KEY["anthropic_deprecations"], datetime(2026, 11, 20), is_asked_for=True)
    assert (again.body_count, again.unread, again.version_count) == (len(ANTHROPIC_DEPRECATIONS), [], 0)


def test_two_years_of_one_feed_in_a_row(litellm_replay, tmp_path):
    """The oldest of ten captures is two years before the newest: hundreds of real moves, and none refuses the feed."""
    # Names of ids that are newly refused and gone: deepseek-chat in 2025-10 (two keys, two prices),
    # gemini-1.5-flash in 2026-04 (0), Bedrock's invoke routes in 2026-07.
    days_of_gone = {"2025-10-11", "2026-04-26", "2026-07-30", "2026-09-29", "2026-11-17"}
    assert [load.day for load in litellm_replay.loads] == list(LITELLM)
    for load in litellm_replay.loads:
        assert (load.outcome, load.reason) == ("promoted", None)
        assert set(load.failed_checks) <= {"moves_are_small"}
        # A price that may be among newly refused rows stays listed though the file of that day does not print it.
        # One that waits for a second source is in the file and not yet listed.
        kept = load.listed - load.row_count
        assert (kept > 0) == (load.day in days_of_gone)
        counts = zip(COUNTED_CHANNELS, LITELLM[load.day], strict=True)
        surplus = [load.listed_by_channel.get(channel, 0) - count for channel, count in counts]
        assert all(-load.held_count <= more <= max(kept, 0) + load.held_count for more in surplus)
    warehouse = litellm_replay.copy(tmp_path)
    with warehouse.write() as connection:
        parses = read_table(connection, "raw.parse")
    assert parses["outcome"].to_list() == ["promoted"] * len(LITELLM)
    again = reparse(warehouse, SOURCES_BY_KEY["litellm"], datetime(2026, 11, 20), is_asked_for=True)
    assert (again.body_count, again.unread, again.version_count) == (len(LITELLM), [], 0)
