"""Each mart on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.schema.columns import polars_schema
from pipelines.schema.tables import TABLES_BY_NAME
from pipelines.steps.marts import build_mart, marts, read_mart
from pipelines.warehouse import Warehouse, append, read_table

MARTS = {mart.table.name: mart for mart in marts()}
TODAY = date(2026, 3, 10)
FIRST, NOW = datetime(2026, 3, 1, 6), datetime(2026, 3, 10, 6)
PRICE = {
    "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x", "meter": "output",
    "service_tier": "standard", "context_from": 0, "unit": "mtok", "usd_per_unit": Decimal(10), "currency": "USD",
    "printed": "$", "basis": "printed", "valid_from": FIRST, "known_from": FIRST, "is_listed": True,
    "source": "openai_pricing", "fetch_id": "f1",
}  # fmt: skip
COST = {
    "usage_date": date(2026, 3, 9), "provider": "openai", "channel": "api", "region": "global", "model": "gpt-x",
    "service_tier": "standard", "meter": "output", "is_lower_bound": False, "usage_rows": 1, "quantity": 1_000_000,
}  # fmt: skip
FETCH = {
    "fetch_id": "f1", "source": "openai_pricing", "url": "https://example.org/p", "fetched_at": FIRST,
    "origin": "recorded", "outcome": "new",
}  # fmt: skip
PARSE = {
    "source": "openai_pricing", "parsed_at": NOW, "outcome": "promoted", "row_count": 40, "reject_count": 0,
    "held_count": 0, "change_count": 0,
}  # fmt: skip


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def add(warehouse, table, *rows):
    frame = pl.DataFrame(list(rows), schema=polars_schema(TABLES_BY_NAME[table].declaration))
    with warehouse.write() as connection:
        append(connection, table, frame)


def built(warehouse, name, *columns, days=(TODAY,), order="ALL"):
    """The rows of a mart after building it, held against its declaration."""
    count = build_mart(warehouse, MARTS[name], list(days))
    with warehouse.write() as connection:
        table = read_table(connection, f"main.{name}", f"true ORDER BY {order}")
    rows = MARTS[name].table.declaration.validate(table).select(columns).rows()
    assert count == len(rows)
    return rows


def priced(price_id, usd, **differences):
    return COST | {"price_id": price_id, "cost_usd": Decimal(usd), "usd_per_unit": Decimal(1), "unit": "mtok"} | differences


def test_a_mart_knows_what_it_reads():
    assert MARTS["cost_daily"].inputs == ("core.usage_cost",)
    assert MARTS["price_conflict"].inputs == ("core.token_price", "raw.fetch", "raw.source")
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
    rows = built(
        warehouse, "cost_daily", *columns, days=[date(2026, 3, 9)], order="project_id NULLS LAST, meter_group"
    )
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


def restated(price_id, valid_to, known_at=NOW, **differences):
    """A version as it stands after its end became known: the open-ended one is no longer believed."""
    row = PRICE | {"price_id": price_id} | differences
    return [row | {"known_to": known_at}, row | {"valid_to": valid_to, "known_from": known_at}]


CHANGE = ("kind", "model", "old_usd_per_unit", "new_usd_per_unit", "pct_change", "usd_per_month_effect")


def test_a_changed_price_costs_the_usage_of_the_last_thirty_days(warehouse):
    new = PRICE | {"price_id": "new", "usd_per_unit": Decimal("12.5"), "valid_from": NOW, "known_from": NOW}
    add(warehouse, "core.token_price", *restated("old", NOW), new | {"fetch_id": "f2"})
    add(warehouse, "raw.fetch", FETCH, FETCH | {"fetch_id": "f2", "fetched_at": NOW})
    add(
        warehouse, "core.usage_cost",
        priced("old", "10", usage_date=date(2026, 2, 8)),
        priced("old", "10", usage_date=date(2026, 3, 9), quantity=500_000),
        priced("old", "10", usage_date=date(2026, 2, 7)),
        priced("new", "10", usage_date=TODAY),
        priced("other", "10"),
    )  # fmt: skip
    # 1.5 million tokens, 2.5 dollars a million more.
    assert built(warehouse, "price_change", *CHANGE) == [
        ("changed", "gpt-x", Decimal(10), Decimal("12.5"), 25.0, Decimal("3.75")),
    ]
    evidence = ("changed_on", "valid_from", "known_from", "is_first_snapshot", "url", "fetch_id", "price_id")
    assert built(warehouse, "price_change", *evidence) == [
        (TODAY, NOW, NOW, False, "https://example.org/p", "f2", "new"),
    ]


def test_a_first_snapshot_is_new_and_says_that_it_is_the_first(warehouse):
    later = PRICE | {"price_id": "p2", "model": "gpt-y", "valid_from": NOW, "known_from": NOW}
    add(warehouse, "core.token_price", PRICE | {"price_id": "p1"}, later)
    columns = ("changed_on", *CHANGE, "is_first_snapshot", "url")
    assert built(warehouse, "price_change", *columns, days=[FIRST.date(), TODAY]) == [
        (FIRST.date(), "new", "gpt-x", None, Decimal(10), None, None, True, None),
        (TODAY, "new", "gpt-y", None, Decimal(10), None, None, False, None),
    ]


def test_a_price_vanishes_and_returns(warehouse):
    gone, back = datetime(2026, 3, 5, 6), NOW
    add(
        warehouse, "core.token_price",
        *restated("p1", gone, gone),
        *restated("p2", back, back, valid_from=gone, known_from=gone, is_listed=False),
        PRICE | {"price_id": "p3", "valid_from": back, "known_from": back},
        *restated("q1", gone, gone, model="gpt-y"),
        *restated("q2", back, back, model="gpt-y", valid_from=gone, known_from=gone, is_listed=False),
        PRICE | {"price_id": "q3", "model": "gpt-y", "valid_from": back, "known_from": back,
                 "usd_per_unit": Decimal(20)},
    )  # fmt: skip
    add(warehouse, "core.usage_cost", priced("p2", "10"), priced("q2", "10", model="gpt-y"))
    ten = Decimal(10)
    assert built(warehouse, "price_change", "changed_on", *CHANGE, days=[gone.date(), TODAY], order="price_id") == [
        (gone.date(), "vanished", "gpt-x", ten, ten, 0.0, None),
        (TODAY, "returned", "gpt-x", ten, ten, 0.0, Decimal(0)),
        (gone.date(), "vanished", "gpt-y", ten, ten, 0.0, None),
        (TODAY, "changed", "gpt-y", ten, Decimal(20), 100.0, ten),
    ]


def test_fees_change_by_the_thousand_and_free_prices_have_no_percentage(warehouse):
    fee = {"meter": "web_searches", "unit": "thousand_calls", "model": "*"}
    free = {"usd_per_unit": Decimal(0), "model": "gpt-y"}
    now = {"valid_from": NOW, "known_from": NOW}
    add(
        warehouse, "core.token_price",
        *restated("fee1", NOW, **fee), PRICE | fee | now | {"price_id": "fee2", "usd_per_unit": Decimal(25)},
        *restated("free1", NOW, **free), PRICE | free | now | {"price_id": "free2", "usd_per_unit": Decimal(3)},
    )  # fmt: skip
    add(warehouse, "core.usage_cost", priced("fee1", "2", meter="web_searches", unit="thousand_calls", quantity=200))
    assert built(warehouse, "price_change", *CHANGE, order="model") == [
        ("changed", "*", Decimal(10), Decimal(25), 150.0, Decimal(3)),
        ("changed", "gpt-y", Decimal(0), Decimal(3), None, None),
    ]


def test_a_withdrawn_announcement_is_no_change(warehouse):
    announced = PRICE | {"price_id": "p2", "usd_per_unit": Decimal(20), "valid_from": datetime(2026, 4, 1)}
    add(warehouse, "core.token_price", PRICE | {"price_id": "p1"}, announced | {"known_to": NOW})
    assert [row[:2] for row in built(warehouse, "price_change", *CHANGE, days=[FIRST.date(), TODAY])] == [
        ("new", "gpt-x"),
    ]


STATEMENT = {
    "provider": "openai", "channel": "api", "model": "gpt-x", "state": "active", "retires_precision": "none",
    "outcome": "fail", "valid_from": FIRST, "known_from": FIRST, "is_listed": True, "source": "openai_deprecations",
    "fetch_id": "f1", "lifecycle_id": "l1",
}  # fmt: skip


def test_an_announced_end_with_the_spend_that_it_concerns(warehouse):
    retires = date(2026, 9, 1)
    end = {
        "lifecycle_id": "l2", "state": "deprecated", "retires_on": retires, "retires_precision": "day",
        "replacements": "gpt-y", "valid_from": NOW, "known_from": NOW, "fetch_id": "f2",
    }  # fmt: skip
    add(
        warehouse, "core.model_lifecycle",
        STATEMENT | {"known_to": NOW}, STATEMENT | {"valid_to": NOW, "known_from": NOW}, STATEMENT | end,
    )  # fmt: skip
    add(warehouse, "raw.fetch", FETCH | {"fetch_id": "f2", "source": "openai_deprecations"})
    add(
        warehouse, "core.usage_cost",
        priced("p", "1", usage_date=date(2026, 2, 8)),
        priced("p", "2", model="gpt-x-2026-01-15"),
        priced("p", "4", usage_date=date(2026, 2, 7)),
        priced("p", "8", usage_date=TODAY),
        priced("p", "16", model="gpt-x-mini"),
        priced("p", "32", provider="azure"),
    )  # fmt: skip
    columns = (
        "changed_on", "old_state", "new_state", "old_retires_on", "new_retires_on", "old_precision", "new_precision",
        "old_replacements", "new_replacements", "spend_30d_usd", "is_first_snapshot", "url", "lifecycle_id",
    )  # fmt: skip
    assert built(warehouse, "lifecycle_change", *columns) == [
        (TODAY, "active", "deprecated", None, retires, "none", "day", None, "gpt-y", Decimal(3), False,
         "https://example.org/p", "l2"),
    ]  # fmt: skip
    assert built(warehouse, "lifecycle_change", *columns, days=[FIRST.date(), TODAY])[0] == (
        FIRST.date(), None, "active", None, None, None, "none", None, None, None, True, None, "l1",
    )  # fmt: skip


def test_the_end_of_one_snapshot_does_not_concern_the_name(warehouse):
    dated = {"model": "gpt-x-2026-01-15", "known_from": NOW, "valid_from": NOW}
    add(warehouse, "core.model_lifecycle", STATEMENT | dated)
    add(warehouse, "core.usage_cost", priced("p", "1"), priced("p", "2", model="gpt-x-2026-01-15"))
    assert built(warehouse, "lifecycle_change", "spend_30d_usd") == [(Decimal(2),)]


CONFLICT = ("model", "believed_source", "believed_usd_per_unit", "other_source", "other_model", "other_usd_per_unit")


def page(price_id, usd=10, **differences):
    return PRICE | {"price_id": price_id, "usd_per_unit": Decimal(usd)} | differences


def feed(price_id, usd, **differences):
    return page(price_id, usd, source="litellm", **differences)


@pytest.fixture
def two_sources(warehouse):
    source = {"url": "https://example.org"}
    add(
        warehouse, "raw.source",
        source | {"source": "openai_pricing", "kind": "llm_prices", "standing": "page", "rank": 1},
        source | {"source": "litellm", "kind": "feeds", "standing": "aggregator", "rank": 3},
    )  # fmt: skip
    add(warehouse, "raw.fetch", FETCH, FETCH | {"fetch_id": "f2", "fetched_at": NOW})
    return warehouse


def test_sources_that_disagree_now(two_sources):
    past, ahead = {"valid_to": NOW}, {"valid_from": NOW + timedelta(days=1)}
    add(
        two_sources, "core.token_price",
        page("a"), feed("b", 12),
        page("c", model="gpt-same"), feed("d", 10, model="gpt-same"),
        page("e", model="gpt-past", **past), feed("f", 12, model="gpt-past"),
        page("g", model="gpt-ahead", **ahead), feed("h", 12, model="gpt-ahead"),
        page("i", model="gpt-gone"), feed("j", 12, model="gpt-gone", is_listed=False),
        page("k", model="gpt-tier"), feed("l", 12, model="gpt-tier", service_tier="batch"),
        page("m", model="gpt-old"), feed("n", 12, model="gpt-old", known_to=NOW),
    )  # fmt: skip
    assert built(two_sources, "price_conflict", *CONFLICT) == [
        ("gpt-x", "openai_pricing", Decimal(10), "litellm", "gpt-x", Decimal(12)),
    ]


def test_a_snapshot_is_set_against_the_name_where_the_page_lists_the_name_only(two_sources):
    dated = {"model": "gpt-x-2026-01-15"}
    add(two_sources, "core.token_price", page("a"), feed("b", 12, **dated))
    expected = [("gpt-x", "openai_pricing", Decimal(10), "litellm", "gpt-x-2026-01-15", Decimal(12))]
    assert built(two_sources, "price_conflict", *CONFLICT) == expected
    add(two_sources, "core.token_price", page("c", 12, **dated))
    assert built(two_sources, "price_conflict", *CONFLICT) == [], "the page has the snapshot itself, and agrees"


def test_the_name_is_never_set_against_a_snapshot_of_the_page(two_sources):
    add(two_sources, "core.token_price", page("a", model="gpt-x-2026-01-15"), feed("b", 12))
    assert built(two_sources, "price_conflict", *CONFLICT) == []


HEALTH = (
    "source", "status", "last_attempt_at", "last_success_at", "failing_since", "consecutive_failures", "age_hours",
    "row_count", "reject_count", "open_hold_count", "last_change_at", "reason",
)  # fmt: skip


def attempt(warehouse, source, at, outcome="promoted", **differences):
    """One fetch and what became of it: promoted, refused, or failed before it could be parsed."""
    fetch_id = f"{source} {at}"
    failed = {"outcome": "failed", "error": "HTTP 503"} if outcome == "failed" else {}
    add(warehouse, "raw.fetch", FETCH | {"fetch_id": fetch_id, "source": source, "fetched_at": at} | failed)
    if outcome != "failed":
        parse = {"fetch_id": fetch_id, "source": source, "fetched_at": at, "outcome": outcome}
        add(warehouse, "raw.parse", PARSE | parse | differences)


def test_how_each_source_stood_at_the_end_of_a_day(warehouse):
    named = ("fresh", "stale", "edge", "refused", "broken", "silent")
    catalog = {"kind": "feeds", "standing": "page", "rank": 1, "url": "https://example.org"}
    add(warehouse, "raw.source", *(catalog | {"source": name} for name in named))
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


def test_an_earlier_day_is_judged_by_what_was_known_at_its_end(warehouse):
    add(
        warehouse, "raw.source",
        {"source": "feed", "kind": "feeds", "standing": "page", "rank": 1, "url": "https://example.org"},
    )  # fmt: skip
    attempt(warehouse, "feed", datetime(2026, 3, 8, 6), "failed")
    attempt(warehouse, "feed", datetime(2026, 3, 9, 6))
    hold = {
        "hold_id": "h", "book": "token_price", "source": "feed", "price_key": "k", "old_amount": Decimal(10),
        "new_amount": Decimal(1), "first_seen_at": datetime(2026, 3, 9, 6), "fetch_id": "f", "status": "confirmed",
        "resolved_at": NOW, "resolution": "printed again on a later day",
    }  # fmt: skip
    add(warehouse, "core.price_hold", hold)
    days = [date(2026, 3, number) for number in (7, 8, 9, 10)]
    assert built(warehouse, "source_health", "as_of", "status", "open_hold_count", days=days) == [
        (days[0], "never", 0), (days[1], "failing", 0), (days[2], "ok", 1), (days[3], "ok", 0),
    ]  # fmt: skip
