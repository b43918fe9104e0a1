"""Real usage files, kept outside the project; expected figures are added up by hand from the files."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage.dedup import largest_per_usage
from pipelines.usage.file_format import UnknownFormat
from pipelines.warehouse import ledger
from pipelines.warehouse.ledger import read
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA
from tests.one_import import import_file

SAMPLES = Path(__file__).parents[2].parent / "shared" / "usage_samples"
AS_OF = datetime(2026, 11, 24)
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the captures are not on this machine")


def write(folder, known, usage):
    """What imports do: the ledger with the rule of dedup that usage has."""
    return ledger.write(folder, known, usage, largest_per_usage)


def test_the_openai_export_by_day():
    imported = import_file(SAMPLES / "openai-dashboard-export-completions-usage.tsv", AS_OF)
    by_day = imported.usage.group_by("usage_date").agg(
        pl.sum("requests", "input_uncached_tokens", "cache_read_tokens", "output_tokens"), pl.len()
    )
    assert by_day.sort("usage_date").rows() == [
        (date(2025, 10, 5), 10, 53440, 5760, 10646, 1),
        (date(2025, 10, 6), 9, 43855, 8192, 76000, 2),
        (date(2025, 10, 7), 21, 80992, 0, 274770, 1),
        (date(2025, 10, 10), 11, 124784, 0, 154852, 1),
        (date(2025, 10, 11), 2, 22688, 0, 33191, 1),
    ]
    count = imported.count
    assert (count.line_count, count.row_count, count.ignored_count, count.reject_count) == (7, 6, 1, 0)
    assert imported.usage["usage_id"].n_unique() == 6


def test_streamed_repetitions_count_once():
    imported = import_file(SAMPLES / "claude-code-streaming-duplicates.jsonl", AS_OF)
    columns = ["provider", "input_uncached_tokens", "cache_write_5m_tokens", "cache_read_tokens", "output_tokens"]
    assert imported.usage.select(columns).rows() == [
        ("anthropic", 10, 11862, 15555, 159),
        ("unknown", 1200, None, None, 80),
    ]
    assert imported.row_count - imported.usage.height == 3


def test_the_fixture_with_reported_costs():
    usage = import_file(SAMPLES / "claude-code-ccusage-fixture.jsonl", AS_OF).usage
    assert usage["service_tier"].to_list() == ["standard", "fast", "standard"]
    assert usage["reported_cost_usd"].sum() == Decimal("1.02")
    assert usage.select(pl.sum("input_uncached_tokens", "output_tokens", "cache_write_5m_tokens")).row(0) == (
        600,
        250,
        75,
    )


def test_all_files_make_one_ledger_and_again_nothing(tmp_path):
    known = pl.DataFrame(schema=FILE_SCHEMA)
    paths = [*sorted(SAMPLES.glob("claude-code-*.jsonl")), SAMPLES / "openai-dashboard-export-completions-usage.tsv"]
    for path in paths:
        known = pl.concat([known, write(tmp_path, known, import_file(path, AS_OF).usage).files])
    assert read(tmp_path, known).height == 3 + 2 + 6
    assert all(write(tmp_path, known, import_file(path, AS_OF).usage).files.is_empty() for path in paths)


NO_LOGS = ("*.txt", "*.sql")


@pytest.mark.parametrize(
    "name", sorted(path.name for pattern in NO_LOGS for path in SAMPLES.glob(pattern)) if SAMPLES.is_dir() else []
)
def test_what_is_no_usage_log_is_refused_not_guessed(name):
    with pytest.raises(UnknownFormat):
        import_file(SAMPLES / name, AS_OF)
