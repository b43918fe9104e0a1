"""The gap between our cost and the bill, by cause: rows worked out by hand, and causes that always add up."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.schema.reported_costs import CostReconciliation
from pipelines.warehouse import SQL_FOLDER
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.marts import build_mart
from pipelines.warehouse.rows import read_table
from tests.unit.marts.mart_rows import MARTS, add, built

DAY = date(2026, 3, 9)
ALIKE = {
    "usage_date": DAY, "provider": "openai", "channel": "api", "report": "costs_api", "has_usage": True,
    "unpriced_quantity": 0, "is_lower_bound": False, "report_lines": 1, "tolerance_usd": Decimal("0.005"),
}  # fmt: skip
AMOUNTS = (
    *("computed_usd", "effective_usd", "billed_usd", "credit_usd", "longer_usd", "other_tier_usd", "list_usd"),
    *("charged_usd", "fee_usd", "tolerance_usd"),
)
CAUSES = (
    *("contract_usd", "marketplace_usd", "tax_usd"),
    *("missing_usage_usd", "missing_report_usd", "discount_usd", "longer_period_usd", "tier_usd", "quantity_usd"),
    *("price_usd", "rounding_usd", "unexplained_usd"),
)


def comparison(**values):
    return ALIKE | {name: Decimal(value) if name in AMOUNTS else value for name, value in values.items()}


def gap_of(tmp_path, **values):
    """Computed, reported, gap, the causes that are not 0, and the reason."""
    warehouse = Warehouse(tmp_path)
    add(warehouse, "core.cost_comparison", comparison(**values))
    sides = ("computed_usd", "reported_usd", "gap_usd")
    ((*amounts, reason),) = built(warehouse, "cost_reconciliation", *sides, *CAUSES, "reason", days=[DAY])
    causes = {name: f"{amount.normalize():f}" for name, amount in zip(CAUSES, amounts[3:], strict=True) if amount}
    return [None if amount is None else f"{amount.normalize():f}" for amount in amounts[:3]], causes, reason


@pytest.mark.parametrize(
    ("values", "sides", "causes", "reason"),
    [
        ({"computed_usd": "2", "billed_usd": "2"}, ["2", "2", "0"], {}, "no difference"),
        (
            {"computed_usd": "2", "effective_usd": "1.7", "billed_usd": "1.7"},
            ["2", "1.7", "0.3"],
            {"contract_usd": "0.3"},
            "no difference; at the contract's prices",
        ),
        (
            # 1.7 and 3 % are 1.751; 19 % on that make 2.08369, which is billed as 2.08.
            {
                "computed_usd": "2", "effective_usd": "1.7", "billed_usd": "2.08",
                "charged_for": "marketplace and tax", "fee_usd": "0.051", "charged_usd": "2.08369",
            },
            ["2", "2.08", "-0.08"],
            {"contract_usd": "0.3", "marketplace_usd": "-0.051", "tax_usd": "-0.33269", "rounding_usd": "0.00369"},
            "billed with what the contract puts on top: marketplace and tax; at the contract's prices",
        ),
        (
            {"computed_usd": "2", "billed_usd": "2", "credit_usd": "-1", "agreed_lines": "credit"},
            ["2", "1", "1"],
            {"discount_usd": "1"},
            "no difference; less credits; the contract has a credit",
        ),
        (
            {"effective_usd": "1.7", "billed_usd": "1.7"},
            [None, "1.7", "-1.7"],
            {"contract_usd": "-1.7"},
            "no difference; at the contract's prices",
        ),
        (
            {"has_usage": False, "billed_usd": "2.5"},
            [None, "2.5", "-2.5"],
            {"missing_usage_usd": "-2.5"},
            "billed, but the ledger holds no usage of it: import the usage of this day",
        ),
        (
            {"computed_usd": "2", "report": None, "report_lines": 0},
            ["2", None, "2"],
            {"missing_report_usd": "2"},
            "no report covers this usage",
        ),
        (
            {"computed_usd": "2", "report_lines": 0},
            ["2", None, "2"],
            {"missing_report_usd": "2"},
            "the report has no line for this usage",
        ),
        (
            {"computed_usd": "2", "billed_usd": "2", "credit_usd": "-0.5", "report_lines": 2},
            ["2", "1.5", "0.5"],
            {"discount_usd": "0.5"},
            "no difference; less credits",
        ),
        (
            {"computed_usd": "2", "billed_usd": "2", "longer_usd": "30", "report_lines": 2},
            ["2", "32", "-30"],
            {"longer_period_usd": "-30"},
            "no difference; with lines for more than a day",
        ),
        (
            {"computed_usd": "2.004", "billed_usd": "2"},
            ["2.004", "2", "0.004"],
            {"rounding_usd": "0.004"},
            "within the precision of the printed amounts",
        ),
        (
            {"computed_usd": "2", "billed_usd": "0.998", "other_tier_usd": "1", "other_tiers": "batch for standard"},
            ["2", "0.998", "1.002"],
            {"tier_usd": "1", "rounding_usd": "0.002"},
            "billed at the price of another tier: batch for standard",
        ),
        (
            {"computed_usd": "2", "billed_usd": "3.3", "list_usd": "2"},
            ["2", "3.3", "-1.3"],
            {"price_usd": "-1.3"},
            "the same quantities at another price",
        ),
        (
            {"computed_usd": "2", "billed_usd": "3.3", "list_usd": "3"},
            ["2", "3.3", "-1.3"],
            {"quantity_usd": "-1", "price_usd": "-0.3"},
            "other quantities and another price",
        ),
        (
            {"computed_usd": "2", "billed_usd": "3.3", "list_usd": "3.302"},
            ["2", "3.3", "-1.3"],
            {"quantity_usd": "-1.302", "rounding_usd": "0.002"},
            "other quantities at our price",
        ),
        ({"computed_usd": "2", "billed_usd": "3"}, ["2", "3", "-1"], {"unexplained_usd": "-1"}, "unexplained"),
        (
            {"computed_usd": "2", "billed_usd": "3", "is_lower_bound": True},
            ["2", "3", "-1"],
            {"unexplained_usd": "-1"},
            "unexplained; our cost is a lower bound",
        ),
        (
            {"computed_usd": "2", "billed_usd": "2", "unpriced_quantity": 7},
            ["2", "2", "0"],
            {},
            "part of the usage has no price (see cost_unpriced); the rest is unexplained",
        ),
        (
            {"billed_usd": "2", "unpriced_quantity": 7},
            [None, "2", None],
            {},
            "the usage has no price: see cost_unpriced",
        ),
        (
            {"has_usage": False, "credit_usd": "-4"},
            [None, "-4", "4"],
            {"discount_usd": "4"},
            "no difference; less credits",
        ),
    ],
)  # fmt: skip
def test_a_gap_and_its_cause(tmp_path, values, sides, causes, reason):
    assert gap_of(tmp_path, **values) == (sides, causes, reason)


def test_usage_without_a_price_leaves_the_gap_unknown_never_zero(tmp_path):
    warehouse = Warehouse(tmp_path)
    add(warehouse, "core.cost_comparison", comparison(billed_usd="2", credit_usd="-1", unpriced_quantity=7))
    (row,) = built(warehouse, "cost_reconciliation", "computed_usd", "gap_usd", *CAUSES, days=[DAY])
    assert row == (None,) * len(row)


USD = st.integers(-(10**15), 10**15).map(lambda picos: Decimal(picos).scaleb(-12))
PAID = USD.map(abs)
ROWS = st.fixed_dictionaries(
    {
        "has_usage": st.booleans(),
        "computed_usd": st.none() | PAID,
        "effective_usd": st.none() | PAID,
        "charged_usd": st.none() | PAID,
        "fee_usd": USD,
        "charged_for": st.just("tax"),
        "billed_usd": st.none() | PAID,
        "credit_usd": st.none() | USD,
        "longer_usd": st.none() | PAID,
        "other_tier_usd": st.none() | PAID,
        "list_usd": st.none() | PAID,
        "tolerance_usd": PAID,
        "unpriced_quantity": st.integers(0, 1),
        "report_lines": st.integers(1, 3),
        "other_tiers": st.just("batch for standard"),
    }
)


# Each example builds a warehouse; to make a failing one smaller would take minutes.
@settings(max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(ROWS, min_size=20, max_size=40))
def test_the_causes_add_up_to_the_gap(tmp_path_factory, rows):
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    days = [DAY + timedelta(days=number) for number in range(len(rows))]
    # A group without usage has no computed cost.
    dated = [
        ALIKE | row | {"usage_date": day} | ({} if row["has_usage"] else {"computed_usd": None, "effective_usd": None})
        for day, row in zip(days, rows, strict=True)
    ]
    add(warehouse, "core.cost_comparison", *dated)
    assert build_mart(warehouse, MARTS["cost_reconciliation"], days) == len(rows)
    with warehouse.write() as connection:
        found = CostReconciliation.validate(read_table(connection, "main.cost_reconciliation"))
    for row in found.iter_rows(named=True):
        causes = [row[name] for name in CAUSES]
        if row["gap_usd"] is None:
            assert causes == [None] * len(CAUSES)
        else:
            assert sum(causes) == row["gap_usd"]
            assert row["gap_usd"] == (row["computed_usd"] or 0) - (row["reported_usd"] or 0)


def test_a_mart_of_other_days_is_left_alone(tmp_path):
    warehouse = Warehouse(tmp_path)
    add(warehouse, "core.cost_comparison", comparison(computed_usd="2", billed_usd="2"))
    assert built(warehouse, "cost_reconciliation", "gap_usd", days=[DAY]) == [(Decimal(0),)]
    assert build_mart(warehouse, MARTS["cost_reconciliation"], [datetime(2026, 3, 10).date()]) == 0
    with warehouse.write() as connection:
        assert read_table(connection, "main.cost_reconciliation").height == 1


def test_the_cookbook_sums_a_month_by_cause(tmp_path):
    warehouse = Warehouse(tmp_path)
    days = [DAY + timedelta(days=number) for number in range(3)]
    add(
        warehouse, "core.cost_comparison",
        comparison(usage_date=days[0], computed_usd="2", billed_usd="2.5"),
        comparison(usage_date=days[1], has_usage=False, billed_usd="4", credit_usd="-1", report_lines=2),
        comparison(usage_date=days[2], billed_usd="1", unpriced_quantity=5),
    )  # fmt: skip
    build_mart(warehouse, MARTS["cost_reconciliation"], days)
    warehouse.publish()
    with warehouse.read() as connection:
        (row,) = connection.sql((SQL_FOLDER / "cookbook" / "gap_to_the_bill.sql").read_text()).fetchall()
    assert (row[0], row[-1]) == (date(2026, 3, 1), 1)
    # Computed 2; reported 2.5 + 3 + 1; the gap of the third day is unknown.
    assert [str(amount.normalize()) for amount in row[3:8]] == ["2", "6.5", "-3.5", "-4", "0"]
    assert (row[8], row[11]) == (1, Decimal("-0.5"))
