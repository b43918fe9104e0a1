"""Whose usage a file is: what states it, and that what two accounts have in common is no reason to count it once."""

import shutil
from datetime import date, datetime
from pathlib import Path

import pytest

from pipelines.schema.accounts import DEFAULT_ACCOUNT
from pipelines.usage.file_outcome import days_of
from pipelines.usage.import_files import import_files
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

FILES = Path(__file__).parents[2] / "usage_files"
NOW = datetime(2026, 11, 24, 12)
BUCKETS = """usage_at,usage_until,model,provider,output_tokens
2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,gpt-x,openai,400
"""
COSTS = """start_time,end_time,amount_value,amount_currency,line_item,project_id,organization_id
1790812800,1790899200,1.5,usd,,proj_1,{}
"""


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path / "warehouse")
    made.inbox.mkdir(parents=True)
    return made


def put(warehouse, name, content):
    file = warehouse.inbox / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def usage(warehouse):
    with warehouse.write() as connection:
        rows = ledger.read(warehouse.folder, read_table(connection, "core.ledger_file"))
    return sorted(rows.select("account_id", "output_tokens").rows())


def costs(warehouse):
    with warehouse.write() as connection:
        rows = read_table(connection, "core.reported_cost")
    return sorted(rows.select("account_id", "amount_usd").rows())


def test_nothing_has_to_be_configured(warehouse, tmp_path):
    inside, outside = put(warehouse, "a.csv", BUCKETS), tmp_path / "team" / "b.csv"
    outside.parent.mkdir()
    outside.write_text(BUCKETS.replace("400", "500"))
    import_files(warehouse, [inside, outside], NOW)
    assert usage(warehouse) == [(DEFAULT_ACCOUNT, 500)], "one bucket, the larger statement of it"


def test_the_first_folder_below_the_inbox_names_the_account(warehouse):
    files = [put(warehouse, "team-a/2026/a.csv", BUCKETS), put(warehouse, "team-b/b.csv", BUCKETS.replace("400", "9"))]
    import_files(warehouse, files, NOW)
    assert usage(warehouse) == [("team-a", 400), ("team-b", 9)]


def test_the_command_line_comes_before_the_folder_and_the_file_before_both(warehouse):
    folder = put(warehouse, "team-a/a.csv", BUCKETS)
    stated = put(
        warehouse, "team-a/b.csv", BUCKETS.replace("tokens\n", "tokens,account_id\n").replace("400", "7,org-1")
    )
    import_files(warehouse, [folder, stated], NOW, account="team-x")
    assert usage(warehouse) == [("org-1", 7), ("team-x", 400)]


def test_the_same_report_of_two_accounts_is_two(warehouse):
    files = [put(warehouse, f"{name}/a.csv", BUCKETS) for name in ("team-a", "team-b")]
    outcomes = import_files(warehouse, files, NOW)
    assert [one.outcome for one in outcomes] == ["imported", "imported"]
    assert usage(warehouse) == [("team-a", 400), ("team-b", 400)]
    assert [one.outcome for one in import_files(warehouse, files, NOW)] == ["known", "known"]


def test_a_file_that_moves_into_a_folder_moves_its_usage(warehouse):
    before = put(warehouse, "a.csv", BUCKETS)
    import_files(warehouse, [before], NOW)
    after = warehouse.inbox / "team-a" / "a.csv"
    after.parent.mkdir()
    shutil.move(before, after)
    import_files(warehouse, [after], NOW)
    assert usage(warehouse) == [("team-a", 400)]
    put(warehouse, "a.csv", BUCKETS)
    import_files(warehouse, [before, after], NOW)
    assert usage(warehouse) == [("team-a", 400)], "the copy that names no account is of the account that is known"


def test_a_file_that_did_not_change_is_read_again_for_another_account(warehouse):
    file = put(warehouse, "a.csv", BUCKETS)
    import_files(warehouse, [file], NOW)
    assert [one.outcome for one in import_files(warehouse, [file], NOW, account="team-a")] == ["imported"]
    assert usage(warehouse) == [("team-a", 400)]


def test_a_log_that_states_its_account_says_so_in_every_row(warehouse):
    import_files(warehouse, [FILES / "bedrock_invocations.jsonl"], NOW)
    with warehouse.write() as connection:
        rows = ledger.read(warehouse.folder, read_table(connection, "core.ledger_file"))
    assert rows.height
    assert rows["account_id"].equals(rows["project_id"].alias("account_id")), "what it is known by as a project too"


def test_a_response_that_no_account_was_known_of_counts_once(warehouse, tmp_path):
    """One log is imported as it lies there; then the folder it lies in is imported for a team."""
    log = '{"usage_at": "2026-10-01T10:00:00Z", "model": "gpt-x", "output_tokens": 5, "id": "1"}\n'
    file = tmp_path / "log.jsonl"
    file.write_text(log)
    import_files(warehouse, [file], NOW)
    file.write_text(log + log.replace('"1"', '"2"'))
    import_files(warehouse, [file], NOW)
    assert usage(warehouse) == [(DEFAULT_ACCOUNT, 5)] * 2
    file.write_text(file.read_text().replace('"id"', '"account_id": "org-1", "id"'))
    import_files(warehouse, [file], NOW)
    assert usage(warehouse) == [("org-1", 5)] * 2


@pytest.mark.parametrize("organizations", [("", "org-1"), ("org-1", "")])
def test_lines_of_a_bill_take_the_account_that_they_state(warehouse, organizations):
    for number, name in enumerate(organizations):
        import_files(warehouse, [put(warehouse, f"{number}.csv", COSTS.format(name))], NOW)
    assert {account for account, _ in costs(warehouse)} == {DEFAULT_ACCOUNT, "org-1"}, "the organization is an id of it"


def test_bills_of_two_accounts_both_stand_and_one_that_moves_is_one(warehouse):
    line = COSTS.format("")
    files = [put(warehouse, name, line) for name in ("team-a/c.csv", "team-b/c.csv", "c.csv")]
    import_files(warehouse, [files[2]], NOW)
    import_files(warehouse, files[:2], NOW)
    assert [account for account, _ in costs(warehouse)] == ["team-a", "team-b"]


@pytest.mark.parametrize("name", ["", " team", "a\nb", "x" * 201])
def test_a_name_that_cannot_be_shown_is_refused(warehouse, name):
    file = put(warehouse, "a.csv", BUCKETS)
    if not name:
        import_files(warehouse, [file], NOW, account=name)
        assert usage(warehouse) == [(DEFAULT_ACCOUNT, 400)]
        return
    with pytest.raises(ValueError, match="no name of an account"):
        import_files(warehouse, [file], NOW, account=name)


@pytest.mark.parametrize(
    ("until", "is_read"),
    [
        ("2026-10-02T00:00:00Z", True),
        ("2026-10-02T01:00:00Z", True),
        ("2026-10-02T01:00:01Z", False),
        ("2026-10-03T00:00:00Z", False),
        ("2026-11-01T00:00:00Z", False),
    ],
)
def test_a_bucket_of_more_than_a_day_is_refused_with_the_remedy(warehouse, until, is_read):
    (outcome,) = import_files(warehouse, [put(warehouse, "a.csv", BUCKETS.replace("2026-10-02T00:00:00Z", until))], NOW)
    assert (outcome.row_count, outcome.reject_count) == ((1, 0) if is_read else (0, 1))
    with warehouse.write() as connection:
        rejects = read_table(connection, "core.usage_reject")
    assert rejects["rule"].to_list() == ([] if is_read else ["bucket_is_wider_than_a_day"])
    assert is_read or "export it by day or by hour" in rejects["detail"].item()


def test_days_of_outcomes_are_all_that_a_file_may_touch(warehouse):
    other = BUCKETS.replace("-10-01T", "-10-03T").replace("-10-02T", "-10-04T").split("\n")[1]
    outcomes = import_files(warehouse, [put(warehouse, "a.csv", BUCKETS + other + "\n")], NOW)
    assert days_of(outcomes) == [date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)]


@pytest.mark.parametrize("is_stated_first", [True, False])
def test_a_bill_of_an_account_that_lies_elsewhere_too_is_one(warehouse, is_stated_first):
    files = [put(warehouse, name, COSTS.format("")) for name in ("team-a/c.csv", "c.csv")]
    for file in files if is_stated_first else reversed(files):
        import_files(warehouse, [file], NOW)
    assert [account for account, _ in costs(warehouse)] == ["team-a"]


@pytest.mark.parametrize("is_stated_first", [True, False])
def test_an_answer_copied_weeks_later_is_of_the_account_that_is_known(warehouse, is_stated_first):
    answer = (
        '{"type": "assistant", "sessionId": "s", "timestamp": "2026-05-%02dT09:00:00Z", "requestId": "r", "message": '
        '{"id": "msg_01CopiedExample000000001", "model": "claude-sonnet-4-6", '
        '"usage": {"input_tokens": 1, "output_tokens": 8}}}\n'
    )
    files = [put(warehouse, "team-a/a.jsonl", answer % 3), put(warehouse, "b.jsonl", answer % 24)]
    for file in files if is_stated_first else reversed(files):
        import_files(warehouse, [file], NOW)
    assert usage(warehouse) == [("team-a", 8)]
