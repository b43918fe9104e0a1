"""Files read again by a newer importer: what they stated is superseded, once, whatever happens in between."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage import earlier_imports, file_format, read_files
from pipelines.usage.formats import IMPORTERS
from pipelines.usage.formats.claude_code import CLAUDE_CODE
from pipelines.usage.import_files import import_files
from pipelines.usage.reread_files import reread_files
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table

NOW, LATER = datetime(2026, 11, 24, 12), datetime(2026, 11, 25, 12)
BILL = Path(__file__).parents[2] / "usage_files" / "openai_costs_export.tsv"


def _no_steps(records):
    nothing = pl.lit(None, pl.String)
    return records.with_columns(iteration=nothing, is_unread=nothing)


OLD = replace(CLAUDE_CODE, version=1, response_id=None, told_apart_by=None, split=_no_steps)
"""As the first version was: message and request make the identity, and steps of a response are not read."""


@contextmanager
def older_program(monkeypatch, version=1, importer=OLD):
    """What is imported meanwhile is imported by another version of the importer."""
    others = tuple(importer if one.name == importer.name else one for one in IMPORTERS)
    with monkeypatch.context() as patch:
        patch.setattr(file_format, "IMPORTERS", others)
        patch.setitem(earlier_imports.VERSIONS, importer.name, version)
        patch.setattr("pipelines.usage.store_batch.identified", lambda rows: rows)
        yield


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


def stored(warehouse, table):
    with warehouse.write() as connection:
        return read_table(connection, table)


def outputs(warehouse):
    return ledger.read(warehouse.folder, stored(warehouse, "core.ledger_file"))["output_tokens"].sort().to_list()


def answer(number, output, request=None, advisor=None, day=1):
    usage = {"input_tokens": 10, "output_tokens": output}
    if advisor:
        step = {"type": "advisor_message", "model": "claude-opus-4-7", "input_tokens": 5, "output_tokens": advisor}
        usage["iterations"] = [{"type": "message", "input_tokens": 10, "output_tokens": output}, step]
    body = {"id": f"msg_01RereadExample00000000{number}", "model": "claude-sonnet-4-6", "usage": usage}
    line = {"type": "assistant", "sessionId": "s", "timestamp": f"2026-05-{day:02}T09:00:00Z", "message": body}
    return json.dumps({**line, "requestId": request or f"req_{number}"})


def log(path, *answers):
    path.write_text("\n".join(answers) + "\n")
    return path


def outcomes_of(warehouse, files, at=LATER):
    return {outcome.file.name: outcome.outcome for outcome in import_files(warehouse, files, at)}


def test_a_file_that_still_lies_there_is_read_again_once_and_the_change_is_told(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    assert outputs(warehouse) == [20]
    # Not named: it is known where it lies.
    (outcome,) = import_files(warehouse, [], LATER, usd_of=lambda connection, folder, rows: _a_dollar_each(rows))
    assert (outcome.outcome, outcome.file) == ("reread", file)
    assert outputs(warehouse) == [7, 20]
    told = stored(warehouse, "core.usage_restatement").drop("import_id").row(0, named=True)
    assert told == {
        "restated_at": LATER,
        "file_name": "a.jsonl",
        "format": "claude_code",
        "version_before": 1,
        "version_after": CLAUDE_CODE.version,
        "rows_before": 1,
        "rows_after": 2,
        "tokens_before": 30,
        "tokens_after": 42,
        "usd_before": Decimal(1),
        "usd_after": Decimal(2),
    }
    assert stored(warehouse, "core.usage_import")["importer_version"].to_list() == [CLAUDE_CODE.version]
    assert outcomes_of(warehouse, [file]) == {"a.jsonl": "known"}
    assert stored(warehouse, "core.usage_restatement").height == 1


def _a_dollar_each(rows):
    return {import_id: Decimal(count) for import_id, count in rows.group_by("import_id").len().iter_rows()}


def test_imports_from_before_there_were_versions_are_read_again(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    with warehouse.write() as connection:
        connection.execute("UPDATE core.usage_import SET importer_version = NULL")
    assert outcomes_of(warehouse, [file]) == {"a.jsonl": "reread"}
    assert outputs(warehouse) == [7, 20]


def test_copies_of_answers_are_one_though_one_of_the_files_is_gone(warehouse, tmp_path, monkeypatch):
    parent = log(tmp_path / "parent.jsonl", answer(1, 20), answer(2, 30))
    side = log(
        tmp_path / "side.jsonl", answer(1, 20, "req_a", day=9), answer(2, 30, "req_b", day=9), answer(3, 5, day=9)
    )
    with older_program(monkeypatch):
        import_files(warehouse, [parent, side], NOW)
    assert outputs(warehouse) == [5, 20, 20, 30, 30]
    parent.unlink()
    assert outcomes_of(warehouse, [side]) == {"side.jsonl": "reread", "parent.jsonl": "gone"}
    assert outputs(warehouse) == [5, 20, 30]


def test_a_log_that_grew_takes_the_place_of_all_its_earlier_states(warehouse, tmp_path, monkeypatch):
    file = tmp_path / "a.jsonl"
    with older_program(monkeypatch):
        for answers in ([answer(1, 20)], [answer(1, 20), answer(2, 30)]):
            import_files(warehouse, [log(file, *answers)], NOW)
    log(file, answer(1, 20), answer(2, 30), answer(3, 40, advisor=7))
    assert outcomes_of(warehouse, [file]) == {"a.jsonl": "reread"}
    assert outputs(warehouse) == [7, 20, 30, 40]
    assert stored(warehouse, "core.usage_import")["importer_version"].to_list() == [CLAUDE_CODE.version]


def test_a_file_that_now_holds_something_else_is_not_what_was_imported(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "export.jsonl", answer(1, 20))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    log(file, answer(2, 30))
    assert {(one.outcome) for one in import_files(warehouse, [file], LATER)} == {"imported", "gone"}
    assert outputs(warehouse) == [20, 30]


def test_what_is_gone_stays_as_it_was_stated(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    file.unlink()
    (outcome,) = reread_files(warehouse, LATER)
    assert (outcome.outcome, outcome.file.name) == ("gone", "a.jsonl")
    assert outputs(warehouse) == [20]


def test_a_file_that_cannot_be_read_keeps_what_it_stated_and_stops_no_other(warehouse, tmp_path, monkeypatch):
    files = [log(tmp_path / f"{name}.jsonl", answer(number, 20, advisor=7)) for number, name in enumerate("ab")]
    with older_program(monkeypatch):
        import_files(warehouse, files, NOW)
    read_pieces = read_files.read_pieces

    def failing(path, *others):
        if path.name == "a.jsonl":
            raise OSError("the disk is broken")
        return read_pieces(path, *others)

    with monkeypatch.context() as patch:
        patch.setattr(read_files, "read_pieces", failing)
        assert outcomes_of(warehouse, files) == {"a.jsonl": "refused", "b.jsonl": "reread"}
    assert outputs(warehouse) == [7, 20, 20]
    assert outcomes_of(warehouse, files) == {"a.jsonl": "reread", "b.jsonl": "known"}
    assert outputs(warehouse) == [7, 7, 20, 20]


def test_killed_in_the_middle_all_is_as_before_and_the_next_run_does_it(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    program = f"""
        import os, signal
        from datetime import datetime
        from pathlib import Path
        from pipelines.usage import reread
        from pipelines.usage.import_files import import_files
        from pipelines.warehouse.database import Warehouse
        reread.restatements = lambda *others: os.kill(os.getpid(), signal.SIGKILL)
        import_files(Warehouse(Path({str(warehouse.folder)!r})), [], datetime(2026, 11, 25, 12))
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)  # noqa: S603
    assert ended.returncode == -signal.SIGKILL
    assert outputs(warehouse) == [20]
    assert outcomes_of(warehouse, [file]) == {"a.jsonl": "reread"}
    assert outputs(warehouse) == [7, 20]


def test_files_and_formats_are_read_again_when_asked(warehouse, tmp_path):
    one, other = (log(tmp_path / f"{name}.jsonl", answer(number, 20)) for number, name in enumerate("ab"))
    import_files(warehouse, [one, other], NOW)
    assert reread_files(warehouse, LATER) == []
    assert [found.file for found in reread_files(warehouse, LATER, [one])] == [one]
    assert len(reread_files(warehouse, LATER, format_name="claude_code")) == 2
    assert reread_files(warehouse, LATER, format_name="codex") == []
    assert (outputs(warehouse), stored(warehouse, "core.usage_restatement").height) == ([20, 20], 0)


def test_a_file_is_read_again_as_it_was_unless_nothing_came_of_it(warehouse, tmp_path):
    """A user may have named the format; and a format may have been taken for another one."""
    file = log(tmp_path / "a.jsonl", answer(1, 20))
    import_files(warehouse, [file], NOW)
    with warehouse.write() as connection:
        (known,) = earlier_imports.earlier_imports(read_table(connection, "core.usage_import"))
    assert earlier_imports.Reread(file, (known,)).format_of_rows == "claude_code"
    assert earlier_imports.Reread(file, (replace(known, format="codex", row_count=0),)).format_of_rows is None
    with warehouse.write() as connection:
        connection.execute("UPDATE core.usage_import SET format = 'codex', row_count = 0")
    (outcome,) = reread_files(warehouse, LATER, [file])
    assert (outcome.outcome, outputs(warehouse)) == ("reread", [20])


def test_a_later_bill_stays_in_force_when_an_earlier_one_is_read_again(warehouse, tmp_path, monkeypatch):
    bills = [tmp_path / "first.tsv", tmp_path / "second.tsv"]
    shutil.copy(BILL, bills[0])
    amounts = stored_amounts = None
    for at, bill in zip((NOW, LATER), bills, strict=True):
        if bill is bills[1]:
            stored_amounts = stored(warehouse, "core.reported_cost")
            first = stored_amounts["printed_amount"][0]
            bill.write_text(BILL.read_text().replace(first, "9.99"))
        import_files(warehouse, [bill], at)
    amounts = stored(warehouse, "core.reported_cost").sort("cost_id")["amount_usd"].to_list()
    assert Decimal("9.99") in amounts
    name = stored(warehouse, "core.usage_import")["format"][0]
    monkeypatch.setitem(earlier_imports.VERSIONS, name, 99)
    bills[1].unlink()
    assert outcomes_of(warehouse, [bills[0]]) == {"first.tsv": "reread", "second.tsv": "gone"}
    assert stored(warehouse, "core.reported_cost").sort("cost_id")["amount_usd"].to_list() == amounts


def test_a_file_of_two_accounts_is_read_again_for_each(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW, account="one")
        import_files(warehouse, [file], NOW, account="other")
    assert [one.outcome for one in import_files(warehouse, [], LATER)] == ["reread", "reread"]
    rows = ledger.read(warehouse.folder, stored(warehouse, "core.ledger_file"))
    found = rows.select("account_id", "output_tokens").sort("account_id", "output_tokens").rows()
    assert found == [("one", 7), ("one", 20), ("other", 7), ("other", 20)]
    assert stored(warehouse, "core.usage_restatement").select("rows_before", "rows_after").rows() == [(1, 2), (1, 2)]
    assert import_files(warehouse, [], LATER) == []


def test_a_file_that_is_read_again_can_be_given_for_an_account(warehouse, tmp_path, monkeypatch):
    file = log(tmp_path / "a.jsonl", answer(1, 20, advisor=7))
    with older_program(monkeypatch):
        import_files(warehouse, [file], NOW)
    outcomes = import_files(warehouse, [file], LATER, account="one")
    assert [one.outcome for one in outcomes] == ["imported", "reread"]
    rows = ledger.read(warehouse.folder, stored(warehouse, "core.ledger_file"))
    # What was of no account is of that one.
    assert sorted(rows.select("account_id", "output_tokens").rows()) == [("one", 7), ("one", 20)]


def test_what_an_earlier_reading_did_not_know_goes_with_it(warehouse, tmp_path, monkeypatch):
    file = tmp_path / "a.jsonl"
    line = json.loads(answer(1, 20, advisor=7))
    line["message"]["usage"]["video_tokens"] = 3
    with older_program(monkeypatch):
        import_files(warehouse, [log(file, json.dumps(line))], NOW)
    log(file, json.dumps(line), answer(2, 30))
    assert outcomes_of(warehouse, [file]) == {"a.jsonl": "reread"}
    unknown = stored(warehouse, "core.usage_unknown_count").select("path", "row_count", "total").rows()
    # Once, though the line states two calls.
    assert unknown == [("message.usage.video_tokens", 1, 3.0)]
    rows = ledger.read(warehouse.folder, stored(warehouse, "core.ledger_file"))
    assert sorted(rows.select("output_tokens", "lower_bound_reason").rows()) == [
        (7, None),
        (20, "unknown_count"),
        (30, None),
    ]
