"""The page's month end: whose it is, and what is owed with its bands."""

from datetime import date
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from pipelines.report.queries import QUERIES, written_in
from pipelines.schema.columns import polars_schema
from pipelines.schema.decisions import SpendForecast
from pipelines.schema.spend import BudgetStatus

D = Decimal
BANDS = {"low_50_usd": D(105), "high_50_usd": D(112), "low_usd": D(90), "high_usd": D(130)}
BANDS |= {"low_95_usd": D(40), "high_95_usd": D(150)}


def forecast(scope, owner=None, **columns):
    """50 of 110 are spent at list price, 40 of it owed; 60 to come are owed at half."""
    row = {"as_of": date(2026, 10, 10), "period": "month", "scope": scope, "owner": owner, "provider": "all"}
    row |= {"model": "m" if scope == "model" else "all", "spent_usd": D(50), "remaining_usd": D(60)}
    row |= {"projected_usd": D(110), "spent_effective_usd": D(40), "projected_effective_usd": D(70)} | BANDS
    return row | columns


def budget(scope, owner, period="month"):
    row = {"as_of": date(2026, 10, 10), "scope": scope, "owner": owner, "period": period}
    return row | {"budget_usd": D(9), "spent_usd": D(1), "projected_usd": D(2), "status": "within", "used_share": 0.1}


def answer(name, owner, rows, schema):
    connection = duckdb.connect()
    made = pl.DataFrame(rows, schema=polars_schema(schema))
    table = {"month_end": "spend_forecast", "budgets": "budget_status"}[name]
    connection.execute(f"CREATE TABLE main.{table} AS FROM made")
    statement = (QUERIES / f"{name}.sql").read_text()
    found = connection.sql(written_in(statement, {"owner": owner, "last": "2026-10-09"})).pl()
    assert made.height  # polars is read by its name
    return found.to_dicts()


def test_bands_of_what_is_owed_are_as_wide_as_what_is_owed_of_what_is_to_come():
    (row,) = answer("month_end", "", [forecast("all")], SpendForecast)
    ends = [row[name.replace("_usd", "_effective_usd")] for name in BANDS]
    # Half as far from 70 as from 110; never below the 40 that are owed already.
    assert ends == [D("67.5"), 71, 60, 80, 40, 90]


def test_without_a_band_there_is_none_of_what_is_owed():
    (row,) = answer("month_end", "", [forecast("all", **dict.fromkeys(BANDS))], SpendForecast)
    assert [row[name.replace("_usd", "_effective_usd")] for name in BANDS] == [None] * 6


def test_plan_fees_make_no_band_wider():
    (row,) = answer("month_end", "", [forecast("all", projected_effective_usd=D(400))], SpendForecast)
    assert (row["low_effective_usd"], row["high_effective_usd"]) == (380, 420)


@pytest.mark.parametrize(
    ("owner", "scopes"), [("", {"all", "model"}), ("q", {"team"}), ("a", {"account"}), ("ann", set())]
)
def test_a_page_of_an_owner_has_the_month_end_and_the_budgets_of_that_owner(owner, scopes):
    rows = [forecast("all"), forecast("model"), forecast("team", "q"), forecast("account", "a")]
    # A project of the team's name that spends less is not what the page is of.
    rows.append(forecast("project", "q", projected_usd=D(51)))
    found = answer("month_end", owner, rows, SpendForecast)
    assert {row["scope"] for row in found} == scopes
    assert {row["is_whole"] for row in found if row["scope"] != "model"} <= {True}
    budgets = [budget("all", "all"), budget("team", "q"), budget("team", "q", "week"), budget("model", "q")]
    told = [(row["budget"], row["is_whole"]) for row in answer("budgets", owner, budgets, BudgetStatus)]
    assert sorted(told) == {
        "": [("all a month", True), ("model q a month", False), ("team q a month", False), ("team q a week", False)],
        "q": [("team q a month", True), ("team q a week", False)],
    }.get(owner, [])
