"""The file of budgets: what it states, and each mistake told with file, line and remedy."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.models.user_csv import UserFileError
from pipelines.snapshots.budget_file import Budget, parse_budgets
from pipelines.snapshots.user_inputs import (
    BUDGET,
    budget_file_in_force,
    budgets_in_force,
    check_user_inputs,
    month_budget,
)

FILE = Path("budgets.toml")
MONTH = '[[budget]]\nperiod = "month"\n'
DAY = date(2026, 11, 29)


def test_budgets_by_owner_period_and_date():
    text = (
        '# ours\n[[budget]]\nperiod = "month"\nusd = 1500\n\n'
        '[[budget]]\nteam = "search"\nperiod = "week"\nusd = 99.50\nvalid_from = 2026-01-01\nvalid_to = "2026-07-01"\n'
    )
    assert parse_budgets(FILE, text.encode()) == (
        Budget("all", "all", "month", Decimal(1500), None, None, 2),
        Budget("team", "search", "week", Decimal("99.50"), date(2026, 1, 1), date(2026, 7, 1), 6),
    )
    assert parse_budgets(FILE, b"") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[budget]\nperiod = "month"\n', "line 1: a budget begins with [[budget]] in double brackets"),
        ('period = "month"\n', "line 1: period stands before the first [[budget]]"),
        (f"{MONTH}", "line 1: usd is missing"),
        ("[[budget]]\nusd = 1\n", "line 1: period is missing"),
        ('[[budget]]\nperiod = "year"\nusd = 1\n', "line 2: period is 'year'; write one of day, week, month"),
        (f'{MONTH}usd = "1,500"\n', "line 3: usd is '1,500'; write an amount of at least 0"),
        (f"{MONTH}usd = nan\n", "line 3: usd is NaN"),
        (f"{MONTH}usd = true\n", "line 3: usd is true"),
        (f"{MONTH}usd = -1\n", "line 3: usd is -1"),
        (f"{MONTH}usd = 0.0000000000001\n", "line 3: usd has more than 12 decimals"),
        (f"{MONTH}usd = {'9' * 5000}\n", "line 3: this is no TOML"),
        (f'{MONTH}usd = 1\nteem = "x"\n', "line 4: teem is no key of a budget; write team"),
        (f'{MONTH}usd = 1\nteam = "x"\nmodel = "y"\n', "line 5: team and model are two owners"),
        (f'{MONTH}usd = 1\nteam = ""\n', "line 4: team is ''"),
        (f'{MONTH}usd = 1\nvalid_from = "soon"\n', "line 4: valid_from is 'soon'; write a day such as 2026-01-31"),
        (f"{MONTH}usd = 1\nvalid_from = 2026-02-01\nvalid_to = 2026-02-01\n", "line 5: valid_to must be after"),
        (f"{MONTH}usd = 1\n{MONTH}usd = 2\n", "line 4: all 'all' has a budget for the month on line 1"),
        ("[[budget]]\nperiod =\n", "line 2: this is no TOML"),
        ("\xff", "byte 1 is not UTF-8"),
    ],
)
def test_a_mistake_names_file_line_and_remedy(text, told):
    with pytest.raises(UserFileError) as error:
        parse_budgets(FILE, text.encode("latin-1"))
    assert str(error.value).startswith("budgets.toml")
    assert told in str(error.value)


def test_a_budget_holds_up_to_the_day_before_its_end():
    budget = Budget("all", "all", "month", Decimal(1), date(2026, 2, 1), date(2026, 3, 1))
    days = (date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1))
    assert [budget.holds_on(day) for day in days] == [False, True, True, False]


def test_the_last_good_state_stays_in_force_and_the_mistake_is_told(tmp_path):
    file = tmp_path / "budgets.toml"
    file.write_text(f"{MONTH}usd = 7\n")
    assert check_user_inputs(tmp_path, {}) == []
    file.write_text(f"{MONTH}usd = seven\n")
    (problem,) = check_user_inputs(tmp_path, {})
    assert problem.name == "budgets.toml"
    assert f"{file} line 3" in problem.text
    assert "its last good state stays in force" in problem.text
    assert [budget.usd for budget in budget_file_in_force(tmp_path).rows] == [7]


def test_the_setting_is_the_month_of_all_where_the_file_states_none(tmp_path):
    (tmp_path / "budgets.toml").write_text(f"{MONTH}usd = 7\nvalid_to = 2026-12-01\n")
    of_file, of_setting = (
        [budget.usd for budget in budgets_in_force(tmp_path, {BUDGET: "900"}, day)] for day in (DAY, date(2026, 12, 1))
    )
    assert (of_file, of_setting) == ([7], [900])


def test_the_month_of_all_together_is_the_files_else_the_settings(tmp_path):
    """What `costs exposure` holds the month against."""
    assert month_budget(tmp_path, {}, DAY) is None
    assert month_budget(tmp_path, {BUDGET: "900"}, DAY) == 900
    team = '[[budget]]\nperiod = "month"\nteam = "search"\nusd = 5\n[[budget]]\nperiod = "day"\nusd = 6\n'
    (tmp_path / FILE).write_text(f"{MONTH}usd = 1200\n{team}")
    assert month_budget(tmp_path, {BUDGET: "900"}, DAY) == 1200
    assert month_budget(tmp_path, {}, DAY) == 1200
