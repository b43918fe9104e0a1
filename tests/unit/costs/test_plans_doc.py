"""The worked example of docs/plans.md comes out as it says."""

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.costs.plan_fees import plan_fees
from pipelines.usage.plan_file import parse_plans

DOCUMENT = (Path(__file__).parents[3] / "docs" / "plans.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```\n(plan,.*?)```", DOCUMENT, re.DOTALL)


@pytest.mark.parametrize(
    ("month", "plan", "said"),
    [(2, "Claude Max 20x", "100.00 USD"), (3, "ChatGPT Team", "213.87 USD"), (3, "Cursor Teams", "40 USD each")],
)
def test_the_fees_of_the_example(month, plan, said):
    days = [date(2026, month, day + 1) for day in range(monthrange(2026, month)[1])]
    fees = plan_fees(parse_plans(Path("plans.csv"), EXAMPLE.encode()), days, {}).filter(pl.col("plan") == plan)
    assert said in DOCUMENT
    (told,) = {fee.quantize(Decimal("0.01")) for fee in fees.group_by("id").agg(pl.col("fee_usd").sum())["fee_usd"]}
    assert told == Decimal(said.split()[0])
