"""The mart of price changes, on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, PRICE, TODAY, add, built, priced, restated


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


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


PLACE = ("model", "channel", "region", "time_window", "old_usd_per_unit", "new_usd_per_unit")


def test_channels_regions_and_hours_are_prices_of_their_own(warehouse):
    peak = {"time_window": "mon-fri 01:00-04:00"}
    now = {"valid_from": NOW, "known_from": NOW, "usd_per_unit": Decimal(12)}
    add(
        warehouse, "core.token_price",
        PRICE | {"price_id": "p1"},
        *restated("p2", NOW, channel="bedrock", region="eu"),
        PRICE | now | {"price_id": "p3", "channel": "bedrock", "region": "eu"},
        PRICE | now | {"price_id": "p4", "channel": "bedrock"},
        PRICE | now | peak | {"price_id": "p5"},
    )  # fmt: skip
    assert built(warehouse, "price_change", *PLACE, order="price_id") == [
        ("gpt-x", "bedrock", "eu", "always", Decimal(10), Decimal(12)),
        ("gpt-x", "bedrock", "global", "always", None, Decimal(12)),
        ("gpt-x", "api", "global", "mon-fri 01:00-04:00", None, Decimal(12)),
    ]
