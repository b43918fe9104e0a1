"""The user's file of owners: what it says, what it may not, and who is shown as nobody's."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.models.user_csv import UserFileError
from pipelines.usage.owner_map import parse_owner_map, with_teams

FILE = Path("owners.csv")
HEADER = "kind,id,team,cost_center,valid_from,valid_to\n"


def read(*lines):
    return parse_owner_map(FILE, (HEADER + "\n".join(lines) + "\n").encode())


def team_of(owners, **ids):
    row = {"usage_date": date(2026, 10, 5), "api_key_id": None, "user_id": None, "project_id": None, "account_id": "d"}
    kinds = {"usage_date": pl.Date} | dict.fromkeys(("api_key_id", "user_id", "project_id", "account_id"), pl.String)
    found = with_teams(pl.DataFrame([row | ids], schema=kinds), owners)
    return found.select("team", "cost_center", "mapped_by").row(0)


def test_no_file_maps_nobody():
    assert team_of(parse_owner_map(FILE, b""), user_id="ann") == (None, None, None)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"api_key_id": "k", "user_id": "ann", "project_id": "p", "account_id": "a"}, ("keys", None, "key")),
        ({"user_id": "ann", "project_id": "p", "account_id": "a"}, ("users", "4711", "user")),
        ({"user_id": "bob", "project_id": "p", "account_id": "a"}, ("projects", None, "project")),
        ({"account_id": "a"}, ("accounts", None, "account")),
        ({"user_id": "p", "project_id": "ann"}, (None, None, None)),
    ],
    ids=["key", "user", "project", "account", "an id of another kind"],
)
def test_the_first_kind_that_is_mapped_decides(ids, expected):
    owners = read("account,a,accounts,,,", "project,p,projects,,,", "user,ann,users,4711,,", "key,k,keys,,,")
    assert team_of(owners, **ids) == expected


def test_owners_change_with_the_day():
    owners = read("user,ann,old,,,2026-10-05", "user,ann,new,,2026-10-05,2026-10-06", "user,bob,gone,,,2026-10-05")
    assert team_of(owners, user_id="ann")[0] == "new"
    assert team_of(owners, user_id="ann", usage_date=date(2026, 10, 4))[0] == "old"
    assert team_of(owners, user_id="ann", usage_date=date(2026, 10, 6))[0] is None
    assert team_of(owners, user_id="bob")[0] is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("users,ann,t,,,", "line 2: kind 'users' is unknown; write one of key, user, project, account"),
        ("user,,t,,,", "line 2: id is empty"),
        ("user,ann,,,,", "line 2: team is empty"),
        ("user,ann,t,,2026-13-01,", "line 2: valid_from '2026-13-01' is no date; write it as 2026-01-31"),
        ("user,ann,t,,2026-10-01T12:00,", "line 2: valid_from '2026-10-01T12:00' is no day"),
        ("user,ann,t,,2026-10-02,2026-10-02", "valid_to must be after valid_from"),
        ("user,ann,t", "line 2: 3 cells, the header has 6"),
        ("user,ann,t,,,\nuser,ann,u,,2026-01-01,", "line 3: user 'ann' has an owner on line 2 for the same time"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(line, told):
    with pytest.raises(UserFileError) as caught:
        read(line)
    assert str(caught.value).startswith("owners.csv line ")
    assert told in str(caught.value)


def test_a_wrong_header_is_told_with_the_right_one():
    with pytest.raises(
        UserFileError, match="write kind,id,team,cost_center or kind,id,team,cost_center,valid_from,val"
    ):
        parse_owner_map(FILE, b"user,team\nann,t\n")
