"""Rows that share no key are never compared: a merge in chunks gives what a merge of everything in memory gives."""

from datetime import date, datetime, timedelta

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.usage.contract import usage_frame
from pipelines.usage.dedup import identified, one_per_call
from pipelines.usage.identity import SEPARATOR
from pipelines.usage.related_keys import read_twice
from pipelines.usage.store_batch import merge
from pipelines.warehouse import day_file, ledger, related_rows, stored_rows
from pipelines.warehouse.ledger_catalog import FILE_SCHEMA

NOTHING = pl.DataFrame(schema=FILE_SCHEMA)
MESSAGES = [f"msg_{'A' * 20}{number}" for number in range(3)]
OF_ACCOUNT = f"{SEPARATOR}account{SEPARATOR}acme"
USAGE_IDS = [
    *(f"response{SEPARATOR}{message}" for message in MESSAGES),
    *(f"response{OF_ACCOUNT}{SEPARATOR}{message}" for message in MESSAGES[:2]),
    *(f"claude_code{SEPARATOR}{message}{SEPARATOR}req_1" for message in MESSAGES),
    *(f"otel_genai{SEPARATOR}{number}" for number in range(3)),
]
SPANS = [
    (None, None),
    (None, "s1"),
    ("s1", None),
    ("s1", "s2"),
    ("s2", "s1"),
    ("s2", "s3"),
    ("s3", "s1 s2"),
    ("s4", "s3"),
]
"""A span and those around it; none lies around itself."""
ROWS = st.fixed_dictionaries(
    {
        "usage_id": st.sampled_from(USAGE_IDS),
        "format_usage_id": st.sampled_from([None, None, *USAGE_IDS[-3:]]),
        "minute": st.integers(0, 2 * 24 * 60 - 1),
        "output_tokens": st.integers(1, 3),
        "spans": st.sampled_from(SPANS),
    }
)


def frame(rows, import_id, first=0):
    """Rows of one import; each has its own number of input tokens, so that none is taken for another."""
    return usage_frame(
        {
            "usage_at": datetime(2026, 3, 21) + timedelta(minutes=row["minute"]),
            "grain": "request",
            "provider": "anthropic",
            "channel": "api",
            "region": "global",
            "model": "claude-x",
            "service_tier": "standard",
            "account_id": "acme" if OF_ACCOUNT in row["usage_id"] else None,
            "input_uncached_tokens": first + number,
            "format": "claude_code",
            "import_id": import_id,
            "source_line": number + 1,
            **dict(zip(("span_id", "spans_above"), row.get("spans", (None, None)), strict=True)),
            **{name: value for name, value in row.items() if name not in ("minute", "spans")},
        }
        for number, row in enumerate(rows)
    )


def write(folder, known, usage):
    files = merge(folder, known, usage).files
    return pl.concat([known.join(files, on="usage_date", how="anti"), files])


@pytest.fixture
def small_chunks(monkeypatch):
    for module in (stored_rows, day_file, related_rows):
        monkeypatch.setattr(module, "CHUNK_ROWS", 3)
    monkeypatch.setattr(day_file, "ROW_GROUP", 4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(ROWS, min_size=1, max_size=9), min_size=2, max_size=3))
def test_a_merge_in_chunks_is_a_merge_of_everything(tmp_path_factory, small_chunks, batches):
    folder, known = tmp_path_factory.mktemp("ledger"), NOTHING
    everything = frame([], "none")
    for number, rows in enumerate(batches):
        batch = frame(rows, f"i{number}", 100 * number)
        known = write(folder, known, batch)
        everything = one_per_call(identified(pl.concat([everything, batch])))
        stored = ledger.read(folder, known)
        assert stored.sort("usage_id").equals(everything.select(stored.columns).sort("usage_id"))


def test_a_day_of_many_chunks_stays_in_order_and_its_bytes_follow_from_its_rows(tmp_path, small_chunks):
    rows = [
        {"usage_id": f"own{SEPARATOR}{number:02}", "minute": number * 7 % 30, "output_tokens": 1}
        for number in range(40)
    ]
    parts = [frame(rows[first::3], "i") for first in range(3)]
    once = write(tmp_path / "once", NOTHING, pl.concat(parts))
    often = NOTHING
    for part in parts:
        often = write(tmp_path / "often", often, part)
    assert often["path"].to_list() == once["path"].to_list()
    stored = ledger.read(tmp_path / "often", often)
    assert stored["usage_id"].to_list() == stored.sort("usage_at", "usage_id")["usage_id"].to_list()
    assert pq.ParquetFile(tmp_path / "once" / once["path"][0]).metadata.num_row_groups == 10
    assert once["usage_date"].to_list() == [date(2026, 3, 21)]


def test_a_content_that_was_given_for_an_account_and_for_none_is_looked_at_whole():
    ids = pl.Series("import_id", ["a", "a@acme", "b@acme", "c"])
    assert read_twice(ids).to_list() == ["a", "a@acme"]
