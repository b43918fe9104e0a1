"""Sentences of the page: of the figures that stand in the tables beside them."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.report.section_of_month_end import _forecast_figure, as_owed, month_lead

MONTH = {"projected_usd": Decimal("12702.51"), "spent_usd": Decimal("4018.89"), "last_on": date(2026, 10, 31)}
LIST = "$12,703 expected by 2026-10-31 at list price, $4,019 of it spent."


def budget(usd, projected="12636.12"):
    return {
        "budget_usd": Decimal(usd),
        "projected_usd": projected and Decimal(projected),
        "spent_usd": Decimal("3997.35"),
    }


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (None, LIST),
        (budget("10000", None), LIST),
        (budget("10000"), f"{LIST} Of it $12,636 are owed, $3,997 so far: $2,636 over the budget of $10,000."),
        (budget("20000"), f"{LIST} Of it $12,636 are owed, $3,997 so far: $7,364 within the budget of $20,000."),
    ],
)
def test_the_month_is_held_against_the_budget_by_what_is_owed_as_the_budget_table_is(row, sentence):
    assert month_lead(MONTH, row) == sentence


@pytest.mark.parametrize(
    ("owed", "spent", "sentence"),
    [
        ("12702.51", "4018.89", LIST),
        ("12635.28", "3997.35", f"{LIST} Of it $12,635 are owed, $3,997 so far."),
        ("12902.51", "4118.89", f"{LIST} With plan fees $12,903 are owed, $4,119 so far."),
        (None, None, LIST),
    ],
)
def test_without_a_budget_it_says_what_is_owed_where_that_is_not_the_list_price(owed, spent, sentence):
    told = {"projected_effective_usd": owed and Decimal(owed), "spent_effective_usd": spent and Decimal(spent)}
    assert month_lead(MONTH | told, None) == sentence


def test_a_band_whose_end_is_the_projection_says_why():
    row = {"projected_usd": Decimal(10), "low_usd": Decimal(10), "high_usd": Decimal(12), "last_on": date(2026, 10, 31)}
    figure = _forecast_figure("month", row | {"band_basis": "52 past errors; 51 of 52 outcomes were above"})
    assert figure.note == "to 2026-10-31; 80 %: $10.00 to $12.00 (51 of 52 outcomes were above)"
    assert (
        _forecast_figure("month", row | {"band_basis": "52 past errors"}).note
        == "to 2026-10-31; 80 %: $10.00 to $12.00"
    )


def test_figures_and_chart_are_of_what_is_owed_as_spend_and_budgets_are():
    row = {"projected_usd": Decimal(110), "low_usd": Decimal(100), "high_usd": Decimal(120), "low_50_usd": None}
    row |= {"last_on": date(2026, 10, 31), "band_basis": "52 past errors"}
    owed = {"projected_effective_usd": Decimal(55), "low_effective_usd": Decimal(50), "high_effective_usd": Decimal(60)}
    figure = _forecast_figure("month", row | owed | {"low_50_effective_usd": None})
    assert (figure.value, figure.note) == ("$55.00", "to 2026-10-31; $110.00 at list price; 80 %: $50.00 to $60.00")
    assert as_owed(row | owed)["high_usd"] == Decimal(60)
    assert as_owed(row) == row


def test_without_a_projection_there_is_no_sentence_of_one():
    assert month_lead(MONTH | {"projected_usd": None}, budget("1")) == "Nothing can be projected yet."
