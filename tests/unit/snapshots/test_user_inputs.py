"""What a user writes by hand: a mistake changes nothing but what is told."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.snapshots.user_inputs import (
    BUDGET,
    budget_in_force,
    check_user_inputs,
    classes_in_force,
    map_in_force,
    owners_in_force,
)

GOOD = "model,provider,channel,region,canonical_model\nmine,openai,azure,global,gpt-5\n"


def names(folder):
    return map_in_force(folder).rows["model"].to_list()


@pytest.mark.parametrize(
    "broken",
    [GOOD.replace("azure", "azur").encode(), b"\xff\xfe\x00", b"", GOOD.encode() + b'"', b"x" * 10_000_001],
    ids=["wrong word", "not UTF-8", "empty", "open quote", "huge"],
)
def test_the_last_good_map_stays_in_force(tmp_path, broken):
    file = tmp_path / "model_map.csv"
    file.write_bytes(broken)
    (problem,) = check_user_inputs(tmp_path, {})
    assert (names(tmp_path), problem.text.endswith("Until then no id is mapped")) == ([], True)

    file.write_text(GOOD)
    assert check_user_inputs(tmp_path, {}) == []
    good = map_in_force(tmp_path)
    file.write_bytes(broken)
    (problem,) = check_user_inputs(tmp_path, {})
    assert names(tmp_path) == ["mine"]
    assert map_in_force(tmp_path).content == good.content, "so no day is priced again"
    assert problem.text.startswith(str(file))
    assert problem.text.endswith("Until then its last good state stays in force")


def test_a_mistake_in_the_privacy_settings_is_told_as_any(tmp_path):
    (tmp_path / "privacy.csv").write_text("column,treatment\nuser,hash\n")
    (problem,) = check_user_inputs(tmp_path, {})
    assert (problem.name, "line 2" in problem.text) == ("privacy.csv", True)


@pytest.mark.parametrize("name", ["model_map.csv", "privacy.csv"])
@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_told_and_nobody_waits_for_it(tmp_path, name, make):
    make(tmp_path / name)
    (problem,) = check_user_inputs(tmp_path, {})
    assert problem.name == name
    assert f"{tmp_path / name} cannot be read" in problem.text


def test_a_map_that_is_deleted_is_no_longer_in_force(tmp_path):
    file = tmp_path / "model_map.csv"
    file.write_text(GOOD)
    check_user_inputs(tmp_path, {})
    file.unlink()
    assert check_user_inputs(tmp_path, {}) == []
    file.write_text("nonsense")
    check_user_inputs(tmp_path, {})
    assert names(tmp_path) == []


@pytest.mark.parametrize(("text", "usd"), [("1500", "1500"), (" 0.5 ", "0.5"), ("1e3", "1000"), ("+7.", None)])
def test_an_amount_is_read_as_it_is_written(tmp_path, text, usd):
    budget, problem = budget_in_force(tmp_path, {BUDGET: text})
    assert budget == (Decimal(usd) if usd else None)
    assert (problem is None) == (usd is not None)


@pytest.mark.parametrize(
    "text", ["1,500", "1.500,00", "1_500", "\u0661\u0665", "-1", "NaN", "inf", "1500 EUR", "1e999"]
)
def test_a_wrong_amount_leaves_the_last_good_one(tmp_path, text):
    assert check_user_inputs(tmp_path, {BUDGET: "2000"}) == []
    assert check_user_inputs(tmp_path, {}) == [], "another process may have the setting"
    budget, problem = budget_in_force(tmp_path, {BUDGET: text})
    assert budget == 2000
    assert problem is not None
    assert check_user_inputs(tmp_path, {BUDGET: text}) == [problem]


def test_a_secret_in_the_wrong_setting_is_not_shown(tmp_path):
    _, problem = budget_in_force(tmp_path, {BUDGET: "sk-abc123"})
    assert problem is not None
    assert "sk-abc" not in problem.text


@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_problem(tmp_path_factory, text):
    budget, problem = budget_in_force(tmp_path_factory.getbasetemp() / "none", {BUDGET: text})
    assert budget is None or (budget.is_finite() and budget >= 0 and problem is None)


def test_the_file_of_owners_has_a_last_good_state_too(tmp_path):
    file = tmp_path / "owners.csv"
    file.write_text("kind,id,team,cost_center\nuser,ann,search,\n")
    assert check_user_inputs(tmp_path, {}) == []
    file.write_text("kind,id,team,cost_center\nuser,ann,,\n")
    (problem,) = check_user_inputs(tmp_path, {})
    assert owners_in_force(tmp_path).rows["team"].to_list() == ["search"]
    assert (
        problem.text == f"{file} line 2: team is empty; write it or delete the line. Until then its last good state "
        "stays in force"
    )


def test_the_file_of_task_classes_has_a_last_good_state_too(tmp_path):
    file = tmp_path / "task_classes.csv"
    file.write_text("task_class,kind,id\nsmall,alternative,gpt-4o-mini\n")
    assert check_user_inputs(tmp_path, {}) == []
    file.write_text("task_class,kind,id\nsmall,alternative,\n")
    (problem,) = check_user_inputs(tmp_path, {})
    assert [one.model for one in classes_in_force(tmp_path).rows.alternatives["small"]] == ["gpt-4o-mini"]
    assert problem.text.startswith(f"{file} line 2: id is empty; write it or delete the line. Until then its last good")
