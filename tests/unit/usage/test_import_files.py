"""Usage files into the database: content once, counts that add up, and a ledger that grows by what is new."""

import gzip
import os
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.snapshots.prepare_run import prepare
from pipelines.usage import import_files as import_files_module
from pipelines.usage import read_files
from pipelines.usage.import_files import import_files, inbox_files
from pipelines.usage.store_reported_costs import store_reported_costs
from pipelines.warehouse import ledger
from pipelines.warehouse.database import Warehouse
from pipelines.warehouse.rows import read_table
from tests.unit.costs.reported_rows import DAY, START, line, reported

FILES = Path(__file__).parents[2] / "usage_files"
OPENAI, CLAUDE = FILES / "openai_export.csv", FILES / "claude_session.jsonl"
NOW = datetime(2026, 11, 24, 12)
FIRST = line("1.50", cost_id="a")
NEXT_DAY = line(
    "2.00",
    cost_id="b",
    usage_date=DAY + timedelta(days=1),
    starts_at=START + timedelta(days=1),
    ends_at=START + timedelta(days=2),
)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


def stored(warehouse, table):
    with warehouse.write() as connection:
        return read_table(connection, table)


def ledger_rows(warehouse):
    return ledger.read(warehouse.folder, stored(warehouse, "core.ledger_file"))


def session(folder, name, *responses):
    """A Claude Code log: message id and output tokens of each response."""
    template = next(line for line in CLAUDE.read_text().split("\n") if '"output_tokens": 5}' in line)
    lines = [
        template.replace("r-m1", f"r-{message}").replace('"m1"', f'"{message}"').replace("5}", f"{output}}}")
        for message, output in responses
    ]
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def test_both_formats_go_into_one_ledger(warehouse):
    """Counts are those of the files, line by line: see the unit tests of the importers."""
    openai, claude = import_files(warehouse, [OPENAI, CLAUDE], NOW)
    assert (openai.outcome, openai.row_count, openai.new_count, openai.duplicate_count) == ("imported", 4, 4, 0)
    assert (claude.outcome, claude.row_count, claude.new_count, claude.duplicate_count) == ("imported", 4, 3, 1)
    assert (openai.reject_count, claude.reject_count) == (4, 4)
    assert ledger_rows(warehouse)["provider"].sort().to_list() == ["anthropic"] * 3 + ["openai"] * 4
    imports = stored(warehouse, "core.usage_import").sort("file_name")
    counts = imports.select("file_name", "line_count", "row_count", "duplicate_count", "reject_count", "ignored_count")
    assert counts.rows() == [("claude_session.jsonl", 11, 4, 1, 4, 3), ("openai_export.csv", 9, 4, 0, 4, 1)]
    assert imports["imported_at"].to_list() == [NOW, NOW]
    rejects = stored(warehouse, "core.usage_reject").sort("file_name", "source_line")
    assert rejects.filter(file_name="openai_export.csv").select("source_line", "rule").rows() == [
        (7, "unknown_service_tier"),
        (8, "cached_exceeds_input"),
        (9, "input_does_not_add_up"),
        (10, "not_a_count"),
    ]
    assert set(rejects["import_id"]) == set(imports["import_id"])


def test_the_same_content_again_changes_nothing(warehouse, tmp_path):
    import_files(warehouse, [OPENAI], NOW)
    tables = ("core.usage_import", "core.usage_reject", "core.ledger_file")
    before = [stored(warehouse, table) for table in tables]
    copy = shutil.copy(OPENAI, tmp_path / "other name.csv")
    (again,) = import_files(warehouse, [copy], NOW + timedelta(days=1))
    assert (again.outcome, again.new_count, again.reason) == ("known", 0, "this content was imported before")
    assert [stored(warehouse, table).equals(frame) for table, frame in zip(tables, before, strict=True)] == [True] * 3


def test_a_log_that_grew_adds_only_what_is_new(warehouse, tmp_path):
    short = session(tmp_path, "short.jsonl", ("a", 5), ("b", 6))
    long = session(tmp_path, "long.jsonl", ("a", 5), ("b", 60), ("c", 7))
    (first,), (second,) = import_files(warehouse, [short], NOW), import_files(warehouse, [long], NOW)
    assert (first.new_count, first.duplicate_count) == (2, 0)
    assert (second.new_count, second.duplicate_count) == (1, 2)
    assert ledger_rows(warehouse)["output_tokens"].sort().to_list() == [5, 7, 60]
    assert stored(warehouse, "core.ledger_file")["row_count"].to_list() == [3]
    assert stored(warehouse, "core.usage_import").sort("file_name")["duplicate_count"].to_list() == [2, 0]


def test_a_file_in_several_batches_counts_all_that_is_new(warehouse, tmp_path, monkeypatch):
    responses = [(f"r{number}", 5) for number in range(20)]
    log = session(tmp_path, "log.jsonl", *responses, ("r0", 6))
    monkeypatch.setattr("pipelines.usage.line_tables.CHUNK_BYTES", 2_000)
    monkeypatch.setattr("pipelines.usage.file_content.READ_BYTES", 2_000)
    monkeypatch.setattr("pipelines.usage.read_files.PIECE_BYTES", 1)
    monkeypatch.setattr("pipelines.usage.read_files.BATCH_ROWS", 1)
    (outcome,) = import_files(warehouse, [log], NOW)
    assert (outcome.row_count, outcome.new_count, outcome.duplicate_count) == (21, 20, 1)
    assert ledger_rows(warehouse)["output_tokens"].sum() == 19 * 5 + 6


@pytest.mark.parametrize("account", [None, "team-a"])
def test_a_file_of_which_nothing_was_read_is_not_opened_again_until_it_or_an_importer_changes(
    warehouse, tmp_path, monkeypatch, account
):
    log = session(tmp_path, "log.jsonl", ("a", 5))
    states_usage = log.read_text()
    log.write_text(states_usage.replace('"usage"', '"usage_of_before"'))
    opened = []
    of_files = import_files_module.recognised_files
    monkeypatch.setattr(
        import_files_module, "recognised_files", lambda paths, name: opened.extend(paths) or of_files(paths, name)
    )
    first, second = ([import_files(warehouse, [log], NOW, account=account)[0], len(opened)] for _ in range(2))
    assert (first[0].outcome, first[1]) == (second[0].outcome, second[1]) == ("empty", 1)
    assert first[0].reason == second[0].reason
    import_files(warehouse, [log], NOW, account="team-b")
    assert len(opened) == 2, "for another account it is read"
    import_files(warehouse, [log], NOW, account=account)
    monkeypatch.setattr(import_files_module, "FORMATS", "an importer has changed")
    import_files(warehouse, [log], NOW, account=account)
    assert len(opened) == 4
    log.write_text(states_usage)
    assert import_files(warehouse, [log], NOW, account=account)[0].new_count == 1
    assert stored(warehouse, "core.usage_file")["not_imported"].to_list() == [None]


def test_of_two_files_at_once_a_row_counts_for_the_one_whose_statement_stays(warehouse, tmp_path):
    short = session(tmp_path, "short.jsonl", ("a", 5), ("b", 6))
    long = session(tmp_path, "long.jsonl", ("a", 5), ("b", 60), ("c", 7))
    first, second = import_files(warehouse, [short, long], NOW)
    assert [(one.row_count, one.new_count, one.duplicate_count) for one in (first, second)] == [(2, 1, 1), (3, 2, 1)]
    assert ledger_rows(warehouse)["output_tokens"].sort().to_list() == [5, 7, 60]


def test_what_cannot_be_read_is_an_outcome_and_the_others_go_on(warehouse, tmp_path):
    empty = tmp_path / "empty.csv"
    empty.touch()
    outcomes = import_files(warehouse, [empty, tmp_path / "missing.csv", tmp_path, CLAUDE], NOW)
    assert [outcome.outcome for outcome in outcomes] == ["refused", "refused", "refused", "imported"]
    assert "the file holds no line" in outcomes[0].reason
    assert "No such file" in outcomes[1].reason
    assert stored(warehouse, "core.usage_import")["file_name"].to_list() == ["claude_session.jsonl"]


def test_a_named_format_is_asked_of_every_file(warehouse):
    openai, claude = import_files(warehouse, [OPENAI, CLAUDE], NOW, "openai_dashboard")
    assert (openai.outcome, claude.outcome) == ("imported", "not_recognised")
    assert "claude_session.jsonl is not openai_dashboard" in claude.reason


def test_the_inbox_is_read_in_order_below_any_folder_and_without_notes(warehouse):
    assert inbox_files(warehouse) == []
    for name in ("b.csv", "team/a.csv", ".hidden", "README.md", "team/README"):
        (warehouse.inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (warehouse.inbox / name).touch()
    assert [file.relative_to(warehouse.inbox).as_posix() for file in inbox_files(warehouse)] == ["b.csv", "team/a.csv"]


def test_a_ledger_file_that_was_just_replaced_stays_for_those_who_read_it(warehouse, tmp_path):
    """However old it is: the published file names it until the next publishing, an open reader for longer."""
    import_files(warehouse, [session(tmp_path, "one.jsonl", ("a", 5))], NOW)
    (old,) = (warehouse.folder / "ledger").rglob("*.parquet")
    month_ago = old.stat().st_mtime - 30 * 86_400
    os.utime(old, (month_ago, month_ago))
    warehouse.publish()
    import_files(warehouse, [session(tmp_path, "two.jsonl", ("b", 6))], NOW)
    now = datetime.fromtimestamp(month_ago + 30 * 86_400, UTC).replace(tzinfo=None)
    prepare(warehouse, now)
    with warehouse.read() as connection:
        assert connection.execute("SELECT output_tokens FROM core.usage").fetchall() == [(5,)]
    prepare(warehouse, now + timedelta(days=4))
    assert not old.exists()


def store_costs(warehouse, *lines):
    with warehouse.write() as connection:
        return store_reported_costs(connection, reported(*lines))


def stored_costs(warehouse):
    with warehouse.write() as connection:
        return (
            read_table(connection, "core.reported_cost", "true ORDER BY cost_id").select("cost_id", "amount_usd").rows()
        )


def test_lines_are_stored_once(warehouse):
    assert store_costs(warehouse, FIRST, NEXT_DAY) == [DAY, DAY + timedelta(days=1)]
    assert store_costs(warehouse, FIRST, NEXT_DAY) == []
    assert stored_costs(warehouse) == [("a", Decimal("1.5")), ("b", Decimal(2))]


def test_a_later_report_replaces_its_line_only(warehouse):
    store_costs(warehouse, FIRST, NEXT_DAY)
    assert store_costs(warehouse, FIRST | {"amount_usd": Decimal("1.6"), "printed_amount": "1.60"}) == [DAY]
    assert stored_costs(warehouse) == [("a", Decimal("1.6")), ("b", Decimal(2))]


def test_nothing_imported_changes_nothing(warehouse):
    store_costs(warehouse, FIRST)
    assert store_costs(warehouse) == []
    assert stored_costs(warehouse) == [("a", Decimal("1.5"))]


def parquet(path, **odd):
    """A file in the warehouse's own table with columns of odd types."""
    columns = {
        "usage_at": pa.array([NOW - timedelta(days=1)]),
        "provider": ["openai"],
        "model": ["gpt-5"],
        "input_uncached_tokens": [10],
        "output_tokens": [5],
    }
    pq.write_table(pa.table(columns | odd), path)
    return path


@pytest.mark.parametrize("fault", ["type", "cut", "flipped", "twice"])
def test_one_bad_parquet_file_is_one_refusal_and_the_inbox_goes_in(warehouse, tmp_path, fault):
    odd = parquet(tmp_path / "odd.parquet", **({"output_tokens": pa.array([b"SECRET"])} if fault == "type" else {}))
    content = odd.read_bytes()
    if fault == "twice":
        table = pq.read_table(odd)
        pq.write_table(table.append_column("output_tokens", table["output_tokens"]), odd)
    elif fault != "type":
        odd.write_bytes(content[: len(content) // 2] if fault == "cut" else content[:-20] + b"\xff" * 12 + content[-8:])
    refused, imported = import_files(warehouse, [odd, parquet(tmp_path / "good.parquet")], NOW)
    assert (refused.outcome, imported.outcome, imported.new_count) == ("refused", "imported", 1)
    assert "odd.parquet" in refused.reason
    assert "SECRET" not in refused.reason


def test_a_parquet_file_of_an_offset_zone_is_imported(warehouse, tmp_path):
    zoned = pa.array([datetime(2026, 11, 22, 20, tzinfo=UTC)], pa.timestamp("us", "+05:30"))
    (outcome,) = import_files(warehouse, [parquet(tmp_path / "zoned.parquet", usage_at=zoned)], NOW)
    assert outcome.new_count == 1
    assert ledger_rows(warehouse)["usage_at"].to_list() == [datetime(2026, 11, 22, 20)]


def test_a_file_that_the_check_cannot_bear_is_refused_alone(warehouse, tmp_path, monkeypatch):
    """Small files are checked together, so the one at fault has to be found."""
    bad, good = session(tmp_path, "bad.jsonl", ("bad", 5)), session(tmp_path, "good.jsonl", ("a", 5))

    def breaking(pieces, names, found, as_of):
        if any("r-bad" in text for text in pieces["text"].to_pylist()):
            pl.Series(["SECRET"]).cast(pl.Int64)
        return check(pieces, names, found, as_of)

    check = read_files.check_pieces
    monkeypatch.setattr(read_files, "check_pieces", breaking)
    refused, imported = import_files(warehouse, [bad, good], NOW)
    assert (refused.outcome, imported.outcome, imported.new_count) == ("refused", "imported", 1)
    assert "bad.jsonl" in refused.reason
    assert "SECRET" not in refused.reason


@pytest.mark.parametrize("batch_rows", [1, 1_000_000])
def test_what_a_slow_clock_refused_goes_in_when_the_clock_is_right(warehouse, tmp_path, monkeypatch, batch_rows):
    monkeypatch.setattr("pipelines.usage.read_files.BATCH_ROWS", batch_rows)
    monkeypatch.setattr("pipelines.usage.read_files.PIECE_BYTES", 1)
    log = session(tmp_path, "log.jsonl", ("a", 5))
    bad = tmp_path / "bad.jsonl"
    bad.write_text(log.read_text() + "{broken\n")
    spent_at = datetime(2026, 3, 21, 10)
    early = import_files(warehouse, [log, bad], spent_at - timedelta(days=2))
    assert [(one.outcome, one.new_count, one.reject_count) for one in early] == [("imported", 0, 1), ("imported", 0, 2)]
    again = import_files(warehouse, [log, bad], spent_at - timedelta(days=2))
    assert [(one.outcome, one.reject_count) for one in again] == [("imported", 1), ("imported", 2)]
    late = import_files(warehouse, [log, bad], NOW)
    assert sum(one.new_count for one in late) == 1
    assert ledger_rows(warehouse)["output_tokens"].to_list() == [5]
    assert stored(warehouse, "core.usage_reject")["rule"].to_list() == ["invalid_json"]
    assert stored(warehouse, "core.usage_import").height == 2
    assert [one.outcome for one in import_files(warehouse, [log, bad], NOW)] == ["known", "known"]


def test_a_pipe_in_the_inbox_is_refused_and_nobody_waits(warehouse, tmp_path):
    warehouse.inbox.mkdir(parents=True)
    os.mkfifo(warehouse.inbox / "pipe.jsonl")
    session(warehouse.inbox, "log.jsonl", ("a", 5))
    imported, refused = import_files(warehouse, inbox_files(warehouse), NOW)
    assert (imported.outcome, refused.outcome) == ("imported", "refused")
    assert "pipe.jsonl: it is no regular file" in refused.reason


def test_of_too_many_bad_lines_the_first_are_kept_and_all_are_counted(warehouse, tmp_path, monkeypatch):
    for place in ("records", "rejects", "bad_lines"):
        monkeypatch.setattr(f"pipelines.usage.{place}.MAX_REJECTS", 3)
    log = session(tmp_path, "log.jsonl", ("a", 5))
    log.write_text(log.read_text() + "{broken\n" * 10 + "\n" * 5 + session(tmp_path, "x.jsonl", ("b", 6)).read_text())
    (outcome,) = import_files(warehouse, [log], NOW)
    assert (outcome.row_count, outcome.reject_count) == (2, 10)
    rejects = stored(warehouse, "core.usage_reject").sort("source_line")
    assert rejects.select("source_line", "rule").rows() == [
        (2, "invalid_json"),
        (3, "invalid_json"),
        (4, "invalid_json"),
        (5, "too_many_rejects"),
    ]
    assert rejects["detail"][3] == "invalid_json: 7 more, lines 5 to 11: counted, not kept"


def test_a_compressed_file_that_grows_too_far_is_read_up_to_there(warehouse, tmp_path, monkeypatch):
    log = session(tmp_path, "log.jsonl", ("a", 5))
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(log.read_bytes() + b"\n" * 1_000_000, mtime=0))
    monkeypatch.setattr("pipelines.usage.file_content.FREE_EXPANSION_BYTES", 0)
    (outcome,) = import_files(warehouse, [bomb], NOW)
    assert (outcome.outcome, outcome.new_count, outcome.reject_count) == ("imported", 1, 1)
    (reject,) = stored(warehouse, "core.usage_reject").rows(named=True)
    assert (reject["rule"], reject["detail"]) == (
        "file_truncated",
        "the rest of the file was left: it grows more than 200 times",
    )
