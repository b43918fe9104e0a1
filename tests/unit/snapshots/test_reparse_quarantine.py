"""Reading the archive again goes the road of then: what was held stays out, what came late takes its place."""

from decimal import Decimal
from functools import partial

import pytest

from pipelines.snapshots.fetch_source import record_body
from pipelines.snapshots.load_body import promote_latest
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.reparse import reparse
from pipelines.warehouse.database import Warehouse
from tests.unit.snapshots.reread_pages import (
    D1,
    D2,
    D3,
    D4,
    D5,
    LATER,
    MANY,
    NOW,
    current,
    page,
    parser_file,
    promote,
    table,
)


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path / "warehouse")
    prepare(made, D1)
    return made


@pytest.fixture
def source(tmp_path, monkeypatch):
    return partial(parser_file, tmp_path, monkeypatch)


def test_what_the_holds_kept_out_stays_out(warehouse, source):
    """A slip to 200 cents is withdrawn; the cut to 200 is confirmed by a second page, valid from its first sight."""
    wrong = source(divisors={"b": 10})
    for at, cents in ((D1, 1000), (D2, 200), (D3, 1000), (D4, 200), (D5, 200)):
        promote(warehouse, wrong, at, page(a=cents, b=500, **MANY))
    a = table(warehouse, "true").filter(model="a")
    assert [row[:3] for row in current(warehouse, "a")] == [(D1, D4, Decimal(10)), (D4, None, Decimal(2))]
    restatement = reparse(warehouse, source(), NOW)
    assert (restatement.body_count, restatement.corrected_count) == (5, 1)
    assert table(warehouse, "true").filter(model="a").equals(a)
    assert current(warehouse, "b") == [(D1, None, Decimal(5), "corrected", NOW)]


def test_a_price_that_is_still_held_stays_held(warehouse, source):
    wrong = source(divisors={"b": 10})
    promote(warehouse, wrong, D1, page(a=1000, b=500, **MANY))
    assert promote(warehouse, wrong, D2, page(a=200, b=500, **MANY)).held_count == 1
    right = source()
    reparse(warehouse, right, D3)
    assert [row[:3] for row in current(warehouse, "a")] == [(D1, None, Decimal(10))]
    assert promote(warehouse, right, D4, page(a=200, b=500, **MANY)).held_count == 0
    assert [row[:3] for row in current(warehouse, "a")] == [(D1, D2, Decimal(10)), (D2, None, Decimal(2))]


def test_a_page_that_was_loaded_late_takes_its_place_in_time(warehouse, source):
    """An old page is history and never held, though its price is a fifth of the later one."""
    wrong = source(divisors={"b": 10})
    promote(warehouse, wrong, D1, page(a=1000, b=500, **MANY))
    promote(warehouse, wrong, D5, page(a=1000, b=500, **MANY))
    assert record_body(warehouse, wrong, page(a=200, b=500, **MANY), D3).error is None
    assert promote_latest(warehouse, wrong, D4, parsed_at=NOW).outcome == "promoted"
    a = table(warehouse, "true").filter(model="a")
    assert [row[:3] for row in current(warehouse, "a")] == [
        (D1, D3, Decimal(10)), (D3, D5, Decimal(2)), (D5, None, Decimal(10)),
    ]  # fmt: skip
    restatement = reparse(warehouse, source(), LATER)
    assert restatement.corrected_count == 1
    assert table(warehouse, "true").filter(model="a").equals(a)
