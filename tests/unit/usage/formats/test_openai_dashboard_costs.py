"""The dashboard's export of costs: dollars, days without a cost, line items."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[3] / "usage_files" / "openai_costs_export.tsv"
HEADER = SAMPLE.read_text().splitlines()[0]
CELLS = {
    "start_time": "1787788800",
    "end_time": "1787875200",
    "start_time_iso": "2026-08-27T00:00:00+00:00",
    "end_time_iso": "2026-08-28T00:00:00+00:00",
    "amount_value": "0.5",
    "amount_currency": "usd",
    "line_item": "",
    "project_id": "",
    "organization_id": "org",
    "organization_name": "Personal",
}


def export(*rows, delimiter="\t"):
    lines = [CELLS.keys(), *({**CELLS, **row}.values() for row in rows)]
    return "\n".join(delimiter.join(line) for line in lines)


def test_the_sample_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count, found.ignored_count) == ("openai_dashboard_costs", 3, 1)
    dollars = found.usage.filter(currency="USD")
    assert dollars["amount_usd"].sum() == Decimal("1.236774")  # 0.895874 + 0.3409
    assert found.usage.filter(currency="EUR")["printed_amount"].to_list() == ["12.5"], "converted when it is stored"
    assert dollars.select("model", "meter", "project_id", "printed_amount").rows() == [
        ("gpt-5.6-terra", "output", "proj_a", "0.8958740000000000"),
        ("gpt-5.6-terra", "cache_read", "proj_a", "0.34090000000000000"),
    ]
    assert found.rules == []


@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_a_day_without_line_items(read, delimiter):
    row = read(export({}, delimiter=delimiter)).row
    assert (row["starts_at"], row["ends_at"]) == (datetime(2026, 8, 27), datetime(2026, 8, 28))
    assert (row["amount_usd"], row["currency"], row["is_credit"]) == (Decimal("0.5"), "USD", False)
    assert [row[name] for name in ("line_item", "model", "meter", "project_id", "quantity")] == [None] * 5


def test_a_credit_reduces_the_bill(read):
    row = read(export({"amount_value": "-2.5"})).row
    assert (row["amount_usd"], row["is_credit"]) == (Decimal("-2.5"), True)


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"amount_value": ""}, "no_amount"),
        ({"amount_value": "1,5"}, "not_a_cost"),
        ({"start_time": "2026-08-27"}, "not_a_timestamp"),
        ({"end_time": "1787788800"}, "bucket_ends_before_start"),
    ],
)
def test_what_cannot_be_right_is_refused(read, cells, rule):
    found = read(export(cells))
    assert (found.usage.height, found.rules) == (0, [rule])


@pytest.mark.parametrize("other", [{"line_item": "whisper"}, {"project_id": "p"}, {"organization_id": "o"}])
def test_every_dimension_is_part_of_the_identity(read, other):
    assert read(export({}, other)).usage["cost_id"].n_unique() == 2
