"""Marts of what changed and of who disagrees, on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from pipelines.warehouse import Warehouse
from tests.unit.steps.mart_rows import FETCH, FIRST, NOW, PRICE, TODAY, add, built, priced


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


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
        FIRST.date(), None, "active", None, None, None, "none", None, None, Decimal(5), True, None, "l1",
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
