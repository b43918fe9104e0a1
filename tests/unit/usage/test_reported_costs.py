"""Which lines an import restates, which of several reports is compared, and how far printed amounts may be off."""

from datetime import date, timedelta
from decimal import Decimal

import dataframely as dy
import polars as pl
import pytest

from pipelines.usage.reported_costs import lines_of_bills, restate
from tests.unit.costs.reported_rows import DAY, START, line, reported

NOTHING = reported()


def test_a_new_line_is_added_and_its_day_is_touched():
    new = line("1.50", cost_id="a")
    change = restate(NOTHING, reported(new))
    assert change.rows["cost_id"].to_list() == ["a"]
    assert change.dates == [DAY]


def test_the_same_line_from_another_file_changes_nothing():
    known = line("1.50", cost_id="a", import_id="first", source_line=7)
    change = restate(reported(known), reported(known | {"import_id": "second", "source_line": 9}))
    assert change.rows.is_empty()
    assert change.dates == []


def test_a_later_report_restates_a_line():
    known, other = line("1.50", cost_id="a"), line("4.00", cost_id="b")
    later = known | {"amount_usd": Decimal("1.75"), "printed_amount": "1.75", "import_id": "second"}
    change = restate(reported(known, other), reported(later, other))
    assert change.rows.select("cost_id", "amount_usd").rows() == [("a", Decimal("1.75"))]


def test_a_null_that_becomes_known_is_a_change():
    known = line("1.50", cost_id="a")
    assert restate(reported(known), reported(known | {"model": "gpt-x"})).dates == [DAY]


def test_a_line_that_moves_to_another_day_touches_both():
    known = line("1.50", cost_id="a")
    moved = known | {
        "usage_date": DAY + timedelta(days=1),
        "starts_at": START + timedelta(days=1),
        "ends_at": START + timedelta(days=2),
    }
    assert restate(reported(known), reported(moved)).dates == [DAY, DAY + timedelta(days=1)]


def test_within_one_file_the_last_line_counts():
    first, second = line("1.50", cost_id="a", source_line=2), line("2.50", cost_id="a", source_line=3)
    for order in ([first, second], [second, first]):
        assert restate(NOTHING, reported(*order)).rows["amount_usd"].to_list() == [Decimal("2.50")]


@pytest.mark.parametrize("wrong", [{"usage_date": date(2026, 3, 10)}, {"ends_at": START}, {"printed_amount": ""}])
def test_a_line_out_of_order_breaks_a_rule(wrong):
    with pytest.raises(dy.exc.ValidationError):
        reported(line("1", **wrong))


def test_credits_negative_lines_and_long_lines_are_told_apart():
    lines = lines_of_bills(
        reported(
            line("5.00"),
            line("-1.00"),
            line("0.00", is_credit=True),
            line("9.00", ends_at=START + timedelta(days=31)),
            line("8.00", ends_at=START + timedelta(hours=1)),
        )
    )
    assert lines.sort("source_line")["kind"].to_list() == ["billed", "credit", "credit", "longer", "billed"]


@pytest.mark.parametrize(
    ("printed", "usd", "half_a_digit"),
    [
        ("1.50", "1.50", 0.005),
        ("12", "12", 0.005),
        ("0.569788", "0.569788", 0.000_000_5),
        ("123.78912", "1.2378912", 0.000_000_05),
        ("0.34090000000000000", "0.3409", 1e-9),
        ("1.2e-05", "0.000012", 1e-9),
        ("$1,234.50", "1234.50", 0.005),
        ("0.00", "0", 0.005),
        ("2.0000", "1.84", 0.000_046),
    ],
    ids=["cents", "no digits", "millionths", "printed in cents", "float", "exponent", "symbols", "zero", "euros"],
)
def test_rounding_may_hide_half_a_printed_digit(printed, usd, half_a_digit):
    (found,) = lines_of_bills(reported(line(usd, printed_amount=printed)))["tolerance_usd"]
    assert found == pytest.approx(half_a_digit)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ([line("2.00")], [line("1.00", format="dashboard", model="gpt-x")]),
        ([line("1.00", model="gpt-x")], [line("1.001", format="dashboard")]),
        ([line("0.50"), line("0.50")], [line("1.00", format="dashboard")]),
        ([line("1.00", grouping="line_item", line_item="x")], [line("1.00", grouping="project_id", project_id="p")]),
        ([line("2.00"), line("-2.00")], [line("1.00", format="dashboard")]),
    ],
    ids=["larger", "names models", "more lines", "name of the grouping", "credits apart"],
)
def test_of_two_reports_of_a_day_one_is_compared_and_the_other_named(better, worse):
    lines = lines_of_bills(reported(*worse, *better))
    assert sorted(lines["cost_id"]) == sorted(row["cost_id"] for row in better)
    assert lines["uncounted_reports"].null_count() == 0


def test_an_uncounted_report_is_said_with_its_total():
    lines = lines_of_bills(reported(line("2.00"), line("1.20", format="dashboard"), line("0.30", format="dashboard")))
    assert lines["uncounted_reports"].to_list() == ["dashboard: 1.50 USD"]


def test_reports_of_other_days_and_providers_do_not_meet():
    lines = lines_of_bills(reported(line("2.00"), line("1.00", provider="anthropic", format="cost_report")))
    assert lines.height == 2
    assert lines.select(pl.col("uncounted_reports").is_null().all()).item()
