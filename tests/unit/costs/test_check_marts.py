"""Checks of the cost tables: green on tables that a build made, and each red on a table that was broken by hand."""

import shutil
from datetime import date, datetime, timedelta
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.costs.check_marts import check_marts, measure
from pipelines.schema.columns import polars_schema
from pipelines.schema.costs import CostDaily
from pipelines.schema.mart_expectations import MART_CHECKS
from pipelines.schema.usage import LedgerFile
from pipelines.snapshots.prepare_run import prepare
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import append
from tests.unit.costs.reported_rows import line, reported
from tests.unit.costs.test_price_ledger import add_price, add_usage, build

NEWEST = date(2026, 3, 20)
FRIDAYS = [NEWEST - timedelta(days=7 * week) for week in range(9)]
BEFORE = FRIDAYS[1]
OVERLAP = FRIDAYS[2]
CHECKS = {check.statement: check for check in MART_CHECKS}
METER_GROUPS = {"meter_groups_equal_the_ledger"}
LEDGER = {"tokens_equal_the_ledger"} | METER_GROUPS


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Nine Fridays at 10 USD, some of it without a price, one with a report that is left out, one with its bill."""
    made = Warehouse(tmp_path_factory.mktemp("sound"))
    prepare(made, datetime(2026, 1, 1))
    add_price(made)
    for day in FRIDAYS:
        add_usage(made, day)
    add_usage(made, BEFORE, tokens=9_000, usage_id="unknown", model="claude-unknown", web_searches=3)
    bucket = {"grain": "bucket", "usage_until": datetime(2026, 3, 6, 11), "grouping": ""}
    add_usage(made, OVERLAP, tokens=90_000, usage_id="bucket", **bucket)
    start = datetime.combine(BEFORE, datetime.min.time())
    times = {"usage_date": BEFORE, "starts_at": start, "ends_at": start + timedelta(days=1)}
    with made.write() as connection:
        lines = [line(usd, provider="anthropic", model="claude-x", **times) for usd in ("10.00", "-4.00")]
        store_reported_costs(connection, reported(lines[0], lines[1] | {"is_credit": True}))
    build(made, FRIDAYS)
    return made


@pytest.fixture
def warehouse(sound, tmp_path):
    shutil.copytree(sound.folder, tmp_path, dirs_exist_ok=True)
    return Warehouse(tmp_path)


def failed(warehouse, days=FRIDAYS):
    """What each failed check observed."""
    return {each.expectation.name: each.observed for each in check_marts(warehouse, days) if not each.is_met}


def broken_by(warehouse, *statements):
    with warehouse.write() as connection:
        for statement in statements:
            connection.execute(statement)
    return failed(warehouse)


def test_what_a_build_made_passes_every_check(warehouse):
    results = check_marts(warehouse, FRIDAYS)
    assert [each.expectation for each in results] == [each for check in MART_CHECKS for each in check.expectations]
    assert [each.expectation.name for each in results if not each.is_met] == []


def test_a_sound_warehouse_has_something_of_everything(warehouse):
    """Else its green checks would say nothing."""
    rows = {}
    with warehouse.write() as connection:
        for name, check in CHECKS.items():
            rows[name] = measure(connection, warehouse.folder, check, FRIDAYS)
    quantities = rows["ledger_quantity"].select(pl.col("^.*_tokens$").sum()).row(0, named=True)
    assert quantities == {
        "ledger_tokens": 9_099_000, "priced_tokens": 9_000_000, "unpriced_tokens": 9_000, "overlap_tokens": 90_000,
        "accounted_tokens": 9_099_000,
    }  # fmt: skip
    assert rows["cost_sum"]["daily_usd"].sum() == 90
    assert rows["overlap_usd"].rows() == [(OVERLAP, "anthropic", 90_000, pytest.approx(0.9))]
    (gap,) = rows["bill_gap"].select("usage_date", "computed_usd", "billed_usd", "gap_usd", "gap_share").rows()
    assert gap == (BEFORE, 10, 10, 0, 0)
    assert rows["unpriced_share"]["unpriced_share"].max() == pytest.approx(9_000 / 1_009_000)
    assert rows["spend_band"]["low_usd"].drop_nulls().to_list() == [5.0] * 5


def test_a_row_that_is_missing_from_cost_daily(warehouse):
    found = broken_by(warehouse, "DELETE FROM cost_daily WHERE usage_date = '2026-03-13'")
    assert set(found) == LEDGER | {"dollars_equal_the_priced_ledger", "most_usage_has_a_price", "spend_is_usual"}
    assert found["tokens_equal_the_ledger"] == "1 unexpected: 2026-03-13 anthropic (1009000, 9000)"
    assert found["spend_is_usual"] == "1 unexpected: 2026-03-13 anthropic -5.0"


def test_a_day_that_is_there_twice(warehouse):
    found = broken_by(warehouse, "INSERT INTO cost_daily SELECT * FROM cost_daily WHERE usage_date = '2026-03-13'")
    assert set(found) == LEDGER | {"dollars_equal_the_priced_ledger", "spend_is_usual"}


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (
            "UPDATE cost_unpriced SET quantity = quantity + 1 WHERE usage_date = '2026-03-13' AND meter = 'output'",
            LEDGER,
        ),
        ("UPDATE cost_daily SET meter_group = 'input' WHERE usage_date = '2026-03-13'", METER_GROUPS),
        ("DELETE FROM cost_unpriced WHERE meter = 'web_searches'", METER_GROUPS),
        ("UPDATE usage_overlap SET tokens = tokens - 1", {"tokens_equal_the_ledger"}),
        (
            "UPDATE usage_overlap SET tokens = 1000000, left_out_usd = 10",
            {"tokens_equal_the_ledger", "little_is_left_out"},
        ),
        (
            "UPDATE cost_daily SET cost_usd = cost_usd + 0.000000000001 WHERE usage_date = '2026-03-13'",
            {"dollars_equal_the_priced_ledger"},
        ),
        (
            "UPDATE cost_reconciliation SET computed_usd = computed_usd + 1e-12::DECIMAL(38, 12) "
            "WHERE usage_date = '2026-03-13'",
            {"dollars_equal_the_reconciliation"},
        ),
        ("UPDATE cost_reconciliation SET gap_usd = gap_usd - 2 WHERE report IS NOT NULL", {"the_bill_agrees"}),
        ("UPDATE cost_reconciliation SET gap_usd = gap_usd - 0.9 WHERE report IS NOT NULL", set()),
    ],
)
def test_a_table_that_was_changed_by_hand_fails_its_checks_and_no_others(warehouse, statement, names):
    assert set(broken_by(warehouse, statement)) == names


def test_usage_that_is_mostly_without_a_price(warehouse):
    """One that moved from priced to unpriced is accounted for all the same."""
    statements = (
        "DELETE FROM cost_daily WHERE usage_date = '2026-03-13'",
        "UPDATE cost_unpriced SET quantity = quantity + 1000000 WHERE usage_date = '2026-03-13' AND meter = 'output'",
    )
    found = broken_by(warehouse, *statements)
    assert set(found) == {"dollars_equal_the_priced_ledger", "most_usage_has_a_price", "spend_is_usual"}
    assert found["most_usage_has_a_price"] == "1 unexpected: 2026-03-13 anthropic 1.0"


def test_a_ledger_that_grew_since_the_day_was_priced(warehouse):
    add_usage(warehouse, BEFORE, tokens=5, usage_id="late")
    assert set(failed(warehouse)) == LEDGER


def test_other_days_are_not_looked_at(warehouse):
    with warehouse.write() as connection:
        connection.execute("DELETE FROM cost_daily WHERE usage_date = '2026-03-13'")
    assert failed(warehouse, [NEWEST]) == {}
    assert failed(warehouse, []) == {}


def test_the_newest_day_is_never_too_low(warehouse):
    statement = "DELETE FROM cost_daily WHERE usage_date = '2026-03-20'"
    assert "spend_is_usual" not in broken_by(warehouse, statement)


def test_a_ledger_file_that_is_gone_fails_what_reads_it_and_no_more(warehouse):
    shutil.rmtree(warehouse.folder / "ledger" / f"usage_date={BEFORE}")
    results = {each.expectation.name: each for each in check_marts(warehouse, FRIDAYS)}
    assert {name for name, each in results.items() if not each.is_met} == LEDGER
    assert all(results[name].is_broken for name in LEDGER)
    assert results["tokens_equal_the_ledger"].observed.startswith("the check itself failed: IO Error: ")


def test_every_statement_is_a_check_and_the_other_way_round():
    assert {file.stem for file in (SQL_FOLDER / "checks").glob("*.sql")} == set(CHECKS)


def test_check_names_are_unique():
    names = [each.name for check in MART_CHECKS for each in check.expectations]
    assert len(names) == len(set(names))


def expected_excess(spend, week):
    """USD of a week beyond its band, by the words in the head of spend_band.sql; None without a band."""
    earlier = spend[max(0, week - 8) : week]
    if len(earlier) < 4:
        return None
    usual = median(earlier)
    deviation = median(abs(usd - usual) for usd in earlier)
    width = max(4 * 1.4826 * deviation, 0.25 * usual, 5)
    low, high = max(usual - width, 0), usual + width
    if spend[week] > high:
        return spend[week] - high
    return spend[week] - low if spend[week] < low and week < len(spend) - 1 else 0


@given(st.lists(st.integers(0, 60), min_size=2, max_size=14))
@settings(max_examples=20)
def test_the_band_is_the_median_of_equal_weekdays_and_their_deviation(tmp_path_factory, spend):
    spend = [1, *spend]  # a provider is there from its first row on
    warehouse = Warehouse(tmp_path_factory.mktemp("band"))
    days = [NEWEST - timedelta(days=7 * back) for back in reversed(range(len(spend)))]
    row = {
        "provider": "openai", "model": "m", "service_tier": "standard", "channel": "api", "region": "global",
        "account_id": "default", "meter_group": "output", "quantity": 1,
        "is_lower_bound": False, "price_ids": "p",
    }  # fmt: skip
    rows = [row | {"usage_date": day, "cost_usd": usd} for day, usd in zip(days, spend, strict=True) if usd]
    file = {"usage_date": NEWEST, "path": "p", "layout": "l", "row_count": 1}
    with warehouse.write() as connection:
        append(connection, "main.cost_daily", pl.DataFrame(rows, schema=polars_schema(CostDaily)))
        append(connection, "core.ledger_file", pl.DataFrame([file], schema=polars_schema(LedgerFile)))
        found = measure(connection, warehouse.folder, CHECKS["spend_band"], days)
    expected = {day: expected_excess(spend, week) for week, day in enumerate(days) if week}
    assert dict(found.select("usage_date", "usd_beyond_band").iter_rows()) == pytest.approx(expected)


def test_dollars_that_are_missing_from_the_owners(warehouse):
    found = broken_by(
        warehouse, "UPDATE cost_by_owner SET cost_usd = 4 WHERE usage_date = '2026-03-13' AND cost_usd > 0"
    )
    assert found == {"dollars_of_owners_equal_the_ledger": "1 unexpected: 2026-03-13 (10.000000000000, 4.000000000000)"}
