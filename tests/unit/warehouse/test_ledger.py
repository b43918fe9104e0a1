"""The ledger on disk: merge, immutability, and imports in any order."""

import hashlib
import json
import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.schema.meters import QUANTITY_COLUMNS
from pipelines.schema.usage import LedgerFile
from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import identified, largest_per_usage, one_per_call
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger import read, scan, sweep
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA, damaged_files
from pipelines.warehouse.publish import usage_query
from pipelines.warehouse.published import WarehouseError
from pipelines.warehouse.related_rows import Identities
from tests.one_import import import_file

DAY = date(2026, 3, 21)
NOTHING = pl.DataFrame(schema=FILE_SCHEMA)


def write(folder, known, usage):
    """What imports do: the ledger with the rule of dedup that usage has."""
    return ledger.write(folder, known, usage, largest_per_usage)


def usage(*rows):
    base = {
        "usage_id": "u1",
        "usage_at": datetime(2026, 3, 21, 10),
        "grain": "request",
        "provider": "anthropic",
        "channel": "api",
        "region": "global",
        "model": "claude-x",
        "service_tier": "standard",
        "output_tokens": 5,
        "format": "claude_code",
        "import_id": "i1",
        "source_line": 1,
    }
    return usage_frame([{**base, **row} for row in rows])


def state(known, change):
    """core.ledger_file after the caller has stored a change."""
    return pl.concat([known.join(change.files, on="usage_date", how="anti"), change.files])


def test_a_first_write_makes_one_file_per_day(tmp_path):
    rows = usage(
        {}, {"usage_id": "u2", "usage_at": datetime(2026, 3, 22), "reported_cost_usd": Decimal("0.000000000001")}
    )
    change = write(tmp_path, NOTHING, rows)
    LedgerFile.validate(change.files)
    assert change.new_rows["rows"].sum() == 2
    assert change.files.select("usage_date", "row_count").rows() == [(DAY, 1), (date(2026, 3, 22), 1)]
    assert all(
        path.startswith(f"ledger/usage_date={day}/") for day, path in change.files.select("usage_date", "path").rows()
    )
    assert read(tmp_path, change.files).equals(rows)


def test_importing_again_changes_nothing(tmp_path):
    rows = usage({}, {"usage_id": "u2"})
    known = write(tmp_path, NOTHING, rows).files
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    again = write(tmp_path, known, rows.with_columns(import_id=pl.lit("i2"), source_line=pl.lit(99, pl.Int64)))
    assert (again.files.height, again.new_rows.height) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


def test_the_larger_statement_replaces_the_smaller_in_a_new_file(tmp_path):
    known = write(tmp_path, NOTHING, usage({})).files
    change = write(tmp_path, known, usage({"output_tokens": 159}))
    assert change.new_rows["rows"].sum() == 0
    assert read(tmp_path, change.files)["output_tokens"].to_list() == [159]
    assert read(tmp_path, known)["output_tokens"].to_list() == [5]
    assert write(tmp_path, change.files, usage({})).files.is_empty()


def test_other_days_keep_their_file(tmp_path):
    known = write(tmp_path, NOTHING, usage({}, {"usage_id": "u2", "usage_at": datetime(2026, 3, 22)})).files
    change = write(tmp_path, known, usage({"usage_id": "u3"}))
    assert change.files.select("usage_date", "row_count").rows() == [(DAY, 2)]


@pytest.mark.parametrize("late_first", [False, True])
def test_a_response_that_crosses_midnight_is_one_row(tmp_path, late_first):
    early = usage({"usage_at": datetime(2026, 3, 21, 23, 59, 59), "output_tokens": 9})
    late = usage({"usage_at": datetime(2026, 3, 22, 0, 0, 1), "output_tokens": 159})
    first, second = (late, early) if late_first else (early, late)
    known = write(tmp_path, NOTHING, first).files
    known = state(known, write(tmp_path, known, second))
    assert read(tmp_path, known).select("usage_date", "output_tokens").rows() == [(date(2026, 3, 22), 159)]


def test_a_day_that_lost_its_last_row_stays_readable(tmp_path):
    known = write(tmp_path, NOTHING, usage({"usage_at": datetime(2026, 3, 21, 23, 59, 59)})).files
    moved = usage({"usage_at": datetime(2026, 3, 22), "output_tokens": 159})
    known = state(known, write(tmp_path, known, moved))
    assert dict(known.select("usage_date", "row_count").rows()) == {DAY: 0, date(2026, 3, 22): 1}
    assert write(tmp_path, known, moved).files.is_empty()


def test_the_same_rows_in_another_order_make_the_same_file(tmp_path):
    rows = usage({"usage_id": "b"}, {"usage_id": "a"}, {"usage_id": "c", "usage_at": datetime(2026, 3, 21, 9)})
    first = write(tmp_path / "one", NOTHING, rows)
    second = write(tmp_path / "two", NOTHING, rows.reverse())
    assert first.files.equals(second.files)


def test_nothing_to_write_writes_nothing(tmp_path):
    change = write(tmp_path, NOTHING, usage())
    assert (change.files.height, change.new_rows.height) == (0, 0)


def spoil(file, how):
    """What may befall a file of the ledger."""
    content = file.read_bytes()
    if how == "missing":
        file.unlink()
    elif how == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif how == "one bit":
        file.write_bytes(content[:99] + bytes([content[99] ^ 1]) + content[100:])
    else:
        other = usage({"usage_id": "u9", "usage_at": datetime(2026, 5, 1)})
        file.write_bytes((file.parents[2] / write(file.parents[2], NOTHING, other).files["path"][0]).read_bytes())


@pytest.mark.parametrize("how", ["missing", "cut", "one bit", "overwritten by another day's"])
def test_a_file_that_is_not_what_its_name_says_is_named_and_never_merged(tmp_path, how):
    known = write(tmp_path, NOTHING, usage({}, {"usage_id": "u2", "usage_at": datetime(2026, 3, 24)})).files
    damaged = tmp_path / known["path"][0]
    spoil(damaged, how)
    with pytest.raises(WarehouseError, match=rf"{damaged.name} is (missing|damaged).*rebuild"):
        write(tmp_path, known, usage({"usage_id": "u3"}))
    with pytest.raises(WarehouseError, match=rf"{damaged.name} is (missing|damaged).*rebuild"):
        scan(damaged)
    assert list(damaged_files(tmp_path, known)) == [DAY]
    assert write(tmp_path, known, usage({"usage_id": "u4", "usage_at": datetime(2026, 3, 24)})).files.height == 1


def test_a_write_leaves_no_temporary_file(tmp_path):
    write(tmp_path, NOTHING, usage({}))
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file()) == [".jsonl", ".parquet"]


def test_sweep_removes_only_old_files_that_no_row_names(tmp_path):
    limit = datetime(2026, 3, 30)
    old = write(tmp_path, NOTHING, usage({})).files
    known = write(tmp_path, old, usage({"output_tokens": 6})).files
    fresh = write(tmp_path, known, usage({"output_tokens": 7})).files
    stray = (tmp_path / known["path"][0]).with_name(".x.parquet.1.tmp")
    stray.touch()
    ages = [(old["path"][0], -1), (known["path"][0], -1), (fresh["path"][0], 0), (stray, -1)]
    for path, days in ages:
        stamp = (limit + timedelta(days=days)).replace(tzinfo=UTC).timestamp()
        os.utime(tmp_path / path, (stamp, stamp))
    assert set(sweep(tmp_path, known, limit)) == {tmp_path / old["path"][0], stray}
    assert (tmp_path / known["path"][0]).exists()
    assert (tmp_path / fresh["path"][0]).exists()


def age(folder):
    """Everything is old."""
    for path in folder.rglob("*.parquet"):
        os.utime(path, (0, 0))


def names(folder):
    return {path.name for path in folder.rglob("*.parquet")}


def test_sweep_keeps_what_a_database_that_was_lost_had_named(tmp_path):
    write(tmp_path, NOTHING, usage({}, {"usage_id": "u2", "usage_at": datetime(2026, 3, 24)}))
    before = names(tmp_path)
    age(tmp_path)
    sweep(tmp_path, NOTHING, datetime(2026, 4, 1))
    assert names(tmp_path) == before


def test_sweep_moves_aside_what_no_catalogue_names(tmp_path, caplog):
    known = write(tmp_path, NOTHING, usage({})).files
    stray = write(tmp_path / "other", NOTHING, usage({"usage_id": "u2"})).files["path"][0]
    (tmp_path / "other" / stray).rename(tmp_path / stray)
    age(tmp_path)
    assert sweep(tmp_path, known, datetime(2026, 4, 1)) == [tmp_path / stray]
    kept = tmp_path / "ledger" / "aside" / f"usage_date={DAY}" / stray.split("/")[-1]
    assert pl.read_parquet(kept)["usage_id"].to_list() == ["u2"]
    assert str(kept) in caplog.text


def test_sweep_deletes_what_no_catalogue_names_where_all_its_rows_are_in_force(tmp_path):
    half = write(tmp_path / "other", NOTHING, usage({})).files["path"][0]
    known = write(tmp_path, NOTHING, usage({}, {"usage_id": "u2"})).files
    (tmp_path / "other" / half).rename(tmp_path / half)
    age(tmp_path)
    sweep(tmp_path, known, datetime(2026, 4, 1))
    assert names(tmp_path) == {known["path"][0].split("/")[-1]}


@pytest.mark.parametrize("how", ["missing", "cut", "one bit"])
def test_sweep_keeps_the_replaced_file_of_a_day_whose_file_in_force_is_damaged(tmp_path, how):
    old = write(tmp_path, NOTHING, usage({})).files
    known = write(tmp_path, old, usage({"output_tokens": 6})).files
    spoil(tmp_path / known["path"][0], how)
    age(tmp_path)
    sweep(tmp_path, known, datetime(2026, 4, 1))
    assert old["path"][0].split("/")[-1] in names(tmp_path)


def session_line(message, output, cached, minute):
    return json.dumps(
        {
            "type": "assistant",
            "timestamp": f"2026-03-21T23:{minute:02}:00Z" if minute < 60 else f"2026-03-22T00:{minute - 60:02}:00Z",
            "sessionId": "s",
            "requestId": f"r{message}",
            "message": {
                "id": f"m{message}",
                "model": "claude-x",
                "usage": {"input_tokens": 10, "output_tokens": output, "cache_read_input_tokens": cached},
            },
        }
    )


lines = st.builds(session_line, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(58, 62))


def totals(folder, *files):
    known = NOTHING
    for number, content in enumerate(files):
        if content:
            path = folder / f"{number}.jsonl"
            path.write_text("\n".join(content))
            known = state(known, write(folder, known, import_file(path, datetime(2026, 4, 1)).usage))
    quantities = [pl.sum(column) for column in QUANTITY_COLUMNS.values()]
    return read(folder, known).group_by("usage_date").agg(pl.len(), *quantities).sort("usage_date").rows()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(lines, st.booleans()), min_size=1, max_size=8))
def test_a_log_split_into_two_files_in_any_order_gives_the_same_totals(tmp_path_factory, chosen):
    one = [line for line, is_first in chosen if is_first]
    two = [line for line, is_first in chosen if not is_first]
    expected = totals(tmp_path_factory.mktemp("whole"), [line for line, _ in chosen])
    assert totals(tmp_path_factory.mktemp("there"), one, two) == expected
    assert totals(tmp_path_factory.mktemp("back"), two, one) == expected


def test_a_day_is_scanned_without_the_columns_that_say_nothing(tmp_path):
    rows = usage({}, {"usage_id": "u2", "output_tokens": None})
    change = write(tmp_path, NOTHING, rows)
    scanned = scan(tmp_path / change.files["path"][0]).collect()
    left_out = set(rows.columns) - set(scanned.columns)
    assert left_out == {name for name in rows.columns if rows[name].null_count() == rows.height} | {"account_id"}
    assert "output_tokens" in scanned.columns, "one row has it"
    assert "usage_until" in left_out


def test_files_of_an_older_program_lack_columns_and_are_read(tmp_path):
    written = write(tmp_path, NOTHING, usage({})).files
    (path,) = written["path"]
    old, missing = tmp_path / "old", ("format_usage_id", "span_id", "spans_above", "lower_bound_reason")
    pl.read_parquet(tmp_path / path, hive_partitioning=False).drop(missing).write_parquet(old)
    older = f"ledger/usage_date={DAY}/{hashlib.sha256(old.read_bytes()).hexdigest()}.parquet"
    old.rename(tmp_path / older)
    known = written.with_columns(path=pl.lit(older))
    assert read(tmp_path, known).equals(usage({}))
    # With one of now beside it, and as the published view.
    both = state(known, write(tmp_path, known, usage({"usage_id": "u2", "usage_at": datetime(2026, 3, 29)})))
    assert read(tmp_path, both).height == 2
    with duckdb.connect() as connection:
        for paths in (both["path"].to_list(), [older]):
            found = connection.sql(usage_query(tmp_path, paths)).pl()
            assert (found.columns, found.height) == (list(usage({}).columns), len(paths))


def test_a_copy_is_found_weeks_away_where_that_is_asked_for(tmp_path):
    first = write(tmp_path, NOTHING, usage({})).files
    copy = usage({"usage_at": datetime(2026, 4, 20)})
    assert write(tmp_path, first, copy).new_rows["rows"].to_list() == [1]
    copies = Identities(is_copied=pl.col("format") == "claude_code")
    assert ledger.write(tmp_path, first, copy, largest_per_usage, copies).new_rows.is_empty()
    by_format = usage({"usage_id": "response", "format_usage_id": "u1", "usage_at": datetime(2026, 4, 20)})
    found = ledger.write(tmp_path, first, by_format, one_per_call, Identities(identified, is_copied=pl.lit(True)))
    assert found.new_rows.is_empty()
    assert read(tmp_path, state(first, found))["usage_id"].to_list() == ["response"]


def test_superseded_rows_go_from_all_their_days_at_once(tmp_path):
    first = write(tmp_path, NOTHING, usage({}, {"usage_id": "u2", "usage_at": datetime(2026, 3, 29)})).files
    first = state(first, write(tmp_path, first, usage({"usage_id": "u3", "import_id": "i2"})))
    gone = ledger.Superseded(["i1"], first["usage_date"].to_list())
    change = ledger.write(tmp_path, first, usage({"usage_id": "u4"}), largest_per_usage, superseded=gone)
    assert read(tmp_path, state(first, change))["usage_id"].to_list() == ["u3", "u4"]
    assert change.files.height == 2
