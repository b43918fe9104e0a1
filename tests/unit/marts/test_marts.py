"""Marts of cost and of sources on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, read_mart
from pipelines.warehouse.rows import read_table
from tests.unit.marts.mart_rows import COST, FETCH, MARTS, NOW, TODAY, add, built, priced

PARSE = {
    "source": "openai_pricing", "parsed_at": NOW, "parser_version": "v1", "outcome": "promoted",
    "row_count": 40, "reject_count": 0, "held_count": 0, "change_count": 0,
}  # fmt: skip


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def test_a_mart_knows_what_it_reads():
    assert MARTS["cost_daily"].inputs == ("core.plan_fee", "core.usage_cost")
    assert MARTS["price_conflict"].inputs == ("core.token_price", "raw.fetch", "raw.parse", "raw.source")
    assert MARTS["source_health"].inputs == ("core.price_hold", "raw.fetch", "raw.parse", "raw.source")


def test_a_file_that_is_no_declared_table_is_an_error(tmp_path):
    file = tmp_path / "no_such_table.sql"
    file.write_text("SELECT 1")
    with pytest.raises(KeyError, match=r"main\.no_such_table"):
        read_mart(file)


def test_daily_costs_are_exact_sums_by_owner_and_meter_group(warehouse):
    pico = "0.000000000001"
    add(
        warehouse, "core.usage_cost",
        priced("p1", "0.1", project_id="a"),
        priced("p2", "0.2", project_id="a"),
        priced("p1", pico, project_id="a", is_lower_bound=True),
        priced("p3", "99999999999999999999999999.999999999999"),
        priced("p4", pico, meter="cache_write_5m"),
        priced("p5", "1", meter="cache_read", quantity=7),
        priced("p6", "1", meter="web_searches"),
        COST | {"unpriced_reason": "unknown_model"},
        priced("p1", "5", usage_date=TODAY),
    )  # fmt: skip
    columns = ("project_id", "meter_group", "quantity", "cost_usd", "is_lower_bound", "price_ids")
    rows = built(warehouse, "cost_daily", *columns, days=[date(2026, 3, 9)], order="project_id NULLS LAST, meter_group")
    assert rows == [
        ("a", "output", 3_000_000, Decimal("0.300000000001"), True, "p1, p2"),
        (None, "cache", 1_000_007, Decimal("1.000000000001"), False, "p4, p5"),
        (None, "fee", 1_000_000, Decimal(1), False, "p6"),
        (None, "output", 1_000_000, Decimal("99999999999999999999999999.999999999999"), False, "p3"),
    ]


METER_GROUPS = {
    "input_uncached": "input", "cache_read": "cache", "cache_write_5m": "cache", "cache_write_1h": "cache",
    "output": "output", "audio_input": "audio", "audio_cache_read": "audio", "audio_output": "audio",
    "image_input": "image", "image_cache_read": "image", "image_output": "image", "requests": "fee",
    "web_searches": "fee",
}  # fmt: skip


def test_every_meter_has_its_group(warehouse):
    rows = [priced("p", "1", meter=meter, model=meter) for meter in METER_GROUPS]
    add(warehouse, "core.usage_cost", *rows)
    assert dict(built(warehouse, "cost_daily", "model", "meter_group", days=[date(2026, 3, 9)])) == METER_GROUPS


def test_building_a_day_again_replaces_that_day_only(warehouse):
    days = [date(2026, 3, 8), date(2026, 3, 9)]
    add(warehouse, "core.usage_cost", *(priced("p", "1", usage_date=day) for day in days))
    build_mart(warehouse, MARTS["cost_daily"], days)
    with warehouse.write() as connection:
        connection.execute("UPDATE core.usage_cost SET cost_usd = 2")
    assert build_mart(warehouse, MARTS["cost_daily"], days[1:]) == 1
    with warehouse.write() as connection:
        rows = read_table(connection, "main.cost_daily", "true ORDER BY ALL")
    assert rows["cost_usd"].to_list() == [Decimal(1), Decimal(2)]


def test_unpriced_usage_says_what_to_do(warehouse):
    reasons = [
        "unknown_model", "before_first_price", "no_price_for_tier", "no_price_for_meter", "no_price_for_context",
    ]  # fmt: skip
    known = {"before_first_price": date(2026, 3, 15)}
    rows = [COST | {"model": each, "unpriced_reason": each, "first_price_on": known.get(each)} for each in reasons]
    add(warehouse, "core.usage_cost", *rows, rows[0] | {"quantity": 5}, priced("p", "1"))
    columns = ("unpriced_reason", "quantity", "first_price_on", "remedy")
    rows = built(warehouse, "cost_unpriced", *columns, days=[date(2026, 3, 9)])
    assert {row[:3] for row in rows} == {
        ("unknown_model", 1_000_005, None),
        ("before_first_price", 1_000_000, date(2026, 3, 15)),
        ("no_price_for_tier", 1_000_000, None),
        ("no_price_for_meter", 1_000_000, None),
        ("no_price_for_context", 1_000_000, None),
    }
    assert len({remedy for *_, remedy in rows}) == len(reasons)


DAYS = [date(2026, 3, number) for number in (7, 8, 9, 10)]
CATALOG = {"kind": "feeds", "standing": "page", "rank": 1, "url": "https://example.org", "is_proven": False,
           "is_asked": True}  # fmt: skip
HEALTH = (
    "source", "status", "last_attempt_at", "last_success_at", "failing_since", "consecutive_failures", "age_hours",
    "row_count", "reject_count", "open_hold_count", "last_change_at", "reason",
)  # fmt: skip


def attempt(warehouse, source, at, outcome="promoted", origin="recorded", **differences):
    """One fetch and what became of it: promoted, refused, or failed before it could be parsed."""
    fetch_id = f"{source} {at}"
    failed = {"outcome": "failed", "error": "HTTP 503"} if outcome == "failed" else {}
    asked = {"fetch_id": fetch_id, "source": source, "fetched_at": at, "origin": origin}
    add(warehouse, "raw.fetch", FETCH | asked | failed)
    if outcome != "failed":
        parse = {"fetch_id": fetch_id, "source": source, "fetched_at": at, "outcome": outcome}
        add(warehouse, "raw.parse", PARSE | parse | differences)


def test_how_each_source_stood_at_the_end_of_a_day(warehouse):
    named = ("fresh", "stale", "edge", "refused", "broken", "silent")
    add(warehouse, "raw.source", *(CATALOG | {"source": name} for name in named))
    eighth, ninth = datetime(2026, 3, 8, 6), datetime(2026, 3, 9, 6)
    attempt(warehouse, "fresh", ninth, "failed")
    attempt(warehouse, "fresh", NOW, row_count=41, reject_count=2, change_count=3)
    attempt(warehouse, "fresh", NOW + timedelta(days=1), "failed")
    almost, edge = datetime(2026, 3, 7, 23, 30), datetime(2026, 3, 8)
    attempt(warehouse, "stale", almost)
    attempt(warehouse, "edge", edge)
    attempt(warehouse, "refused", eighth)
    attempt(warehouse, "refused", ninth, "failed")
    attempt(warehouse, "refused", NOW, "refused", reason="keeps_rows: 3", row_count=3)
    attempt(warehouse, "broken", NOW, "failed")
    assert built(warehouse, "source_health", *HEALTH, order="source") == [
        ("broken", "failing", NOW, None, NOW, 1, None, None, None, 0, None, "HTTP 503"),
        ("edge", "ok", edge, edge, None, 0, 72.0, 40, 0, 0, None, None),
        ("fresh", "ok", NOW, NOW, None, 0, 18.0, 41, 2, 0, NOW, None),
        ("refused", "failing", NOW, eighth, ninth, 2, 66.0, 40, 0, 0, None, "keeps_rows: 3"),
        ("silent", "never", None, None, None, 0, None, None, None, 0, None, None),
        ("stale", "stale", almost, almost, None, 0, 72.5, 40, 0, 0, None, None),
    ]


def test_a_source_whose_key_is_not_set_is_neither_failing_nor_stale(warehouse):
    add(warehouse, "raw.source", *(CATALOG | {"source": name, "is_asked": False} for name in ("never", "before")))
    attempt(warehouse, "before", datetime(2026, 3, 1, 6))
    attempt(warehouse, "before", datetime(2026, 3, 2, 6), "failed")
    assert built(warehouse, "source_health", "source", "status", "last_success_at") == [
        ("before", "no_key", datetime(2026, 3, 1, 6)),
        ("never", "no_key", None),
    ]


def test_an_earlier_day_is_judged_by_what_was_known_at_its_end(warehouse):
    add(warehouse, "raw.source", CATALOG | {"source": "feed"})
    attempt(warehouse, "feed", datetime(2026, 3, 8, 6), "failed")
    attempt(warehouse, "feed", datetime(2026, 3, 9, 6))
    hold = {
        "hold_id": "h", "book": "token_price", "source": "feed", "price_key": "k", "old_amount": Decimal(10),
        "new_amount": Decimal(1), "currency": "USD", "first_seen_at": datetime(2026, 3, 9, 6), "fetch_id": "f",
        "status": "confirmed", "resolved_at": datetime(2026, 3, 10), "resolution": "printed again on a later day",
    }  # fmt: skip
    add(warehouse, "core.price_hold", hold)
    assert built(warehouse, "source_health", "as_of", "status", "open_hold_count", days=DAYS) == [
        (DAYS[0], "never", 0), (DAYS[1], "failing", 0), (DAYS[2], "ok", 1), (DAYS[3], "ok", 0),
    ]  # fmt: skip


def test_a_live_body_whose_rows_are_promoted_proves_a_source_from_that_day_on(warehouse):
    held = CATALOG | {"source": "held", "is_proven": True, "standing": "aggregator", "url": "https://example.org/h"}
    add(warehouse, "raw.source", *(CATALOG | {"source": name} for name in ("live", "refused", "saved")), held)
    attempt(warehouse, "live", datetime(2026, 3, 9, 6), "refused", origin="live", reason="keeps_rows: 3")
    attempt(warehouse, "live", NOW, origin="live")
    attempt(warehouse, "refused", NOW, "refused", origin="live", reason="keeps_rows: 3")
    attempt(warehouse, "saved", NOW)
    page = ("page", "https://example.org")
    rows = built(warehouse, "source_health", "as_of", "source", "standing", "url", "is_proven", days=DAYS[2:])
    assert rows == [
        (DAYS[2], "held", "aggregator", "https://example.org/h", True),
        (DAYS[2], "live", *page, False),
        (DAYS[2], "refused", *page, False),
        (DAYS[2], "saved", *page, False),
        (DAYS[3], "held", "aggregator", "https://example.org/h", True),
        (DAYS[3], "live", *page, True),
        (DAYS[3], "refused", *page, False),
        (DAYS[3], "saved", *page, False),
    ]


def test_drift_is_measured_against_the_ten_good_bodies_before(warehouse):
    add(warehouse, "raw.source", *(CATALOG | {"source": name} for name in ("feed", "first", "empty")))
    # The eleventh body back counts no more; of the ten, five have 40 rows and five 60: the median is 50.
    counts = [9_000, 40, 60, 40, 60, 40, 60, 40, 60, 40, 60]
    for hour, rows in enumerate(counts):
        attempt(warehouse, "feed", datetime(2026, 3, 8, hour), row_count=rows)
    attempt(warehouse, "feed", datetime(2026, 3, 9), "refused", row_count=1, reason="keeps_rows: 1")
    attempt(warehouse, "feed", datetime(2026, 3, 9, 1), row_count=45, reject_count=5)
    attempt(warehouse, "feed", NOW, "refused", row_count=2, reason="keeps_rows: 2")
    attempt(warehouse, "first", NOW, row_count=30, reject_count=10)
    attempt(warehouse, "empty", NOW, "failed")
    drift = ("source", "row_count", "row_count_change_pct", "reject_share")
    rows = built(warehouse, "source_health", *drift, order="source")
    assert [row[:2] for row in rows] == [("empty", None), ("feed", 45), ("first", 30)]
    assert [row[2] for row in rows] == [None, pytest.approx(-10), None]
    assert [row[3] for row in rows] == [None, pytest.approx(0.1), pytest.approx(0.25)]
