"""Budget by stage against the figures of the golden file of claims (S0-26 to S0-32)."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.decisions.answer_stage_budget import BudgetQuestion, answer_stage_budget
from pipelines.decisions.scenario_file import read_scenario
from pipelines.warehouse.published import PublishedWarehouse

DAY = date(2025, 8, 1)


@pytest.mark.parametrize(
    ("calls", "model", "mtok", "usd"),
    [
        (500, "gpt-4o-mini", (12, "19.5"), ("3.825", "6.3")),
        (500, "claude-3-haiku-20240307", (12, "19.5"), ("7.5", "12.375")),
        (5_000, "gpt-4o-mini", (120, 195), ("38.25", "63")),
        (5_000, "gemini-1.5-flash", (120, 195), ("19.125", "31.5")),
        (50_000, "gpt-4o-mini", (1_200, 1_950), ("382.5", "630")),
        (50_000, "gpt-4o", (1_200, 1_950), ("6375", "10500")),
    ],
)
def test_a_stage_of_the_article(
    calls: int, model: str, mtok: tuple[object, object], usd: tuple[str, str], tmp_path: Path
) -> None:
    question = BudgetQuestion(DAY, (model,), (calls,))
    (row,) = answer_stage_budget(PublishedWarehouse(tmp_path), question, None, None)["rows"]
    assert (row["usd_per_month_low"], row["usd_per_month_high"]) == usd
    found = (row["tokens_per_month_low"], row["tokens_per_month_high"])
    assert found == tuple(Decimal(str(one)) * 1_000_000 for one in mtok)
    assert row["price_ids"]


def test_a_scenario_costs_at_its_own_calls_what_it_costs_a_month(tmp_path: Path) -> None:
    """The support bot at GPT-4o: 3,228.75, claim S2-27."""
    question = BudgetQuestion(DAY, ("gpt-4o",), (10_000,))
    answer = answer_stage_budget(PublishedWarehouse(tmp_path), question, read_scenario("support-bot"), None)
    assert answer["rows"][0]["usd_per_month_low"] == "3228.75"
    assert answer["rows"][0]["usd_per_month_high"] == "3228.75"


def test_stages_in_order_and_what_has_no_price_last(tmp_path: Path) -> None:
    question = BudgetQuestion(DAY, ("nobody", "gpt-4o", "gpt-4o-mini"))
    rows = answer_stage_budget(PublishedWarehouse(tmp_path), question, None, None)["rows"]
    assert [row["model"] for row in rows[:3]] == ["gpt-4o-mini", "gpt-4o", "nobody"]
    assert [row["calls_per_day"] for row in rows[::3]] == [500, 5_000, 50_000, 500_000]
    assert rows[2]["usd_per_month_high"] is None
    assert "unknown_model" in rows[2]["reason"]
