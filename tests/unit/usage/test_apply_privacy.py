"""What of people reaches the tables under each setting, in new rows and in older ones; nothing counts twice."""

import json
import shutil
import stat
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.schema.usage import Usage
from pipelines.usage.dedup import identified
from pipelines.usage.identity import OWNER_COLUMNS
from pipelines.usage.import_files import import_files
from pipelines.usage.privacy import PERSONAL_COLUMNS, PRIVACY_FILE
from pipelines.usage.pseudonyms import KEY_FILE, Privacy, protected
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.rows import read_table

FILES = Path(__file__).parents[2] / "usage_files"
SAMPLES = sorted(FILES.iterdir())
NOW = datetime(2026, 11, 24, 12)
TABLES = ("core.usage_import", "core.usage_file", "core.usage_reject", "core.reported_cost")
SUMS = [name for name in Usage.columns() if name.endswith("_tokens")] + ["requests", "web_searches"]
HEADER = "usage_at,model,input_uncached_tokens,output_tokens,project_id,user_id,api_key_id,feature,conversation_id\n"


def settings(warehouse, **treatments):
    warehouse.folder.mkdir(exist_ok=True)
    lines = [f"{column},{treatment}\n" for column, treatment in treatments.items()]
    (warehouse.folder / PRIVACY_FILE).write_text("column,treatment\n" + "".join(lines))


def every(treatment):
    return dict.fromkeys(PERSONAL_COLUMNS, treatment)


def usage_of(warehouse):
    with warehouse.write() as connection:
        return ledger.read(warehouse.folder, read_table(connection, "core.ledger_file"))


def tables_of(warehouse):
    with warehouse.write() as connection:
        return [read_table(connection, name) for name in TABLES]


def texts_of(warehouse):
    """All that is stored, as one text per cell; but for accounts and model ids: an ARN of Bedrock names it."""
    frames = [
        frame.drop("model", "offer", "account_id", strict=False)
        for frame in (usage_of(warehouse), *tables_of(warehouse))
    ]
    return {str(value) for frame in frames for row in frame.rows() for value in row if value is not None}


def people_of(warehouse):
    """Every value of a column about people, as the logs state it."""
    frames = [usage_of(warehouse), *tables_of(warehouse)]
    found = {
        value
        for frame in frames
        for name in PERSONAL_COLUMNS
        if name in frame.columns
        for value in frame[name].to_list()
    }
    return {value for value in found if value}


def totals(warehouse):
    usage = usage_of(warehouse)
    return usage.height, usage.select(pl.col(SUMS).sum()).row(0)


@pytest.fixture(scope="module")
def clear(tmp_path_factory):
    """All samples in one warehouse that keeps everything, and the values of people in it."""
    warehouse = Warehouse(tmp_path_factory.mktemp("clear") / "warehouse")
    import_files(warehouse, SAMPLES, NOW)
    return warehouse, people_of(warehouse)


@pytest.fixture(scope="module")
def hashed(tmp_path_factory):
    """All samples in one warehouse that keeps pseudonyms."""
    warehouse = Warehouse(tmp_path_factory.mktemp("hashed") / "warehouse")
    settings(warehouse, **every("hash"))
    import_files(warehouse, SAMPLES, NOW)
    return warehouse


def treated(clear, tmp_path, treatment, *, is_late):
    warehouse = Warehouse(tmp_path / "warehouse")
    if is_late:
        shutil.copytree(clear[0].folder, warehouse.folder)
    settings(warehouse, **every(treatment))
    import_files(warehouse, SAMPLES, NOW)
    return warehouse


@pytest.mark.parametrize(
    ("treatment", "is_late"), [("hash", False), ("hash", True), ("drop", False), ("drop", True)], ids=str
)
def test_no_format_leaves_a_person_in_any_table(clear, hashed, tmp_path, treatment, is_late):
    """Also in ids of rows, rejects and paths; figures stay the same; settings of later are applied to what is there."""
    plain, people = clear
    assert len(people) > 40
    is_made = (treatment, is_late) == ("hash", False)
    warehouse = hashed if is_made else treated(clear, tmp_path, treatment, is_late=is_late)
    texts = texts_of(warehouse)
    assert not people & texts
    inside = {person for person in people if len(person) > 7 and any(person in text for text in texts)}
    assert not inside
    assert totals(warehouse) == totals(plain)
    with plain.write() as connection:
        reported = read_table(connection, "core.reported_cost").height
    assert tables_of(warehouse)[TABLES.index("core.reported_cost")].height == reported > 0


def test_a_pseudonym_groups_as_the_name_does(clear, hashed):
    before, after = usage_of(clear[0]), usage_of(hashed)
    for column in OWNER_COLUMNS:
        sizes = [frame.group_by(column).len()["len"].sort().to_list() for frame in (before, after)]
        assert sizes[0] == sizes[1]
        assert after[column].drop_nulls().str.contains("^hash:[0-9a-f]{32}$").all()
    assert stat.S_IMODE((hashed.folder / KEY_FILE).stat().st_mode) == 0o600


def test_one_name_has_another_pseudonym_in_another_warehouse(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(HEADER + "2026-03-01T00:00:00Z,m,1,1,,ann@example.org,,,\n")
    found = []
    for number in (1, 2):
        warehouse = Warehouse(tmp_path / f"warehouse{number}")
        settings(warehouse, user_id="hash")
        import_files(warehouse, [file], NOW)
        found += usage_of(warehouse)["user_id"].to_list()
    assert found[0] != found[1]


def test_one_column_is_treated_and_the_others_stay(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(HEADER + "2026-03-01T00:00:00Z,m,1,1,shop,ann,key_1,search,session_9\n")
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, user_id="drop", conversation_id="hash")
    import_files(warehouse, [file], NOW)
    row = usage_of(warehouse).row(0, named=True)
    assert (row["project_id"], row["api_key_id"], row["user_id"], row["feature"]) == ("shop", "key_1", None, "search")
    assert row["conversation_id"].startswith("hash:")


@pytest.mark.parametrize("path", [[{}, "hash", {}], ["drop", {}], ["hash", "drop", "hash"], [{}, "drop", "hash"]])
def test_an_export_that_grows_counts_once_whatever_the_settings_become(tmp_path, path):
    warehouse = Warehouse(tmp_path / "warehouse")
    lines = FILES.joinpath("openai_export.csv").read_text().splitlines()
    for number, treatment in enumerate(path):
        settings(warehouse, **(every(treatment) if treatment else {}))
        file = tmp_path / "export.csv"
        file.write_text("\n".join([*lines[:5], *[""] * number]) + "\n")
        (outcome,) = import_files(warehouse, [file], NOW)
        assert outcome.outcome == "imported"
        assert outcome.new_count == (3 if number == 0 else 0)
    assert usage_of(warehouse).height == 3


def test_a_file_that_did_not_change_is_not_opened_though_its_path_is_hashed(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, path="hash")
    import_files(warehouse, [SAMPLES[0]], NOW)
    (outcome,) = import_files(warehouse, [SAMPLES[0]], NOW)
    assert outcome.reason == "not changed since its import"


def test_a_lost_key_is_told_before_anything_counts_twice(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, user_id="hash")
    import_files(warehouse, [FILES / "openai_export.csv"], NOW)
    (warehouse.folder / KEY_FILE).unlink()
    with pytest.raises(WarehouseError, match=r"\.privacy\.key is missing.*from a backup"):
        import_files(warehouse, [FILES / "claude_session.jsonl"], NOW)


def test_a_mistake_in_the_first_settings_stores_nothing(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, user="hash")
    with pytest.raises(WarehouseError, match="line 2: there is no column 'user'"):
        import_files(warehouse, [FILES / "openai_export.csv"], NOW)
    assert usage_of(warehouse).is_empty()


def test_a_later_mistake_leaves_the_settings_of_before_in_force(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, user_id="drop")
    import_files(warehouse, [FILES / "claude_session.jsonl"], NOW)
    settings(warehouse, user_id="drp")
    import_files(warehouse, [FILES / "openai_export.csv"], NOW)
    assert usage_of(warehouse)["user_id"].is_null().all()


def test_an_import_that_dies_while_it_applies_settings_is_applied_by_the_next(clear, tmp_path, monkeypatch):
    warehouse = Warehouse(tmp_path / "warehouse")
    shutil.copytree(clear[0].folder, warehouse.folder)
    settings(warehouse, **every("drop"))
    monkeypatch.setattr(ledger, "note_files", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        import_files(warehouse, [], NOW)
    monkeypatch.undo()
    import_files(warehouse, [], NOW)
    assert not clear[1] & texts_of(warehouse)
    assert totals(warehouse) == totals(clear[0])


ANSWER = {"id": "chatcmpl-9XZmkzS1uPhRCoVdGQvBqqIbSgECt", "created": 1764000000, "model": "gpt-x"}
ANSWER |= {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}
CALL = {"usage_at": "2026-10-01T10:00:00Z", "model": "gpt-x", "output_tokens": 5, "id": "1"}


@pytest.mark.parametrize("is_named_first", [True, False])
@pytest.mark.parametrize("is_late", [False, True], ids=["before", "between"])
def test_what_is_given_without_its_account_counts_once_though_ids_are_hashed(tmp_path, is_named_first, is_late):
    warehouse = Warehouse(tmp_path / "warehouse")
    folder = warehouse.inbox / "team-a"
    folder.mkdir(parents=True)
    # A response that a folder gives an account, and a request that states its own.
    plain, of_folder, stated = tmp_path / "plain.jsonl", folder / "a.jsonl", tmp_path / "own.jsonl"
    plain.write_text(json.dumps(ANSWER) + "\n")
    of_folder.write_text(json.dumps(ANSWER) + "\n" + json.dumps(ANSWER | {"id": ANSWER["id"].upper()}) + "\n")
    own = tmp_path / "own_plain.jsonl"
    own.write_text(json.dumps(CALL) + "\n")
    stated.write_text(json.dumps(CALL | {"account_id": "org-1"}) + "\n")
    named, bare = [of_folder, stated], [plain, own]
    first, second = (named, bare) if is_named_first else (bare, named)
    if not is_late:
        settings(warehouse, user_id="hash")
    import_files(warehouse, first, NOW)
    settings(warehouse, user_id="hash")
    import_files(warehouse, second, NOW)
    assert sorted(usage_of(warehouse)["account_id"]) == ["org-1", "team-a", "team-a"]
    assert "team-a" not in "".join(usage_of(warehouse)["usage_id"])


def test_a_line_of_a_bill_whose_pseudonym_is_of_before_is_restated_all_the_same(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    settings(warehouse, user_id="hash")
    bill = tmp_path / "costs.csv"
    head = "start_time,end_time,amount_value,amount_currency,line_item,project_id,organization_id\n"
    bill.write_text(head + "1790812800,1790899200,1.5,usd,,proj_1,org-1\n")
    import_files(warehouse, [bill], NOW)
    with warehouse.write() as connection:
        connection.execute("UPDATE core.reported_cost SET cost_id = split_part(cost_id, chr(31), 3)")
        assert connection.sql("SELECT count(*) FROM core.reported_cost WHERE cost_id LIKE 'hash:%'").fetchall() == [
            (1,)
        ]
    bill.write_text(head + "1790812800,1790899200,2.5,usd,,proj_1,org-1\n")
    import_files(warehouse, [bill], NOW)
    assert [str(line["amount_usd"]) for line in tables_of(warehouse)[3].rows(named=True)] == ["2.500000000000"]


def test_pseudonyms_of_before_are_those_of_now():
    key = Privacy(key=b"k" * 32)
    rows = pl.DataFrame(
        {"usage_id": ["response\x1faccount\x1fteam-a\x1fmsg_1", "own\x1faccount\x1forg-1\x1f1", "own\x1f1"]}
    )
    now = protected(rows, key)["usage_id"]
    assert protected(now.to_frame(), key)["usage_id"].equals(now), "again, it changes nothing"
    before = [key.pseudonym(text) for text in rows["usage_id"]]
    both = pl.DataFrame({"usage_id": [*now, *before]}).with_columns(format_usage_id=pl.lit(None, pl.String))
    assert identified(both)["usage_id"].to_list() == [*now, *now]
    assert now[2] == before[2]
