"""Whole files: counts that add up, one import per content, and nothing of a message kept."""

import gzip
import json
from datetime import date, datetime
from pathlib import Path

import pytest
from backports import zstd

from pipelines.schema.usage import Usage, UsageReject
from pipelines.usage import read_files
from pipelines.usage.file_format import UnknownFormat
from tests.one_import import import_file

AS_OF = datetime(2026, 11, 24, 12)
FILES = Path(__file__).parents[2] / "usage_files"
OPENAI = FILES / "openai_export.csv"
CLAUDE = FILES / "claude_session.jsonl"


def summary(imported):
    Usage.validate(imported.usage)
    UsageReject.validate(imported.rejects)
    return imported.count


def rejects(imported):
    return imported.rejects.select("source_line", "rule").rows()


def test_an_openai_export():
    imported = import_file(OPENAI, AS_OF)
    row = summary(imported)
    assert (row.format, row.line_count, row.row_count, row.ignored_count) == ("openai_dashboard", 9, 4, 1)
    assert (row.first_usage_date, row.last_usage_date) == (date(2026, 3, 1), date(2026, 3, 1))
    tiers = imported.usage.select("service_tier", "input_uncached_tokens", "output_tokens", "source_line").rows()
    assert tiers == [("standard", 500, 70, 2), ("batch", 10, 4, 3), ("flex", 20, 5, 4), ("priority", 30, 6, 6)]
    assert rejects(imported) == [
        (7, "unknown_service_tier"),
        (8, "cached_exceeds_input"),
        (9, "input_does_not_add_up"),
        (10, "not_a_count"),
    ]


def test_a_claude_session():
    imported = import_file(CLAUDE, AS_OF)
    row = summary(imported)
    assert (row.format, row.line_count, row.row_count) == ("claude_code", 11, 4)
    assert (row.row_count - imported.usage.height, row.ignored_count) == (1, 3)
    columns = ["output_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "web_searches", "service_tier"]
    assert imported.usage.select(columns).rows() == [
        (50, None, None, None, "standard"),
        (7, 100, 200, 2, "standard"),
        (8, None, None, None, "fast"),
    ]
    assert imported.usage["project_id"].unique().to_list() == ["shop"]
    assert rejects(imported) == [
        (7, "cache_write_does_not_add_up"),
        (8, "invalid_json"),
        (9, "invalid_json"),
        (10, "not_a_count"),
    ]


def test_no_text_of_a_message_is_stored():
    assert "SECRET" in CLAUDE.read_text()
    imported = import_file(CLAUDE, AS_OF)
    assert "SECRET" not in imported.usage.write_json() + imported.rejects.write_json()
    assert "/home" not in imported.usage.write_json()


@pytest.mark.parametrize("source", [OPENAI, CLAUDE])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        gzip.compress,
        zstd.compress,
    ],
    ids=["bom", "crlf", "gzip", "zstd"],
)
def test_every_wrapping_gives_the_same_rows(tmp_path, source, wrap):
    path = tmp_path / "wrapped"
    path.write_bytes(wrap(source.read_bytes()))
    plain, wrapped = import_file(source, AS_OF), import_file(path, AS_OF)
    assert wrapped.usage.drop("import_id").equals(plain.usage.drop("import_id"))
    assert wrapped.rejects.select("source_line", "rule").equals(plain.rejects.select("source_line", "rule"))


def test_one_content_under_two_names_is_one_import(tmp_path):
    other = tmp_path / "renamed.jsonl.gz"
    other.write_bytes(gzip.compress(CLAUDE.read_bytes(), mtime=0))
    first, second = summary(import_file(CLAUDE, AS_OF)), summary(import_file(other, AS_OF))
    assert first.import_id == second.import_id
    assert (first.path.name, second.path.name) == ("claude_session.jsonl", "renamed.jsonl.gz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "holds no line"),
        (b"\n\n", "holds no line"),
        (b"start_time,end_time\n1,2\n", "end_time, start_time"),
        (b"\x7fELF\x00\x01\xff\xfe\n", "no format"),
        ("wide".encode("utf-16"), "no format"),
        (gzip.compress(b"{}", mtime=0)[:5], "holds no line"),
        (b"\0" * (20 << 20), "no format"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path, content, message):
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    with pytest.raises(UnknownFormat, match=message) as refused:
        import_file(path, AS_OF)
    assert "odd.bin" in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_a_named_format_is_used_where_the_start_is_broken(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"broken\n" * 60 + CLAUDE.read_bytes())
    with pytest.raises(UnknownFormat):
        import_file(path, AS_OF)
    assert import_file(path, AS_OF, "claude_code").usage.height == 3


def test_bad_bytes_and_long_lines_cost_one_line_each(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(CLAUDE.read_bytes() + b'{"type":"\xff"}\n' + b"x" * (40 << 20) + b"\n" + CLAUDE.read_bytes())
    imported = import_file(path, AS_OF)
    assert summary(imported).row_count == 8
    assert imported.usage.height == 3
    assert [pair for pair in rejects(imported) if pair[0] in (13, 14)] == [(13, "invalid_utf8"), (14, "line_too_long")]


def test_a_truncated_gzip_keeps_its_rows_and_says_so(tmp_path):
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(CLAUDE.read_bytes(), mtime=0)[:-8])
    imported = import_file(path, AS_OF)
    assert imported.usage.height == 3
    assert rejects(imported)[-1] == (13, "file_truncated")
    assert summary(imported).import_id == summary(import_file(CLAUDE, AS_OF)).import_id


def test_times_out_of_range_are_refused(tmp_path):
    line = CLAUDE.read_text().splitlines()[2]
    path = tmp_path / "log"
    stamps = ["1989-01-01T00:00:00Z", "2026-11-26T00:00:00Z", "2026-11-25T12:00:00Z"]
    path.write_text("\n".join(line.replace("2026-03-21T10:00:00.000Z", stamp) for stamp in stamps))
    imported = import_file(path, AS_OF)
    assert rejects(imported) == [(1, "year_is_plausible"), (2, "usage_in_the_future")]
    assert imported.usage.height == 1


def test_pieces_and_batches_do_not_show(monkeypatch):
    whole = import_file(CLAUDE, AS_OF)
    monkeypatch.setattr(read_files, "PIECE_BYTES", 1)
    pieces = import_file(CLAUDE, AS_OF)
    assert pieces.usage.equals(whole.usage)
    assert pieces.rejects.equals(whole.rejects)
    monkeypatch.setattr(read_files, "BATCH_ROWS", 1)
    monkeypatch.setattr("pipelines.usage.line_tables.CHUNK_BYTES", 300)
    batches = import_file(CLAUDE, AS_OF)
    assert batches.rejects.equals(whole.rejects)
    assert set(batches.usage["usage_id"]) == set(whole.usage["usage_id"]), "the ledger drops what batches repeat"


def test_a_session_without_usage_is_an_import_without_rows(tmp_path):
    path = tmp_path / "log"
    path.write_text(json.dumps({"type": "user", "sessionId": "s", "message": {"content": "hi"}}))
    imported = import_file(path, AS_OF)
    row = summary(imported)
    assert (row.row_count, row.ignored_count, row.first_usage_date) == (0, 1, None)
