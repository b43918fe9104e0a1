"""The mart of announced ends, on a few rows of a real warehouse, against rows worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.warehouse.database import Warehouse
from tests.unit.marts.mart_rows import FETCH, FIRST, NOW, TODAY, add, built, priced


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


STATEMENT = {
    "provider": "openai", "channel": "api", "model": "gpt-x", "version": "", "scope": "all", "state": "active",
    "retires_precision": "none", "outcome": "fail", "valid_from": FIRST, "known_from": FIRST, "is_listed": True,
    "source": "openai_deprecations", "fetch_id": "f1", "lifecycle_id": "l1",
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
        priced("p", "64", channel="azure"),
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


def test_each_version_and_scope_has_a_past_of_its_own(warehouse):
    """Bedrock ends one model in regions at different times: the date of one is not the old date of the other."""
    eu = {"scope": "eu-central-1", "lifecycle_id": "eu", "retires_on": date(2026, 9, 1), "retires_precision": "day"}
    us = {"scope": "us-east-1", "lifecycle_id": "us", "retires_on": date(2026, 12, 1), "retires_precision": "day"}
    later = {"valid_from": NOW, "known_from": NOW}
    add(warehouse, "core.model_lifecycle", STATEMENT | eu, STATEMENT | us | later)
    add(warehouse, "core.model_lifecycle", STATEMENT | us | later | {"version": "002", "lifecycle_id": "us 002"})
    columns = ("lifecycle_id", "old_retires_on", "new_retires_on")
    assert sorted(built(warehouse, "lifecycle_change", *columns)) == [
        ("us", None, date(2026, 12, 1)), ("us 002", None, date(2026, 12, 1)),
    ]  # fmt: skip


def test_each_fact_that_moved_is_told_with_its_place(warehouse):
    place = {"channel": "bedrock", "version": "v1:0", "scope": "us-east-1"}
    before = STATEMENT | place | {"legacy_on": date(2026, 4, 1), "lifecycle_id": "l1"}
    after = before | {
        "legacy_on": date(2026, 4, 14), "price_change_on": date(2026, 7, 14), "outcome": "price_rise",
        "lifecycle_id": "l2", "valid_from": NOW, "known_from": NOW,
    }  # fmt: skip
    add(warehouse, "core.model_lifecycle", before | {"valid_to": NOW}, after)
    columns = (
        "channel", "version", "scope", "old_legacy_on", "new_legacy_on", "old_price_change_on", "new_price_change_on",
        "old_outcome", "new_outcome",
    )  # fmt: skip
    assert built(warehouse, "lifecycle_change", *columns) == [
        ("bedrock", "v1:0", "us-east-1", date(2026, 4, 1), date(2026, 4, 14), None, date(2026, 7, 14),
         "fail", "price_rise"),
    ]  # fmt: skip
