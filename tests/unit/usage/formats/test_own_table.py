"""Our own format: defaults, what is refused, and which rows are one."""

import json
import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.usage.formats.own_table import FIELDS

ROOT = Path(__file__).parents[4]
SAMPLE = ROOT / "tests" / "usage_files" / "own_usage.csv"
ROW = {"usage_at": "2026-03-01T10:00:00Z", "model": "gpt-x", "output_tokens": "5"}


def table(*rows):
    names = sorted({name for row in rows for name in row})
    return "\n".join(",".join(line) for line in [names, *([row.get(name, "") for name in names] for row in rows)])


@pytest.fixture
def row_of(read):
    return lambda **cells: read(table({**ROW, **cells})).row


def test_the_example_adds_up_by_hand(read):
    found = read(SAMPLE)
    assert (found.format, found.row_count) == ("own_table", 5)
    sums = {
        "input_uncached_tokens": 1200 + 500 + 7 + 7 + 90000,
        "cache_read_tokens": 800 + 10000,
        "cache_write_5m_tokens": 100,
        "cache_write_1h_tokens": 40,
        "output_tokens": 350 + 60 + 3 + 3 + 5000,
        "of_which_reasoning_tokens": 120,
        "requests": 1 + 1 + 42,
        "web_searches": 2,
        "reported_cost_usd": Decimal("0.00118"),
    }
    assert {name: found.usage[name].sum() for name in sums} == sums
    assert found.rules == ["no_model", "not_a_timestamp"]
    assert found.usage["usage_at"][1] == datetime(2026, 3, 1, 10, 30)


def test_three_columns_are_enough(row_of):
    row = row_of()
    assert (row["provider"], row["channel"], row["region"]) == ("unknown", "api", "global")
    assert (row["service_tier"], row["grain"], row["output_tokens"]) == ("standard", "request", 5)
    assert [row[name] for name in ("input_uncached_tokens", "requests", "project_id", "usage_until")] == [None] * 4


@pytest.mark.parametrize("name", ["input_uncached_tokens", "image_output_tokens", "requests", "web_searches"])
def test_any_quantity_will_do(read, name):
    assert read(table({"usage_at": ROW["usage_at"], "model": "m", name: "2.0"})).row[name] == 2


def test_every_column_of_the_document_is_read_and_no_other():
    cells = [
        line.split("|")[1] for line in (ROOT / "docs" / "usage_format.md").read_text().splitlines() if "| `" in line
    ]
    named = [name for cell in cells for name in re.findall("`([a-z0-9_]+)`", cell)]
    assert sorted(named) == sorted(FIELDS)


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"model": ""}, "no_model"),
        ({"usage_at": ""}, "not_a_timestamp"),
        ({"usage_at": "01.03.2026"}, "not_a_timestamp"),
        ({"usage_until": "later"}, "not_a_timestamp"),
        ({"usage_until": "2026-03-01T10:00:00Z"}, "bucket_ends_before_start"),
        ({"usage_until": "2027-03-02T10:00:01Z"}, "bucket_is_wider_than_a_day"),
        ({"output_tokens": ""}, "no_quantity"),
        ({"output_tokens": "1.5"}, "not_a_count"),
        ({"output_tokens": "-1"}, "not_a_count"),
        ({"of_which_reasoning_tokens": "6"}, "reasoning_exceeds_output"),
        ({"service_tier": "gold"}, "unknown_service_tier"),
        ({"channel": "telex"}, "unknown_channel"),
        ({"reported_cost_usd": "much"}, "not_a_cost"),
        ({"feature": "x" * 201}, "not_a_text"),
        ({"provider": "a\u200bb"}, "not_a_text"),
        ({"id": "x" * 201}, "not_a_text"),
    ],
)
def test_what_cannot_be_right_is_refused(read, cells, rule):
    found = read(table({**ROW, **cells}))
    assert (found.usage.height, found.rules) == (0, [rule])


def test_rows_of_one_id_are_one(read):
    """Restated with 9 output tokens: 9, not 14."""
    found = read(table({**ROW, "id": "a"}, {**ROW, "id": "a", "output_tokens": "9"}, {**ROW, "id": "b"}))
    assert sorted(found.usage["output_tokens"]) == [5, 9]


def test_equal_requests_without_an_id_are_so_many_requests(read):
    """One row per content would lose 5 of 10 output tokens."""
    found = read(table(ROW, ROW))
    assert (found.usage["output_tokens"].sum(), found.usage["usage_id"].n_unique()) == (10, 2)


def test_equal_requests_far_apart_in_a_file_are_so_many_requests(read, monkeypatch):
    """In pieces and batches of a row each: the ids are those of one piece, and the ledger would drop none."""
    other, restated = {**ROW, "output_tokens": "7"}, {**ROW, "id": "a"}
    content = table(ROW, other, restated, ROW, ROW, other, restated, {**ROW, "project_id": "p"})
    whole = read(content)
    assert whole.usage["usage_id"].n_unique() == 3 + 2 + 1 + 1
    monkeypatch.setattr("pipelines.usage.delimited.PIECE_BYTES", 100)
    monkeypatch.setattr("pipelines.usage.file_content.READ_BYTES", 100)
    monkeypatch.setattr("pipelines.usage.read_files.PIECE_BYTES", 1)
    monkeypatch.setattr("pipelines.usage.read_files.BATCH_ROWS", 1)
    assert set(read(content).usage["usage_id"]) == set(whole.usage["usage_id"])
    assert read(content).row_count == 8


def test_overlapping_files_give_equal_rows_equal_ids(read):
    other = {**ROW, "output_tokens": "7"}
    assert set(read(table(ROW, ROW)).usage["usage_id"]) < set(read(table(ROW, other, ROW)).usage["usage_id"])


def test_a_bucket_without_an_id_is_its_dimensions(read):
    bucket = {**ROW, "usage_until": "2026-03-01T11:00:00Z"}
    assert read(table(bucket, {**bucket, "output_tokens": "9"})).row["output_tokens"] == 9


@pytest.mark.parametrize("other", [{"model": "gpt-y"}, {"project_id": "p"}, {"prompt_tokens_from": "200001"}])
def test_every_dimension_of_a_bucket_is_part_of_its_identity(read, other):
    bucket = {**ROW, "usage_until": "2026-03-01T11:00:00Z"}
    assert read(table(bucket, {**bucket, **other})).usage["usage_id"].n_unique() == 2


def test_an_id_is_not_taken_for_a_row_without_one(read):
    assert read(table({**ROW, "id": "a"}, ROW)).usage["usage_id"].n_unique() == 2


def test_json_lines_and_parquet_give_what_csv_gives(read, tmp_path):
    wanted = read(table(ROW)).usage.drop("import_id", "source_line", "usage_id")
    line = {**ROW, "output_tokens": 5}
    assert read(json.dumps(line)).usage.drop("import_id", "source_line", "usage_id").equals(wanted)
    frame = pl.DataFrame({"usage_at": [datetime(2026, 3, 1, 10)], "model": ["gpt-x"], "output_tokens": [5]})
    frame.write_parquet(tmp_path / "usage.parquet")
    found = read(tmp_path / "usage.parquet")
    assert found.format == "own_table"
    assert found.usage.drop("import_id", "source_line", "usage_id").equals(wanted)


def test_a_key_is_never_stored(read):
    key = "sk-proj-abcdefghijklmnopqrstuvwxyz"
    found = read(table({**ROW, "api_key_id": key}))
    assert (found.usage.height, found.rules) == (0, ["secret_key"])
    assert key not in found.rejects.write_json()


def test_the_same_rows_in_another_form_are_the_same_rows(read):
    bucket = {**ROW, "usage_until": "2026-03-01T11:00:00Z", "project_id": ""}
    same = {"usage_at": "2026-03-01 10:00:00", "usage_until": "2026-03-01T12:00:00+01:00", "model": "gpt-x"}
    assert read(table(bucket)).row["usage_id"] == read(json.dumps({**same, "output_tokens": 5})).row["usage_id"]
