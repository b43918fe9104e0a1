"""The user's file of plans: what a line means, and what is told of a mistake in it."""

from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.user_csv import UserFileError
from pipelines.usage.plan_file import parse_plans

HEADER = "plan,provider,kind,id,covers_provider,covers_format,seats,fee_per_seat,currency,valid_from,valid_to"
MAX = "Claude Max,Anthropic,user,ann,anthropic,claude_code;claude_stream,1,200,,2026-02-15,"


def plans(*lines):
    return parse_plans(Path("plans.csv"), "\n".join([HEADER, *lines]).encode())


def test_a_line_is_a_seat_of_each_of_its_owners():
    found = plans(MAX, "Team,openai,team,a;b,,,5,29.99,EUR,2026-03-01,2026-04-01")
    names = ("plan_id", "provider", "covers_provider", "covers_format", "seats", "fee_per_seat", "currency")
    assert found.select(names).rows() == [
        ("Claude Max/user/ann", "anthropic", ["anthropic"], ["claude_code", "claude_stream"], 1, Decimal(200), "USD"),
        ("Team/team/a", "openai", [], [], 5, Decimal("29.99"), "EUR"),
        ("Team/team/b", "openai", [], [], 5, Decimal("29.99"), "EUR"),
    ]
    assert found.select("owner_number", "owner_count", "valid_from", "valid_to").rows()[1:] == [
        (0, 2, date(2026, 3, 1), date(2026, 4, 1)),
        (1, 2, date(2026, 3, 1), date(2026, 4, 1)),
    ]


def test_no_file_is_no_plan():
    assert parse_plans(Path("plans.csv"), b"").is_empty()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (MAX.replace("user", "person"), "kind 'person' is unknown; write one of key, user, project, account, team"),
        (MAX.replace("Claude Max", ""), "line 2: plan is empty; write it or delete the line"),
        (MAX.replace("ann", ""), "line 2: id is empty; write it or delete the line"),
        (MAX.replace("ann", "ann;;bob"), "line 2: id 'ann;;bob' has an empty or repeated part"),
        (MAX.replace("ann", "ann;ann"), "line 2: id 'ann;ann' has an empty or repeated part"),
        (MAX.replace("claude_stream", "claude"), "no usage format is named 'claude'; `costs formats` lists them"),
        (MAX.replace(",1,", ",0,"), "line 2: seats '0' is no number of seats; write a whole number of at least 1"),
        (MAX.replace(",1,", ",1.5,"), "line 2: seats '1.5' is no number of seats"),
        (MAX.replace("200", "-200"), "line 2: fee_per_seat '-200' is no amount; write what one seat costs a month"),
        (MAX.replace("200", "$200"), "line 2: fee_per_seat '$200' is no amount"),
        (MAX.replace("200,", "200,euro"), "currency 'euro' is no code of ISO 4217; write EUR, or nothing for USD"),
        (MAX.replace("2026-02-15", ""), "line 2: valid_from is empty; write the first day of the plan, as 2026-01-31"),
        (MAX.replace("2026-02-15", "2026-02-30"), "line 2: valid_from '2026-02-30' is no date; write it as 2026-01-31"),
        (MAX.replace("2026-02-15", "2026-02-15 10:00"), "is no day since 2020; write it as 2026-01-31"),
        (MAX + "2026-02-15", "line 2: valid_to must be after valid_from"),
        (MAX + "\n" + MAX, "line 3: user 'ann' has the plan 'Claude Max' on line 2 for the same time; add up"),
        (MAX + "\n" + MAX.replace("Max", "Pro"), "line 3: user 'ann' has usage that the plan of line 2 covers too"),
        (MAX + "x,y", "line 2: 12 cells, the header has 11"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_and_remedy(line, said):
    with pytest.raises(UserFileError, match=r"^plans\.csv ") as error:
        plans(*line.split("\n"))
    assert said in str(error.value)


@pytest.mark.parametrize(
    "second",
    [
        MAX.replace("2026-02-15,", "2026-03-15,").replace("Max", "Pro"),
        MAX.replace("claude_code;claude_stream", "codex").replace("Max", "Pro"),
        MAX.replace("anthropic,claude", "openai,claude").replace("Max", "Pro"),
        MAX.replace("anthropic,claude_code;claude_stream", ",").replace("Max", "Pro"),
        MAX.replace("ann", "bob"),
    ],
    ids=["another time", "another format", "another provider", "no usage", "another owner"],
)
def test_two_plans_that_share_no_usage_stand_beside_each_other(second):
    assert plans(MAX + "2026-03-15", second).height == 2


@given(st.text(max_size=60), st.integers(0, 10))
def test_any_cell_is_read_or_told(text, place):
    cells = MAX.split(",")
    cells[place] = text
    with suppress(UserFileError):
        plans(",".join(cells))
