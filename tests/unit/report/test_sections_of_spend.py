"""Sentences of the page: of the figures that stand in the tables beside them."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.report.sections_of_spend import month_lead

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


def test_without_a_projection_there_is_no_sentence_of_one():
    assert month_lead(MONTH | {"projected_usd": None}, budget("1")) == "Nothing can be projected yet."
