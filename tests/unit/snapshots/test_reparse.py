"""Reading the archive again after a parser changed: what was misread is put right, visibly, and nothing else moves."""

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from io import StringIO

import pytest
from rich.console import Console

from pipelines.cli.views.sources import print_restatement
from pipelines.costs.price_ledger import days_to_build, price_days
from pipelines.schema.usage import LedgerFile
from pipelines.snapshots.prepare_run import prepare
from pipelines.snapshots.reparse import reparse
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import largest_per_usage
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart, marts
from pipelines.warehouse.rows import append, fingerprints, read_table
from tests.unit.snapshots.reread_pages import (
    D1,
    D3,
    D5,
    KEY,
    LATER,
    MANY,
    NOW,
    current,
    known,
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


@pytest.fixture
def misread(warehouse, source):
    """Two pages of 1,000 and 1,200 cents for a and 500 for b; the parser took a's cents for tenths of a dollar."""
    wrong = source(divisors={"a": 10})
    promote(warehouse, wrong, D1, page(a=1000, b=500))
    promote(warehouse, wrong, D3, page(a=1200, b=500))
    return warehouse


def test_what_was_misread_is_restated_for_the_past_and_the_rest_is_untouched(misread, source):
    before = table(misread)
    assert before.filter(model="a")["usd_per_unit"].to_list() == [100, 120]
    restatement = reparse(misread, source(), NOW)
    assert current(misread, "a") == [
        (D1, D3, Decimal(10), "corrected", NOW), (D3, None, Decimal(12), "corrected", NOW),
    ]  # fmt: skip
    assert table(misread).filter(model="b").equals(before.filter(model="b"))
    ended = table(misread, "known_to IS NOT NULL").filter(known_to=NOW)
    assert ended.select("model", "usd_per_unit", "valid_to").rows() == [("a", 100, D3), ("a", 120, None)]
    assert (restatement.body_count, restatement.unread, restatement.version_count) == (2, [], 4)
    assert (restatement.corrected_count, restatement.new_count, restatement.withdrawn_count) == (1, 0, 0)
    key = "anthropic|api|global|a|output|standard|0|always"
    assert restatement.differences.rows() == [
        (key, D1, "usd_per_unit 100.000000", "usd_per_unit 10.000000"),
        (key, D3, "usd_per_unit 120.000000", "usd_per_unit 12.000000"),
    ]


def test_what_was_believed_before_can_still_be_asked_for(misread, source):
    reparse(misread, source(), NOW)
    assert known(misread, datetime(2026, 3, 2), datetime(2026, 3, 10, 5)) == {"a": 100, "b": 5}
    assert known(misread, datetime(2026, 3, 2), NOW) == {"a": 10, "b": 5}
    assert known(misread, datetime(2026, 3, 6), NOW) == {"a": 12, "b": 5}


def test_a_second_run_changes_nothing_and_a_known_parser_reads_nothing(misread, source):
    right = source()
    reparse(misread, right, NOW)
    state = fingerprints(misread)
    asked = reparse(misread, right, LATER, is_asked_for=True)
    assert (asked.body_count, asked.version_count, asked.corrected_count) == (2, 0, 0)
    assert asked.differences.is_empty()
    for body in (misread.folder / "archive").rglob("*.gz"):
        body.unlink()
    again = reparse(misread, right, LATER)
    assert (again.body_count, again.unread) == (0, [])
    assert fingerprints(misread) == state


def test_the_next_page_goes_on_from_the_restated_past(misread, source):
    right = source()
    reparse(misread, right, NOW)
    promotion = promote(misread, right, LATER, page(a=1200, b=500))
    assert promotion.held_count == 0
    assert [row[:3] for row in current(misread, "a")][:2] == [(D1, D3, Decimal(10)), (D3, LATER, Decimal(12))]
    state = table(misread, "true")
    assert reparse(misread, right, datetime(2026, 3, 12), is_asked_for=True).version_count == 0
    assert table(misread, "true").equals(state)


def test_another_parser_that_reads_the_same_restates_nothing(misread, source):
    state = table(misread, "true")
    restatement = reparse(misread, source(divisors={"a": 10}, names={"z": "zeta"}), NOW)
    assert (restatement.body_count, restatement.version_count, restatement.kept_count) == (2, 0, 0)
    assert table(misread, "true").equals(state)


def test_days_of_usage_that_restated_prices_touch_are_due_again(misread, source):
    february, march, today = date(2026, 2, 10), date(2026, 3, 2), date(2026, 3, 10)
    with misread.write() as connection:
        rows = [usage(day) for day in (february, march)]
        files = ledger.write(
            misread.folder, read_table(connection, "core.ledger_file"), usage_frame(rows), largest_per_usage
        ).files
        append(connection, "core.ledger_file", LedgerFile.cast(files))
    days = days_to_build(misread, today)
    price_days(misread, days)
    for mart in marts():
        build_mart(misread, mart, days)
    assert days_to_build(misread, today) == [today]
    reparse(misread, source(), NOW)
    assert days_to_build(misread, today) == [march, today]
    price_days(misread, [march])
    with misread.write() as connection:
        costs = read_table(connection, "core.usage_cost", "usage_date = $day", day=march)
    assert costs["cost_usd"].to_list() == [10], "a million tokens at 10 USD, no longer at 100"


def test_the_change_list_tells_corrections_on_the_day_they_were_learned(misread, source):
    reparse(misread, source(), NOW)
    (mart,) = [mart for mart in marts() if mart.table.name == "price_change"]
    build_mart(misread, mart, [NOW.date()])
    with misread.write() as connection:
        changes = read_table(connection, "main.price_change").sort("valid_from")
    assert changes.select("kind", "model", "old_usd_per_unit", "new_usd_per_unit", "valid_from").rows() == [
        ("corrected", "a", 100, 10, D1), ("corrected", "a", 120, 12, D3),
    ]  # fmt: skip


def usage(day):
    return {
        "usage_id": str(day), "usage_at": datetime(day.year, day.month, day.day, 10), "grain": "request",
        "provider": "anthropic", "channel": "api", "region": "global", "model": "a", "service_tier": "standard",
        "output_tokens": 1_000_000, "format": "claude_code", "import_id": "i1", "source_line": 1,
    }  # fmt: skip


@pytest.fixture
def two_misread(warehouse, source):
    """Models a and c are misread; the second version of a rests on the second page."""
    wrong = source(divisors={"a": 10, "c": 10})
    promote(warehouse, wrong, D1, page(a=1000, b=500, c=300))
    promote(warehouse, wrong, D3, page(a=1200, b=500, c=300))
    return warehouse


def test_a_body_that_the_new_parser_refuses_keeps_its_rows(two_misread, source):
    a = table(two_misread).filter(model="a")
    restatement = reparse(two_misread, source(unreadable=b"a 1200"), NOW)
    assert restatement.unread == [(D3, "not the page that the parser knows")]
    assert (restatement.body_count, restatement.kept_count, restatement.corrected_count) == (1, 1, 1)
    assert table(two_misread).filter(model="a").equals(a)
    assert current(two_misread, "c") == [(D1, None, Decimal(3), "corrected", NOW)]


def test_a_missing_body_is_skipped_and_told(two_misread, source):
    with two_misread.write() as connection:
        (fetch,) = read_table(connection, "raw.fetch", "fetched_at = $at", at=D3).to_dicts()
    (two_misread.folder / fetch["archive_path"]).unlink()
    a = table(two_misread).filter(model="a")
    restatement = reparse(two_misread, source(), NOW)
    assert restatement.unread == [(D3, f"{fetch['archive_path']}: missing")]
    assert table(two_misread).filter(model="a").equals(a)
    said = StringIO()
    print_restatement(Console(file=said, width=170), restatement)
    first, second, *_ = said.getvalue().splitlines()
    assert first == f"{KEY}: 1 pages read again, 1 keys restated, 0 new, 0 withdrawn, 1 kept"
    assert second == f"not read: 2026-03-05 08:00:00: {fetch['archive_path']}: missing"
    assert "usd_per_unit 30.000000" in said.getvalue()


def test_a_parser_that_finds_far_less_restates_nothing(warehouse, source):
    promote(warehouse, source(), D1, page(a=1000, b=500, c=300))
    state = table(warehouse, "true")
    restatement = reparse(warehouse, source(unknown=("a", "b")), NOW)
    ((at, reason),) = restatement.unread
    assert (at, reason.split(":")[0], restatement.kept_count) == (D1, "keeps_rows", 3)
    assert table(warehouse, "true").equals(state)


def test_a_key_under_a_wrong_name_is_withdrawn_and_the_right_one_is_new(warehouse, source):
    promote(warehouse, source(), D1, page(a=1000, **MANY))
    restatement = reparse(warehouse, source(names={"a": "alpha"}), NOW)
    assert (restatement.corrected_count, restatement.new_count, restatement.withdrawn_count) == (0, 1, 1)
    assert current(warehouse, "a") == []
    assert current(warehouse, "alpha") == [(D1, None, Decimal(10), "printed", NOW)]
    assert known(warehouse, D3, D5)["a"] == 10


def test_a_key_that_may_be_among_newly_refused_rows_is_kept_however_often_one_asks(warehouse, source):
    promote(warehouse, source(), D1, page(a=1000, **MANY))
    state, careful = table(warehouse, "true"), source(unknown=("a",))
    assert [reparse(warehouse, careful, NOW, is_asked_for=True).kept_count for _ in range(2)] == [1, 1]
    assert table(warehouse, "true").equals(state)
