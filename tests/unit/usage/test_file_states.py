"""How each file stands: read, empty, refused, not recognised, waiting; until it is read or gone."""

import os
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.alerts.usage_rules import file_not_read
from pipelines.usage.file_states import NOT_TOLD_APART, files_as_they_stand, recorded_files
from pipelines.usage.import_files import import_files, inbox_files, note_waiting
from pipelines.usage.pseudonyms import Privacy, read_key
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

FILES = Path(__file__).parents[2] / "usage_files"
NOW = datetime(2026, 11, 24, 12)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def warehouse(tmp_path):
    """With one good file, one that no importer knows, one that is damaged, and one that is empty of usage."""
    one = Warehouse(tmp_path / "warehouse")
    one.inbox.mkdir(parents=True)
    shutil.copy(FILES / "openai_export.csv", one.inbox / "good.csv")
    (one.inbox / "notes.txt").write_text("sk-0123456789abcdefgh is my key\n")
    (one.inbox / "cut.parquet").write_bytes(b"PAR1" + b"\0" * 40)
    (one.inbox / "ACME").mkdir()
    (one.inbox / "ACME" / "none.csv").touch()
    return one


def run(warehouse, at=NOW):
    import_files(warehouse, inbox_files(warehouse), at)
    return stored(warehouse)


def stored(warehouse):
    with warehouse.write() as connection:
        return read_table(connection, "core.usage_file")


def states(frame):
    return dict(frame.select("file_name", "state").iter_rows())


EXPECTED = {
    "good.csv": "read",
    "notes.txt": "not_recognised",
    "cut.parquet": "refused",
    "none.csv": "refused",
}


def test_every_file_of_the_inbox_is_a_row_and_no_text_of_it_is_kept(warehouse):
    found = run(warehouse)
    assert states(found) == EXPECTED
    assert found["is_in_inbox"].all()
    assert found.filter(state="read").select("row_count", "not_imported").rows() == [(found["row_count"].max(), None)]
    reasons = found.filter(~found["state"].is_in(["read"]))["not_imported"].to_list()
    assert all(reasons)
    assert not any("0123456789" in reason or str(warehouse.folder) in reason for reason in reasons)


def test_a_second_run_changes_no_row_and_what_is_mended_or_gone_is_no_longer_unread(warehouse):
    before = run(warehouse).sort("path")
    assert run(warehouse, LATER).sort("path").equals(before)
    (warehouse.inbox / "notes.txt").unlink()
    shutil.copy(FILES / "claude_session.jsonl", warehouse.inbox / "cut.parquet")
    after = run(warehouse, LATER)
    assert states(after) == {"good.csv": "read", "cut.parquet": "read", "none.csv": "refused"}
    assert after.filter(file_name="cut.parquet")["state_at"].to_list() == [LATER]


def test_a_file_that_is_written_waits_and_one_that_grows_stays_read(warehouse):
    run(warehouse)
    new = warehouse.inbox / "new.csv"
    new.write_text("half")
    note_waiting(warehouse, [new, warehouse.inbox / "good.csv"], LATER)
    assert states(stored(warehouse)) == EXPECTED | {"new.csv": "waiting"}


def test_a_file_elsewhere_is_a_row_too_until_it_is_gone(warehouse, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("nothing")
    import_files(warehouse, [other], NOW)
    found = stored(warehouse)
    assert found.select("file_name", "state", "is_in_inbox").rows() == [("other.txt", "not_recognised", False)]
    other.unlink()
    assert "other.txt" not in states(run(warehouse))


def test_a_hashed_path_is_followed_as_well(warehouse):
    warehouse.folder.joinpath("privacy.csv").write_text("column,treatment\npath,hash\n")
    found = run(warehouse)
    assert found["path"].str.starts_with("hash:").all()
    (warehouse.inbox / "notes.txt").unlink()
    assert states(run(warehouse)) == {name: state for name, state in EXPECTED.items() if name != "notes.txt"}
    privacy = Privacy({"path": "hash"}, read_key(warehouse.folder))
    assert "waiting" not in files_as_they_stand(stored(warehouse), inbox_files(warehouse), privacy)["state"].to_list()


@pytest.mark.parametrize("columns", [("path",), ("path", "file_name")])
def test_without_their_paths_files_that_could_not_be_read_are_told_all_the_same(warehouse, columns):
    """Two that look the same to the nanosecond are two rows; where they lie stands in none."""
    lines = "".join(f"{column},drop\n" for column in columns)
    warehouse.folder.joinpath("privacy.csv").write_text("column,treatment\n" + lines)
    shutil.copytree(warehouse.inbox / "ACME", warehouse.inbox / "GLOBEX")
    for folder in ("ACME", "GLOBEX"):
        os.utime(warehouse.inbox / folder / "none.csv", ns=(10**18, 10**18))
    found = run(warehouse).sort("path")
    assert sorted(found["state"]) == ["not_recognised", "refused", "refused", "refused"]
    assert found["path"].n_unique() == 4
    assert not any(str(warehouse.inbox) in value for row in found.rows() for value in row if isinstance(value, str))
    assert set(found["file_name"]) == ({"(left out)"} if "file_name" in columns else {*EXPECTED} - {"good.csv"})
    assert file_not_read(found, NOW).height == 4
    assert run(warehouse, LATER).sort("path").equals(found), "the same file is the same row, since the same moment"
    (warehouse.inbox / "notes.txt").unlink()
    shutil.copy(FILES / "claude_session.jsonl", warehouse.inbox / "cut.parquet")
    assert run(warehouse, LATER)["state"].to_list() == ["refused", "refused"]


def test_files_told_without_their_paths_are_not_said_to_wait(warehouse):
    warehouse.folder.joinpath("privacy.csv").write_text("column,treatment\npath,drop\n")
    privacy = Privacy({"path": "drop"}, b"")
    found = files_as_they_stand(run(warehouse), inbox_files(warehouse), privacy)
    waiting = found.filter(state="waiting").select("file_name", "reason").rows()
    assert waiting == [("good.csv", NOT_TOLD_APART)]
    assert states(found) == EXPECTED | {"good.csv": "waiting"}


@pytest.mark.parametrize("later", ["hash", "keep", None])
def test_settings_that_change_leave_one_row_of_each_file(warehouse, later):
    run(warehouse)
    settings = warehouse.folder.joinpath("privacy.csv")
    settings.write_text("column,treatment\npath,drop\n")
    left_out = run(warehouse)
    assert sorted(left_out["state"]) == ["not_recognised", "refused", "refused"]
    assert left_out["path"].str.starts_with("(left out)").all()
    settings.write_text(f"column,treatment\npath,{later}\n" if later else "column,treatment\n")
    assert states(run(warehouse)) == EXPECTED


def test_what_no_run_has_seen_waits_and_what_needs_a_look_comes_first(warehouse):
    seen = run(warehouse)
    (warehouse.inbox / "dropped.csv").write_text("x")
    found = files_as_they_stand(seen, inbox_files(warehouse), Privacy())
    assert found["state"].to_list() == ["refused", "refused", "not_recognised", "waiting", "read"]
    assert found.filter(state="waiting")["file_name"].to_list() == ["dropped.csv"]


def test_the_record_beside_the_database_has_the_same_rows(warehouse):
    assert recorded_files(warehouse.folder).is_empty()
    seen = run(warehouse)
    assert recorded_files(warehouse.folder).sort("path").equals(seen.sort("path"))
    (warehouse.inbox / "notes.txt").unlink()
    run(warehouse)
    assert recorded_files(warehouse.folder).height == seen.height - 1


def test_rows_of_an_older_program_are_of_files_that_were_read(warehouse):
    run(warehouse)
    with warehouse.write() as connection:
        connection.execute("UPDATE core.usage_file SET state = NULL, file_name = NULL WHERE state = 'read'")
    old = files_as_they_stand(stored(warehouse), inbox_files(warehouse), Privacy())
    assert old.filter(file_name="good.csv")["state"].to_list() == ["read"]
    assert run(warehouse).filter(state="read").height == 1
