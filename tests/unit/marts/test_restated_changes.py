"""The mart of price changes where the past or the future is restated: announced, cancelled, corrected."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FIRST, NOW, PRICE, TODAY, add, built, priced, restated

CHANGE = ("kind", "model", "old_usd_per_unit", "new_usd_per_unit", "pct_change", "usd_per_month_effect")


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


ANNOUNCED, CANCELLED, RISE = datetime(2026, 6, 30), datetime(2026, 8, 10), datetime(2026, 9, 1)
SONNET = {"provider": "anthropic", "model": "claude-sonnet-5", "source": "anthropic_pricing"}
NOW_10 = PRICE | SONNET | {"price_id": "p1", "valid_from": ANNOUNCED, "known_from": ANNOUNCED}
LATER_15 = NOW_10 | {"price_id": "p2", "usd_per_unit": Decimal(15), "valid_from": RISE}
KIND = ("changed_on", "kind", "old_usd_per_unit", "new_usd_per_unit", "valid_from", "is_announced", "price_id")


def test_an_announced_rise_is_told_and_so_is_its_cancellation(warehouse):
    """The rise of 2026-09-01, announced on 2026-06-30 and cancelled on 2026-08-10."""
    add(
        warehouse, "core.token_price",
        NOW_10 | {"valid_to": RISE, "known_to": CANCELLED}, LATER_15 | {"known_to": CANCELLED},
        NOW_10 | {"known_from": CANCELLED},
    )  # fmt: skip
    add(warehouse, "core.usage_cost", priced("p1", "10", usage_date=date(2026, 8, 1), quantity=3_000_000))
    days = [ANNOUNCED.date(), CANCELLED.date(), RISE.date()]
    assert built(warehouse, "price_change", *KIND, days=days, order="changed_on, price_id") == [
        (days[0], "new", None, Decimal(10), ANNOUNCED, False, "p1"),
        (days[0], "changed", Decimal(10), Decimal(15), RISE, True, "p2"),
        (days[1], "announced_cancelled", Decimal(15), Decimal(10), RISE, True, "p2"),
    ]
    facts = ("changed_on", "known_from", "is_first_snapshot", "usd_per_month_effect", "usd_correction")
    # Three million tokens will not cost five dollars a million more.
    assert built(warehouse, "price_change", *facts, days=days, order="changed_on")[-1] == (
        days[1], CANCELLED, False, Decimal(-15), None,
    )  # fmt: skip


def test_a_postponed_rise_is_cancelled_for_the_old_day_and_announced_for_the_new_one(warehouse):
    moved = LATER_15 | {"price_id": "p3", "valid_from": datetime(2026, 10, 1), "known_from": CANCELLED}
    until_moved = NOW_10 | {"valid_to": moved["valid_from"], "known_from": CANCELLED}
    add(
        warehouse, "core.token_price",
        NOW_10 | {"valid_to": RISE, "known_to": CANCELLED}, LATER_15 | {"known_to": CANCELLED}, until_moved, moved,
    )  # fmt: skip
    day = CANCELLED.date()
    assert built(warehouse, "price_change", *KIND, days=[day], order="price_id") == [
        (day, "announced_cancelled", Decimal(15), Decimal(10), RISE, True, "p2"),
        (day, "changed", Decimal(10), Decimal(15), datetime(2026, 10, 1), True, "p3"),
    ]


def test_a_rise_that_comes_earlier_than_announced_is_not_cancelled(warehouse):
    early = LATER_15 | {"price_id": "p3", "valid_from": datetime(2026, 8, 20), "known_from": CANCELLED}
    add(
        warehouse, "core.token_price",
        NOW_10 | {"valid_to": RISE, "known_to": CANCELLED}, LATER_15 | {"known_to": CANCELLED},
        NOW_10 | {"valid_to": early["valid_from"], "known_from": CANCELLED}, early,
    )  # fmt: skip
    day = CANCELLED.date()
    assert built(warehouse, "price_change", *KIND, days=[day]) == [
        (day, "changed", Decimal(10), Decimal(15), datetime(2026, 8, 20), True, "p3"),
    ]


def test_an_announcement_without_a_price_before_it_is_cancelled_too(warehouse):
    add(warehouse, "core.token_price", LATER_15 | {"known_to": CANCELLED})
    add(warehouse, "core.token_price", NOW_10 | {"model": "claude-other", "price_id": "p9"})
    day = CANCELLED.date()
    assert built(warehouse, "price_change", *KIND, days=[day]) == [
        (day, "announced_cancelled", Decimal(15), None, RISE, True, "p2"),
    ]


def test_a_correction_is_about_the_past(warehouse):
    """Read as 10 from 2026-03-01 on, found on 2026-03-10 to have been 12.50 all the time."""
    right = {"usd_per_unit": Decimal("12.5"), "basis": "corrected", "price_id": "right", "known_from": NOW}
    add(warehouse, "core.token_price", PRICE | {"price_id": "wrong", "known_to": NOW}, PRICE | right)
    add(
        warehouse, "core.usage_cost",
        priced("right", "12.5", usage_date=date(2026, 3, 1), quantity=400_000),
        priced("right", "12.5", usage_date=date(2026, 3, 9), quantity=1_000_000),
        priced("wrong", "10", usage_date=date(2026, 3, 2), quantity=600_000),
        priced("right", "12.5", usage_date=TODAY),
        priced("other", "10"),
    )  # fmt: skip
    columns = ("changed_on", *CHANGE, "usd_correction", "valid_from", "known_from", "is_announced")
    # Two million tokens before that day, 2.50 dollars a million too cheap.
    assert built(warehouse, "price_change", *columns, days=[FIRST.date(), TODAY]) == [
        (FIRST.date(), "new", "gpt-x", None, Decimal(10), None, None, None, FIRST, FIRST, False),
        (TODAY, "corrected", "gpt-x", Decimal(10), Decimal("12.5"), 25.0, Decimal(5), Decimal(5), FIRST, NOW, False),
    ]


def test_a_correction_counts_all_the_usage_that_it_concerns_and_no_other(warehouse):
    """Half a year at 10; from 2025-11-01 to 2026-03-01 it should have been 20; 30 since then."""
    start, since = datetime(2025, 9, 1), datetime(2025, 11, 1)
    old = PRICE | {"price_id": "old", "valid_from": start, "known_from": start}
    add(
        warehouse, "core.token_price",
        old | {"valid_to": FIRST, "known_to": NOW}, old | {"valid_to": since, "known_from": NOW},
        old | {"price_id": "right", "basis": "corrected", "usd_per_unit": Decimal(20), "valid_from": since,
               "valid_to": FIRST, "known_from": NOW},
        PRICE | {"price_id": "next", "usd_per_unit": Decimal(30)},
    )  # fmt: skip
    add(
        warehouse, "core.usage_cost",
        priced("old", "10", usage_date=date(2025, 10, 31)),
        priced("right", "20", usage_date=date(2025, 12, 1), quantity=2_000_000),
        priced("old", "10", usage_date=date(2026, 1, 1), quantity=1_000_000),
        priced("right", "20", usage_date=date(2026, 2, 20), quantity=1_000_000),
        priced("next", "30", usage_date=date(2026, 3, 5)),
    )  # fmt: skip
    rows = built(warehouse, "price_change", "kind", "usd_per_month_effect", "usd_correction")
    # Four million tokens; one million of them in the last thirty days.
    assert rows == [("corrected", Decimal(10), Decimal(40))]


def test_what_a_correction_leaves_as_it_was_is_no_change(warehouse):
    """10 since 2026-03-01, but 12 until 2026-03-05, found on 2026-03-10; not printed since 2026-03-08."""
    fifth, gone = datetime(2026, 3, 5), datetime(2026, 3, 8)
    unlisted = {"valid_from": gone, "is_listed": False}
    right = {"usd_per_unit": Decimal(12), "basis": "corrected", "price_id": "right"}
    add(
        warehouse, "core.token_price",
        PRICE | {"price_id": "p1", "valid_to": gone, "known_to": NOW},
        PRICE | right | {"valid_to": fifth, "known_from": NOW},
        PRICE | {"price_id": "p2", "valid_from": fifth, "valid_to": gone, "known_from": NOW},
        PRICE | unlisted | {"price_id": "p3", "known_from": gone},
    )  # fmt: skip
    assert [row[:4] for row in built(warehouse, "price_change", *CHANGE)] == [
        ("corrected", "gpt-x", Decimal(10), Decimal(12)),
    ]


def test_a_correction_reaches_the_time_in_which_the_price_was_not_printed(warehouse):
    gone = datetime(2026, 3, 8)
    unlisted = {"valid_from": gone, "is_listed": False, "known_from": gone}
    right = {"usd_per_unit": Decimal(12), "basis": "corrected"}
    add(
        warehouse, "core.token_price",
        PRICE | {"price_id": "p1", "valid_to": gone, "known_to": NOW},
        PRICE | unlisted | {"price_id": "p2", "known_to": NOW},
        PRICE | right | {"price_id": "p3", "valid_to": gone, "known_from": NOW},
        PRICE | unlisted | right | {"price_id": "p4", "known_from": NOW},
    )  # fmt: skip
    add(warehouse, "core.usage_cost", priced("p3", "12", usage_date=date(2026, 3, 2)), priced("p4", "12"))
    rows = built(warehouse, "price_change", "kind", "old_usd_per_unit", "usd_correction", "price_id", order="price_id")
    assert rows == [("corrected", Decimal(10), Decimal(2), "p3"), ("corrected", Decimal(10), Decimal(2), "p4")]


def test_a_corrected_price_that_vanishes_has_vanished(warehouse):
    gone = {"price_id": "gone", "basis": "corrected", "valid_from": NOW, "known_from": NOW, "is_listed": False}
    add(warehouse, "core.token_price", *restated("p1", NOW, basis="corrected"), PRICE | gone)
    assert [row[0] for row in built(warehouse, "price_change", *CHANGE)] == ["vanished"]


def test_the_same_price_on_another_basis_is_no_change(warehouse):
    same = PRICE | {"price_id": "p2", "valid_from": NOW, "known_from": NOW}
    add(warehouse, "core.token_price", *restated("p1", NOW, basis="corrected"), same)
    assert built(warehouse, "price_change", *CHANGE) == []


def test_the_assumed_past_of_a_price_is_no_change(warehouse):
    """A model that is new on 2026-03-10 with an id of 2026-03-01 is assumed to have cost the same since."""
    assumed = PRICE | {"price_id": "p1", "basis": "derived", "valid_to": NOW, "known_from": NOW}
    add(warehouse, "core.token_price", assumed, PRICE | {"price_id": "p2", "valid_from": NOW, "known_from": NOW})
    assert [row[0] for row in built(warehouse, "price_change", *CHANGE)] == ["new"]


def test_a_price_that_turns_out_never_to_have_moved_is_corrected(warehouse):
    fifth = datetime(2026, 3, 5)
    moved = PRICE | {"valid_from": fifth, "known_from": fifth, "usd_per_unit": Decimal(13), "price_id": "p2"}
    right = moved | {"usd_per_unit": Decimal(10), "basis": "corrected", "price_id": "p3", "known_from": NOW}
    add(warehouse, "core.token_price", *restated("p1", fifth, fifth), moved | {"known_to": NOW}, right)
    days = [fifth.date(), TODAY]
    assert [row[:4] for row in built(warehouse, "price_change", *CHANGE, days=days, order="changed_on")] == [
        ("changed", "gpt-x", Decimal(10), Decimal(13)),
        ("corrected", "gpt-x", Decimal(13), Decimal(10)),
    ]


def test_the_shipped_history_is_no_news(warehouse):
    shipped = {"source": "price_history", "valid_from": NOW, "known_from": NOW}
    add(
        warehouse, "core.token_price",
        PRICE | shipped | {"price_id": "h1"},
        PRICE | shipped | {"price_id": "h2", "usd_per_unit": Decimal(3), "valid_from": RISE, "known_to": CANCELLED},
    )  # fmt: skip
    assert built(warehouse, "price_change", *CHANGE, days=[TODAY, CANCELLED.date()]) == []
