"""Budgets: spent to the pico-dollar, projected by hand, and the day on which they are used up."""

import re
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from pipelines.decisions.budget import budget_status, group_of, span_of
from pipelines.decisions.decide_spend import budget_status_on
from pipelines.decisions.forecast_outlook import Group, model_outlook
from pipelines.decisions.forecast_paid import PAID_SCHEMA, SHARE_SCHEMA
from pipelines.schema.spend import BudgetStatus
from pipelines.snapshots.budget_file import Budget
from pipelines.warehouse.database import Warehouse
from tests.unit.decisions.test_forecast import ONE_PRICE, _costs, _usage
from tests.unit.marts.mart_rows import add

AS_OF = date(2026, 10, 20)
"""A Tuesday."""
LISTED = pl.DataFrame(schema=SHARE_SCHEMA)
"""No contract: what is owed is the list price."""


def paid(*rows):
    return pl.DataFrame(
        [("all", "all", "all", None, day, Decimal(usd), Decimal(usd), Decimal(0)) for day, usd in rows],
        schema=PAID_SCHEMA,
        orient="row",
    )


def status(usd, quantities=(1_000_000,) * 70, spent=(), seen=0.0, period="month"):
    """1 Mtok a day at 10 USD, if nothing else is said."""
    budget = Budget("all", "all", period, Decimal(usd))
    costs = _costs(*spent)
    outlook = model_outlook(_usage(list(quantities)), costs, ONE_PRICE, AS_OF, 31, seen, [group_of(budget)])
    table = budget_status([budget], [outlook], paid(*spent), LISTED, AS_OF, seen)
    BudgetStatus.validate(table)
    return table.row(0, named=True)


def test_periods_are_calendar_days_weeks_from_monday_and_months():
    assert span_of("day", AS_OF) == (AS_OF, AS_OF)
    assert span_of("week", AS_OF) == (date(2026, 10, 19), date(2026, 10, 25))
    assert span_of("month", date(2026, 12, 31)) == (date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("usd", "state", "chance", "on"),
    [
        # 7.25 spent, 12 days of 10 to come: 127.25. 100 is used up when 92.75 are, on the 10th day to come.
        ("127.25", "within", 0.0, None),
        ("127.24", "will_exceed", 1.0, date(2026, 10, 31)),
        ("100", "will_exceed", 1.0, date(2026, 10, 29)),
        ("7.25", "will_exceed", 1.0, AS_OF),
        ("7.249999999999", "exceeded", 1.0, date(2026, 10, 2)),
        ("0", "exceeded", 1.0, date(2026, 10, 2)),
    ],
)
def test_steady_spend_against_budgets(usd, state, chance, on):
    row = status(usd, spent=[(date(2026, 10, 2), "7.25"), (date(2026, 9, 30), "99")])
    assert (row["spent_usd"], row["projected_usd"]) == (Decimal("7.25"), Decimal("127.25"))
    assert (row["status"], row["chance_of_overrun"], row["exhausted_on"]) == (state, chance, on)
    assert (row["exhausted_from"], row["exhausted_until"]) == (on, on)


def test_what_is_seen_of_the_day_is_spent_and_the_rest_of_it_is_to_come():
    # A quarter of the day is over and 3 are spent of it: 3 + 7.5 of the day, 11 days of 10.
    row = status("1000", spent=[(AS_OF, "3")], seen=0.25)
    assert (row["spent_usd"], row["projected_usd"]) == (Decimal(3), Decimal("120.5"))
    assert status("10.4", spent=[(AS_OF, "3")], seen=0.25, period="day")["status"] == "will_exceed"
    assert status("10.5", spent=[(AS_OF, "3")], seen=0.25, period="day")["status"] == "within"


def test_the_chance_is_that_of_past_errors():
    waves = [1_000_000 * (5 + n % 7 + (n * n) % 11) for n in range(200)]
    middle = float(status("1", waves)["projected_usd"])
    chances = [status(f"{middle * part:.2f}", waves)["chance_of_overrun"] for part in (0.5, 0.97, 1.0, 1.03, 2)]
    assert chances == sorted(chances, reverse=True)
    assert (chances[0], chances[-1]) == (1.0, 0.0)
    assert 0.1 < chances[2] < 0.9
    row = status(f"{middle * 0.9:.2f}", waves)
    assert row["exhausted_from"] <= row["exhausted_on"] <= (row["exhausted_until"] or date.max)
    assert row["low_usd"] < row["projected_usd"] < row["high_usd"]


@pytest.mark.parametrize(("factor", "side", "end"), [(1.02, "above", "low"), (0.98, "below", "high")])
def test_where_all_outcomes_were_on_one_side_the_band_begins_at_the_projection_and_says_why(factor, side, end):
    """Usage that grows or falls by 2 % a day is never caught up with by means of the weeks before."""
    growing = [int(1_000_000 * factor**n) for n in range(120)]
    row = status("1000000", growing)
    assert row[f"{end}_usd"] == row["projected_usd"]
    assert row["low_usd"] < row["high_usd"]
    basis = rf"(\d+) past .*; (\d+) of \1 outcomes were {side} the projection, so that it is the {end} end"
    known, beyond = map(int, re.fullmatch(basis, row["band_basis"]).groups())
    assert 20 <= 0.9 * known <= beyond <= known
    left = status(f"{float(row['projected_usd']) * 0.9:.2f}", growing)
    assert left["exhausted_from"] <= left["exhausted_on"] <= (left["exhausted_until"] or date.max)


def test_a_short_history_says_that_it_has_no_chance_to_tell():
    row = status("1", [1_000_000] * 5)
    assert (row["chance_of_overrun"], row["low_usd"]) == (None, None)
    assert row["band_basis"] == "no band: 0 past errors of this total are known, 20 needed"


def test_where_usage_or_its_logs_have_ended_nothing_is_projected():
    row = status("100", [1_000_000] * 30 + [0] * 57)
    assert (row["spent_usd"], row["projected_usd"], row["status"]) == (0, None, "unknown")
    assert row["band_basis"] == "no projection: no usage of the last 56 days is known"
    assert status("100", [1_000_000] * 30 + [0] * 50)["projected_usd"] is not None


def test_unpriced_usage_makes_a_lower_bound_and_alone_nothing_is_known():
    spent = [(date(2026, 10, 2), "5"), (date(2026, 10, 3), None)]
    budget = Budget("all", "all", "month", Decimal(9))
    outlook = model_outlook(_usage([5] * 30), _costs(*spent), ONE_PRICE.clear(), AS_OF, 31, 0.0, [Group("all")])
    row = budget_status([budget], [outlook], paid(spent[0]), LISTED, AS_OF, 0.0).row(0, named=True)
    assert (row["projected_usd"], row["is_lower_bound"]) == (Decimal(5), True)
    reasons = "usage of 1 days of this period has no price; no price for output of tier standard"
    assert row["unpriced_reason"] == reasons
    nothing = budget_status([budget], [outlook], paid(), LISTED, AS_OF, 0.0).row(0, named=True)
    assert (nothing["projected_usd"], nothing["status"]) == (None, "unknown")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """40 days: account a spends 10 a day on gpt-x for team search, b 5 on gpt-y under a contract at 4."""
    made = Warehouse(tmp_path_factory.mktemp("budgets"))
    price = Decimal(10)
    cost = {
        "provider": "openai", "channel": "api", "region": "global", "service_tier": "standard", "meter": "output",
        "is_lower_bound": False, "usage_rows": 1, "quantity": 1_000_000, "usd_per_unit": price, "unit": "mtok",
    }  # fmt: skip
    daily = {
        "provider": "openai", "channel": "api", "region": "global", "service_tier": "standard",
        "meter_group": "output", "cost_basis": "billed", "quantity": 1_000_000, "is_lower_bound": False,
        "price_ids": "p",
    }  # fmt: skip
    owner = {"usage_rows": 1, "tokens": 1_000_000, "unpriced_quantity": 0, "is_lower_bound": False}
    days = [AS_OF - timedelta(days=number) for number in range(1, 41)]
    for account, model, listed, owed, team in (
        ("a", "gpt-x", "10.000000000001", "10.000000000001", "search"),
        ("b", "gpt-y", "5", "4", None),
    ):
        usd = {"cost_usd": Decimal(listed), "effective_cost_usd": Decimal(owed), "account_id": account}
        add(made, "core.usage_cost", *(cost | usd | {"usage_date": day, "model": model} for day in days))
        paid_rows = (
            daily | usd | {"usage_date": day, "model": model, "list_cost_usd": usd["cost_usd"]} for day in days
        )
        add(made, "main.cost_daily", *paid_rows)
        add(made, "main.cost_by_owner", *(owner | usd | {"usage_date": day, "team": team} for day in days))
    return made


def test_each_owner_has_what_cost_daily_says_it_owes(warehouse):
    owners = ("", 'account = "b"', 'team = "search"', 'model = "gpt-y"', 'provider = "openai"', 'account = "nobody"')
    text = "".join(f'[[budget]]\nperiod = "month"\nusd = 1000\n{owner}\n' for owner in owners)
    (warehouse.folder / "budgets.toml").write_text(text)
    with warehouse.write() as connection:
        table = budget_status_on(connection, warehouse.folder, AS_OF, {})
        query = "SELECT sum(effective_cost_usd) FROM main.cost_daily WHERE usage_date >= DATE '2026-10-01'"
        ((owed,),) = connection.execute(query).fetchall()
    found = {(row["scope"], row["owner"]): row for row in table.to_dicts()}
    spent = {owner: row["spent_usd"] for owner, row in found.items()}
    # 19 days of October.
    assert spent == {
        ("all", "all"): Decimal("266.000000000019"),
        ("account", "b"): Decimal(76),
        ("account", "nobody"): Decimal(0),
        ("model", "gpt-y"): Decimal(76),
        ("provider", "openai"): Decimal("266.000000000019"),
        ("team", "search"): Decimal("190.000000000019"),
    }
    assert owed == spent["all", "all"]
    assert found["account", "b"]["list_spent_usd"] == Decimal(95)
    assert {row["source"] for row in found.values()} >= {"budgets.toml line 1"}
    # No price is known here, so that no more is expected than is spent.
    assert all(row["is_lower_bound"] for owner, row in found.items() if owner != ("account", "nobody"))
